//! The words that find the realms that are there: of their slugs and their display names.

use std::fmt::Write as _;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, QueryResult, Statement};

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// How many realms a statement takes.
const BATCH: usize = 500;

/// How many words are kept of one realm, and of how many characters of each text, at most.
const MAX_WORDS: usize = 20;
const MAX_CHARS: usize = 200;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let mut after = String::new();
        loop {
            let rows = manager.get_connection().query_all_raw(page(backend, &after)).await?;
            let mut values = String::new();
            for row in &rows {
                let texts: [Option<String>; 2] = [row.try_get("", "slug")?, row.try_get("", "display_name")?];
                let (tenant, slug) = (tenant(backend, row)?, texts.first().cloned().flatten().unwrap_or_default());
                for word in words(texts.iter().flatten()) {
                    let comma = if values.is_empty() { "" } else { ", " };
                    let _ = write!(values, "{comma}({tenant}, '{word}', '{slug}')");
                }
            }
            if !values.is_empty() {
                let insert =
                    format!("INSERT INTO realm_words (tenant_id, token, slug) VALUES {values} ON CONFLICT DO NOTHING");
                run(manager, &insert).await?;
            }
            match rows.last() {
                Some(last) if rows.len() == BATCH => after = last.try_get("", "slug")?,
                _ => return Ok(()),
            }
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The next realms by slug.
fn page(backend: DbBackend, after: &str) -> Statement {
    let (id, name, after_is) = match backend {
        DbBackend::Postgres => ("tenants.id::text", "realm_settings.settings ->> 'display_name'", "$1"),
        _ => ("hex(tenants.id)", "json_extract(realm_settings.settings, '$.display_name')", "?"),
    };
    let sql = format!(
        "SELECT {id} AS id, tenants.slug AS slug, {name} AS display_name \
         FROM tenants JOIN realm_settings ON realm_settings.tenant_id = tenants.id \
         WHERE tenants.slug > {after_is} ORDER BY tenants.slug LIMIT {BATCH}"
    );
    Statement::from_sql_and_values(backend, sql, [after.into()])
}

/// The tenant as a literal: hexadecimal digits and hyphens.
fn tenant(backend: DbBackend, row: &QueryResult) -> Result<String, DbErr> {
    let id: String = row.try_get("", "id")?;
    Ok(if backend == DbBackend::Postgres { format!("'{id}'") } else { format!("x'{id}'") })
}

/// Each word once. Letters and digits alone: none needs to be escaped. What a word with characters that have several
/// spellings would be is settled when the realm's settings are next written.
fn words<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        let text: String = text.chars().take(MAX_CHARS).collect();
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            if words.len() < MAX_WORDS && !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}
