//! One statement over several tables of one tenant: the shape of every hot read.
//!
//! SeaORM's own joins need relations between entities, and the entities here have none: a relation would be a way to
//! rows without the tenant's filter. Here the filter stands on every table of the join.

use sea_orm::sea_query::{
    Alias, Condition, Expr, ExprTrait as _, IntoCondition, JoinType, Order, Query, SelectStatement,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait, FromQueryResult, IdenStatic as _, Iterable as _,
    QueryResult, TryGetable,
};

use super::scoped::TenantEntity;
use crate::scope::TenantTx;

/// A statement in the making. Each table has an alias, by which its row is taken out of the answer.
pub(crate) struct Joined<'t, A> {
    tx: &'t TenantTx<A>,
    select: SelectStatement,
}

impl<'t, A> Joined<'t, A> {
    /// Begins with the rows of `E` that belong to the tenant.
    pub(crate) fn from<E: TenantEntity>(tx: &'t TenantTx<A>, alias: &'static str) -> Self {
        Self::from_columns::<E>(tx, alias, E::Column::iter())
    }

    /// The same, for some columns alone: [`JoinedRow::value`] gives them.
    pub(crate) fn from_columns<E: TenantEntity>(
        tx: &'t TenantTx<A>,
        alias: &'static str,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Self {
        let mut joined = Self { tx, select: Query::select() };
        let of_tenant = joined.of_tenant::<E>(alias);
        joined.select.from_as(E::default().table_ref(), alias).and_where(of_tenant);
        joined.take::<E>(alias, columns);
        joined
    }

    /// Adds the row of `E` for which the condition holds; without one, there is no answer.
    pub(crate) fn with<E: TenantEntity>(self, alias: &'static str, on: impl IntoCondition) -> Self {
        self.join::<E>(JoinType::InnerJoin, alias, on, E::Column::iter())
    }

    /// Adds the row of `E` for which the condition holds, if there is one.
    pub(crate) fn maybe<E: TenantEntity>(self, alias: &'static str, on: impl IntoCondition) -> Self {
        self.join::<E>(JoinType::LeftJoin, alias, on, E::Column::iter())
    }

    /// The same, for some columns alone: [`JoinedRow::value`] gives them, as `Option`s.
    pub(crate) fn maybe_columns<E: TenantEntity>(
        self,
        alias: &'static str,
        on: impl IntoCondition,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Self {
        self.join::<E>(JoinType::LeftJoin, alias, on, columns)
    }

    /// Keeps only rows for which the condition holds.
    pub(crate) fn only(mut self, condition: impl IntoCondition) -> Self {
        self.select.cond_where(condition.into_condition());
        self
    }

    /// Orders the rows, smallest first.
    pub(crate) fn ordered_by(mut self, column: Expr) -> Self {
        self.select.order_by_expr(column, Order::Asc);
        self
    }

    /// Runs it for at most one row.
    pub(crate) async fn one(mut self) -> Result<Option<JoinedRow>, DbErr> {
        let row = self.tx.conn().query_one(self.select.limit(1)).await?;
        Ok(row.map(JoinedRow))
    }

    /// Runs it for all rows.
    pub(crate) async fn all(self) -> Result<Vec<JoinedRow>, DbErr> {
        let rows = self.tx.conn().query_all(&self.select).await?;
        Ok(rows.into_iter().map(JoinedRow).collect())
    }

    fn join<E: TenantEntity>(
        mut self,
        kind: JoinType,
        alias: &'static str,
        on: impl IntoCondition,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Self {
        let on = Condition::all().add(self.of_tenant::<E>(alias)).add(on.into_condition());
        self.select.join_as(kind, E::default().table_ref(), alias, on);
        self.take::<E>(alias, columns);
        self
    }

    fn take<E: EntityTrait>(&mut self, alias: &'static str, columns: impl IntoIterator<Item = E::Column>) {
        for column in columns {
            self.select.expr_as(col(alias, column), Alias::new(prefix(alias) + column.as_str()));
        }
    }

    fn of_tenant<E: TenantEntity>(&self, alias: &'static str) -> Expr {
        col(alias, E::tenant_column()).eq(self.tx.tenant_uuid())
    }
}

/// A column of one table of a join.
pub(crate) fn col(alias: &'static str, column: impl ColumnTrait) -> Expr {
    Expr::col((alias, column))
}

/// The condition that a column of one table equals a column of another.
pub(crate) fn same(one: (&'static str, impl ColumnTrait), other: (&'static str, impl ColumnTrait)) -> Expr {
    Expr::col(one).equals(other)
}

/// The answer: a row of every table.
pub(crate) struct JoinedRow(QueryResult);

impl JoinedRow {
    /// The row of a table that must be there.
    pub(crate) fn row<M: FromQueryResult>(&self, alias: &'static str) -> Result<M, DbErr> {
        M::from_query_result(&self.0, &prefix(alias))
    }

    /// The row of a table that may be missing.
    ///
    /// Not by `from_query_result_optional`: a model's own one takes every error for a missing row.
    pub(crate) fn maybe<M: FromQueryResult>(&self, alias: &'static str) -> Result<Option<M>, DbErr> {
        Option::<M>::from_query_result(&self.0, &prefix(alias))
    }

    /// One column.
    pub(crate) fn value<T: TryGetable>(&self, alias: &'static str, column: impl ColumnTrait) -> Result<T, DbErr> {
        self.0.try_get(&prefix(alias), column.as_str())
    }
}

fn prefix(alias: &str) -> String {
    format!("{alias}_")
}
