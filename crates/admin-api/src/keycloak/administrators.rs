//! What the administrators of a Keycloak realm become.

use std::collections::BTreeSet;

use palatine_domain::admin::AdminRole;

/// The built-in roles for those who hold these roles of `realm-management`, and those of these that have none.
pub(super) fn administrators<'a>(held: &BTreeSet<&'a str>) -> (Vec<AdminRole>, Vec<&'a str>) {
    if held.contains("realm-admin") {
        return (vec![AdminRole::RealmAdmin], Vec::new());
    }
    let has = |role: &str| held.contains(role);
    let mut roles = Vec::new();
    let mut covered: Vec<&str> = Vec::new();
    if has("manage-users") && has("view-users") {
        roles.push(AdminRole::UserManager);
        covered.extend(["manage-users", "view-users", "query-users", "query-groups"]);
    }
    if has("manage-clients") {
        roles.push(AdminRole::ClientManager);
        covered.extend(["manage-clients", "view-clients", "query-clients", "create-client"]);
    }
    let only_views = held.iter().all(|role| role.starts_with("view-") || role.starts_with("query-"));
    if only_views && held.iter().any(|role| role.starts_with("view-")) {
        roles.push(AdminRole::Auditor);
        covered.extend(held);
    }
    (roles, held.iter().copied().filter(|role| !covered.contains(role)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_a_right_to_change_what_they_could_not_change_before() {
        for (held, expected, without) in [
            (&["realm-admin", "view-users"][..], &[AdminRole::RealmAdmin][..], &[][..]),
            (&["manage-users", "view-users", "query-groups"], &[AdminRole::UserManager], &[]),
            (&["manage-users"], &[], &["manage-users"]),
            (&["manage-clients", "view-clients"], &[AdminRole::ClientManager], &[]),
            (&["view-users", "view-clients", "query-users"], &[AdminRole::Auditor], &[]),
            (&["query-users"], &[], &["query-users"]),
            (&["view-users", "manage-realm"], &[], &["manage-realm", "view-users"]),
            (&["impersonation"], &[], &["impersonation"]),
            (&[], &[], &[]),
        ] {
            let (roles, left) = administrators(&held.iter().copied().collect());
            assert_eq!((&*roles, &*left), (expected, without), "{held:?}");
        }
    }
}
