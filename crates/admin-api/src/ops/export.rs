//! Exports a realm as its document: what `apply` makes of it in an empty realm is exported as the same text.

use palatine_domain::RealmSlug;
use palatine_store::{Store, StoreError};

use crate::document::WriteError;
use crate::engine::state::{State, Wanted};

/// Why a realm was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is none such.
    #[error("there is no realm `{0}`")]
    Unknown(RealmSlug),
    /// It has no written form.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The realm as YAML, in one order and formatting, without secrets and passwords; its people too, if they are asked for.
/// Clients that registered themselves are not configuration, and have no part in it.
pub async fn export(store: &Store, slug: &RealmSlug, users: bool) -> Result<String, ExportError> {
    let found = store.tenant_by_slug(slug).await?;
    let (scope, tenant) = found.ok_or_else(|| ExportError::Unknown(slug.clone()))?;
    let tx = store.read(&scope).await?;
    let state = State::load(&tx, &Wanted::everything(users)).await?;
    tx.finish().await?;
    let settings = state.settings.clone().ok_or_else(|| ExportError::Unknown(slug.clone()))?;
    Ok(state.document(slug, tenant.profile, &settings).to_yaml()?)
}
