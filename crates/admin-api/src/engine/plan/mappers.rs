//! Claim mappers of scopes and of clients.

use palatine_domain::mapper::{ClaimMapper, ClaimRule, ClaimSource, MapperOwner, MapperRule};
use palatine_domain::user::CustomField;

use super::{Op, Planner, unknown};
use crate::document::Path;
use crate::engine::change::{Change, What};
use crate::engine::check::{DesiredMapper, mapper_problem_at};

impl Planner<'_> {
    pub(super) fn mappers(&mut self, fields: &[CustomField]) {
        for wanted in &self.desired.scopes {
            let name = wanted.scope.as_str();
            if let Some(scope) = self.scopes.get(name).copied() {
                self.mappers_of(MapperOwner::Scope(scope), name, &wanted.mappers, fields);
                self.other_mappers(MapperOwner::Scope(scope), name, &wanted.mappers, &wanted.at);
            }
        }
        for wanted in &self.desired.clients {
            let name = wanted.client_id.as_str();
            if let Some(client) = self.clients.get(name).copied() {
                self.mappers_of(MapperOwner::Client(client), name, &wanted.mappers, fields);
                self.other_mappers(MapperOwner::Client(client), name, &wanted.mappers, &wanted.at());
            }
        }
    }

    fn mappers_of(&mut self, owner: MapperOwner, of: &str, wanted: &[DesiredMapper], fields: &[CustomField]) {
        for wanted in wanted {
            if let Err(error) = wanted.rule.check(fields) {
                self.problem(&mapper_problem_at(&wanted.at, &error), error.to_string());
            }
            self.check_names(wanted);
            let name = format!("{of}/{}", wanted.name);
            let known = |mapper: &&ClaimMapper| mapper.owner == owner && mapper.name == wanted.name;
            match self.state.mappers.iter().find(known) {
                Some(stored) if stored.rule == wanted.rule => {}
                Some(stored) => {
                    self.change(Change::updated(What::Mapper, name));
                    let mapper = ClaimMapper { rule: wanted.rule.clone(), ..stored.clone() };
                    self.step(&wanted.at, Op::UpdateMapper(Box::new(mapper)));
                }
                None => {
                    let (id, name_of, rule) = (self.ambient.id(), wanted.name.clone(), wanted.rule.clone());
                    self.change(Change::created(What::Mapper, name));
                    self.step(&wanted.at, Op::InsertMapper(Box::new(ClaimMapper { id, owner, name: name_of, rule })));
                }
            }
        }
    }

    /// Mappers that the owner's document does not name, if it is to be exact.
    fn other_mappers(&mut self, owner: MapperOwner, of: &str, wanted: &[DesiredMapper], at: &Path) {
        if !self.extent.is_exact() {
            return;
        }
        let surplus =
            |mapper: &&ClaimMapper| mapper.owner == owner && !wanted.iter().any(|wanted| wanted.name == mapper.name);
        let state = self.state;
        for mapper in state.mappers.iter().filter(surplus) {
            self.change(Change::removed(What::Mapper, format!("{of}/{}", mapper.name)));
            self.step(at, Op::DeleteMapper(owner, mapper.id));
        }
    }

    /// An audience is an API or a client of this realm; roles are those of one of its clients.
    fn check_names(&mut self, wanted: &DesiredMapper) {
        let clients = self.clients.keys().map(String::as_str);
        let problem = match &wanted.rule {
            MapperRule::Audience(name) if !self.apis.contains_key(name) && !self.clients.contains_key(name) => {
                let known = self.apis.keys().map(String::as_str).chain(clients);
                Some(("audience", unknown("API or client", name, known)))
            }
            MapperRule::Claim(ClaimRule { source: ClaimSource::Roles { client: Some(name), .. }, .. })
                if !self.clients.contains_key(name) =>
            {
                Some(("client", unknown("client", name, clients)))
            }
            MapperRule::Audience(_) | MapperRule::Claim(_) => None,
        };
        if let Some((key, words)) = problem {
            self.problem(&wanted.at.then(key), words);
        }
    }
}
