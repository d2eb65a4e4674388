//! Grants and what hangs on them: each case is one grant with what was issued under it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MONTH: Duration = Duration::from_hours(30 * 24);

/// Until then it works.
fn ahead(time: Duration) -> i64 {
    START.plus(time).as_micros()
}

async fn old_grant(tx: &TenantWrite) -> Uuid {
    grant(tx, at(MONTH + SECOND)).await
}

/// The token of a family that was not used yet.
async fn last_token(tx: &TenantWrite, family: Uuid, expires_at: i64) {
    let id = tx.ambient().random_uuid();
    let row = refresh_tokens::Model {
        tenant_id: tx.tenant_uuid(),
        id,
        family_id: family,
        hash: id.as_bytes().to_vec(),
        parent_id: None,
        issued_at: 0,
        expires_at,
        used_at: None,
        successor_id: None,
        used_scope: None,
        sealed_successor: None,
        window_ends_at: None,
    };
    store(tx, refresh_tokens::ActiveModel::from(row)).await;
}

async fn code(tx: &TenantWrite, grant: Uuid, expires_at: i64) {
    let id = tx.ambient().random_uuid();
    let row = authorization_codes::Model {
        tenant_id: tx.tenant_uuid(),
        id,
        hash: id.as_bytes().to_vec(),
        grant_id: grant,
        client_key: id,
        redirect_uri: String::new(),
        redirect_uri_given: true,
        challenge: None,
        created_at: 0,
        expires_at,
        consumed_at: None,
    };
    store(tx, authorization_codes::ActiveModel::from(row)).await;
}

/// Sweeps with this budget until all is tidy; gives how many rows each call removed.
async fn swept(db: &TestStore, budget: u64) -> Vec<u64> {
    let mut calls = Vec::new();
    loop {
        let tx = sweeper(db).await;
        let rows = tx.sweep_expired(START, budget).await.unwrap();
        tx.commit().await.unwrap();
        calls.push(rows);
        if rows < budget {
            return calls;
        }
    }
}

/// Grants, codes, families and tokens that are left.
async fn left(db: &TestStore, scope: &TenantScope) -> [u64; 4] {
    let tx = db.store.read(scope).await.unwrap();
    [
        scoped::find::<grants::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
        scoped::find::<authorization_codes::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
        scoped::find::<refresh_families::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
        scoped::find::<refresh_tokens::Entity, _>(&tx).count(tx.conn()).await.unwrap(),
    ]
}

on_both_databases! {
    async fn what_a_live_token_needs_stays(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        // A refresh token that works, of a grant as old as can be.
        let ancient = family(&tx).await;
        last_token(&tx, ancient, ahead(SECOND)).await;
        // One that has expired, whose access token may still work.
        let expired = family(&tx).await;
        last_token(&tx, expired, at(DAY)).await;
        // A family that works beside one that is dead.
        let twofold = old_grant(&tx).await;
        let works = family_of(&tx, twofold, None).await;
        last_token(&tx, works, ahead(SECOND)).await;
        let dead = family_of(&tx, twofold, None).await;
        last_token(&tx, dead, at(DAY + SECOND)).await;
        // A code that works, and one whose reuse must be seen.
        for expires_at in [ahead(SECOND), at(DAY)] {
            let old = old_grant(&tx).await;
            code(&tx, old, expires_at).await;
        }
        // A grant of which nothing is left but perhaps an access token.
        grant(&tx, at(MONTH)).await;
        tx.commit().await.unwrap();

        assert_eq!(swept(&db, 100).await, [1], "the dead family");
        assert_eq!(left(&db, &scope).await, [6, 2, 3, 3]);
    }

    async fn a_family_goes_a_day_after_its_last_token_and_an_old_grant_with_it(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        for created_at in [at(MONTH + SECOND), at(MONTH)] {
            let grant = grant(&tx, created_at).await;
            let family = family_of(&tx, grant, None).await;
            refresh_token(&tx, family, Duration::ZERO, DAY + SECOND * 2).await;
            last_token(&tx, family, at(DAY + SECOND)).await;
        }
        tx.commit().await.unwrap();

        assert_eq!(swept(&db, 100).await, [2 + 2 + 1], "used tokens, families, the older grant");
        assert_eq!(left(&db, &scope).await, [1, 0, 0, 0]);
    }

    async fn an_ended_family_goes_after_a_month_whatever_its_tokens_say(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        for ended in [MONTH + SECOND, MONTH] {
            let grant = old_grant(&tx).await;
            let family = family_of(&tx, grant, Some(at(ended))).await;
            refresh_token(&tx, family, Duration::ZERO, Duration::ZERO).await;
            last_token(&tx, family, ahead(MONTH)).await;
        }
        tx.commit().await.unwrap();

        assert_eq!(swept(&db, 100).await, [2 + 1 + 1], "tokens, family, grant");
        assert_eq!(left(&db, &scope).await, [1, 0, 1, 2]);
    }

    async fn a_grant_whose_code_was_never_used_goes(db) {
        let scope = db.tenant("one").await;
        let tx = db.store.write(&scope).await.unwrap();
        let grant = old_grant(&tx).await;
        code(&tx, grant, at(DAY + SECOND)).await;
        tx.commit().await.unwrap();

        assert_eq!(swept(&db, 100).await, [2]);
        assert_eq!(left(&db, &scope).await, [0; 4]);
    }

    async fn a_small_budget_leaves_nothing_lying_in_any_tenant(db) {
        let scopes = [db.tenant("one").await, db.tenant("two").await];
        for scope in &scopes {
            let tx = db.store.write(scope).await.unwrap();
            for (ended_at, last_expires_at) in [(None, at(DAY * 2)), (Some(at(MONTH + SECOND)), ahead(DAY))] {
                let grant = old_grant(&tx).await;
                let family = family_of(&tx, grant, ended_at).await;
                refresh_token(&tx, family, Duration::ZERO, DAY * 2).await;
                refresh_token(&tx, family, Duration::ZERO, DAY * 3).await;
                last_token(&tx, family, last_expires_at).await;
            }
            tx.commit().await.unwrap();
        }

        let calls = swept(&db, 1).await;
        assert!(calls.iter().all(|&rows| rows <= 1), "{calls:?}");
        for scope in &scopes {
            assert_eq!(left(&db, scope).await, [0; 4]);
        }
    }
}
