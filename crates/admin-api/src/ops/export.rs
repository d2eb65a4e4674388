//! Exports a realm as its document: what `apply` makes of it in an empty realm is exported as the same text.

use palatine_domain::RealmSlug;
use palatine_domain::credential::{Credential, CredentialKind};
use palatine_store::{Store, StoreError, TenantRead};

use crate::document::{PlainSecret, RealmDocument, WriteError};
use crate::engine::export::secret_hashes;
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
    run(store, slug, users, Hashes::LeftOut).await
}

/// The same with what is stored of passwords and client secrets, so that people and clients go on with what they have
/// where it is applied. Whoever has it can guess at them without being seen: it is to be kept like the database.
pub async fn export_with_hashes(store: &Store, slug: &RealmSlug, users: bool) -> Result<String, ExportError> {
    run(store, slug, users, Hashes::Included).await
}

/// Whether what is stored of passwords and secrets is in an export.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hashes {
    LeftOut,
    Included,
}

async fn run(store: &Store, slug: &RealmSlug, users: bool, hashes: Hashes) -> Result<String, ExportError> {
    let found = store.tenant_by_slug(slug).await?;
    let (scope, tenant) = found.ok_or_else(|| ExportError::Unknown(slug.clone()))?;
    let tx = store.read(&scope).await?;
    let state = State::load(&tx, &Wanted::everything(users)).await?;
    let settings = state.settings.clone().ok_or_else(|| ExportError::Unknown(slug.clone()))?;
    let mut document = state.document(slug, tenant.profile, &settings);
    if hashes == Hashes::Included {
        put_hashes(&mut document, &state, &tx).await?;
    }
    tx.finish().await?;
    Ok(document.to_yaml()?)
}

async fn put_hashes(document: &mut RealmDocument, state: &State, tx: &TenantRead) -> Result<(), StoreError> {
    for (name, client) in &mut document.clients {
        let known = state.clients.get(name).map(|known| &known.client);
        client.secret_hashes = known.map(|client| secret_hashes(client, tx.now())).unwrap_or_default();
    }
    for (name, user) in &mut document.users {
        let Some(known) = state.users.get(name) else { continue };
        let password = tx.credentials().password_of(known.user.id).await?;
        user.password_hash =
            password.map(|Credential { kind: CredentialKind::Password(phc), .. }| PlainSecret::new(phc));
    }
    Ok(())
}
