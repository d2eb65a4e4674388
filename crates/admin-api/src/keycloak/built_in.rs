//! Names with a meaning: what Keycloak makes itself in every realm, and what we do.

/// Its clients.
pub(super) fn is_client(client_id: &str, realm: &str) -> bool {
    const CLIENTS: [&str; 6] =
        ["account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"];
    // In the realm `master`, each realm is a client.
    CLIENTS.contains(&client_id) || realm == "master" && client_id.ends_with("-realm")
}

/// The client whose roles administer the realm.
pub(super) const REALM_MANAGEMENT: &str = "realm-management";

/// Roles that every realm has.
pub(super) fn is_role(role: &str) -> bool {
    matches!(role, "offline_access" | "uma_authorization")
}

/// The role that everybody gets.
pub(super) fn default_role(realm: &str) -> String {
    format!("default-roles-{}", realm.to_lowercase())
}

/// Scopes whose work is done here without a scope, or is SAML's.
pub(super) fn is_needless_scope(scope: &str) -> bool {
    matches!(scope, "web-origins" | "acr" | "basic" | "service_account" | "role_list" | "saml_organization" | "openid")
}

/// Claims that a scope of every realm releases by itself.
pub(super) fn claims_of_scope(scope: &str) -> &'static [&'static str] {
    match scope {
        "profile" => &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
        "email" => &["email", "email_verified"],
        "phone" => &["phone_number", "phone_number_verified"],
        "address" => &["address"],
        "roles" => &["realm_access.roles", "resource_access.${client_id}.roles", "roles"],
        "groups" => &["groups"],
        _ => &[],
    }
}

/// Authentication flows that every realm has.
pub(super) fn is_flow(alias: &str) -> bool {
    const FLOWS: [&str; 8] = [
        "browser",
        "direct grant",
        "registration",
        "reset credentials",
        "clients",
        "docker auth",
        "first broker login",
        "http challenge",
    ];
    FLOWS.contains(&alias)
}
