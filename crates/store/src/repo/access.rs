//! How repositories reach rows: the doors of [`crate::entities::scoped`], in the shapes that they need.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait as _, DeleteMany, EntityTrait, IntoActiveModel, ModelTrait, QueryResult, Select, UpdateMany,
};

use crate::StoreError;
use crate::entities::scoped::{self, TenantEntity};
use crate::scope::{ReadWrite, TenantTx};

/// The active model of a row.
type Active<M> = <<M as ModelTrait>::Entity as EntityTrait>::ActiveModel;

impl<A> TenantTx<A> {
    /// `SELECT` over the tenant's rows.
    pub(super) fn rows<E: TenantEntity>(&self) -> Select<E> {
        scoped::find::<E, A>(self)
    }

    /// Whether any row of the selection is there.
    pub(super) async fn any<E: TenantEntity>(&self, select: Select<E>) -> Result<bool, StoreError> {
        use sea_orm::{QuerySelect as _, QueryTrait as _, sea_query::Expr};
        let one = select.select_only().expr(Expr::val(1)).limit(1).into_query();
        let found: Option<QueryResult> = self.conn().query_one(&one).await?;
        Ok(found.is_some())
    }
}

impl TenantTx<ReadWrite> {
    /// `INSERT` of a row that cannot be there yet: a taken key is a conflict about `what`, and on PostgreSQL the end of
    /// the transaction.
    pub(super) async fn insert<M>(&self, row: M, what: &'static str) -> Result<(), StoreError>
    where
        M: ModelTrait + IntoActiveModel<Active<M>>,
        M::Entity: TenantEntity,
        Active<M>: Send,
    {
        let insert = scoped::insert(self, row.into_active_model());
        insert.exec_without_returning(self.conn()).await.map_err(StoreError::conflict(what))?;
        Ok(())
    }

    /// `INSERT … ON CONFLICT DO NOTHING`: whether the row is new. A taken key leaves the transaction usable.
    pub(super) async fn insert_new<M>(&self, row: M) -> Result<bool, StoreError>
    where
        M: ModelTrait + IntoActiveModel<Active<M>>,
        M::Entity: TenantEntity,
        Active<M>: Send,
    {
        Ok(self.insert_many_new([row]).await? == 1)
    }

    /// `INSERT … ON CONFLICT DO NOTHING` of several rows: how many are new.
    pub(super) async fn insert_many_new<M>(&self, rows: impl IntoIterator<Item = M>) -> Result<u64, StoreError>
    where
        M: ModelTrait + IntoActiveModel<Active<M>>,
        M::Entity: TenantEntity,
        Active<M>: Send,
    {
        let nothing = OnConflict::new().do_nothing().to_owned();
        self.upsert(rows, nothing).await
    }

    /// `INSERT … ON CONFLICT …` of several rows: how many were written.
    pub(super) async fn upsert<M>(
        &self,
        rows: impl IntoIterator<Item = M>,
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError>
    where
        M: ModelTrait + IntoActiveModel<Active<M>>,
        M::Entity: TenantEntity,
        Active<M>: Send,
    {
        let rows: Vec<Active<M>> = rows.into_iter().map(IntoActiveModel::into_active_model).collect();
        if rows.is_empty() {
            return Ok(0);
        }
        let insert = scoped::insert_many(self, rows).on_conflict(on_conflict);
        Ok(insert.exec_without_returning(self.conn()).await?)
    }

    /// `UPDATE` of the tenant's rows.
    pub(super) fn update<E: TenantEntity>(&self) -> UpdateMany<E> {
        scoped::update::<E>(self)
    }

    /// `DELETE` of the tenant's rows.
    pub(super) fn delete<E: TenantEntity>(&self) -> DeleteMany<E> {
        scoped::delete::<E>(self)
    }

    /// Runs an `UPDATE`: how many rows it changed.
    pub(super) async fn run<E: TenantEntity>(&self, update: UpdateMany<E>) -> Result<u64, StoreError> {
        Ok(update.exec(self.conn()).await?.rows_affected)
    }

    /// Runs a `DELETE`: how many rows it removed.
    pub(super) async fn clear<E: TenantEntity>(&self, delete: DeleteMany<E>) -> Result<u64, StoreError> {
        Ok(delete.exec(self.conn()).await?.rows_affected)
    }
}
