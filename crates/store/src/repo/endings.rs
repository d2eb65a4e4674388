//! How grants and refresh families end: set-based, each at most once.

use palatine_domain::Instant;
use palatine_domain::grant::EndReason;
use sea_orm::sea_query::{Expr, IntoCondition, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, Condition, EntityName as _, QueryFilter as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::{grants, refresh_families};
use crate::scope::{ReadWrite, TenantTx};

/// Ends the grants for which the condition holds, and their families; how many grants.
pub(super) async fn end_grants_and_families(
    tx: &TenantTx<ReadWrite>,
    which: Condition,
    reason: EndReason,
    at: Instant,
) -> Result<u64, StoreError> {
    let of_them = refresh_families::Column::GrantId.in_subquery(grant_ids(tx, which.clone()));
    end_families(tx, of_them, reason, at).await?;
    end_grants(tx, which, reason, at).await
}

/// Ends the grants for which the condition holds; how many.
pub(super) async fn end_grants(
    tx: &TenantTx<ReadWrite>,
    which: impl IntoCondition,
    reason: EndReason,
    at: Instant,
) -> Result<u64, StoreError> {
    use grants::{Column, Entity};
    let end = tx
        .update::<Entity>()
        .col_expr(Column::EndedAt, Expr::value(at.as_micros()))
        .col_expr(Column::EndReason, Expr::value(reason.as_str()))
        .filter(Column::EndedAt.is_null())
        .filter(which);
    tx.run(end).await
}

/// Ends the families for which the condition holds; how many.
pub(super) async fn end_families(
    tx: &TenantTx<ReadWrite>,
    which: impl IntoCondition,
    reason: EndReason,
    at: Instant,
) -> Result<u64, StoreError> {
    use refresh_families::{Column, Entity};
    let end = tx
        .update::<Entity>()
        .col_expr(Column::EndedAt, Expr::value(at.as_micros()))
        .col_expr(Column::EndReason, Expr::value(reason.as_str()))
        .filter(Column::EndedAt.is_null())
        .filter(which);
    tx.run(end).await
}

/// The ids of the tenant's grants for which the condition holds, for a subquery.
pub(super) fn grant_ids<A>(tx: &TenantTx<A>, which: impl IntoCondition) -> SelectStatement {
    use grants::{Column, Entity};
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity.table_ref())
        .and_where(Column::TenantId.eq(tx.tenant_uuid()))
        .cond_where(which)
        .to_owned()
}

/// When and why something was ended.
pub(super) fn ending(
    row: Row,
    at: Option<i64>,
    reason: Option<&str>,
) -> Result<Option<(Instant, EndReason)>, StoreError> {
    match (at, reason) {
        (None, None) => Ok(None),
        (Some(at), Some(word)) => {
            Ok(Some((Instant::from_micros(at), row.known("end_reason", EndReason::parse(word))?)))
        }
        _ => Err(row.corrupt("end_reason")),
    }
}
