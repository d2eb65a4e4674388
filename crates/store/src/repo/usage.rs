//! How much was used, by hour.

use palatine_domain::Instant;
use palatine_domain::client::ClientId;
use palatine_domain::usage::{UsageCount, UsageKey, UsageOutcome};
use palatine_protocol::token::GrantType;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter, QueryOrder, QuerySelect as _};

use crate::StoreError;
use crate::entities::usage_hours::{Column, Entity, Model};

repository! {
    /// How much was used, by hour. It is written for all tenants at once: see [`crate::OperatorTx::add_usage`].
    Usage, usage
}

/// Which counts are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct UsageFilter {
    /// Of the client of this name.
    pub client: Option<ClientId>,
    /// Of hours that began at this instant or later.
    pub from: Option<Instant>,
    /// Of hours that began before this instant.
    pub to: Option<Instant>,
}

/// The columns by which counts are ordered: with the tenant, their key.
const ORDER: [Column; 4] = [Column::Hour, Column::ClientId, Column::GrantType, Column::Outcome];

impl<A> Usage<'_, A> {
    /// At most `limit` counts, newest hour first, behind `after`.
    pub async fn list(
        &self,
        filter: &UsageFilter,
        after: Option<&UsageKey>,
        limit: u64,
    ) -> Result<Vec<UsageCount>, StoreError> {
        let conditions = [
            filter.client.as_ref().map(|client| Column::ClientId.eq(client.as_str())),
            filter.from.map(|from| Column::Hour.gte(from.as_micros())),
            filter.to.map(|to| Column::Hour.lt(to.as_micros())),
            after.map(|key| Expr::tuple(ORDER.map(Expr::col)).lt(Expr::tuple(values(key)))),
        ];
        let rows = conditions.into_iter().flatten().fold(self.tx.rows::<Entity>(), QueryFilter::filter);
        let rows = ORDER.into_iter().fold(rows, QueryOrder::order_by_desc).limit(limit);
        rows.all(self.tx.conn()).await?.iter().map(usage).collect()
    }
}

fn values(key: &UsageKey) -> [Expr; 4] {
    [
        Expr::value(key.hour.as_micros()),
        Expr::value(key.client_id.as_ref().map_or("", ClientId::as_str)),
        Expr::value(key.grant_type.map_or("", |grant| grant.as_str())),
        Expr::value(key.outcome.as_str()),
    ]
}

fn usage(row: &Model) -> Result<UsageCount, StoreError> {
    let corrupt = |column| StoreError::corrupt("usage_hours", column, row.hour);
    let client_id = Some(row.client_id.as_str()).filter(|client| !client.is_empty());
    let grant_type = Some(row.grant_type.as_str()).filter(|grant| !grant.is_empty());
    let key = UsageKey {
        hour: Instant::from_micros(row.hour),
        client_id: client_id.map(ClientId::parse).transpose().map_err(|_| corrupt("client_id"))?,
        grant_type: match grant_type {
            Some(word) => Some(GrantType::from_wire(word).ok_or_else(|| corrupt("grant_type"))?),
            None => None,
        },
        outcome: UsageOutcome::parse(&row.outcome).ok_or_else(|| corrupt("outcome"))?,
    };
    Ok(UsageCount { key, count: u64::try_from(row.count).map_err(|_| corrupt("count"))? })
}
