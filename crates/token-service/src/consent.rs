//! When a person must have allowed a client before it gets anything of them, and for what they are asked.

use palatine_domain::admin;
use palatine_domain::client::{Client, RESERVED_CLIENT_ID_PREFIX};
use palatine_protocol::scope::{self, Scope, ScopeSet};
use palatine_store::Consent;

/// Whether what a client asks for needs a person's consent: where the client requires it or registered itself, and for
/// `offline_access` of a client that is not the realm's own (OpenID Connect Core, section 11); and for the admin API in
/// any case, unless the client is the platform's own.
pub(crate) fn is_needed(client: &Client, scope: &ScopeSet) -> bool {
    let settings = &client.settings;
    let offline = scope.contains(scope::OFFLINE_ACCESS) && !settings.first_party;
    let administers = admin::SCOPES.into_iter().any(|name| scope.contains(name)) && !is_of_the_platform(client);
    settings.consent_required || settings.registered || offline || administers
}

/// The platform's own clients have reserved names.
fn is_of_the_platform(client: &Client) -> bool {
    client.client_id.as_str().starts_with(RESERVED_CLIENT_ID_PREFIX)
}

/// Whether a person may leave a scope out: `openid`, and what the client gets without naming it, belong to accepting.
pub fn is_optional(client: &Client, scope: &Scope) -> bool {
    scope.as_str() != scope::OPENID && !client.default_scopes().contains(scope.as_str())
}

/// Of what a client asks for, what its person has not answered yet. What they left out once is not asked for again,
/// unless it is not optional any more.
pub(crate) fn unanswered(client: &Client, scope: &ScopeSet, answered: Option<&Consent>) -> ScopeSet {
    let Some(answered) = answered else { return scope.clone() };
    let left_out = answered.refused.filtered(|scope| is_optional(client, scope));
    scope.difference(&answered.scope).difference(&left_out)
}

/// Of what a client asked for, what its person allowed before.
pub(crate) fn allowed_before(scope: &ScopeSet, answered: Option<&Consent>) -> ScopeSet {
    answered.map(|answered| scope.intersection(&answered.scope)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use palatine_domain::Instant;
    use palatine_domain::client::{ClientAuthMethod, ClientId, ClientKind, ClientScope, ClientSettings};
    use palatine_domain::ids::{ClientKey, ConsentId, RowId as _, UserId};

    use super::*;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    fn client(defaults: &str) -> Client {
        Client {
            key: ClientKey::from_uuid(uuid::Uuid::nil()),
            client_id: ClientId::parse("app").unwrap(),
            name: "App".into(),
            enabled: true,
            settings: ClientSettings::new(ClientKind::Web, ClientAuthMethod::None, Vec::new()),
            scopes: set(defaults).iter().map(|scope| ClientScope { scope: scope.clone(), default: true }).collect(),
            linked_apis: Vec::new(),
            secrets: Vec::new(),
        }
    }

    fn consent(scope: &str, refused: &str) -> Consent {
        Consent {
            id: ConsentId::from_uuid(uuid::Uuid::nil()),
            user: UserId::from_uuid(uuid::Uuid::nil()),
            client: ClientKey::from_uuid(uuid::Uuid::nil()),
            scope: set(scope),
            refused: set(refused),
            created_at: Instant::EPOCH,
            updated_at: Instant::EPOCH,
        }
    }

    #[test]
    fn a_client_that_registered_itself_always_needs_consent() {
        let mut client = client("openid");
        assert!(!is_needed(&client, &set("openid offline_access")));
        client.settings.registered = true;
        assert!(is_needed(&client, &set("openid")));
    }

    #[test]
    fn the_admin_api_needs_consent_but_for_the_platforms_own_clients() {
        let mut client = client("openid");
        assert!(is_needed(&client, &set("openid admin:read")) && is_needed(&client, &set("admin:write")));
        client.client_id = ClientId::parse("palatine-cli").unwrap();
        assert!(!is_needed(&client, &set("openid admin:read admin:write")));
    }

    #[test]
    fn what_was_answered_is_not_asked_again() {
        let asked = set("openid profile email");
        let unanswered =
            |defaults, answered: Option<Consent>| unanswered(&client(defaults), &asked, answered.as_ref()).to_string();
        assert_eq!(unanswered("openid", None), "openid profile email");
        assert_eq!(unanswered("openid", Some(consent("openid profile", ""))), "email");
        assert_eq!(unanswered("openid", Some(consent("openid profile", "email"))), "");
        assert_eq!(unanswered("openid email", Some(consent("openid profile", "email"))), "email", "not optional now");
    }
}
