//! How far imports are, and stopping one.

use palatine_domain::Instant;
use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::ImportJobId;
use palatine_domain::import::{ImportJob, ImportProblem};
use serde::Serialize;
use serde_json::json;

use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// An import in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ImportSummary {
    /// Its row.
    pub id: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// How many people it has.
    pub total: u64,
    /// How many of them were taken.
    pub done: u64,
    /// How many could not be.
    pub failed: u64,
    /// Who began it.
    pub created_by: String,
    /// When it was begun (RFC 3339).
    pub created_at: String,
    /// When something of it was last done (RFC 3339).
    pub updated_at: String,
    /// When it came to its end (RFC 3339); null: it has not.
    pub finished_at: Option<String>,
}

/// An import.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ImportView {
    /// How far it is.
    #[serde(flatten)]
    pub summary: ImportSummary,
    /// Who could not be taken and why: the first thousand.
    pub problems: Vec<ImportProblemView>,
}

/// Why somebody could not be taken.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ImportProblemView {
    /// Who of all, counted from 1.
    pub item: u64,
    /// Their `username`, if they have one.
    pub name: Option<String>,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl ImportSummary {
    fn of(job: &ImportJob) -> Self {
        Self {
            id: job.id.to_string(),
            state: job.state.as_str().to_owned(),
            total: job.total,
            done: job.done,
            failed: job.failed,
            created_by: job.created_by.clone(),
            created_at: job.created_at.to_rfc3339(),
            updated_at: job.updated_at.to_rfc3339(),
            finished_at: job.finished_at.map(Instant::to_rfc3339),
        }
    }
}

impl ImportView {
    pub(super) fn of(job: ImportJob) -> Self {
        let told = |problem: ImportProblem| ImportProblemView {
            item: problem.item,
            name: problem.name,
            message: problem.message,
        };
        Self { summary: ImportSummary::of(&job), problems: job.problems.into_iter().map(told).collect() }
    }
}

/// At most `limit` imports, newest first, those before one.
pub async fn list(caller: &Caller, after: Option<ImportJobId>, limit: u64) -> Result<Vec<ImportSummary>, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let found = tx.import_jobs().list(after, limit).await?;
    tx.finish().await?;
    Ok(found.iter().map(ImportSummary::of).collect())
}

/// How far an import is.
pub async fn get(caller: &Caller, id: ImportJobId) -> Result<ImportView, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let job = tx.import_jobs().get(id).await?.ok_or(OpError::NotFound)?;
    tx.finish().await?;
    Ok(ImportView::of(job))
}

/// Stops an import. Who was taken by then stays.
pub async fn cancel(caller: &Caller, id: ImportJobId) -> Result<ImportView, OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    tx.import_jobs().get(id).await?.ok_or(OpError::NotFound)?;
    if !tx.import_jobs().cancel(id).await? {
        return Err(OpError::Conflict("this import is over".to_owned()));
    }
    actor.audit(&tx, AuditKind::ImportCancelled, About::default(), json!({ "import": id })).await?;
    let job = tx.import_jobs().get(id).await?.ok_or(OpError::NotFound)?;
    tx.commit().await?;
    Ok(ImportView::of(job))
}
