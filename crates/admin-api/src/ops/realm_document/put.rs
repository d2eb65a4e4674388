//! Makes a realm what a document says. It needs every right in the realm, and over principals what the rule about them
//! asks: in the realm `system` that is more.
//!
//! What was read before hashing is read once more in the transaction that writes, and so are the caller's rights.

use palatine_authn::HashPool;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::TenantScoped as _;
use serde_json::json;

use super::TO_PUT;
use super::arrived::{Arrived, Sent};
use crate::access::{About, Caller};
use crate::engine::hashes::{self, Hashes};
use crate::engine::run::{RunError, Work, audited};
use crate::engine::state::{State, Wanted};
use crate::engine::{Change, SecretSources};
use crate::ops::apply::{ATTEMPTS, ApplyOptions, RealmReport, ReportView, keeps_profile};
use crate::ops::error::OpError;

/// Applies a document to the realm that it is about: all of it or nothing.
pub async fn put(
    caller: &Caller,
    hashing: &HashPool,
    sent: Sent,
    options: ApplyOptions,
) -> Result<ReportView, OpError> {
    // Nobody else is told what is wrong with a document, or has anything hashed.
    let (_, tx) = caller.read_with(TO_PUT).await?;
    tx.finish().await?;
    let realm = caller.realm();
    let arrived = sent.arrive(realm.slug()).await?;
    keeps_profile(arrived.desired.profile, realm.slug(), realm.profile())
        .map_err(|words| OpError::invalid("/profile", words))?;
    let task = Task { caller, hashing, arrived: &arrived, options };
    for _ in 0..ATTEMPTS {
        if let Some(changes) = task.attempt().await? {
            let report = RealmReport { slug: realm.slug().clone(), created: false, changes };
            return Ok(ReportView::of(&report, options.dry_run));
        }
    }
    Err(OpError::Contended)
}

struct Task<'a> {
    caller: &'a Caller,
    hashing: &'a HashPool,
    arrived: &'a Arrived,
    options: ApplyOptions,
}

impl Task<'_> {
    /// `None`: somebody else changed the realm between reading and writing.
    async fn attempt(&self) -> Result<Option<Vec<Change>>, OpError> {
        let Arrived { source, desired } = self.arrived;
        let (caller, extent) = (self.caller, self.options.extent());
        let wanted = Wanted::for_plan(desired, extent);
        let hashes = self.hashes(&wanted).await?;
        let (actor, tx) = caller.write_with(TO_PUT).await?;
        let state = State::load(&tx, &wanted).await?;
        let (ambient, guard) = (caller.realm().ambient(), actor.guard());
        let work = Work { source, desired, hashes: &hashes, extent, ambient, guard };
        let changes = match work.run(&tx, &state).await {
            Ok(changes) => changes,
            Err(RunError::Overtaken) => return Ok(None),
            Err(error) => return Err(OpError::of_run(error, 0)),
        };
        if !self.options.dry_run && !changes.is_empty() {
            let details = json!({ "changes": audited(&changes) });
            actor.audit(&tx, AuditKind::ConfigurationApplied, About::default(), details).await?;
            tx.commit().await?;
        }
        Ok(Some(changes))
    }

    /// What the document needs hashed, while no transaction is open.
    async fn hashes(&self, wanted: &Wanted) -> Result<Hashes, OpError> {
        let realm = self.caller.realm();
        let (_, tx) = self.caller.read_with(TO_PUT).await?;
        let state = State::load(&tx, wanted).await?;
        tx.finish().await?;
        let secrets = SecretSources::default();
        let (source, tenant, now) = (&self.arrived.source, realm.scope().tenant_id(), realm.ambient().now());
        let work = hashes::Work { pool: self.hashing, secrets: &secrets, source, tenant, now };
        Ok(work.run(&self.arrived.desired, &state).await?)
    }
}
