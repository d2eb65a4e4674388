//! docs/THREAT-MODEL.md: every class has a row, and every test that it names is there.

use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../../docs/THREAT-MODEL.md");

/// How many classes there are at least.
const CLASSES: u32 = 25;

/// How the third cell of a class begins that has no test yet, since there is nothing to test.
const NOT_BUILT: &str = "not built: comes with ";

/// A row of the table of classes.
struct Row {
    class: u32,
    defence: &'static str,
    tests: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let row = |cells: Vec<&'static str>| {
        let class = cells.get(1)?.parse().ok()?;
        Some(Row { class, defence: cells[3], tests: quoted(cells[4]) })
    };
    PAGE.lines().filter(|line| line.starts_with("| ")).map(cells).filter_map(row).collect()
}

/// What stands between backticks.
fn quoted(text: &'static str) -> Vec<&'static str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Where a name of the page leads.
fn place(name: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_from_the_root = name.starts_with("crates/") || name.starts_with("tests/");
    if is_from_the_root { package.join("../..").join(name) } else { package.join("tests/flows").join(name) }
}

#[test]
fn every_class_has_a_row_with_tests_or_says_what_brings_it() {
    let rows = rows();
    for class in 1..=CLASSES {
        assert!(rows.iter().any(|row| row.class == class), "class {class} has no row");
    }
    for row in &rows {
        let waits = row.defence.strip_prefix(NOT_BUILT).is_some_and(|feature| !feature.is_empty());
        assert_eq!(row.tests.is_empty(), waits, "class {}: {}", row.class, row.defence);
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let of_rows = rows().into_iter().flat_map(|row| row.tests);
    let of_text =
        PAGE.lines().flat_map(quoted).filter(|name| Path::new(name).extension().is_some_and(|end| end == "rs"));
    let mut named = 0;
    for name in of_rows.chain(of_text) {
        assert!(place(name).exists(), "{name} is named and is not there");
        named += 1;
    }
    assert!(named > 60, "{named}");
}
