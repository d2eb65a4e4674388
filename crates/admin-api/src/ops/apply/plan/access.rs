//! APIs and scopes.

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::ids::ClientKey;
use palatine_protocol::scope::{IDENTITY_SCOPES, Scope};

use super::{Op, Planner, unknown};
use crate::document::Path;
use crate::ops::apply::report::{Change, What};

impl Planner<'_> {
    pub(super) fn apis(&mut self) {
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
            let described = self.desired.scopes.iter().any(|wanted| wanted.scope.as_str() == name);
            if let (Ok(scope), false, false) = (Scope::parse(name), described, self.state.scopes.contains_key(name)) {
                // Without one, the page describes them in the language of whoever reads it.
                let description = String::new();
                let scope = ScopeDefinition { id: self.ambient.id(), scope, description, api: None };
                self.scopes.insert(name.to_owned(), scope.id);
                self.change(Change::created(What::Scope, name));
                self.step(&Path::of(["scopes"]), Op::InsertScope(scope));
            }
        }
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
}
