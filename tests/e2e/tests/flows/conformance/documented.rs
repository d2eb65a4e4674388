//! The table of docs/CONFORMANCE.md names every test of this folder, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

/// The pairs of test and file that the table has.
fn documented() -> BTreeSet<(String, String)> {
    let page = include_str!("../../../../../docs/CONFORMANCE.md");
    let rows = page.lines().filter(|line| line.starts_with("| `oidcc_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let pairs = cells.flat_map(|cells| {
        let test = cells[1].trim_matches('`').to_owned();
        let files: Vec<_> = cells[3].split(", ").map(|file| file.trim_matches('`').to_owned()).collect();
        files.into_iter().map(move |file| (test.clone(), file))
    });
    pairs.collect()
}

/// Those that are in the files of this folder.
fn written() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/conformance");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let pairs = files.flat_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let tests: Vec<_> = text.lines().filter_map(name).map(str::to_owned).collect();
        tests.into_iter().map(move |test| (test, file.clone()))
    });
    pairs.collect()
}

/// The module that a line begins the test of.
fn name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("mod "))?;
    let end = rest.find(['(', ' ']).filter(|_| rest.starts_with("oidcc_"))?;
    rest.get(..end)
}

#[test]
fn every_module_of_the_plans_has_its_row() {
    let (documented, written) = (documented(), written());
    let unwritten: Vec<_> = documented.difference(&written).collect();
    let undocumented: Vec<_> = written.difference(&documented).collect();
    assert!(unwritten.is_empty() && undocumented.is_empty(), "{unwritten:?} {undocumented:?}");
    assert!(documented.len() > 75);
}
