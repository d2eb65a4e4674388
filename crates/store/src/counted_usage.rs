//! How much was used, from the worker's side: counts of all tenants at once.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::Instant;
use palatine_domain::ids::{RowId as _, TenantId};
use palatine_domain::usage::{TenantUsage, UsageKey};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::entities::usage_hours::{Column, Entity, Model};
use crate::entities::{scoped, tenants};
use crate::error::StoreError;
use crate::operator::{OperatorTx, not_a_tombstone};

/// Rows that one statement writes. Each has six values, of which SQLite takes 32,766 a statement.
const A_STATEMENT: usize = 1_000;

impl OperatorTx {
    /// Adds these counts to those that are there, whoever counted them. What is of no tenant, or of one that is gone for
    /// good, is left out.
    pub async fn add_usage(&self, counted: &[TenantUsage]) -> Result<(), StoreError> {
        // A statement meets each row once, and all nodes lock rows in one order, so that none waits for another in a
        // circle.
        let mut sums: BTreeMap<(TenantId, &UsageKey), u64> = BTreeMap::new();
        for TenantUsage { tenant, usage, .. } in counted {
            let sum = sums.entry((*tenant, &usage.key)).or_default();
            *sum = sum.saturating_add(usage.count);
        }
        let there = self.living(sums.keys().map(|(tenant, _)| tenant.as_uuid()).collect()).await?;
        let rows: Vec<Model> = sums
            .into_iter()
            .filter(|((tenant, _), _)| there.contains(&tenant.as_uuid()))
            .map(|((tenant, key), count)| row(tenant, key, count))
            .collect();
        for rows in rows.chunks(A_STATEMENT) {
            scoped::insert_across_tenants(self, rows.iter().cloned().map(Model::into_active_model))
                .on_conflict(adding())
                .exec_without_returning(self.conn())
                .await?;
        }
        Ok(())
    }

    /// Removes at most `budget` counts of hours that began before the instant, and gives how many.
    pub async fn sweep_usage(&self, before: Instant, budget: u64) -> Result<u64, StoreError> {
        self.sweep::<Entity>(Column::Hour.lt(before.as_micros()), budget).await
    }

    /// Which of these tenants there are. A row of another would have nobody to remove it with.
    async fn living(&self, tenants: BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, StoreError> {
        let tenants: Vec<Uuid> = tenants.into_iter().collect();
        let mut living = BTreeSet::new();
        for some in tenants.chunks(A_STATEMENT) {
            let found: Vec<Uuid> = scoped::find_routing::<tenants::Entity>()
                .select_only()
                .column(tenants::Column::Id)
                .filter(tenants::Column::Id.is_in(some.iter().copied()))
                .filter(not_a_tombstone())
                .into_tuple()
                .all(self.conn())
                .await?;
            living.extend(found);
        }
        Ok(living)
    }
}

fn row(tenant: TenantId, key: &UsageKey, count: u64) -> Model {
    Model {
        tenant_id: tenant.as_uuid(),
        hour: key.hour.as_micros(),
        client_id: key.client_id.as_ref().map_or_else(String::new, |client| client.as_str().to_owned()),
        grant_type: key.grant_type.map_or("", |grant| grant.as_str()).to_owned(),
        outcome: key.outcome.as_str().to_owned(),
        count: i64::try_from(count).unwrap_or(i64::MAX),
    }
}

/// `ON CONFLICT … DO UPDATE SET count = usage_hours.count + excluded.count`.
fn adding() -> OnConflict {
    let sum = Expr::col((Entity, Column::Count)).add(Expr::col((Alias::new("excluded"), Column::Count)));
    OnConflict::columns([Column::TenantId, Column::Hour, Column::ClientId, Column::GrantType, Column::Outcome])
        .value(Column::Count, sum)
        .to_owned()
}
