//! Realms: the tenants themselves, what each has as a copy of the first, and the words that find them.

use sqlx::PgConnection;

use super::copy::Copy;
use super::documents::MAIN;
use super::{Size, steps};
use crate::database::run;
use crate::error::LoadError;
use crate::names::{self, Name};
use crate::report::Tell;

/// How many realms a statement makes.
const STEP: i64 = 10_000;

/// How many slots the trades have; see [`names::slots`].
const TRADE_SLOTS: i32 = 64;

const NAMES: &str = "
CREATE TEMPORARY TABLE seeded_realms (
    n bigint PRIMARY KEY, id uuid NOT NULL, slug text NOT NULL, shown text NOT NULL, words text[] NOT NULL)";

/// A realm's id has a time in it as every id has; one in a hundred is suspended, one in five hundred deleted.
const NAME: &str = "
INSERT INTO seeded_realms
SELECT n, (lpad(to_hex(1735689600000 + n), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,
    b.plain || '-' || t.plain || '-' || n,
    b.shown || ' ' || t.shown || ' ' || form,
    b.words || t.words || ARRAY[b.plain, t.plain, n::text, lower(form)]
FROM generate_series(2, $1) AS n
CROSS JOIN LATERAL (SELECT md5('realm ' || n) AS h, hashint8extended(n, 1) AS dice) AS drawn
CROSS JOIN LATERAL (SELECT ($2::text[])[CASE WHEN n % 10 < 5 THEN 1 ELSE 2 + n % 3 END] AS form) AS chosen
JOIN seeded_brands b ON b.slot = (dice >> 8) & 511
JOIN seeded_trades t ON t.slot = dice & 63";

const TENANTS: &str = "
INSERT INTO tenants (id, slug, state, profile, created_at, suspended_at, delete_after, issued_tokens)
SELECT id, slug, CASE WHEN n % 100 = 37 THEN 'suspended' WHEN n % 500 = 9 THEN 'deleting' ELSE 'active' END, 'standard',
    1735689600000000 + n * 1000, CASE WHEN n % 100 = 37 THEN 1767225600000000 END,
    CASE WHEN n % 500 = 9 AND n % 100 <> 37 THEN 32503680000000000 END, false
FROM seeded_realms WHERE n BETWEEN $1 AND $2 ORDER BY n";

const WORDS: &str = "
INSERT INTO realm_words (tenant_id, token, slug)
SELECT DISTINCT id, token, slug FROM seeded_realms CROSS JOIN unnest(words) AS token
WHERE n BETWEEN $1 AND $2 ORDER BY token, slug";

/// Makes the realms after the first, which is there.
pub(super) async fn seed(conn: &mut PgConnection, size: Size, tell: Tell) -> Result<(), LoadError> {
    run(conn, NAMES.to_owned()).await?;
    sqlx::query("INSERT INTO seeded_realms SELECT 1, id, slug, '', '{}' FROM tenants WHERE slug = $1")
        .bind(MAIN)
        .execute(&mut *conn)
        .await?;
    let brands = names::brands();
    let even: Vec<i32> = (0..512).map(|slot| slot % i32::try_from(brands.len()).unwrap_or(1)).collect();
    pool(conn, "seeded_brands", &brands, &even).await?;
    let trades = names::trades();
    pool(conn, "seeded_trades", &trades, &names::slots(trades.len(), 1, TRADE_SLOTS)).await?;
    sqlx::query(NAME).bind(size.realms).bind(names::FORMS.map(str::to_owned)).execute(&mut *conn).await?;
    let copies = Copy::all(conn).await?;
    for (from, to) in steps(2, size.realms, STEP) {
        sqlx::query(TENANTS).bind(from).bind(to).execute(&mut *conn).await?;
        for copy in &copies {
            copy.run(conn, from, to).await?;
        }
        sqlx::query(WORDS).bind(from).bind(to).execute(&mut *conn).await?;
        if size.realms > STEP {
            tell(&format!("  realms: {to} of {}", size.realms));
        }
    }
    Ok(())
}

/// A table of names: for each slot one, with its words.
pub(super) async fn pool(
    conn: &mut PgConnection,
    table: &'static str,
    names: &[Name],
    slots: &[i32],
) -> Result<(), LoadError> {
    run(
        conn,
        format!("CREATE TEMPORARY TABLE {table} (slot bigint PRIMARY KEY, shown text, plain text, words text[])"),
    )
    .await?;
    let words: Vec<String> = names.iter().map(|name| name.words().join(" ")).collect();
    let shown: Vec<&str> = names.iter().map(|name| name.shown.as_str()).collect();
    let plain: Vec<&str> = names.iter().map(|name| name.plain.as_str()).collect();
    let fill = format!(
        "INSERT INTO {table} SELECT slot - 1, ($2::text[])[1 + name], ($3::text[])[1 + name], \
         string_to_array(($4::text[])[1 + name], ' ') \
         FROM unnest($1::int[]) WITH ORDINALITY AS slots (name, slot)"
    );
    sqlx::query(sqlx::AssertSqlSafe(fill)).bind(slots).bind(shown).bind(plain).bind(words).execute(&mut *conn).await?;
    run(conn, format!("ANALYZE {table}")).await
}
