//! Makes a realm of a document, for an operator who may make realms and enter them: the realm with all of its document,
//! or none.

use palatine_authn::HashPool;
use palatine_domain::RealmSlug;
use palatine_domain::admin::{AdminRealm, Permission, Permissions};
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::tenant::RealmProfile;
use palatine_store::{Store, StoreError, TenantWrite};
use serde_json::json;

use super::arrived::{Arrived, Sent};
use crate::access::{Operator, Origin};
use crate::engine::change::{Change, What};
use crate::engine::guard::Guard;
use crate::engine::hashes::{self, Hashes};
use crate::engine::run::{Work, audited};
use crate::engine::state::State;
use crate::engine::{Extent, SecretSources};
use crate::ops::apply::{ApplyOptions, RealmReport, ReportView};
use crate::ops::error::OpError;
use crate::ops::realms::PROOF;

/// Makes a realm that is not there.
pub async fn create(
    operator: &Operator,
    (store, hashing): (&Store, &HashPool),
    slug: &str,
    sent: Sent,
    options: ApplyOptions,
    from: &Origin,
) -> Result<ReportView, OpError> {
    operator.needs(Permission::RealmsWrite)?;
    operator.needs(Permission::RealmsEnter)?;
    let slug = RealmSlug::parse_new(slug).map_err(|error| OpError::invalid("/realm", error.to_string()))?;
    let arrived = sent.arrive(&slug).await?;
    if arrived.desired.profile == RealmProfile::InsecureDemo {
        let words =
            "everybody knows the passwords and secrets of an `insecure-demo` realm: none is made over the network";
        return Err(OpError::invalid("/profile", words));
    }
    let hashes = hashes_of(store, hashing, &arrived).await?;
    let tx = match store.as_operator(PROOF).await?.create_tenant(&slug, arrived.desired.profile).await {
        Err(StoreError::Conflict { .. }) => {
            let words = "there is a realm of this name, or there was one; choose another";
            return Err(OpError::Conflict(words.to_owned()));
        }
        made => made?,
    };
    let mut changes = write(operator, store, &tx, &arrived, &hashes).await?;
    changes.insert(0, Change::created(What::Realm, slug.as_str()));
    if !options.dry_run {
        tx.audit().append(&event(operator, store, &tx, from, &changes)).await?;
        tx.commit().await?;
        tracing::info!(realm = %slug, operator = operator.name(), "a realm was made of a document");
    }
    Ok(ReportView::of(&RealmReport { slug, created: true, changes }, options.dry_run))
}

/// The tenant does not exist yet: until then its hashes queue under a name of their own.
async fn hashes_of(store: &Store, pool: &HashPool, arrived: &Arrived) -> Result<Hashes, OpError> {
    let (ambient, secrets) = (store.ambient(), SecretSources::default());
    let (source, tenant, now) = (&arrived.source, ambient.id(), ambient.now());
    let work = hashes::Work { pool, secrets: &secrets, source, tenant, now };
    Ok(work.run(&arrived.desired, &State::default()).await?)
}

async fn write(
    operator: &Operator,
    store: &Store,
    tx: &TenantWrite,
    arrived: &Arrived,
    hashes: &Hashes,
) -> Result<Vec<Change>, OpError> {
    let state = State::of_a_new_realm(tx).await?;
    // What an operator may do in a realm that they entered.
    let guard = Guard::Rights(operator.within_scope(Permissions::ALL_OF_REALM), AdminRealm::Customer);
    let (source, desired, ambient) = (&arrived.source, &arrived.desired, store.ambient());
    let work = Work { source, desired, hashes, extent: Extent::ADD, ambient, guard };
    work.run(tx, &state).await.map_err(|error| OpError::of_run(error, 0))
}

fn event(operator: &Operator, store: &Store, tx: &TenantWrite, from: &Origin, changes: &[Change]) -> AuditEvent {
    AuditEvent {
        id: store.ambient().id(),
        at: tx.now(),
        kind: AuditKind::RealmCreated,
        actor: Actor::Operator(operator.name().to_owned()),
        user: None,
        client: None,
        session: None,
        address: from.address.clone(),
        request_id: from.request_id.clone(),
        details: json!({ "changes": audited(changes) }),
    }
}
