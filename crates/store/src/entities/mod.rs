//! Rows, one table a file. Private to the crate: a row never leaves it, its domain value does.
//!
//! A new tenant table is a file here, a line in the list below, and a table in a migration.

use sea_orm::sea_query::SelectStatement;
use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _};
use uuid::Uuid;

use crate::error::StoreError;
use crate::operator::OperatorTx;

pub(crate) mod apis;
pub(crate) mod audit_events;
pub(crate) mod authorization_codes;
pub(crate) mod claim_mappers;
pub(crate) mod client_apis;
pub(crate) mod client_logos;
pub(crate) mod client_registrations;
pub(crate) mod client_roles;
pub(crate) mod client_scopes;
pub(crate) mod client_secrets;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod credentials;
pub(crate) mod data_keys;
pub(crate) mod document;
pub(crate) mod grants;
pub(crate) mod group_roles;
pub(crate) mod groups;
pub(crate) mod import_chunks;
pub(crate) mod import_jobs;
pub(crate) mod initial_access_tokens;
pub(crate) mod interactions;
pub(crate) mod jobs;
pub(crate) mod joined;
pub(crate) mod known_devices;
pub(crate) mod lockouts;
pub(crate) mod login_sessions;
pub(crate) mod operator_entries;
pub(crate) mod outbox;
pub(crate) mod posted_requests;
pub(crate) mod realm_assets;
pub(crate) mod realm_secrets;
pub(crate) mod realm_settings;
pub(crate) mod realm_words;
pub(crate) mod refresh_families;
pub(crate) mod refresh_tokens;
pub(crate) mod resource_names;
pub(crate) mod revoked_tokens;
pub(crate) mod role_composites;
pub(crate) mod roles;
pub(crate) mod scoped;
pub(crate) mod scopes;
pub(crate) mod signing_keys;
pub(crate) mod subjects;
pub(crate) mod tenant_hosts;
pub(crate) mod tenant_versions;
pub(crate) mod tenants;
pub(crate) mod usage_hours;
pub(crate) mod user_groups;
pub(crate) mod user_identifiers;
pub(crate) mod user_roles;
pub(crate) mod user_search;
pub(crate) mod users;

/// The tenant tables, each before those it refers to.
macro_rules! tenant_tables {
    ($($table:ident)*) => {
        $(impl scoped::TenantEntity for $table::Entity {
            fn tenant_column() -> $table::Column {
                $table::Column::TenantId
            }
        })*

        /// Removes every row of the tenants that the statement selects, one statement a table.
        pub(crate) async fn delete_rows_of(tx: &OperatorTx, tenants: &SelectStatement) -> Result<(), DbErr> {
            $(scoped::delete_across_tenants::<$table::Entity>(tx)
                .filter($table::Column::TenantId.in_subquery(tenants.clone()))
                .exec(tx.conn())
                .await?;)*
            Ok(())
        }

        /// Removes at most `budget` rows of these tenants, and gives how many: fewer than `budget` means that none is
        /// left.
        pub(crate) async fn delete_some_rows_of(
            tx: &OperatorTx,
            tenants: &[Uuid],
            budget: u64,
        ) -> Result<u64, StoreError> {
            let mut left = budget;
            $(let theirs = $table::Column::TenantId.is_in(tenants.iter().copied());
            left -= tx.sweep::<$table::Entity>(theirs, left).await?;)*
            Ok(budget - left)
        }
    };
}

tenant_tables! {
    audit_events outbox lockouts revoked_tokens refresh_tokens refresh_families authorization_codes grants
    posted_requests interactions login_sessions consents client_roles user_groups user_roles group_roles groups
    role_composites roles known_devices credentials user_search subjects user_identifiers users claim_mappers client_apis
    client_scopes scopes apis client_secrets client_registrations client_logos clients resource_names signing_keys realm_secrets
    data_keys realm_settings initial_access_tokens operator_entries realm_assets import_chunks import_jobs realm_words
    usage_hours
}

/// The routing tables: a closed list.
macro_rules! routing_tables {
    ($($table:ident)*) => {
        $(impl scoped::RoutingEntity for $table::Entity {})*
    };
}

routing_tables! { tenants tenant_hosts tenant_versions jobs }
