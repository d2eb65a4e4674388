//! `apply`: makes realms what their documents say. It needs an operator's rights.
//!
//! It creates and updates, and removes only where it is asked to prune. Each realm is one transaction: all of its
//! document or nothing. Applying the same document again changes nothing and writes nothing. A dry run does all of it
//! and commits nothing, so that it finds what the real one would.
//!
//! The work is the engine's. What was read before hashing is read once more in the transaction that writes; whoever
//! changed the realm in between makes the work begin again.

mod prepared;
mod report;
mod shown;

use std::collections::BTreeMap;

use palatine_authn::HashPool;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::TenantId;
use palatine_domain::tenant::{RealmProfile, Tenant};
use palatine_domain::{Ambient, RealmSlug};
use palatine_store::{OperatorProof, Store, StoreError, TenantScope, TenantWrite};

use crate::document::{Path, SourceFile, SourcedDocument, read};
use crate::engine::change::{Change, What};
use crate::engine::check::{self, Desired};
use crate::engine::guard::Guard;
use crate::engine::hashes::{self, Hashes, HashesError};
use crate::engine::plan::{PlanError, plan};
use crate::engine::run::{RunError, Work};
use crate::engine::state::{State, Wanted};
use crate::engine::{Extent, SecretSources};
use crate::error::{Place, Problem};

pub use prepared::{Prepared, prepare};
pub use report::{ApplyError, RealmFailure, RealmOutcome, RealmReport, Reason, ReasonError};
pub use shown::{ChangeView, ReportView};

/// By what the operator's transactions of this use case are known.
const PROOF: OperatorProof = OperatorProof::command("palatine apply");

/// How often the work begins again when somebody else changes the realm meanwhile.
pub(crate) const ATTEMPTS: usize = 3;

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

/// What is wanted of an application beside its documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// What becomes of what the documents do not describe.
    pub prune: Prune,
    /// Whether nothing is to be kept: only told.
    pub dry_run: bool,
}

/// What becomes of what a realm holds and its document does not describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prune {
    /// It stays.
    #[default]
    Nothing,
    /// It is removed, but for users, clients that registered themselves, and secrets.
    Configuration,
    /// Users are removed, too.
    UsersToo,
}

impl ApplyOptions {
    pub(crate) fn extent(self) -> Extent {
        match self.prune {
            Prune::Nothing => Extent::ADD,
            Prune::Configuration => Extent::PRUNE,
            Prune::UsersToo => Extent::PRUNE_USERS,
        }
    }
}

/// Applies realm documents.
#[derive(Clone, Debug)]
pub struct Apply {
    store: Store,
    hashing: HashPool,
    ambient: Ambient,
    secrets: SecretSources,
    options: ApplyOptions,
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
        let options = ApplyOptions::default();
        Self { store, hashing, ambient, secrets, options, takes_demo_realms: true }
    }

    /// Pruning, or dry.
    #[must_use]
    pub fn with_options(self, options: ApplyOptions) -> Self {
        Self { options, ..self }
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
                Err(unreadable) => Err((*unreadable).into()),
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
        // The tenant does not exist yet: until then its hashes queue under a name of their own.
        let hashes = self.hashes(task, &State::default(), self.ambient.id()).await?;
        let operator = self.store.as_operator(PROOF).await?;
        let tx = match operator.create_tenant(&task.desired.slug, task.desired.profile).await {
            Ok(tx) => tx,
            Err(StoreError::Conflict { .. }) => return Ok(Attempt::SlugTaken),
            Err(error) => return Err(error.into()),
        };
        let state = State::of_a_new_realm(&tx).await?;
        self.write(task, tx, &state, &hashes, true).await
    }

    async fn update(&self, task: &Task<'_>, scope: &TenantScope, tenant: &Tenant) -> Result<Attempt, ApplyError> {
        check_profile(task.source, task.desired, tenant)?;
        let wanted = Wanted::for_plan(task.desired, self.options.extent());
        let state = self.read(scope, &wanted).await?;
        let hashes = self.hashes(task, &state, tenant.id).await?;
        let extent = self.options.extent();
        match plan(task.source, task.desired, &state, &hashes, extent, &self.ambient, self.ambient.now()) {
            Ok(plan) if plan.is_empty() => return Ok(Attempt::Done(report(task, false, plan.changes))),
            Ok(_) => {}
            Err(PlanError::Overtaken) => return Ok(Attempt::Overtaken),
            Err(PlanError::Problems(problems)) => return Err(problems.into()),
        }
        // What was read may have changed while we hashed: compare again, now that nobody else can write.
        let tx = self.store.write(scope).await?;
        tx.lock_tenant().await?;
        let state = State::load(&tx, &wanted).await?;
        self.write(task, tx, &state, &hashes, false).await
    }

    async fn read(&self, scope: &TenantScope, wanted: &Wanted) -> Result<State, StoreError> {
        let read = self.store.read(scope).await?;
        let state = State::load(&read, wanted).await?;
        read.finish().await?;
        Ok(state)
    }

    async fn hashes(&self, task: &Task<'_>, state: &State, tenant: TenantId) -> Result<Hashes, HashesError> {
        let (pool, secrets, source, now) = (&self.hashing, &self.secrets, task.source, self.ambient.now());
        let work = hashes::Work { pool, secrets, source, tenant, now };
        work.run(task.desired, state).await
    }

    async fn write(
        &self,
        task: &Task<'_>,
        tx: TenantWrite,
        state: &State,
        hashes: &Hashes,
        created: bool,
    ) -> Result<Attempt, ApplyError> {
        let (extent, ambient, guard) = (self.options.extent(), &self.ambient, Guard::Unlimited);
        let work = Work { source: task.source, desired: task.desired, hashes, extent, ambient, guard };
        let changes = match work.run(&tx, state).await {
            Ok(changes) => changes,
            Err(RunError::Overtaken) => return Ok(Attempt::Overtaken),
            Err(error) => return Err(error.into()),
        };
        let report = report(task, created, changes);
        if self.options.dry_run || report.changes.is_empty() {
            return Ok(Attempt::Done(report));
        }
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

fn report(task: &Task<'_>, created: bool, mut changes: Vec<Change>) -> RealmReport {
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
fn check_profile(source: &SourcedDocument, desired: &Desired, tenant: &Tenant) -> Result<(), Problem> {
    keeps_profile(desired.profile, &tenant.slug, tenant.profile)
        .map_err(|words| source.problem(&Path::of(["profile"]), words))
}

/// Whether the document wants the profile that the realm has; if not, why that cannot be.
pub(crate) fn keeps_profile(wanted: RealmProfile, slug: &RealmSlug, held: RealmProfile) -> Result<(), String> {
    if held == wanted {
        return Ok(());
    }
    let word = |profile| match profile {
        RealmProfile::Standard => "standard",
        RealmProfile::InsecureDemo => "insecure-demo",
    };
    Err(format!(
        "the realm `{slug}` has the profile `{}`, and a realm keeps its profile; make a new realm instead of changing it to `{}`",
        word(held),
        word(wanted),
    ))
}
