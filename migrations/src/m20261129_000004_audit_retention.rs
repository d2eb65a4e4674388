//! How long a realm keeps its audit events: where that differs from the default, and what finds old ones.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{Roles, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SETTINGS).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let Roles { operator, .. } = Roles::of(manager).await?;
            run(manager, "CREATE INDEX audit_events_at ON audit_events USING brin (at);").await?;
            run(manager, DROP_BEFORE).await?;
            let grant = format!(
                "REVOKE ALL ON FUNCTION palatine_audit_partitions_drop(bigint) FROM PUBLIC;\n\
                 GRANT EXECUTE ON FUNCTION palatine_audit_partitions_drop(bigint) TO {operator};\n"
            );
            run(manager, &grant).await
        } else {
            run(manager, "CREATE INDEX audit_events_at ON audit_events (at);").await
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const SETTINGS: &str = "
ALTER TABLE realm_settings ADD COLUMN audit_days integer;
CREATE INDEX realm_settings_audit_days ON realm_settings (audit_days) WHERE audit_days IS NOT NULL;
";

/// Drops every month that ends at the instant or before, and gives how many. As the function that drops one it runs as
/// the owner, and names nothing but what it finds in its own schema. Whoever reads the log holds it up; it gives up
/// soon, so that nobody waits behind it, and is tried again.
const DROP_BEFORE: &str = r"
CREATE FUNCTION palatine_audit_partitions_drop(instant bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    part text;
    dropped bigint := 0;
    last_month text := to_char(
        date_trunc('month', to_timestamp(instant / 1000000) AT TIME ZONE 'UTC') - interval '1 month', 'YYYYMM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('palatine audit parts'));
    FOR part IN
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = to_regclass('audit_events')
        AND child.relname ~ '^audit_events_[0-9]{6}$' AND right(child.relname, 6) <= last_month
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

ALTER FUNCTION palatine_audit_partitions_drop(bigint) SET lock_timeout = '2s';
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION palatine_audit_partitions_drop(bigint) SET search_path = %I, pg_temp', current_schema());
END $$;
";
