//! Clients and their secrets.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::Ambient;
use palatine_domain::client::{Client, ClientSecret};
use palatine_domain::ids::{ApiId, ClientKey, RoleId};

use super::{Op, Planner, Step};
use crate::document::Path;
use crate::engine::change::{Change, What};
use crate::engine::check::{Desired, DesiredClient};
use crate::engine::hashes::{NewSecret, secrets_of};
use crate::engine::state::{KnownClient, State};

/// Every client that the document speaks of and that there is or will be, by `client_id`.
pub(super) fn keys(desired: &Desired, state: &State, ambient: &Ambient) -> BTreeMap<String, ClientKey> {
    let key = |wanted: &DesiredClient| {
        let known = state.clients.get(wanted.client_id.as_str());
        known.map_or_else(|| ambient.id(), |known| known.client.key)
    };
    let described = desired.clients.iter().map(|wanted| (wanted.client_id.as_str().to_owned(), key(wanted)));
    state.other_clients.iter().map(|(name, key)| (name.clone(), *key)).chain(described).collect()
}

impl Planner<'_> {
    pub(super) fn clients(&mut self) {
        for wanted in &self.desired.clients {
            for (scope, at) in &wanted.scopes {
                self.check_scope(scope.scope.as_str(), at);
            }
            let linked_apis = self.known_apis(&wanted.apis, &wanted.at());
            let visible = wanted.settings.realm_roles_in_tokens.as_deref().unwrap_or_default();
            self.roles_at(visible, &wanted.at().then("realm_roles_in_tokens"));
            let hashed = self.hashes.clients.get(wanted.client_id.as_str());
            let known = self.state.clients.get(wanted.client_id.as_str());
            let Some(hashed) = hashed.filter(|hashed| hashed.seen == secrets_of(known.map(|known| &known.client)))
            else {
                self.overtaken = true;
                continue;
            };
            match known {
                Some(known) => self.known_client(wanted, linked_apis, known, &hashed.new),
                None => self.new_client(wanted, linked_apis, &hashed.new),
            }
            self.roles_of_client(wanted.client_id.as_str());
        }
    }

    fn secret(&self, new: &NewSecret) -> ClientSecret {
        ClientSecret {
            id: self.ambient.id(),
            label: new.label.clone(),
            hint: new.hint.clone(),
            verifier: new.verifier.clone(),
            created_at: self.now,
            expires_at: new.expires_at,
            last_used_at: None,
        }
    }

    fn new_client(&mut self, wanted: &DesiredClient, linked_apis: Vec<ApiId>, secrets: &[NewSecret]) {
        let at = wanted.at();
        let secrets = secrets.iter().map(|new| self.secret(new)).collect();
        let Some(key) = self.clients.get(wanted.client_id.as_str()).copied() else { return };
        let client = client(wanted, linked_apis, key, secrets);
        self.change(Change::created(What::Client, wanted.client_id.as_str()));
        self.step(&at, Op::InsertClient(Box::new(client)));
        let roles = self.known_roles(&wanted.roles, &at);
        self.give_to_client(roles, key, &at);
    }

    fn give_to_client(&mut self, roles: Vec<RoleId>, client: ClientKey, at: &Path) {
        let steps = roles.into_iter().map(|role| Step { at: at.then("roles"), op: Op::GiveRoleToClient(role, client) });
        self.given_to_clients.extend(steps);
    }

    fn known_client(
        &mut self,
        wanted: &DesiredClient,
        linked_apis: Vec<ApiId>,
        known: &KnownClient,
        secrets: &[NewSecret],
    ) {
        let at = wanted.at();
        let key = known.client.key;
        let client = client(wanted, linked_apis, key, known.client.secrets.clone());
        let roles = self.known_roles(&wanted.roles, &at);
        let missing: Vec<_> = roles.iter().copied().filter(|role| !known.roles.contains(role)).collect();
        let surplus: Vec<_> = self.surplus(&known.roles, &roles).collect();
        let differs = differ(&client, &known.client);
        if differs || !missing.is_empty() || !surplus.is_empty() {
            self.change(Change::updated(What::Client, wanted.client_id.as_str()));
        }
        if differs {
            self.step(&at, Op::UpdateClient(Box::new(client)));
        }
        self.give_to_client(missing, key, &at);
        for role in surplus {
            self.step(&at.then("roles"), Op::TakeRoleFromClient(role, key));
        }
        for new in secrets {
            self.new_secret(wanted, key, new);
        }
    }

    fn new_secret(&mut self, wanted: &DesiredClient, key: ClientKey, new: &NewSecret) {
        let name = format!("{}/{}", wanted.client_id, new.label);
        match new.replaces {
            Some(old) => {
                self.change(Change::updated(What::Secret, name));
                self.step(&new.at, Op::RemoveSecret(key, old));
            }
            None => self.change(Change::created(What::Secret, name)),
        }
        let secret = self.secret(new);
        self.step(&new.at, Op::AddSecret(key, Box::new(secret)));
    }
}

/// The client as the document wants it.
fn client(wanted: &DesiredClient, linked_apis: Vec<ApiId>, key: ClientKey, secrets: Vec<ClientSecret>) -> Client {
    Client {
        key,
        client_id: wanted.client_id.clone(),
        name: wanted.name.clone(),
        enabled: wanted.enabled,
        settings: wanted.settings.clone(),
        scopes: wanted.scopes.iter().map(|(scope, _)| scope.clone()).collect(),
        linked_apis,
        secrets,
    }
}

/// Whether anything but the secrets differs; the order of scopes and APIs means nothing.
fn differ(a: &Client, b: &Client) -> bool {
    let scopes = |client: &Client| -> BTreeMap<String, bool> {
        client.scopes.iter().map(|scope| (scope.scope.as_str().to_owned(), scope.default)).collect()
    };
    let apis = |client: &Client| -> BTreeSet<ApiId> { client.linked_apis.iter().copied().collect() };
    a.name != b.name
        || a.enabled != b.enabled
        || a.settings != b.settings
        || scopes(a) != scopes(b)
        || apis(a) != apis(b)
}
