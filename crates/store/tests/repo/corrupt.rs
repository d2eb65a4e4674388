//! Rows that make no sense are named, never guessed at.

use palatine_domain::TokenHash;
use palatine_store::{AuditFilter, Backend, StoreError, TenantRead};

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

/// Which table and column the error names.
fn named<T>(read: Result<T, StoreError>) -> (&'static str, &'static str) {
    match read {
        Err(StoreError::Corrupt { table, column, id }) => {
            assert!(!id.is_empty());
            (table, column)
        }
        Err(other) => panic!("expected a corrupt row, got {other}"),
        Ok(_) => panic!("expected a corrupt row, got a value"),
    }
}

/// Reads the tenant's one row of a table.
async fn read(tx: &TenantRead, world: &World, table: &str) -> (&'static str, &'static str) {
    let t1 = &world.t1;
    match table {
        "realm_settings" => named(tx.settings().get().await),
        "signing_keys" => named(tx.keys().signing_keys().await),
        "clients" | "client_secrets" => named(tx.clients().by_client_id(&t1.client.client_id).await),
        "apis" => named(tx.apis().list().await),
        "scopes" => named(tx.scopes().list().await),
        "users" => named(tx.users().by_id(t1.user.id).await),
        "known_devices" => named(tx.devices().find(t1.user.id, &TokenHash::of("device cookie")).await),
        "consents" => named(tx.consents().of_user(t1.user.id).await),
        "interactions" => named(tx.interactions().get(t1.interaction.id).await),
        "grants" => named(tx.grants().by_id(t1.grant.id).await),
        "login_sessions" | "authorization_codes" => named(tx.grants().code_by_hash(&TokenHash::of("code")).await),
        "refresh_families" | "refresh_tokens" => named(tx.refresh().by_hash(&TokenHash::of("refresh token")).await),
        "audit_events" => named(tx.audit().list(&AuditFilter::default(), None, 9).await),
        other => panic!("no way to read {other}"),
    }
}

/// A table, a column of it, and a value that makes no sense there.
const SENSELESS: &[(&str, &str, &str)] = &[
    ("realm_settings", "settings", "'[]'"),
    ("signing_keys", "algorithm", "'HS256'"),
    ("signing_keys", "public_jwk", "'{}'"),
    ("clients", "settings", "'{\"kind\":\"toaster\"}'"),
    ("client_secrets", "kind", "'md5'"),
    ("client_secrets", "verifier", "'zz'"),
    ("apis", "profile", "'odd'"),
    ("apis", "algorithm", "'none'"),
    ("scopes", "name", "'two words'"),
    ("users", "profile", "'[1]'"),
    ("users", "custom", "'7'"),
    ("consents", "scope", "'\"'"),
    ("consents", "refused", "'\"'"),
    ("login_sessions", "acr", "'9'"),
    ("login_sessions", "end_reason", "'sign_out'"),
    ("interactions", "request", "'{}'"),
    ("interactions", "account_choice", "'nobody'"),
    ("grants", "claims", "'1'"),
    ("grants", "scope", "'\"'"),
    ("grants", "resources", "'{}'"),
    ("grants", "end_reason", "'bored'"),
    ("authorization_codes", "challenge", "'short'"),
    ("refresh_families", "end_reason", "'bored'"),
    ("refresh_tokens", "used_at", "1"),
    ("audit_events", "kind", "'party'"),
    ("audit_events", "actor_kind", "'ghost'"),
];

on_both_databases! {
    async fn a_row_that_makes_no_sense_is_an_error_that_names_it(db) {
        let world = World::on(db).await;
        let mut vandal = world.vandal().await;
        for (table, column, value) in SENSELESS {
            let spoil = format!(
                "CREATE TEMPORARY TABLE kept AS SELECT {column} FROM {table} WHERE tenant_id = {{tenant}};
                 UPDATE {table} SET {column} = {value} WHERE tenant_id = {{tenant}}"
            );
            let restore = format!(
                "UPDATE {table} SET {column} = (SELECT {column} FROM kept) WHERE tenant_id = {{tenant}};
                 DROP TABLE kept"
            );
            vandal.run(&spoil).await;
            assert_eq!(read(&world.read().await, &world, table).await, (*table, *column));
            vandal.run(&restore).await;
        }
    }

    async fn a_hash_of_the_wrong_length_is_an_error(db) {
        let world = World::on(db).await;
        let short = match world.db.store.backend() {
            Backend::Sqlite => "x'00'",
            Backend::Postgres => "'\\x00'",
        };
        world.vandal().await.run(&format!("UPDATE login_sessions SET cookie = {short} WHERE tenant_id = {{tenant}}")).await;
        let read = world.read().await.sessions().by_id(world.t1.session.id).await;
        assert_eq!(named(read), ("login_sessions", "cookie"));
        let read = world.read().await.refresh().by_hash(&TokenHash::of("refresh token")).await;
        assert_eq!(named(read), ("login_sessions", "cookie"), "a broken row is not a missing one");
    }
}

#[tokio::test]
async fn text_that_is_no_json_is_an_error_that_names_its_row() {
    // PostgreSQL takes none.
    let world = World::on(TestStore::sqlite().await).await;
    world.vandal().await.run("UPDATE users SET profile = '{broken' WHERE tenant_id = {tenant}").await;
    assert_eq!(named(world.read().await.users().by_id(world.t1.user.id).await), ("users", "profile"));
    let read = world.read().await.refresh().by_hash(&TokenHash::of("refresh token")).await;
    assert_eq!(named(read), ("users", "profile"));
}
