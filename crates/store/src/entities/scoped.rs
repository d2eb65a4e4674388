//! The only doors to rows. The doors of tenant tables carry the tenant's filter with them.
//!
//! `find`, `update` and `delete` begin with `tenant_id = …`; `insert` overwrites `tenant_id`, whatever the model says.
//! An architecture test forbids `Entity::find`, `::insert`, `update_many` and `delete_many` everywhere else.
//!
//! A join needs the tenant too: its relation must compare `tenant_id` on both sides, as every foreign key does.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DeleteMany, EntityTrait, Insert, InsertMany, QueryFilter as _, Select, UpdateMany,
    Value,
};

use crate::operator::OperatorTx;
use crate::scope::{ReadWrite, TenantTx};

/// An entity whose rows belong to tenants. Implemented by the list in `entities/mod.rs`.
pub(crate) trait TenantEntity: EntityTrait {
    /// The column that names the tenant.
    fn tenant_column() -> Self::Column;
}

/// An entity of the closed list of routing tables, which no tenant owns.
pub(crate) trait RoutingEntity: EntityTrait {}

/// `SELECT … WHERE tenant_id = …`.
pub(crate) fn find<E: TenantEntity, A>(tx: &TenantTx<A>) -> Select<E> {
    E::find().filter(E::tenant_column().eq(tx.tenant_uuid()))
}

/// `INSERT` of one row of the transaction's tenant. End it with `exec_without_returning`.
pub(crate) fn insert<M>(tx: &TenantTx<ReadWrite>, model: M) -> Insert<M>
where
    M: ActiveModelTrait,
    M::Entity: TenantEntity,
{
    <M::Entity as EntityTrait>::insert(owned(tx, model))
}

/// `INSERT` of several rows of the transaction's tenant; nothing if there are none.
///
/// PostgreSQL takes at most 65,535 values a statement: a list without a bound is handed over in parts.
pub(crate) fn insert_many<M>(tx: &TenantTx<ReadWrite>, models: impl IntoIterator<Item = M>) -> InsertMany<M>
where
    M: ActiveModelTrait,
    M::Entity: TenantEntity,
{
    <M::Entity as EntityTrait>::insert_many(models.into_iter().map(|model| owned(tx, model)))
}

/// `UPDATE … WHERE tenant_id = …`.
pub(crate) fn update<E: TenantEntity>(tx: &TenantTx<ReadWrite>) -> UpdateMany<E> {
    E::update_many().filter(E::tenant_column().eq(tx.tenant_uuid()))
}

/// `DELETE … WHERE tenant_id = …`.
pub(crate) fn delete<E: TenantEntity>(tx: &TenantTx<ReadWrite>) -> DeleteMany<E> {
    E::delete_many().filter(E::tenant_column().eq(tx.tenant_uuid()))
}

fn owned<M>(tx: &TenantTx<ReadWrite>, mut model: M) -> M
where
    M: ActiveModelTrait,
    M::Entity: TenantEntity,
{
    model.set(<M::Entity as TenantEntity>::tenant_column(), Value::from(tx.tenant_uuid()));
    model
}

/// `SELECT` over a routing table.
pub(crate) fn find_routing<E: RoutingEntity>() -> Select<E> {
    E::find()
}

/// `INSERT` into a routing table, as operator.
pub(crate) fn insert_routing<M>(_: &OperatorTx, model: M) -> Insert<M>
where
    M: ActiveModelTrait,
    M::Entity: RoutingEntity,
{
    <M::Entity as EntityTrait>::insert(model)
}

/// `UPDATE` of a routing table, as operator.
pub(crate) fn update_routing<E: RoutingEntity>(_: &OperatorTx) -> UpdateMany<E> {
    E::update_many()
}

/// `DELETE` from a routing table, as operator.
pub(crate) fn delete_routing<E: RoutingEntity>(_: &OperatorTx) -> DeleteMany<E> {
    E::delete_many()
}

/// `SELECT` over every tenant's rows, as operator.
pub(crate) fn find_across_tenants<E: TenantEntity>(_: &OperatorTx) -> Select<E> {
    E::find()
}

/// `INSERT` of rows of several tenants, as operator; each row names its own.
pub(crate) fn insert_across_tenants<M>(_: &OperatorTx, models: impl IntoIterator<Item = M>) -> InsertMany<M>
where
    M: ActiveModelTrait,
    M::Entity: TenantEntity,
{
    <M::Entity as EntityTrait>::insert_many(models)
}

/// `UPDATE` of every tenant's rows, as operator.
pub(crate) fn update_across_tenants<E: TenantEntity>(_: &OperatorTx) -> UpdateMany<E> {
    E::update_many()
}

/// `DELETE` of every tenant's rows, as operator.
pub(crate) fn delete_across_tenants<E: TenantEntity>(_: &OperatorTx) -> DeleteMany<E> {
    E::delete_many()
}

/// Marks the version of the transaction's own tenant as one higher: the one routing row a tenant's write may touch.
pub(crate) fn bump_version(tx: &TenantTx<ReadWrite>) -> UpdateMany<super::tenant_versions::Entity> {
    use super::tenant_versions::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::TenantId.eq(tx.tenant_uuid()))
}

/// The version row of the transaction's own tenant.
pub(crate) fn find_version(tx: &TenantTx<ReadWrite>) -> Select<super::tenant_versions::Entity> {
    use super::tenant_versions::{Column, Entity};
    Entity::find().filter(Column::TenantId.eq(tx.tenant_uuid()))
}
