//! Repositories: one a file, each the one place that knows its tables.
//!
//! A repository is had from a transaction, reads under any access, and writes under [`crate::ReadWrite`] alone: on a
//! `TenantRead` its write methods do not exist. Not found is `None` or `false`, also for another tenant's identifiers.
//!
//! **To add one**: a file with `repository!`, its methods, and for each method a test in `tests/` in which two tenants
//! hold the same natural keys. A test there compares the names.

/// Declares a repository and the method of a transaction that gives it.
macro_rules! repository {
    ($(#[$doc:meta])* $name:ident, $accessor:ident) => {
        $(#[$doc])*
        pub struct $name<'t, A> {
            pub(super) tx: &'t crate::scope::TenantTx<A>,
        }

        impl<A> crate::scope::TenantTx<A> {
            $(#[$doc])*
            pub fn $accessor(&self) -> $name<'_, A> {
                $name { tx: self }
            }
        }
    };
}

mod access;
mod apis;
mod assets;
mod audit;
mod claim_mappers;
mod client_logos;
mod client_secrets;
mod clients;
mod consents;
mod credentials;
mod devices;
mod endings;
mod grants;
mod groups;
mod import_jobs;
mod initial_tokens;
mod interactions;
mod keys;
mod lockouts;
mod names;
mod operator_entries;
mod outbox;
mod parties;
mod posted_requests;
mod realm_secrets;
pub(crate) mod realm_words;
mod refresh;
mod registrations;
mod revoked_tokens;
mod role_assignments;
mod role_graph;
mod roles;
mod row;
mod scopes;
mod sessions;
mod settings;
mod usage;
mod users;
mod users_find;
mod users_write;
pub(crate) mod words;

pub use apis::Apis;
pub use assets::Assets;
pub use audit::{Audit, AuditCursor, AuditFilter};
pub use claim_mappers::ClaimMappers;
pub use client_logos::ClientLogos;
pub use clients::Clients;
pub use consents::{Consent, ConsentFilter, Consents};
pub use credentials::Credentials;
pub use devices::Devices;
pub use grants::{CodeContext, GrantFilter, GrantLiveness, Grants};
pub use groups::Groups;
pub use import_jobs::ImportJobs;
pub use initial_tokens::InitialTokens;
pub use interactions::Interactions;
pub use keys::Keys;
pub use lockouts::{CountedFailures, Lockouts};
pub use operator_entries::OperatorEntries;
pub use outbox::Outbox;
pub use posted_requests::PostedRequests;
pub use realm_secrets::RealmSecrets;
pub use refresh::{Refresh, RefreshContext, RefreshRotation};
pub use registrations::Registrations;
pub use revoked_tokens::RevokedTokens;
pub use roles::Roles;
pub use scopes::Scopes;
pub use sessions::{SessionFilter, Sessions};
pub use settings::Settings;
pub use usage::{Usage, UsageFilter};
pub use users::Users;
pub use users_find::UserFilter;
