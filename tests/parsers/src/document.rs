//! Realm documents, as an administrator writes them.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::ops::apply::problems_of;

/// Whatever stands in a file, its problems are named with a place that is there.
pub(crate) fn realm(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let lines = text.split('\n').count();
    for problem in problems_of(&SourceFile::at("realm.yaml", text)) {
        assert_eq!(problem.place.file, "realm.yaml");
        assert!(!problem.message.is_empty() && problem.message.len() < 20_000);
        if let Some(position) = problem.place.position {
            assert!((1..=lines + 1).contains(&position.line) && position.column >= 1, "{problem}");
        }
    }
}
