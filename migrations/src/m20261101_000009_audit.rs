//! The audit log: appended to, in parts by month.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{Roles, TenantTable, create_tenant_tables, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tenant_tables(manager, TABLES).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let Roles { operator, .. } = Roles::of(manager).await?;
            run(manager, PARTS).await?;
            run(
                manager,
                &format!(
                    "REVOKE ALL ON FUNCTION palatine_audit_partition_create(bigint) FROM PUBLIC;\n\
                     REVOKE ALL ON FUNCTION palatine_audit_partition_drop(bigint) FROM PUBLIC;\n\
                     GRANT EXECUTE ON FUNCTION palatine_audit_partition_create(bigint) TO {operator};\n\
                     GRANT EXECUTE ON FUNCTION palatine_audit_partition_drop(bigint) TO {operator};\n"
                ),
            )
            .await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: &[TenantTable] = &[TenantTable::new(
    "audit_events",
    "at {instant} NOT NULL,
     id {id} NOT NULL,
     kind text NOT NULL,
     actor_kind text NOT NULL,
     actor_id text,
     user_id {id},
     client_key {id},
     session_id {id},
     address text,
     request_id text,
     details {json} NOT NULL,
     seq bigint,
     checkpoint {bytes},
     PRIMARY KEY (tenant_id, at, id)",
)
.by_time()
.append_only()];

/// What comes outside every month lands in the default part, so that no event is ever refused; making a month later
/// moves its rows out of there.
///
/// The functions run as the owner, because only the owner may change tables; they take an instant, in microseconds, of
/// the month that is meant, and nothing that could become SQL. What they name is found in the schema that the migration
/// ran in, whatever the caller's search path is.
const PARTS: &str = r"
CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;

CREATE FUNCTION palatine_audit_partition_create(instant bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    first_day timestamp := date_trunc('month', to_timestamp(instant / 1000000) AT TIME ZONE 'UTC');
    from_at bigint := extract(epoch FROM first_day AT TIME ZONE 'UTC')::bigint * 1000000;
    to_at bigint := extract(epoch FROM (first_day + interval '1 month') AT TIME ZONE 'UTC')::bigint * 1000000;
    part text := 'audit_events_' || to_char(first_day, 'YYYYMM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('palatine audit parts'));
    IF to_regclass(quote_ident(part)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM audit_events_default WHERE at >= %s AND at < %s RETURNING *)
         INSERT INTO %I SELECT * FROM moved', from_at, to_at, part);
    EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part, from_at, to_at);
    RETURN true;
END $$;

CREATE FUNCTION palatine_audit_partition_drop(instant bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    part text := 'audit_events_' || to_char(to_timestamp(instant / 1000000) AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('palatine audit parts'));
    IF to_regclass(quote_ident(part)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN true;
END $$;

-- Temporary objects come last, so that none can stand in for a table above.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION palatine_audit_partition_create(bigint) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION palatine_audit_partition_drop(bigint) SET search_path = %I, pg_temp', current_schema());
    PERFORM palatine_audit_partition_create(
        extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::bigint * 1000000
    ) FROM generate_series(0, 2) AS ahead;
END $$;
";
