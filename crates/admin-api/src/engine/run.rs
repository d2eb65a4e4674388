//! The part of a change that happens in one transaction: read, compare, ask, write, tell.

use palatine_domain::Ambient;
use palatine_store::{StoreError, TenantWrite};
use serde_json::{Value, json};

use super::change::{Change, What};
use super::check::Desired;
use super::guard::{Forbidden, Guard};
use super::hashes::Hashes;
use super::plan::{PlanError, Step, plan};
use super::state::{State, Wanted};
use super::{Extent, export, write};
use crate::document::SourcedDocument;
use crate::error::Problem;

/// A document on its way into a realm.
pub(crate) struct Work<'a> {
    pub(crate) source: &'a SourcedDocument,
    pub(crate) desired: &'a Desired,
    pub(crate) hashes: &'a Hashes,
    pub(crate) extent: Extent,
    pub(crate) ambient: &'a Ambient,
    /// What whoever asks may do.
    pub(crate) guard: Guard,
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The document does not fit the realm.
    Problems(Vec<Problem>),
    /// Whoever asks may not do that.
    Forbidden(Forbidden),
    /// The realm is not the one that was hashed for.
    Overtaken,
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PlanError> for RunError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Problems(problems) => Self::Problems(problems),
            PlanError::Overtaken => Self::Overtaken,
        }
    }
}

impl Work<'_> {
    /// Makes the realm what the document says, and tells what was changed, each with before and after. Commits nothing.
    pub(crate) async fn run(&self, tx: &TenantWrite, state: &State) -> Result<Vec<Change>, RunError> {
        let plan = plan(self.source, self.desired, state, self.hashes, self.extent, self.ambient, tx.now())?;
        if plan.is_empty() {
            return Ok(plan.changes);
        }
        self.guard.check(state, plan.steps.iter().map(|step| &step.op)).map_err(RunError::Forbidden)?;
        for step in &plan.steps {
            self.write(tx, step).await?;
        }
        let after = State::load(tx, &Wanted::for_plan(self.desired, self.extent)).await?;
        Ok(told(plan.changes, state, &after))
    }

    async fn write(&self, tx: &TenantWrite, step: &Step) -> Result<(), RunError> {
        match write::run(tx, &step.op).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict { what: write::REMOVED }) => Err(RunError::Overtaken),
            Err(StoreError::Conflict { what }) => {
                Err(RunError::Problems(vec![self.source.problem(&step.at, write::conflict(what))]))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The changes, with what stood there and what stands there now.
pub(crate) fn told(changes: Vec<Change>, before: &State, after: &State) -> Vec<Change> {
    let with_both = |change: Change| {
        let (before, after) = (before.shown(change.what, &change.name), after.shown(change.what, &change.name));
        Change { before, after, ..change }
    };
    changes.into_iter().map(with_both).collect()
}

impl State {
    /// An object's part of the realm document; `None` if there is none of that name, or nothing of it may be shown.
    pub(crate) fn shown(&self, what: What, name: &str) -> Option<Value> {
        let shown = match what {
            What::Settings => {
                let settings = self.settings.as_ref()?;
                let fields = settings.custom_fields.iter();
                let fields: Vec<Value> =
                    fields.map(|field| json!({ (&field.name): export::custom_field(field) })).collect();
                Ok(json!({
                    "display_name": settings.display_name,
                    "branding": settings.branding,
                    "policy": settings.policy,
                    "custom_fields": fields,
                }))
            }
            What::Api => serde_json::to_value(self.api(self.apis.get(name)?)),
            What::Scope => serde_json::to_value(self.scope(self.scopes.get(name)?)),
            What::Role => serde_json::to_value(self.role(self.roles.get(name)?)),
            What::Mapper => serde_json::to_value(self.mapper(name)?),
            What::Group => serde_json::to_value(self.group(name)?),
            What::Client => serde_json::to_value(self.client(self.clients.get(name)?)),
            What::User => {
                // Who was renamed is the one that was read.
                let known =
                    self.users.get(name).or_else(|| self.users.values().next().filter(|_| self.users.len() == 1))?;
                serde_json::to_value(self.user(known))
            }
            What::Realm | What::Secret | What::Password => return None,
        };
        shown.ok()
    }
}

/// How many bytes of before and after the audit log keeps of one act; what is beyond is named without its values.
const KEPT_BYTES: usize = 16 * 1024;

/// How many changes the audit log names.
const KEPT_CHANGES: usize = 100;

/// What the audit log keeps of changes.
pub(crate) fn audited(changes: &[Change]) -> Value {
    let mut left = KEPT_BYTES;
    let kept: Vec<Value> = changes.iter().take(KEPT_CHANGES).map(|change| audited_one(change, &mut left)).collect();
    let beyond = changes.len().saturating_sub(KEPT_CHANGES);
    if beyond == 0 { json!(kept) } else { json!([kept, { "not_named": beyond }]) }
}

fn audited_one(change: &Change, left: &mut usize) -> Value {
    let head = json!({ "what": change.what.as_str(), "name": change.name, "act": change.kind.as_str() });
    let differences = change.differences();
    let told = json!(differences);
    let length = told.to_string().len();
    let Value::Object(mut members) = head else { return head };
    if differences.is_empty() {
        return Value::Object(members);
    }
    if length > *left {
        members.insert("values".to_owned(), json!("too long to be kept"));
    } else {
        *left -= length;
        members.insert("differences".to_owned(), told);
    }
    Value::Object(members)
}
