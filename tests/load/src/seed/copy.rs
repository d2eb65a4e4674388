//! What every realm has, copied from the first: each table that has rows of it, whichever those are.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::error::LoadError;

/// Rows of these are sealed for their realm. There are none before a realm's first token.
const SEALED: &[&str] = &["data_keys", "signing_keys", "realm_secrets"];

/// Written by the seeder itself, for each realm differently.
const OWN: &[&str] = &["realm_words"];

/// Tables of tenants, referenced ones first: those that were made earlier.
const TABLES: &str = "
SELECT c.relname::text, a.attname::text, format_type(a.atttypid, -1)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
ORDER BY c.oid, a.attnum";

/// A table that the first realm has rows in, as the statement that copies them.
#[derive(Debug)]
pub(super) struct Copy {
    statement: String,
}

impl Copy {
    /// One for each table. Realms are `seeded_realms (n, id, slug, shown)`, of which the first is the one with rows.
    pub(super) async fn all(conn: &mut PgConnection) -> Result<Vec<Self>, LoadError> {
        let found: Vec<(String, String, String)> = sqlx::query_as(TABLES).fetch_all(&mut *conn).await?;
        let mut copies = Vec::new();
        for columns in found.chunk_by(|one, next| one.0 == next.0) {
            let Some((table, ..)) = columns.first() else { continue };
            let question = format!(
                "SELECT EXISTS (SELECT FROM \"{table}\" WHERE tenant_id = (SELECT id FROM seeded_realms WHERE n = 1))"
            );
            let has_rows: bool = sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut *conn).await?;
            if !has_rows || OWN.contains(&table.as_str()) {
                continue;
            }
            if SEALED.contains(&table.as_str()) {
                return Err(LoadError::Sealed(table.clone()));
            }
            copies.push(Self { statement: statement(table, columns) });
        }
        Ok(copies)
    }

    /// Copies the rows for the realms from one to another.
    pub(super) async fn run(&self, conn: &mut PgConnection, from: i64, to: i64) -> Result<(), LoadError> {
        sqlx::query(AssertSqlSafe(self.statement.clone())).bind(from).bind(to).execute(conn).await?;
        Ok(())
    }
}

fn statement(table: &str, columns: &[(String, String, String)]) -> String {
    let names: Vec<String> = columns.iter().map(|(_, column, _)| format!("\"{column}\"")).collect();
    let values: Vec<String> = columns.iter().map(|(table, column, kind)| value(table, column, kind)).collect();
    format!(
        "INSERT INTO \"{table}\" ({}) SELECT {} FROM seeded_realms realm CROSS JOIN \"{table}\" row \
         WHERE row.tenant_id = (SELECT id FROM seeded_realms WHERE n = 1) AND realm.n BETWEEN $1 AND $2 ORDER BY realm.n",
        names.join(", "),
        values.join(", "),
    )
}

/// An id becomes another one in each realm, the same wherever it stands; its time stays.
fn value(table: &str, column: &str, kind: &str) -> String {
    match (table, column, kind) {
        (_, "tenant_id", _) => "realm.id".to_owned(),
        ("realm_settings", "settings", _) => {
            "jsonb_set(row.settings, '{display_name}', to_jsonb(realm.shown))".to_owned()
        }
        (_, id, "uuid") => {
            format!("(left(row.\"{id}\"::text, 24) || left(md5(realm.id::text || row.\"{id}\"::text), 12))::uuid")
        }
        (_, other, _) => format!("row.\"{other}\""),
    }
}
