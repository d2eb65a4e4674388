//! Every repository method is called by the tests of this folder.

use std::collections::BTreeMap;
use std::path::Path;

fn sources(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// The text between `from` and the next `to`, for each `from`.
fn between<'t>(text: &'t str, from: &str, to: char) -> Vec<&'t str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// Repositories by the method of a transaction that gives them.
fn accessors(repositories: &[String]) -> BTreeMap<String, String> {
    let declared = repositories.iter().flat_map(|text| between(text, "\nrepository! {", '}'));
    declared
        .map(|declaration| {
            let names = declaration.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("///"));
            let (name, accessor) = names.unwrap().split_once(", ").unwrap();
            (name.to_owned(), accessor.to_owned())
        })
        .collect()
}

#[test]
fn every_repository_method_has_a_test() {
    let repositories = sources("src/repo");
    let accessors = accessors(&repositories);
    assert_eq!(accessors.len(), 29, "{accessors:?}");
    let tests: String = sources("tests/repo").concat().split_whitespace().collect();
    let mut methods = 0;
    let mut untested = Vec::new();
    for block in repositories.iter().flat_map(|text| text.split("\nimpl").skip(1)) {
        let public = between(block, "pub async fn ", '(');
        let Some(name) = block.split("<'_,").next().and_then(|head| head.split_whitespace().last()) else { continue };
        for method in public {
            methods += 1;
            let accessor = accessors.get(name).unwrap_or_else(|| panic!("{method} is in no repository, but in {name}"));
            if !tests.contains(&format!(".{accessor}().{method}(")) {
                untested.push(format!("{accessor}().{method}"));
            }
        }
    }
    assert!(methods > 90, "only {methods} methods were found: the search is wrong");
    assert!(untested.is_empty(), "without a test: {untested:?}");
}
