//! Realm documents, as an administrator writes them, and exports of other systems that become some.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::keycloak;
use palatine_admin_api::ops::apply::problems_of;
use palatine_domain::RealmSlug;

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

/// Whatever an export holds, what it becomes can be written, read and applied, and its report obeys nobody.
pub(crate) fn keycloak_export(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let slug = RealmSlug::parse("acme").expect("a slug");
    let Ok(conversion) = keycloak::convert(&[text], Some(&slug)) else { return };
    let yaml = conversion.document.to_yaml().expect("a document");
    if yaml.len() < 8 * 1024 * 1024 {
        let problems = problems_of(&SourceFile::at("realm.yaml", yaml));
        assert!(problems.is_empty(), "{problems:?}");
    }
    assert!(!conversion.report.to_text(3).contains(|c: char| c.is_control() && c != '\n'));
}
