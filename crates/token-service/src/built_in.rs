//! Clients that belong to the platform: derived from the realm and the public URL, with reserved ids, without rows.

use std::sync::Arc;

use palatine_domain::client::{
    Client, ClientAuthMethod, ClientId, ClientKind, ClientScope, ClientSettings, RESERVED_CLIENT_ID_PREFIX,
};
use palatine_domain::ids::{ClientKey, RowId};
use palatine_protocol::scope::Scope;
use palatine_protocol::token::GrantType;
use palatine_realm::Realm;
use palatine_store::StoreError;

use crate::TokenService;

/// The test client of the start page of `palatine dev`.
pub const DEV_CLIENT_ID: &str = "palatine-dev";

/// The realm's own account pages. It may use no grant and has no redirect URI: a sign-in for it ends at a page of ours.
pub const ACCOUNT_CLIENT_ID: &str = "palatine-account";

/// The client of the admin API's own documentation, which signs an admin in to try things.
pub const API_DOCS_CLIENT_ID: &str = "palatine-api-docs";

/// The command line, for whoever manages realms from a terminal: it signs a person in by the device grant.
pub const CLI_CLIENT_ID: &str = "palatine-cli";

/// The built-in clients that are served.
#[derive(Clone, Debug)]
pub struct BuiltInClients {
    all: Vec<Arc<Client>>,
}

impl BuiltInClients {
    /// Those of production: the account pages, the command line, and the admin API's documentation, which has this
    /// callback.
    pub fn production(docs_callback: &str) -> Self {
        let all = [account_client(), cli_client(), docs_client(docs_callback)];
        Self { all: all.into_iter().flatten().map(Arc::new).collect() }
    }

    /// With the test client, and the callback of the start page.
    #[must_use]
    pub fn with_dev(mut self, callback: &str, start_page: &str) -> Self {
        self.all.extend(dev_client(callback, start_page).map(Arc::new));
        self
    }

    fn find(&self, client_id: &ClientId) -> Option<Arc<Client>> {
        self.all.iter().find(|client| client.client_id == *client_id).cloned()
    }

    pub(crate) fn by_key(&self, key: ClientKey) -> Option<Arc<Client>> {
        self.all.iter().find(|client| client.key == key).cloned()
    }
}

/// The key of a built-in client, the same in every realm: without a row there is nothing that could be confused.
fn key(number: u128) -> ClientKey {
    ClientKey::from_uuid(uuid::Uuid::from_u128(0x7061_6c61_7469_6e65_2d64_6576_0000_0000 + number))
}

fn account_client() -> Option<Client> {
    Some(Client {
        key: key(2),
        client_id: ClientId::parse(ACCOUNT_CLIENT_ID).ok()?,
        name: "Palatine account".to_owned(),
        enabled: true,
        settings: ClientSettings {
            web_origins: Some(Vec::new()),
            ..ClientSettings::new(ClientKind::Web, ClientAuthMethod::None, Vec::new())
        },
        scopes: Vec::new(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    })
}

fn admin_scopes() -> Vec<ClientScope> {
    let scope = |(name, default): (&str, bool)| Scope::parse(name).ok().map(|scope| ClientScope { scope, default });
    let profile = ["openid", "profile", "email"].map(|name| (name, true));
    profile.into_iter().chain(palatine_domain::admin::SCOPES.map(|name| (name, true))).filter_map(scope).collect()
}

fn cli_client() -> Option<Client> {
    let grants = vec![GrantType::DeviceCode, GrantType::RefreshToken];
    Some(Client {
        key: key(3),
        client_id: ClientId::parse(CLI_CLIENT_ID).ok()?,
        name: "Palatine command line".to_owned(),
        enabled: true,
        settings: ClientSettings {
            web_origins: Some(Vec::new()),
            ..ClientSettings::new(ClientKind::Native, ClientAuthMethod::None, grants)
        },
        scopes: admin_scopes(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    })
}

fn docs_client(callback: &str) -> Option<Client> {
    Some(Client {
        key: key(4),
        client_id: ClientId::parse(API_DOCS_CLIENT_ID).ok()?,
        name: "Palatine API documentation".to_owned(),
        enabled: true,
        settings: ClientSettings {
            redirect_uris: vec![callback.to_owned()],
            ..ClientSettings::new(ClientKind::Spa, ClientAuthMethod::None, vec![GrantType::AuthorizationCode])
        },
        scopes: admin_scopes(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    })
}

fn dev_client(callback: &str, start_page: &str) -> Option<Client> {
    let scope = |name: &str| Scope::parse(name).ok().map(|scope| ClientScope { scope, default: true });
    Some(Client {
        key: key(1),
        client_id: ClientId::parse(DEV_CLIENT_ID).ok()?,
        name: "Palatine test client".to_owned(),
        enabled: true,
        settings: ClientSettings {
            redirect_uris: vec![callback.to_owned()],
            post_logout_redirect_uris: vec![start_page.to_owned()],
            web_origins: Some(Vec::new()),
            profile_claims_in_id_token: true,
            ..ClientSettings::new(
                ClientKind::Web,
                ClientAuthMethod::None,
                vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            )
        },
        scopes: ["openid", "profile", "email", "offline_access"].into_iter().filter_map(scope).collect(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    })
}

impl TokenService {
    /// Whether a client is one of the platform's own.
    pub(crate) fn is_built_in(&self, client: &Client) -> bool {
        self.built_in.by_key(client.key).is_some()
    }

    /// The platform's own client with that key, which has no row.
    pub fn built_in_client(&self, key: ClientKey) -> Option<Arc<Client>> {
        self.built_in.by_key(key)
    }

    /// The client of that name: a built-in one, or one of the realm.
    pub async fn find_client(&self, realm: &Realm, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let Ok(client_id) = ClientId::parse(client_id) else { return Ok(None) };
        // A row of such a name would be somebody's who took the platform's place.
        if client_id.as_str().starts_with(RESERVED_CLIENT_ID_PREFIX) {
            return Ok(self.built_in.find(&client_id));
        }
        realm.client(&client_id).await
    }

    /// Whether a grant's client may still be served: `stored` is what its row says, if it has one.
    pub(crate) fn is_client_enabled(&self, key: ClientKey, stored: Option<bool>) -> bool {
        stored.unwrap_or_else(|| self.built_in.by_key(key).is_some_and(|client| client.enabled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_clients_have_reserved_names_and_keys_of_their_own() {
        let production = BuiltInClients::production("http://localhost/admin/api/docs/callback");
        let built_in = production.clone().with_dev("http://localhost/dev/callback", "http://localhost/");
        let found = [DEV_CLIENT_ID, ACCOUNT_CLIENT_ID, CLI_CLIENT_ID, API_DOCS_CLIENT_ID]
            .map(|client_id| built_in.find(&ClientId::parse(client_id).unwrap()).unwrap());
        for client in &found {
            assert!(client.client_id.as_str().starts_with(RESERVED_CLIENT_ID_PREFIX));
            assert_eq!(built_in.by_key(client.key).unwrap().client_id, client.client_id);
        }
        let keys: std::collections::BTreeSet<ClientKey> = found.iter().map(|client| client.key).collect();
        assert_eq!(keys.len(), found.len());
        assert!(production.find(&found[0].client_id).is_none(), "the test client is for development");
    }

    #[test]
    fn the_account_pages_are_sent_no_answer_and_given_no_token() {
        let account = account_client().unwrap();
        assert!(account.settings.redirect_uris.is_empty() && account.settings.grant_types.is_empty());
        assert!(account.scopes.is_empty() && account.secrets.is_empty());
    }
}
