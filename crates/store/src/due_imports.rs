//! Chunks of imports that are to be done, of all tenants: claimed for a while, finished in their own tenant.

use std::time::Duration;

use palatine_domain::RealmSlug;
use palatine_domain::ids::{ImportJobId, RowId as _, TenantId};
use palatine_domain::import::ImportState;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use uuid::Uuid;

use crate::entities::import_chunks::{Column, Entity, Model};
use crate::entities::{import_jobs, scoped};
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::scope::TenantScope;
use crate::sweeps::keys_in;

/// A chunk of an import that one worker has for the time of its lease.
#[derive(Clone, Debug)]
pub struct ClaimedChunk {
    /// Whose it is.
    pub scope: TenantScope,
    /// The name of that realm; `None` if it is being deleted.
    pub realm: Option<RealmSlug>,
    /// Of which import.
    pub job: ImportJobId,
    /// Which of its chunks.
    pub number: u32,
    /// What it holds.
    pub payload: serde_json::Value,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl OperatorTx {
    /// Takes at most `limit` chunks that are due and counts the attempt; their imports run from now on. Early chunks of
    /// every import come before late ones of any, so that a large import holds up no small one. Nobody else is given
    /// them until `lease` has passed; then whoever asks gets what was not finished.
    pub async fn claim_import_chunks(&self, limit: u64, lease: Duration) -> Result<Vec<ClaimedChunk>, StoreError> {
        let now = self.now();
        let mut first = self.due_rows::<Entity>(Condition::all().add(Column::DueAt.lte(now.as_micros())), limit);
        first.order_by(Column::Number, Order::Asc).order_by(Column::DueAt, Order::Asc);
        let mut claimed = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::DueAt, Expr::value(now.plus(lease).as_micros()))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(keys_in::<Entity>(first))
            .exec_with_returning(self.conn())
            .await?;
        claimed.sort_by_key(|chunk| (chunk.number, chunk.tenant_id, chunk.job_id));
        self.note_running(&claimed).await?;
        let owners: Vec<Uuid> = claimed.iter().map(|chunk| chunk.tenant_id).collect();
        let realms = self.slugs_of(&owners).await?;
        claimed.iter().map(|chunk| claimed_chunk(chunk, &realms)).collect()
    }

    async fn note_running(&self, claimed: &[Model]) -> Result<(), StoreError> {
        use import_jobs::Column::{Id, State, TenantId as Owner};
        if claimed.is_empty() {
            return Ok(());
        }
        let theirs =
            claimed.iter().map(|chunk| Condition::all().add(Owner.eq(chunk.tenant_id)).add(Id.eq(chunk.job_id)));
        scoped::update_across_tenants::<import_jobs::Entity>(self)
            .col_expr(State, Expr::value(ImportState::Running.as_str()))
            .filter(theirs.fold(Condition::any(), Condition::add))
            .filter(State.eq(ImportState::Queued.as_str()))
            .exec(self.conn())
            .await?;
        Ok(())
    }
}

fn claimed_chunk(chunk: &Model, realms: &[(TenantId, RealmSlug)]) -> Result<ClaimedChunk, StoreError> {
    let owner = TenantId::from_uuid(chunk.tenant_id);
    let corrupt = |column| StoreError::corrupt("import_chunks", column, chunk.job_id);
    Ok(ClaimedChunk {
        scope: TenantScope::new(owner),
        realm: realms.iter().find(|(tenant, _)| *tenant == owner).map(|(_, slug)| slug.clone()),
        job: ImportJobId::from_uuid(chunk.job_id),
        number: u32::try_from(chunk.number).map_err(|_| corrupt("number"))?,
        payload: chunk.payload.read().ok_or_else(|| corrupt("payload"))?,
        attempt: u32::try_from(chunk.attempts).unwrap_or(u32::MAX),
    })
}
