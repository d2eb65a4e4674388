//! `import`: makes a realm from what another system exported. What was converted is applied like any document.
//!
//! A file of documents has a limit, and a transaction should not take minutes. So a realm with many users is applied in
//! steps: each describes all of the realm, and some of its users. A step that fails leaves those before it in place; to
//! import again goes on where it ended, since what is there stays as it is.

use serde::Serialize;

use crate::document::{RealmDocument, SourceFile, WriteError};

/// The most users of a step.
const USERS: usize = 2_000;

/// The most bytes of JSON that the users of a step take.
const BYTES: usize = 2 * 1024 * 1024;

/// The steps in which a realm is applied, in their order. `name` is what errors call the file.
///
/// # Errors
///
/// The document has no YAML form.
pub fn steps(mut document: RealmDocument, name: &str) -> Result<Vec<SourceFile>, WriteError> {
    let mut files = Vec::new();
    let mut users = std::mem::take(&mut document.users).into_iter().peekable();
    while files.is_empty() || users.peek().is_some() {
        let mut bytes = 0;
        while let Some((_, user)) = users.peek() {
            bytes += size(user);
            if !document.users.is_empty() && (bytes > BYTES || document.users.len() >= USERS) {
                break;
            }
            document.users.extend(users.next());
        }
        files.push(SourceFile::at(name, document.to_yaml()?));
        document.users.clear();
    }
    Ok(files)
}

fn size<T: Serialize>(part: &T) -> usize {
    serde_json::to_vec(part).map_or(BYTES, |json| json.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::UserDocument;
    use crate::ops::apply::problems_of;

    #[test]
    fn a_small_realm_is_one_step() {
        let mut document = RealmDocument::new("acme");
        assert_eq!(steps(RealmDocument::new("acme"), "a").unwrap().len(), 1);
        document.users.insert("ada".into(), UserDocument::default());
        assert_eq!(steps(document, "a").unwrap().len(), 1);
    }

    #[test]
    fn every_user_of_a_large_realm_is_in_one_step_and_no_step_is_too_long() {
        let mut document = RealmDocument::new("acme");
        for number in 0..4_500 {
            document.users.insert(format!("user{number}"), UserDocument::default());
        }
        for number in 0..40 {
            let custom = [("f".to_owned(), serde_json::Value::from("x".repeat(200_000)))].into();
            document.users.insert(format!("wordy{number}"), UserDocument { custom, ..UserDocument::default() });
        }
        let files = steps(document, "a").unwrap();
        let named: usize =
            files.iter().map(|file| file.text.lines().filter(|line| line.starts_with("  user")).count()).sum();
        assert_eq!(named, 4_500);
        assert!((6..=12).contains(&files.len()), "{}", files.len());
        assert!(files.iter().all(|file| problems_of(file).is_empty()));
    }
}
