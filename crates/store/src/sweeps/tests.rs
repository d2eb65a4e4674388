mod issued;

use std::time::Duration;

use palatine_domain::ids::RowId as _;
use palatine_domain::ids::TenantId;
use sea_orm::{EntityTrait as _, PaginatorTrait as _, Set};
use uuid::Uuid;

use super::*;
use crate::entities::document::Document;
use crate::entities::{clients, grants, refresh_families, users};
use crate::operator::OperatorProof;
use crate::support::{START, TestStore, on_both_databases};
use crate::{TenantScope, TenantWrite};

async fn sweeper(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("sweep")).await.unwrap()
}

async fn store<M>(tx: &TenantWrite, row: M)
where
    M: sea_orm::ActiveModelTrait,
    M::Entity: TenantEntity,
{
    scoped::insert(tx, row).exec_without_returning(tx.conn()).await.unwrap();
}

fn at(ago: Duration) -> i64 {
    START.minus(ago).as_micros()
}

async fn revoke(db: &TestStore, scope: &TenantScope, jti: &str, expired: Duration) {
    let tx = db.store.write(scope).await.unwrap();
    let row = revoked_tokens::Model { tenant_id: tx.tenant_uuid(), jti: jti.to_owned(), expires_at: at(expired) };
    store(&tx, revoked_tokens::ActiveModel::from(row)).await;
    tx.commit().await.unwrap();
}

/// A user, a client, a grant and a family: what a refresh token needs. Gives the family.
async fn family(tx: &TenantWrite) -> Uuid {
    let grant = grant(tx, 0).await;
    family_of(tx, grant, None).await
}

/// A user, a client, and a grant of that time.
async fn grant(tx: &TenantWrite, created_at: i64) -> Uuid {
    let id = || tx.ambient().random_uuid();
    let (tenant_id, user, client, grant) = (tx.tenant_uuid(), id(), id(), id());
    let empty = Document::of(&serde_json::json!({})).unwrap();
    let row = users::Model {
        tenant_id,
        id: user,
        subject: user.to_string(),
        enabled: true,
        username: "ann".to_owned(),
        email: None,
        email_verified: false,
        profile: empty.clone(),
        custom: empty.clone(),
        created_at: 0,
        updated_at: 0,
    };
    store(tx, users::ActiveModel::from(row)).await;
    let row = clients::Model {
        tenant_id,
        id: client,
        client_id: client.to_string(),
        name: String::new(),
        enabled: true,
        access_token_seconds: None,
        settings: empty.clone(),
        created_at: 0,
        updated_at: 0,
    };
    store(tx, clients::ActiveModel::from(row)).await;
    let row = grants::Model {
        tenant_id,
        id: grant,
        client_key: client,
        user_id: user,
        session_id: id(),
        scope: "openid".to_owned(),
        claims: None,
        resources: Document::of(&Vec::<String>::new()).unwrap(),
        nonce: None,
        authenticated_at: 0,
        acr: "1".to_owned(),
        amr: "pwd".to_owned(),
        cnf: None,
        created_at,
        ended_at: None,
        end_reason: None,
    };
    store(tx, grants::ActiveModel::from(row)).await;
    grant
}

async fn family_of(tx: &TenantWrite, grant: Uuid, ended_at: Option<i64>) -> Uuid {
    let family = tx.ambient().random_uuid();
    let row = refresh_families::Model {
        tenant_id: tx.tenant_uuid(),
        id: family,
        grant_id: grant,
        client_key: family,
        user_id: family,
        offline: false,
        created_at: 0,
        absolute_expires_at: None,
        ended_at,
        end_reason: ended_at.map(|_| "admin".to_owned()),
    };
    store(tx, refresh_families::ActiveModel::from(row)).await;
    family
}

/// A refresh token that was used, and expired, so long ago.
async fn refresh_token(tx: &TenantWrite, family: Uuid, used: Duration, expired: Duration) {
    let id = tx.ambient().random_uuid();
    let row = refresh_tokens::Model {
        tenant_id: tx.tenant_uuid(),
        id,
        family_id: family,
        hash: id.as_bytes().to_vec(),
        parent_id: None,
        issued_at: 0,
        expires_at: at(expired),
        used_at: Some(at(used)),
        successor_id: Some(id),
        used_scope: Some("openid".to_owned()),
        sealed_successor: Some(vec![1]),
        window_ends_at: Some(at(used) + 10_000_000),
    };
    store(tx, refresh_tokens::ActiveModel::from(row)).await;
}

on_both_databases! {
    async fn expired_rows_of_all_tenants_go_within_the_budget_and_others_stay(db) {
        let tenants = [db.tenant("one").await, db.tenant("two").await];
        for scope in &tenants {
            for jti in ["a", "b"] {
                revoke(&db, scope, jti, Duration::from_secs(1)).await;
            }
            revoke(&db, scope, "still-valid", Duration::ZERO).await;
        }
        let mut swept = Vec::new();
        for _ in 0..3 {
            let tx = sweeper(&db).await;
            swept.push(tx.sweep_expired(START, 3).await.unwrap());
            tx.commit().await.unwrap();
        }
        assert_eq!(swept, [3, 1, 0]);
        for scope in &tenants {
            let tx = db.store.read(scope).await.unwrap();
            let left = scoped::find::<revoked_tokens::Entity, _>(&tx).all(tx.conn()).await.unwrap();
            assert_eq!(left.iter().map(|row| row.jti.as_str()).collect::<Vec<_>>(), ["still-valid"]);
        }
    }

    async fn every_kind_of_row_is_kept_as_long_as_it_means_something(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        let family = family(&tx).await;
        let grant = scoped::find::<grants::Entity, _>(&tx).one(tx.conn()).await.unwrap().unwrap();
        for kept in [true, false] {
            let shift = |limit: Duration| if kept { limit.checked_sub(Duration::from_secs(1)).unwrap() } else { limit + Duration::from_secs(1) };
            let (tenant_id, id) = (tx.tenant_uuid(), tx.ambient().random_uuid());
            let text = id.to_string();
            store(&tx, interactions::ActiveModel::from(interactions::Model {
                tenant_id,
                id,
                cookie: vec![],
                client_id: String::new(),
                redirect_uri: String::new(),
                redirect_uri_given: true,
                request: Document::of(&"").unwrap(),
                device: None,
                authenticated_in: None,
                account_choice: None,
                created_at: 0,
                expires_at: at(shift(Duration::from_hours(1))),
            })).await;
            store(&tx, authorization_codes::ActiveModel::from(authorization_codes::Model {
                tenant_id,
                id,
                hash: id.as_bytes().to_vec(),
                grant_id: grant.id,
                client_key: grant.client_key,
                redirect_uri: String::new(),
                redirect_uri_given: true,
                challenge: None,
                created_at: 0,
                expires_at: at(shift(Duration::from_hours(24))),
                consumed_at: Some(0),
            })).await;
            store(&tx, lockouts::ActiveModel::from(lockouts::Model {
                tenant_id,
                account: id.as_bytes().to_vec(),
                scope: "account".to_owned(),
                key: text.clone(),
                failures: 1,
                counted_at: at(shift(Duration::from_hours(24))),
                locked_until: 0,
            })).await;
            refresh_token(&tx, family, Duration::ZERO, shift(Duration::from_hours(24))).await;
            for ended in [true, false] {
                let id = tx.ambient().random_uuid();
                let last_seen = if ended { Duration::ZERO } else { shift(Duration::from_hours(400 * 24)) };
                store(&tx, login_sessions::ActiveModel::from(login_sessions::Model {
                    tenant_id,
                    id,
                    cookie: id.as_bytes().to_vec(),
                    user_id: grant.user_id,
                    authenticated_at: 0,
                    acr: "1".to_owned(),
                    amr: "pwd".to_owned(),
                    remembered: false,
                    created_at: 0,
                    last_seen_at: at(last_seen),
                    ended_at: ended.then(|| at(shift(Duration::from_hours(30 * 24)))),
                    end_reason: None,
                    address: String::new(),
                    user_agent: String::new(),
                })).await;
            }
        }
        tx.commit().await.unwrap();

        let sweep = sweeper(&db).await;
        assert_eq!(sweep.sweep_expired(START, 100).await.unwrap(), 6);
        sweep.commit().await.unwrap();
        let tx = db.store.read(&scope).await.unwrap();
        let left = [
            scoped::find::<interactions::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
            scoped::find::<authorization_codes::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
            scoped::find::<lockouts::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
            scoped::find::<refresh_tokens::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
            scoped::find::<login_sessions::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
        ];
        assert_eq!(left, [1, 1, 1, 1, 2]);
    }

    async fn a_sealed_successor_is_forgotten_when_its_window_is_over(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        let family = family(&tx).await;
        for used in [5, 20] {
            refresh_token(&tx, family, Duration::from_secs(used), Duration::ZERO).await;
        }
        tx.commit().await.unwrap();
        let sweep = sweeper(&db).await;
        assert_eq!(sweep.sweep_sealed_successors(START).await.unwrap(), 1);
        sweep.commit().await.unwrap();
        let tx = db.store.read(&scope).await.unwrap();
        let rows = scoped::find::<refresh_tokens::Entity, _>(&tx).all(tx.conn()).await.unwrap();
        let sealed: Vec<_> = rows.iter().filter(|row| row.sealed_successor.is_some()).map(|row| row.used_at).collect();
        assert_eq!(sealed, [Some(at(Duration::from_secs(5)))]);
    }

    async fn removing_a_profile_takes_all_of_its_tenants_rows_and_nobody_elses(db) {
        let demo = db.tenant_with("demo", RealmProfile::InsecureDemo).await;
        let other = db.tenant("other").await;
        for scope in [&demo, &other] {
            let tx = db.store.write(scope).await.unwrap();
            family(&tx).await;
            tx.commit().await.unwrap();
        }
        let tx = sweeper(&db).await;
        assert_eq!(tx.delete_tenants_of_profile(RealmProfile::InsecureDemo).await.unwrap(), 1);
        let left = users::Entity::find().all(tx.conn()).await.unwrap();
        let owners: Vec<_> = left.iter().map(|row| TenantId::from_uuid(row.tenant_id)).collect();
        assert_eq!(owners, [palatine_domain::ids::TenantScoped::tenant_id(&other)]);
        assert_eq!(grants::Entity::find().count(tx.conn()).await.unwrap(), 1);
        assert_eq!(tenants::Entity::find().count(tx.conn()).await.unwrap(), 1);
        assert!(tx.insecure_tenants().await.unwrap().is_empty());
    }

    async fn the_slug_of_a_removed_tenant_that_may_have_issued_is_never_given_away(db) {
        use palatine_domain::RealmSlug;
        let demo = db.tenant_with("demo", RealmProfile::InsecureDemo).await;
        db.tenant_with("blank", RealmProfile::InsecureDemo).await;
        let tx = db.store.write(&demo).await.unwrap();
        let row = signing_keys::ActiveModel {
            tenant_id: Set(tx.tenant_uuid()),
            id: Set(tx.tenant_uuid()),
            kid: Set("k".to_owned()),
            algorithm: Set("ES256".to_owned()),
            generation: Set(1),
            public_jwk: Set(Document::of(&"").unwrap()),
            sealed_private: Set(vec![1]),
            created_at: Set(0),
            active_from: Set(0),
            rotates_at: Set(None),
            signs_until: Set(None),
            removed_at: Set(None),
            hints_until: Set(None),
        };
        store(&tx, row).await;
        tx.commit().await.unwrap();
        let tx = sweeper(&db).await;
        assert_eq!(tx.delete_tenants_of_profile(RealmProfile::InsecureDemo).await.unwrap(), 2);
        assert_eq!(tx.delete_tenants_of_profile(RealmProfile::InsecureDemo).await.unwrap(), 0);
        tx.commit().await.unwrap();

        assert_eq!(sweeper(&db).await.tenants(None, 10).await.unwrap().len(), 0);
        let [demo, blank] = ["demo", "blank"].map(|slug| RealmSlug::parse(slug).unwrap());
        assert!(db.store.tenant_by_slug(&demo).await.unwrap().is_none());
        sweeper(&db).await.create_tenant(&blank, RealmProfile::Standard).await.unwrap();
        let refused = sweeper(&db).await.create_tenant(&demo, RealmProfile::Standard).await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict { what: "slug" }), "{refused}");
    }
}
