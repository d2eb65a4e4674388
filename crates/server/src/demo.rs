//! The demo realms of `palatine dev`: part of the binary, applied like any other document.

use palatine_admin_api::document::{ClientDocument, RealmDocument, SecretSource, SourceFile, UserDocument};
use palatine_domain::RealmSlug;
use palatine_domain::client::ClientKind;
use palatine_domain::tenant::RealmProfile;
use palatine_login_ui::dev::{DevClientInfo, DevRealmInfo, DevSite, DevUserInfo};

use crate::refusal::Refusal;

/// The documents, in the order in which they are applied and shown.
const DOCUMENTS: [(&str, &str); 4] = [
    ("deploy/dev/dev.yaml", include_str!("../../../deploy/dev/dev.yaml")),
    ("deploy/dev/acme-corp.yaml", include_str!("../../../deploy/dev/acme-corp.yaml")),
    ("deploy/dev/widgets-inc.yaml", include_str!("../../../deploy/dev/widgets-inc.yaml")),
    ("deploy/dev/system.yaml", include_str!("../../../deploy/dev/system.yaml")),
];

/// The name under which `system.yaml` asks for the operator's password.
pub(crate) const OPERATOR_SECRET: &str = "operator";

/// The operator's username in `system.yaml`.
pub(crate) const OPERATOR: &str = "operator";

/// The documents, to be applied.
pub(crate) fn sources() -> Vec<SourceFile> {
    DOCUMENTS.iter().map(|(name, text)| SourceFile::embedded(*name, *text)).collect()
}

/// The demo realms, as their documents say.
pub(crate) fn realms() -> Result<Vec<DevRealmInfo>, Refusal> {
    let mut realms = Vec::new();
    for (name, text) in DOCUMENTS {
        let unreadable = |what: String| Refusal::Documents(format!("{name}: {what}"));
        let document: RealmDocument = serde_saphyr::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        // What is not a demo has no password that could be shown.
        if document.profile == RealmProfile::InsecureDemo {
            let slug = RealmSlug::parse(&document.realm).map_err(|error| unreadable(error.to_string()))?;
            realms.push(realm(slug, document));
        }
    }
    Ok(realms)
}

/// What the start page shows.
pub(crate) fn start_page() -> Result<DevSite, Refusal> {
    realms().map(DevSite::new)
}

fn realm(slug: RealmSlug, document: RealmDocument) -> DevRealmInfo {
    DevRealmInfo {
        display_name: document.display_name.unwrap_or_else(|| slug.to_string()),
        users: document.users.into_iter().map(|(name, document)| user(name, &document)).collect(),
        clients: document.clients.into_iter().map(|(id, document)| client(id, &document)).collect(),
        slug,
    }
}

fn user(identifier: String, document: &UserDocument) -> DevUserInfo {
    DevUserInfo { identifier, password: document.initial_password.as_ref().and_then(plain) }
}

fn client(client_id: String, document: &ClientDocument) -> DevClientInfo {
    let kind = match document.kind {
        ClientKind::Web => "web",
        ClientKind::Spa => "spa",
        ClientKind::Native => "native",
        ClientKind::Service => "service",
    };
    let scopes = document.scopes.default.iter().chain(&document.scopes.optional).map(String::as_str);
    DevClientInfo {
        client_id,
        kind: kind.to_owned(),
        secret: document.secret.as_ref().or_else(|| document.secrets.values().next()).and_then(plain),
        scope: scopes.collect::<Vec<_>>().join(" "),
    }
}

fn plain(source: &SecretSource) -> Option<String> {
    match source {
        SecretSource::Plain(secret) => Some(secret.text().expose().to_owned()),
        SecretSource::Environment(_) | SecretSource::File(_) | SecretSource::Generated(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_realms_are_shown_with_what_one_needs_to_sign_in() {
        let realms = realms().unwrap();
        let slugs: Vec<&str> = realms.iter().map(|realm| realm.slug.as_str()).collect();
        assert_eq!(slugs, ["dev", "acme-corp", "widgets-inc"]);
        for (realm, identifier, password) in [
            ("dev", "dev@example.com", "dev-password-123"),
            ("acme-corp", "john@acme.com", "secure123"),
            ("widgets-inc", "jane@widgets.com", "secure456"),
        ] {
            let realm = realms.iter().find(|shown| shown.slug.as_str() == realm).unwrap();
            let user = realm.users.iter().find(|user| user.identifier == identifier).unwrap();
            assert_eq!(user.password.as_deref(), Some(password));
        }
    }

    #[test]
    fn a_client_is_shown_with_its_secret_and_scopes() {
        let dev = realms().unwrap().remove(0);
        let client = |id: &str| dev.clients.iter().find(|client| client.client_id == id).unwrap();
        assert_eq!(client("test-app").secret.as_deref(), Some("test-secret"));
        assert_eq!(client("test-app").scope, "openid profile email offline_access");
        assert_eq!((client("mobile-app").kind.as_str(), &client("mobile-app").secret), ("native", &None));
    }
}
