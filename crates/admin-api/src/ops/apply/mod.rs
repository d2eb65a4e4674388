//! `apply`: makes realms what their documents say. It needs an operator's rights.
//!
//! It creates and updates; it deletes nothing. Each realm is one transaction: all of its document or nothing. Applying
//! the same document again changes nothing and writes nothing.
//!
//! The order of the work: check the document by itself (`check`); read the realm (`state`); hash what has to be
//! hashed, while no transaction is open (`hashes`); compare (`plan`); then, in one transaction, read and compare once
//! more and write (`write`). Whoever changed the realm in between makes the work begin again.

mod check;
mod hashes;
mod named;
mod plan;
mod report;
mod secrets;
mod state;
mod write;

use std::collections::BTreeMap;

use palatine_authn::HashPool;
use palatine_domain::Ambient;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::TenantId;
use palatine_domain::tenant::{RealmProfile, Tenant};
use palatine_store::{OperatorProof, Store, StoreError, TenantScope, TenantWrite};

use crate::document::{Path, SourceFile, SourcedDocument, read};
use crate::error::{Place, Problem};
use check::Desired;
use hashes::Hashes;
use plan::{Plan, PlanError, plan};
use state::State;

pub use report::{ApplyError, Change, ChangeKind, RealmFailure, RealmOutcome, RealmReport, Reason, ReasonError, What};
pub use secrets::SecretSources;

/// By what the operator's transactions of this use case are known.
const PROOF: OperatorProof = OperatorProof::command("palatine apply");

/// How often the work begins again when somebody else changes the realm meanwhile.
const ATTEMPTS: usize = 3;

/// Everything that is wrong with the documents of a file by themselves, whatever their realms hold.
pub fn problems_of(file: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    for found in read(file) {
        match found {
            Ok(source) => problems.extend(check::check(&source).err().into_iter().flatten()),
            Err(unreadable) => problems.push(unreadable.problem),
        }
    }
    problems
}

/// Applies realm documents.
#[derive(Clone, Debug)]
pub struct Apply {
    store: Store,
    hashing: HashPool,
    ambient: Ambient,
    secrets: SecretSources,
    takes_demo_realms: bool,
}

/// One document on its way.
struct Task<'a> {
    source: &'a SourcedDocument,
    desired: &'a Desired,
    reason: &'a Reason,
}

/// How one attempt ended.
enum Attempt {
    Done(RealmReport),
    /// A realm of this name came into being, or is a tombstone.
    SlugTaken,
    /// The realm changed between reading and writing.
    Overtaken,
}

impl Apply {
    /// Over the store, with the pool that hashes and the places where secrets are found.
    pub fn new(store: Store, hashing: HashPool, ambient: Ambient, secrets: SecretSources) -> Self {
        Self { store, hashing, ambient, secrets, takes_demo_realms: true }
    }

    /// For a store that is served in production: documents of the profile `insecure-demo` are refused.
    #[must_use]
    pub fn for_production(self) -> Self {
        Self { takes_demo_realms: false, ..self }
    }

    /// Applies every document of the files, in their order; one outcome for each. A realm that fails is as it was
    /// before, and the others are applied all the same.
    pub async fn run(&self, files: &[SourceFile], reason: &Reason) -> Vec<RealmOutcome> {
        self.run_telling(files, reason, |_| {}).await
    }

    /// The same, and `tell` hears of each outcome as soon as it is there: whoever waits for the last may wait in vain.
    pub async fn run_telling(
        &self,
        files: &[SourceFile],
        reason: &Reason,
        mut tell: impl FnMut(&RealmOutcome),
    ) -> Vec<RealmOutcome> {
        let mut described = BTreeMap::new();
        let mut outcomes = Vec::new();
        for found in files.iter().flat_map(read) {
            let outcome = match found {
                Ok(source) => {
                    let applied = match described_once(&mut described, &source) {
                        Ok(()) => self.apply(&source, reason).await,
                        Err(problem) => Err(problem.into()),
                    };
                    applied.map_err(|error| RealmFailure::of(&source, error))
                }
                Err(unreadable) => Err(unreadable.into()),
            };
            tell(&outcome);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn apply(&self, source: &SourcedDocument, reason: &Reason) -> Result<RealmReport, ApplyError> {
        let desired = check::check(source)?;
        if desired.profile == RealmProfile::InsecureDemo && !self.takes_demo_realms {
            let words = "everybody knows the passwords and secrets of an `insecure-demo` realm: it is for `palatine dev` \
                         (`--data-dir`), and no production database takes it";
            return Err(source.problem(&Path::of(["profile"]), words).into());
        }
        let task = Task { source, desired: &desired, reason };
        let mut last = Attempt::Overtaken;
        for _ in 0..ATTEMPTS {
            last = match self.store.tenant_by_slug(&desired.slug).await? {
                Some((scope, tenant)) => self.update(&task, &scope, &tenant).await?,
                None => self.create(&task).await?,
            };
            if let Attempt::Done(report) = last {
                return Ok(report);
            }
        }
        match last {
            Attempt::SlugTaken => {
                let words = "this name belonged to a realm that was deleted; choose another";
                Err(source.problem(&Path::of(["realm"]), words).into())
            }
            Attempt::Done(_) | Attempt::Overtaken => Err(ApplyError::Contended),
        }
    }

    async fn create(&self, task: &Task<'_>) -> Result<Attempt, ApplyError> {
        let state = State::of_a_new_realm();
        // The tenant does not exist yet: until then its hashes queue under a name of their own.
        let hashes = self.hashes(task, &state, self.ambient.id()).await?;
        let operator = self.store.as_operator(PROOF).await?;
        let tx = match operator.create_tenant(&task.desired.slug, task.desired.profile).await {
            Ok(tx) => tx,
            Err(StoreError::Conflict { .. }) => return Ok(Attempt::SlugTaken),
            Err(error) => return Err(error.into()),
        };
        match plan(task.source, task.desired, &state, &hashes, &self.ambient, tx.now()) {
            Ok(plan) => self.write(task, tx, plan, true).await,
            Err(PlanError::Overtaken) => Ok(Attempt::Overtaken),
            Err(PlanError::Problems(problems)) => Err(problems.into()),
        }
    }

    async fn update(&self, task: &Task<'_>, scope: &TenantScope, tenant: &Tenant) -> Result<Attempt, ApplyError> {
        check_profile(task, tenant)?;
        let state = self.read(task, scope).await?;
        let hashes = self.hashes(task, &state, tenant.id).await?;
        match plan(task.source, task.desired, &state, &hashes, &self.ambient, self.ambient.now()) {
            Ok(plan) if plan.is_empty() => return Ok(Attempt::Done(report(task, false, plan))),
            Ok(_) => {}
            Err(PlanError::Overtaken) => return Ok(Attempt::Overtaken),
            Err(PlanError::Problems(problems)) => return Err(problems.into()),
        }
        // What was read may have changed while we hashed: compare again, now that nobody else can write.
        let tx = self.store.write(scope).await?;
        let state = State::load(&tx, task.desired).await?;
        match plan(task.source, task.desired, &state, &hashes, &self.ambient, tx.now()) {
            Ok(plan) if plan.is_empty() => Ok(Attempt::Done(report(task, false, plan))),
            Ok(plan) => self.write(task, tx, plan, false).await,
            Err(PlanError::Overtaken) => Ok(Attempt::Overtaken),
            Err(PlanError::Problems(problems)) => Err(problems.into()),
        }
    }

    async fn read(&self, task: &Task<'_>, scope: &TenantScope) -> Result<State, StoreError> {
        let read = self.store.read(scope).await?;
        let state = State::load(&read, task.desired).await?;
        read.finish().await?;
        Ok(state)
    }

    async fn hashes(&self, task: &Task<'_>, state: &State, tenant: TenantId) -> Result<Hashes, ApplyError> {
        let (pool, secrets, source, now) = (&self.hashing, &self.secrets, task.source, self.ambient.now());
        let work = hashes::Work { pool, secrets, source, tenant, now };
        work.run(task.desired, state).await
    }

    async fn write(&self, task: &Task<'_>, tx: TenantWrite, plan: Plan, created: bool) -> Result<Attempt, ApplyError> {
        for step in &plan.steps {
            match write::run(&tx, &step.op).await {
                Ok(()) => {}
                // Somebody else removed what was read a moment ago.
                Err(StoreError::Conflict { what: write::REMOVED }) => return Ok(Attempt::Overtaken),
                Err(StoreError::Conflict { what }) => {
                    return Err(task.source.problem(&step.at, write::conflict(what)).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        let report = report(task, created, plan);
        tx.audit().append(&self.event(task, &tx, &report)).await?;
        tx.commit().await?;
        tracing::info!(realm = %report.slug, created, changes = report.changes.len(), "realm document applied");
        Ok(Attempt::Done(report))
    }

    fn event(&self, task: &Task<'_>, tx: &TenantWrite, report: &RealmReport) -> AuditEvent {
        AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind: AuditKind::ConfigurationApplied,
            actor: Actor::Operator(task.reason.as_str().to_owned()),
            user: None,
            client: None,
            session: None,
            address: None,
            request_id: None,
            details: report.audit_details(task.source.file()),
        }
    }
}

fn report(task: &Task<'_>, created: bool, plan: Plan) -> RealmReport {
    let mut changes = plan.changes;
    if created {
        changes.insert(0, Change::created(What::Realm, task.desired.slug.as_str()));
    }
    RealmReport { slug: task.desired.slug.clone(), created, changes }
}

/// Two documents about one realm would undo each other.
fn described_once(described: &mut BTreeMap<String, Place>, source: &SourcedDocument) -> Result<(), Problem> {
    let at = Path::of(["realm"]);
    let slug = &source.document.realm;
    match described.insert(slug.clone(), source.place(&at)) {
        None => Ok(()),
        Some(first) => Err(source.problem(&at, format!("the realm `{slug}` is described at {first} already"))),
    }
}

/// Demo passwords must not become those of a realm in production, nor the reverse.
fn check_profile(task: &Task<'_>, tenant: &Tenant) -> Result<(), Problem> {
    if tenant.profile == task.desired.profile {
        return Ok(());
    }
    let word = |profile| match profile {
        RealmProfile::Standard => "standard",
        RealmProfile::InsecureDemo => "insecure-demo",
    };
    let words = format!(
        "the realm `{}` has the profile `{}`, and a realm keeps its profile; make a new realm instead of changing it to `{}`",
        tenant.slug,
        word(tenant.profile),
        word(task.desired.profile),
    );
    Err(task.source.problem(&Path::of(["profile"]), words))
}
