//! Audit events that their realm keeps no longer.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::policy::AUDIT_RETENTION_DAYS;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};

use super::DAY;
use crate::entities::audit_events::{Column, Entity};
use crate::entities::realm_settings::Column::AuditDays;
use crate::entities::{realm_settings, scoped};
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::settings::Backend;

impl OperatorTx {
    /// How long some realm keeps its audit events: none keeps them longer.
    pub async fn longest_audit_retention(&self) -> Result<Duration, StoreError> {
        let longest: Option<Option<i32>> = scoped::find_across_tenants::<realm_settings::Entity>(self)
            .filter(AuditDays.is_not_null())
            .select_only()
            .column_as(AuditDays.max(), "longest")
            .into_tuple()
            .one(self.conn())
            .await?;
        let longest = longest.flatten().and_then(|days| u64::try_from(days).ok()).unwrap_or_default();
        Ok(days(Ord::max(longest, AUDIT_RETENTION_DAYS)))
    }

    /// Drops the months of the audit log that were over at `before`, of all tenants, and gives how many. Nothing on
    /// SQLite, which has no parts.
    pub async fn drop_audit_parts(&self, before: Instant) -> Result<u64, StoreError> {
        if self.backend() == Backend::Sqlite {
            return Ok(0);
        }
        let drop = Func::cust("palatine_audit_partitions_drop").arg(before.as_micros());
        let row = self.conn().query_one(Query::select().expr_as(drop, "dropped")).await?;
        let dropped: i64 = row.map(|row| row.try_get("", "dropped")).transpose()?.unwrap_or_default();
        Ok(u64::try_from(dropped).unwrap_or_default())
    }

    /// Removes audit events that their realm keeps no longer at `now`, at most `budget`, and gives how many: fewer than
    /// `budget` means that all is tidy.
    pub async fn sweep_audit(&self, now: Instant, budget: u64) -> Result<u64, StoreError> {
        let chosen: Vec<i32> = scoped::find_across_tenants::<realm_settings::Entity>(self)
            .filter(AuditDays.is_not_null())
            .select_only()
            .column(AuditDays)
            .distinct()
            .into_tuple()
            .all(self.conn())
            .await?;
        let mut left = budget;
        for kept in chosen {
            let due = older_than(now, u64::try_from(kept).unwrap_or(u64::MAX));
            let theirs = Column::TenantId.in_subquery(self.who_chose(AuditDays.eq(kept)));
            left -= self.sweep::<Entity>(due.and(theirs), left).await?;
        }
        let due = older_than(now, AUDIT_RETENTION_DAYS);
        let of_others = Column::TenantId.not_in_subquery(self.who_chose(AuditDays.is_not_null()));
        left -= self.sweep::<Entity>(due.and(of_others), left).await?;
        Ok(budget - left)
    }

    fn who_chose(&self, kept: Expr) -> SelectStatement {
        let settings = scoped::find_across_tenants::<realm_settings::Entity>(self).filter(kept);
        settings.select_only().column(realm_settings::Column::TenantId).into_query()
    }
}

fn older_than(now: Instant, kept: u64) -> Expr {
    Column::At.lt(now.minus(days(kept)).as_micros())
}

fn days(number: u64) -> Duration {
    DAY * u32::try_from(number).unwrap_or(u32::MAX)
}
