//! APIs and scopes.

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::ids::{ApiId, ClientKey};
use palatine_protocol::scope::{IDENTITY_SCOPES, Scope};

use super::{Op, Planner, unknown};
use crate::built_in;
use crate::document::Path;
use crate::engine::change::{Change, What};

impl Planner<'_> {
    /// The admin API, which every realm has, then the document's.
    pub(super) fn apis(&mut self) {
        self.admin_api();
        for wanted in &self.desired.apis {
            let at = Path::of(["apis", &wanted.identifier]);
            let stored = self.state.apis.get(&wanted.identifier);
            let client = wanted.client.as_ref().and_then(|name| self.registration(name, &at));
            let api = Api {
                id: stored.map_or_else(|| self.ambient.id(), |api| api.id),
                identifier: wanted.identifier.clone(),
                name: wanted.name.clone(),
                profile: wanted.profile,
                algorithm: wanted.algorithm,
                client,
            };
            match stored {
                Some(stored) if *stored == api => {}
                Some(_) => {
                    self.change(Change::updated(What::Api, &wanted.identifier));
                    self.step(&at, Op::UpdateApi(api));
                }
                None => {
                    self.apis.insert(wanted.identifier.clone(), api.id);
                    self.change(Change::created(What::Api, &wanted.identifier));
                    self.step(&at, Op::InsertApi(api));
                }
            }
        }
    }

    fn admin_api(&mut self) {
        if self.state.apis.contains_key(built_in::ADMIN_API) {
            return;
        }
        let api = Api {
            id: self.ambient.id(),
            identifier: built_in::ADMIN_API.to_owned(),
            name: built_in::ADMIN_API_NAME.to_owned(),
            profile: None,
            algorithm: None,
            client: None,
        };
        self.apis.insert(api.identifier.clone(), api.id);
        self.change(Change::created(What::Api, &api.identifier));
        self.step(&Path::of(["apis"]), Op::InsertApi(api));
    }

    /// The client that an API is one registration with.
    fn registration(&mut self, name: &str, at: &Path) -> Option<ClientKey> {
        let client = self.clients.get(name).copied();
        if client.is_none() {
            let words = unknown("client", name, self.clients.keys().map(String::as_str));
            self.problem(&at.then("client"), words);
        }
        client
    }

    /// The scopes that every realm has, then the document's.
    pub(super) fn scopes(&mut self) {
        for name in IDENTITY_SCOPES {
            // Without one, the page describes them in the language of whoever reads it.
            self.scope_of_every_realm(name, "", None);
        }
        let admin_api = self.apis.get(built_in::ADMIN_API).copied();
        for (name, description) in built_in::ADMIN_SCOPES {
            self.scope_of_every_realm(name, description, admin_api);
        }
        self.other_scopes_of_apis();
        for wanted in &self.desired.scopes {
            let stored = self.state.scopes.get(wanted.scope.as_str());
            let scope = ScopeDefinition {
                id: stored.map_or_else(|| self.ambient.id(), |scope| scope.id),
                scope: wanted.scope.clone(),
                description: wanted.description.clone(),
                api: wanted.api.as_ref().and_then(|identifier| self.apis.get(identifier)).copied(),
            };
            match stored {
                Some(stored) if *stored == scope => {}
                Some(_) => {
                    self.change(Change::updated(What::Scope, wanted.scope.as_str()));
                    self.step(&wanted.at, Op::UpdateScope(scope));
                }
                None => {
                    self.scopes.insert(wanted.scope.as_str().to_owned(), scope.id);
                    self.change(Change::created(What::Scope, wanted.scope.as_str()));
                    self.step(&wanted.at, Op::InsertScope(scope));
                }
            }
        }
    }

    fn scope_of_every_realm(&mut self, name: &str, description: &str, api: Option<ApiId>) {
        let described = self.desired.scopes.iter().any(|wanted| wanted.scope.as_str() == name);
        if let (Ok(scope), false, false) = (Scope::parse(name), described, self.state.scopes.contains_key(name)) {
            let scope = ScopeDefinition { id: self.ambient.id(), scope, description: description.to_owned(), api };
            self.scopes.insert(name.to_owned(), scope.id);
            self.change(Change::created(What::Scope, name));
            self.step(&Path::of(["scopes"]), Op::InsertScope(scope));
        }
    }

    /// Scopes that an API owns and its document does not name, if it is to be exact. One that stands elsewhere in the
    /// document moves.
    fn other_scopes_of_apis(&mut self) {
        if !self.extent.is_exact() {
            return;
        }
        for api in &self.desired.apis {
            let Some(known) = self.state.apis.get(&api.identifier) else { continue };
            let named = |name: &str| self.desired.scopes.iter().any(|wanted| wanted.scope.as_str() == name);
            let surplus: Vec<_> = self
                .state
                .scopes
                .values()
                .filter(|scope| scope.api == Some(known.id) && !named(scope.scope.as_str()))
                .collect();
            for scope in surplus {
                self.change(Change::removed(What::Scope, scope.scope.as_str()));
                self.step(&Path::of(["apis", &api.identifier, "scopes"]), Op::DeleteScope(scope.id));
            }
        }
    }
}
