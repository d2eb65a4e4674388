use sea_orm::{EntityTrait as _, PaginatorTrait as _, Set};

use super::*;
use crate::entities::document::Document;
use crate::entities::{realm_settings, revoked_tokens, scoped};
use crate::support::{TestStore, on_both_databases};

mod postgres;

fn settings_row() -> realm_settings::ActiveModel {
    realm_settings::ActiveModel {
        tenant_id: Set(uuid::Uuid::nil()),
        settings: Set(Document::of(&"x").unwrap()),
        updated_at: Set(0),
        audit_days: Set(None),
    }
}

fn token_row(jti: &str) -> revoked_tokens::ActiveModel {
    revoked_tokens::ActiveModel { tenant_id: Set(uuid::Uuid::nil()), jti: Set(jti.to_owned()), expires_at: Set(0) }
}

/// Settings for each tenant.
async fn fill(db: &TestStore, tenants: &[TenantScope]) {
    for scope in tenants {
        let tx = db.store.write(scope).await.unwrap();
        scoped::insert(&tx, settings_row()).exec_without_returning(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Rows that a connection sees when no filter of ours stands before them.
async fn seen_unfiltered(conn: &ScopedTx) -> u64 {
    realm_settings::Entity::find().count(conn).await.unwrap()
}

on_both_databases! {
    async fn a_transaction_finds_its_own_tenants_rows_alone(db) {
        let tenants = [db.tenant("one").await, db.tenant("two").await];
        fill(&db, &tenants).await;
        for scope in &tenants {
            let tx = db.store.read(scope).await.unwrap();
            let rows = scoped::find::<realm_settings::Entity, _>(&tx).all(tx.conn()).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.tenant_id).collect::<Vec<_>>(), [tx.tenant_uuid()]);
        }
    }

    async fn an_insert_belongs_to_the_transactions_tenant_whatever_the_model_says(db) {
        let scope = db.tenant("one").await;
        fill(&db, std::slice::from_ref(&scope)).await;
        let tx = db.store.read(&scope).await.unwrap();
        let row = scoped::find::<realm_settings::Entity, _>(&tx).one(tx.conn()).await.unwrap().unwrap();
        assert_eq!(row.tenant_id, tx.tenant_uuid());
    }

    async fn updates_and_deletes_stop_at_the_tenants_border(db) {
        let tenants = [db.tenant("one").await, db.tenant("two").await];
        fill(&db, &tenants).await;
        let tx = db.store.write(&tenants[0]).await.unwrap();
        let touched = scoped::update::<realm_settings::Entity>(&tx)
            .set(realm_settings::ActiveModel { updated_at: Set(1), ..Default::default() })
            .exec(tx.conn())
            .await
            .unwrap();
        let removed = scoped::delete::<realm_settings::Entity>(&tx).exec(tx.conn()).await.unwrap();
        assert_eq!((touched.rows_affected, removed.rows_affected), (1, 1));
        tx.commit().await.unwrap();
        let tx = db.store.read(&tenants[1]).await.unwrap();
        assert_eq!(scoped::find::<realm_settings::Entity, _>(&tx).count(tx.conn()).await.unwrap(), 1);
    }

    async fn a_dropped_transaction_leaves_nothing_behind(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        scoped::insert(&tx, token_row("a")).exec_without_returning(tx.conn()).await.unwrap();
        drop(tx);
        let tx = db.store.write(&scope).await.unwrap();
        assert_eq!(scoped::find::<revoked_tokens::Entity, _>(&tx).count(tx.conn()).await.unwrap(), 0);
    }

    async fn a_transaction_that_reads_cannot_write_even_past_the_types(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.read(&scope).await.unwrap();
        let row = revoked_tokens::ActiveModel { tenant_id: Set(tx.tenant_uuid()), ..token_row("a") };
        let refused = revoked_tokens::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap_err();
        let reason = refused.to_string();
        assert!(reason.contains("read-only") || reason.contains("readonly"), "{reason}");
    }

    async fn a_read_goes_over_into_a_write(db) {
        let scope = db.tenant("one").await;
        let read = db.store.read(&scope).await.unwrap();
        assert_eq!(scoped::find::<revoked_tokens::Entity, _>(&read).count(read.conn()).await.unwrap(), 0);
        let write = read.into_write().await.unwrap();
        scoped::insert(&write, token_row("a")).exec_without_returning(write.conn()).await.unwrap();
        write.commit().await.unwrap();
        let read = db.store.read(&scope).await.unwrap();
        assert_eq!(scoped::find::<revoked_tokens::Entity, _>(&read).count(read.conn()).await.unwrap(), 1);
        read.finish().await.unwrap();
    }

    async fn a_second_row_of_the_same_key_is_a_conflict_and_its_transaction_can_be_dropped(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        scoped::insert(&tx, token_row("a")).exec_without_returning(tx.conn()).await.unwrap();
        let refused = scoped::insert(&tx, token_row("a")).exec_without_returning(tx.conn()).await;
        let error = refused.map_err(StoreError::conflict("jti")).unwrap_err();
        assert!(matches!(error, StoreError::Conflict { what: "jti" }), "{error}");
        drop(tx);
        db.store.read(&scope).await.unwrap();
    }

    async fn sixty_four_writers_at_once_all_succeed_and_each_counts(db) {
        let scope = db.tenant("one").await;
        let writers = (0..64).map(|i| {
            let (store, scope) = (db.store.clone(), scope.clone());
            tokio::spawn(async move {
                let tx = store.write(&scope).await?;
                // Reads, then writes: what fails at once in a deferred transaction of SQLite.
                scoped::find::<revoked_tokens::Entity, _>(&tx).count(tx.conn()).await?;
                scoped::insert(&tx, token_row(&format!("{i}"))).exec_without_returning(tx.conn()).await?;
                tx.touch_configuration();
                tx.commit().await
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap().unwrap();
        }
        let tx = db.store.read(&scope).await.unwrap();
        assert_eq!(scoped::find::<revoked_tokens::Entity, _>(&tx).count(tx.conn()).await.unwrap(), 64);
        let (_, tenant) = db.store.tenant_by_slug(&palatine_domain::RealmSlug::parse("one").unwrap()).await.unwrap().unwrap();
        assert_eq!(tenant.version.0, 65);
    }

    async fn beginning_with_the_scope_counts_as_one_statement_and_committing_as_none(db) {
        let scope = db.tenant("one").await;
        let before = db.store.statements();
        let tx = db.store.write(&scope).await.unwrap();
        assert_eq!(db.store.statements() - before, 1);
        scoped::insert(&tx, token_row("a")).exec_without_returning(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.statements() - before, 2);
    }
}
