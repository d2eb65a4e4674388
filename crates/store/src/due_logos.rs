//! The logos that are to be fetched, of all tenants: found by one look at an index, and claimed for a while.

use std::time::Duration;

use palatine_domain::ids::{ClientKey, RowId as _, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};

use crate::entities::client_logos::{Column, Entity, Model};
use crate::entities::scoped;
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::scope::TenantScope;
use crate::sweeps::keys_in;

/// A logo that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLogo {
    /// Whose.
    pub client: ClientKey,
    /// Where it is: `logo_uri`.
    pub uri: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl OperatorTx {
    /// Takes at most `limit` logos that are due, the longest due first, and counts the attempt. Nobody else is given
    /// them until `lease` has passed; then whoever asks gets what was not finished.
    pub async fn claim_logos(&self, limit: u64, lease: Duration) -> Result<Vec<(TenantScope, DueLogo)>, StoreError> {
        let now = self.now();
        let mut first = self.due_rows::<Entity>(Condition::all().add(Column::NextTryAt.lte(now.as_micros())), limit);
        first.order_by(Column::NextTryAt, Order::Asc);
        let claimed = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::NextTryAt, Expr::value(now.plus(lease).as_micros()))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(keys_in::<Entity>(first))
            .exec_with_returning(self.conn())
            .await?;
        Ok(claimed.into_iter().map(due).collect())
    }
}

fn due(row: Model) -> (TenantScope, DueLogo) {
    let attempt = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let logo = DueLogo { client: ClientKey::from_uuid(row.client_key), uri: row.uri, attempt };
    (TenantScope::new(TenantId::from_uuid(row.tenant_id)), logo)
}
