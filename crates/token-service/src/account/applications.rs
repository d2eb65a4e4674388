//! Which applications a person allowed something, and how they take it back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use palatine_domain::Instant;
use palatine_domain::audit::{AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::Grant;
use palatine_domain::ids::{ClientKey, GrantId};
use palatine_protocol::scope::{self, ScopeSet};
use palatine_realm::Realm;
use palatine_store::{Consent, StoreError, TenantTx};
use serde_json::json;

use super::AccountHolder;
use crate::TokenService;
use crate::authorize::Provenance;

/// An application that a person allowed something, or that keeps access while they are away.
#[derive(Clone, Debug)]
pub struct AllowedApplication {
    /// Which.
    pub client: Arc<Client>,
    /// What it may do.
    pub scope: ScopeSet,
    /// Since when.
    pub since: Instant,
    /// Whether it keeps its access while the person is not there.
    pub offline: bool,
}

/// What became of the wish to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The consent is forgotten, and all that was issued under it has ended.
    Done,
    /// The person allowed that application nothing.
    NothingAllowed,
}

impl TokenService {
    /// What a person allowed, by the applications' names: what they consented to, and what applications of the realm's
    /// own keep by `offline_access`.
    pub async fn allowed_applications(
        &self,
        realm: &Realm,
        holder: &AccountHolder,
    ) -> Result<Vec<AllowedApplication>, StoreError> {
        let tx = realm.read().await?;
        let allowances = self.allowances(&tx, holder).await?;
        let clients = self.clients_of(&tx, allowances.keys().copied()).await?;
        tx.finish().await?;
        let application = |(key, allowance): (ClientKey, Allowance)| {
            let client = Arc::clone(clients.get(&key)?);
            let Allowance { scope, since, offline } = allowance;
            Some(AllowedApplication { client, scope, since, offline })
        };
        let mut found: Vec<AllowedApplication> = allowances.into_iter().filter_map(application).collect();
        found.sort_by(|a, b| (&a.client.name, &a.client.client_id).cmp(&(&b.client.name, &b.client.client_id)));
        Ok(found)
    }

    /// Forgets what a person allowed a client, and ends every grant of theirs to it with its families, offline ones too.
    pub async fn withdraw_consent(
        &self,
        realm: &Realm,
        holder: &AccountHolder,
        client_id: &str,
        from: &Provenance,
    ) -> Result<Withdrawal, StoreError> {
        let Some(client) = self.find_client(realm, client_id).await? else { return Ok(Withdrawal::NothingAllowed) };
        let tx = realm.write().await?;
        let Some(allowance) = self.allowances(&tx, holder).await?.remove(&client.key) else {
            return Ok(Withdrawal::NothingAllowed);
        };
        tx.consents().withdraw(holder.user.id, client.key).await?;
        let details = json!({ "scope": allowance.scope });
        let event = self.own_act(&tx, AuditKind::ConsentWithdrawn, holder, from, details);
        tx.audit().append(&AuditEvent { client: Some(client.key), ..event }).await?;
        tx.commit().await?;
        Ok(Withdrawal::Done)
    }

    async fn allowances<A>(
        &self,
        tx: &TenantTx<A>,
        holder: &AccountHolder,
    ) -> Result<HashMap<ClientKey, Allowance>, StoreError> {
        let user = holder.user.id;
        let consents = tx.consents().of_user(user).await?;
        let offline = tx.refresh().offline_grants_of(user, tx.now()).await?;
        let grants = tx.grants().of_user(user).await?;
        Ok(allowances(&consents, &grants, &offline))
    }

    /// Clients by their keys, each read once; those that are gone are left out.
    pub(super) async fn clients_of<A>(
        &self,
        tx: &TenantTx<A>,
        keys: impl Iterator<Item = ClientKey>,
    ) -> Result<HashMap<ClientKey, Arc<Client>>, StoreError> {
        let mut found = HashMap::new();
        for key in keys.collect::<BTreeSet<_>>() {
            let client = match self.built_in.by_key(key) {
                Some(client) => Some(client),
                None => tx.clients().by_key(key).await?.map(Arc::new),
            };
            if let Some(client) = client {
                found.insert(key, client);
            }
        }
        Ok(found)
    }
}

/// What one application may do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowance {
    scope: ScopeSet,
    since: Instant,
    offline: bool,
}

/// What is allowed to whom: all that was consented to, and the grants that are renewed while nobody is there.
fn allowances(consents: &[Consent], grants: &[Grant], offline: &[GrantId]) -> HashMap<ClientKey, Allowance> {
    let mut found: HashMap<ClientKey, Allowance> = HashMap::new();
    for consent in consents {
        // That an application may keep its access is said when it does.
        let scope = consent.scope.filtered(|scope| scope.as_str() != scope::OFFLINE_ACCESS);
        found.insert(consent.client, Allowance { scope, since: consent.created_at, offline: false });
    }
    for grant in grants.iter().filter(|grant| offline.contains(&grant.id)) {
        let scope = grant.scope.filtered(|scope| scope.as_str() != scope::OFFLINE_ACCESS);
        let nothing = Allowance { scope: ScopeSet::default(), since: grant.created_at, offline: true };
        let allowance = found.entry(grant.client).or_insert(nothing);
        allowance.scope = allowance.scope.union(&scope);
        allowance.since = allowance.since.min(grant.created_at);
        allowance.offline = true;
    }
    found
}
