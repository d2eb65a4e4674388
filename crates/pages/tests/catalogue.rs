//! The message files against the code that uses them.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use palatine_pages::Locale;
use palatine_pages::views::ErrorKind;

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-templates")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// Each message of a language with its variables.
fn messages(locale: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(&templates().join("locales").join(locale), "ftl") {
        let mut key = String::new();
        for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_alphabetic()))
            {
                name.clone_into(&mut key);
                assert!(messages.insert(key.clone(), BTreeSet::new()).is_none(), "{locale}: {key} stands twice");
            }
            for variable in line.split('$').skip(1) {
                let name = variable.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                messages.get_mut(&key).unwrap().insert(name);
            }
        }
    }
    messages
}

fn is_key(text: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    text.split('-').count() == 3 && text.split('-').all(part)
}

fn used() -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs") {
        let text = fs::read_to_string(file).unwrap();
        used.extend(text.split('"').filter(|literal| is_key(literal)).map(str::to_owned));
    }
    for file in files(&templates(), "html") {
        let text = fs::read_to_string(file).unwrap();
        for call in ["t(\"", "t_name(\"", "t_names(\"", "t_count(\""] {
            used.extend(text.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    for kind in ErrorKind::ALL {
        used.extend(["title", "what", "next"].map(|part| format!("error-{}-{part}", kind.code())));
    }
    // Template paths and asset names are no keys: they hold a dot.
    used.retain(|key| !key.contains('.') && key != "title" && key != "what" && key != "next");
    used
}

#[test]
fn every_word_that_a_page_uses_exists_in_english_and_none_is_left_over() {
    let english: BTreeSet<String> = messages("en").into_keys().collect();
    let used = used();
    assert!(used.len() > 100, "the scan finds the keys");
    assert_eq!(used.difference(&english).collect::<Vec<_>>(), Vec::<&String>::new(), "used, not written");
    assert_eq!(english.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "written, not used");
}

#[test]
fn keys_are_page_element_purpose() {
    for key in messages("en").keys() {
        assert!(is_key(key), "{key}");
    }
}

#[test]
fn german_is_complete_but_for_the_development_pages_and_takes_the_same_variables() {
    let (english, german) = (messages("en"), messages("de"));
    for (key, variables) in &english {
        match german.get(key) {
            Some(found) => assert_eq!(found, variables, "{key}"),
            None => assert!(key.starts_with("dev-"), "{key} is missing"),
        }
    }
    assert!(german.keys().all(|key| english.contains_key(key)), "a German message that English lacks");
}

#[test]
fn each_language_has_a_folder_and_each_folder_a_language() {
    let folders: BTreeSet<String> = fs::read_dir(templates().join("locales"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let languages: BTreeSet<String> = Locale::ALL.iter().map(|locale| locale.tag().to_owned()).collect();
    assert_eq!(folders, languages);
}
