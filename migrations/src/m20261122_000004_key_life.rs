//! The whole life of a signing key: when it is due for a successor, and until when it signs, is published, and is good
//! for hints. Beside it, the one setting of a client that a key has to outlive.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SIGNING_KEYS).await?;
        let seconds = match manager.get_database_backend() {
            DbBackend::Postgres => "(settings ->> 'access_token_seconds')::bigint",
            _ => "json_extract(settings, '$.access_token_seconds')",
        };
        run(manager, "ALTER TABLE clients ADD COLUMN access_token_seconds bigint;").await?;
        run(manager, &format!("UPDATE clients SET access_token_seconds = {seconds};")).await?;
        run(manager, LONGEST).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What was removed before was removed at once. The newest key of each algorithm is due 11 minutes before the default
/// of 90 days is over; the next change of its realm's policy sets that right.
const SIGNING_KEYS: &str = "
ALTER TABLE signing_keys ADD COLUMN rotates_at bigint;
ALTER TABLE signing_keys ADD COLUMN signs_until bigint;
ALTER TABLE signing_keys ADD COLUMN hints_until bigint;
UPDATE signing_keys SET signs_until = removed_at, hints_until = removed_at WHERE removed_at IS NOT NULL;
UPDATE signing_keys SET rotates_at = active_from + 7775340000000
WHERE removed_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM signing_keys AS newer
    WHERE newer.tenant_id = signing_keys.tenant_id AND newer.algorithm = signing_keys.algorithm
    AND newer.generation > signing_keys.generation
);
CREATE INDEX signing_keys_due ON signing_keys (rotates_at) WHERE rotates_at IS NOT NULL;
CREATE INDEX signing_keys_oldest ON signing_keys (active_from) WHERE rotates_at IS NOT NULL;
CREATE INDEX signing_keys_ends ON signing_keys (hints_until) WHERE hints_until IS NOT NULL;
";

const LONGEST: &str = "
CREATE INDEX clients_access_token_seconds ON clients (tenant_id, access_token_seconds)
WHERE access_token_seconds IS NOT NULL;
";
