//! Imports of people. Their chunks are claimed across tenants, in `due_imports.rs`.

use palatine_domain::Instant;
use palatine_domain::ids::{ImportJobId, RowId as _};
use palatine_domain::import::{ImportJob, ImportState, ImportedChunk, MAX_IMPORT_PROBLEMS};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::import_chunks;
use crate::entities::import_jobs::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Imports of people into the realm.
    ImportJobs, import_jobs
}

/// How many chunks a statement writes down.
const CHUNKS_AT_ONCE: usize = 100;

impl<A> ImportJobs<'_, A> {
    /// The import with that id.
    pub async fn get(&self, id: ImportJobId) -> Result<Option<ImportJob>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(job).transpose()
    }

    /// At most `limit` imports, newest first, those before `after`.
    pub async fn list(&self, after: Option<ImportJobId>, limit: u64) -> Result<Vec<ImportJob>, StoreError> {
        let mut rows = self.tx.rows::<Entity>().order_by_desc(Column::Id).limit(limit);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.lt(after.as_uuid()));
        }
        rows.all(self.tx.conn()).await?.into_iter().map(job).collect()
    }
}

impl ImportJobs<'_, ReadWrite> {
    /// Begins an import with all its chunks, numbered from 0. What a chunk holds is for who claims it; secrets in it are
    /// hashes at most, and it is removed once it is done.
    pub async fn create(&self, job: &ImportJob, chunks: &[serde_json::Value]) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: job.id.as_uuid(),
            state: job.state.as_str().to_owned(),
            total: stored(job.total),
            done: stored(job.done),
            failed: stored(job.failed),
            created_by: job.created_by.clone(),
            created_at: job.created_at.as_micros(),
            updated_at: job.updated_at.as_micros(),
            finished_at: job.finished_at.map(Instant::as_micros),
            problems: Document::of(&job.problems)?,
        };
        self.tx.insert(row, "import").await?;
        let numbered: Vec<(i32, &serde_json::Value)> = (0..).zip(chunks).collect();
        for some in numbered.chunks(CHUNKS_AT_ONCE) {
            let rows: Result<Vec<_>, _> = some.iter().map(|(number, chunk)| self.chunk(job, *number, chunk)).collect();
            self.tx.insert_many_new(rows?).await?;
        }
        Ok(())
    }

    /// Notes what came of a chunk, in the transaction that took its people; with the last chunk the import is done.
    /// `false` if the chunk was done by another, or the import is over or gone: then nothing of it may be committed.
    pub async fn finish_chunk(&self, id: ImportJobId, number: u32, came: &ImportedChunk) -> Result<bool, StoreError> {
        let chunk = import_chunks::Column::Number.eq(i32::try_from(number).unwrap_or(i32::MAX));
        if self.tx.clear(self.chunks_of(id).filter(chunk)).await? != 1 {
            return Ok(false);
        }
        let Some(mut job) = self.locked(id).await?.filter(|job| job.state.is_open()) else { return Ok(false) };
        job.done += came.done;
        job.failed += came.failed;
        let room = MAX_IMPORT_PROBLEMS.saturating_sub(job.problems.len());
        job.problems.extend(came.problems.iter().take(room).cloned());
        let left = self.tx.rows::<import_chunks::Entity>().filter(import_chunks::Column::JobId.eq(id.as_uuid()));
        job.state = if self.tx.any(left).await? { ImportState::Running } else { ImportState::Done };
        self.note(&job).await?;
        Ok(true)
    }

    /// Stops an import because somebody wants so; `false` if it is over, or there is none such. What was taken stays.
    pub async fn cancel(&self, id: ImportJobId) -> Result<bool, StoreError> {
        self.stop(id, ImportState::Cancelled).await
    }

    /// Gives an import up; `false` if it is over, or there is none such. What was taken stays.
    pub async fn fail(&self, id: ImportJobId) -> Result<bool, StoreError> {
        self.stop(id, ImportState::Failed).await
    }

    /// Whoever writes here takes chunks first and their import then, so that nobody waits for each other.
    async fn stop(&self, id: ImportJobId, state: ImportState) -> Result<bool, StoreError> {
        self.tx.clear(self.chunks_of(id)).await?;
        let Some(mut job) = self.locked(id).await?.filter(|job| job.state.is_open()) else { return Ok(false) };
        job.state = state;
        self.note(&job).await?;
        Ok(true)
    }

    /// The import, its row locked: chunks that are finished at once are counted one after the other.
    async fn locked(&self, id: ImportJobId) -> Result<Option<ImportJob>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).lock_exclusive();
        row.one(self.tx.conn()).await?.map(job).transpose()
    }

    fn chunks_of(&self, id: ImportJobId) -> sea_orm::DeleteMany<import_chunks::Entity> {
        self.tx.delete::<import_chunks::Entity>().filter(import_chunks::Column::JobId.eq(id.as_uuid()))
    }

    fn chunk(
        &self,
        job: &ImportJob,
        number: i32,
        payload: &serde_json::Value,
    ) -> Result<import_chunks::Model, StoreError> {
        Ok(import_chunks::Model {
            tenant_id: self.tx.tenant_uuid(),
            job_id: job.id.as_uuid(),
            number,
            payload: Document::of(payload)?,
            due_at: job.created_at.as_micros(),
            attempts: 0,
        })
    }

    async fn note(&self, job: &ImportJob) -> Result<(), StoreError> {
        let now = self.tx.now().as_micros();
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::State, Expr::value(job.state.as_str()))
            .col_expr(Column::Done, Expr::value(stored(job.done)))
            .col_expr(Column::Failed, Expr::value(stored(job.failed)))
            .col_expr(Column::Problems, Expr::value(Document::of(&job.problems)?))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .col_expr(Column::FinishedAt, Expr::value((!job.state.is_open()).then_some(now)))
            .filter(Column::Id.eq(job.id.as_uuid()));
        self.tx.run(change).await?;
        Ok(())
    }
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn job(stored: Model) -> Result<ImportJob, StoreError> {
    let row = Row::of("import_jobs", stored.id);
    let count = |column, from: i64| row.known(column, u64::try_from(from).ok());
    Ok(ImportJob {
        id: ImportJobId::from_uuid(stored.id),
        state: row.known("state", ImportState::parse(&stored.state))?,
        total: count("total", stored.total)?,
        done: count("done", stored.done)?,
        failed: count("failed", stored.failed)?,
        created_by: stored.created_by,
        created_at: Instant::from_micros(stored.created_at),
        updated_at: Instant::from_micros(stored.updated_at),
        finished_at: stored.finished_at.map(Instant::from_micros),
        problems: row.document("problems", &stored.problems)?,
    })
}
