//! Secrets of clients: up to ten live ones, any of which matches.

use std::collections::HashMap;

use palatine_domain::client::{ClientSecret, MAX_IMPORTED_SECRETS, MAX_SECRETS, SecretVerifier};
use palatine_domain::ids::{ClientKey, ClientSecretId, RowId as _};
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::clients::Clients;
use super::row::Row;
use crate::StoreError;
use crate::entities::client_secrets::{Column, Entity, Model};
use crate::scope::{ReadWrite, TenantTx};

impl Clients<'_, ReadWrite> {
    /// Adds a secret; `false` if there is no such client. `Conflict("secrets")` beyond [`MAX_SECRETS`] live ones,
    /// `Conflict("imported secrets")` beyond [`MAX_IMPORTED_SECRETS`]; nothing is written then.
    pub async fn add_secret(&self, key: ClientKey, secret: &ClientSecret) -> Result<bool, StoreError> {
        // The lock on the client's row makes two additions count one after the other.
        if !self.mark_changed(key).await? {
            return Ok(false);
        }
        let mut secrets = of_clients(self.tx, &[key.as_uuid()]).await?.remove(&key.as_uuid()).unwrap_or_default();
        secrets.retain(|secret| secret.is_live(self.tx.now()));
        if secrets.len() >= MAX_SECRETS {
            return Err(StoreError::Conflict { what: "secrets" });
        }
        let imported = |secret: &ClientSecret| matches!(secret.verifier, SecretVerifier::Argon2id(_));
        if imported(secret) && secrets.iter().filter(|secret| imported(secret)).count() >= MAX_IMPORTED_SECRETS {
            return Err(StoreError::Conflict { what: "imported secrets" });
        }
        if self.tx.insert_many_new(rows(self.tx, key, std::slice::from_ref(secret))).await? == 1 {
            Ok(true)
        } else {
            Err(StoreError::Conflict { what: "secret" })
        }
    }

    /// Removes a secret; `false` if there is none such.
    pub async fn remove_secret(&self, id: ClientSecretId) -> Result<bool, StoreError> {
        let removed = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if removed {
            self.tx.touch_configuration();
        }
        Ok(removed)
    }

    /// Notes a secret's use, if it is later than the last one noted; `false` if nothing changed. Does not touch the
    /// configuration: caches need not learn of it.
    pub async fn touch_secret(&self, id: ClientSecretId, at: Instant) -> Result<bool, StoreError> {
        let earlier = Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lt(at.as_micros()));
        let touch = self
            .tx
            .update::<Entity>()
            .col_expr(Column::LastUsedAt, Expr::value(at.as_micros()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(earlier);
        Ok(self.tx.run(touch).await? == 1)
    }
}

/// The secrets of each client, oldest first.
pub(super) async fn of_clients<A>(
    tx: &TenantTx<A>,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ClientSecret>>, StoreError> {
    let rows = tx.rows::<Entity>().filter(Column::ClientKey.is_in(keys.iter().copied()));
    let mut found: HashMap<Uuid, Vec<ClientSecret>> = HashMap::new();
    for row in rows.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(tx.conn()).await? {
        found.entry(row.client_key).or_default().push(client_secret(row)?);
    }
    Ok(found)
}

/// The rows that keep a client's secrets.
pub(super) fn rows(tx: &TenantTx<ReadWrite>, key: ClientKey, secrets: &[ClientSecret]) -> Vec<Model> {
    let row = |secret: &ClientSecret| {
        let (kind, verifier) = match &secret.verifier {
            SecretVerifier::Sha256(hash) => ("sha256", hash.to_hex()),
            SecretVerifier::Argon2id(phc) => ("argon2id", phc.clone()),
        };
        Model {
            tenant_id: tx.tenant_uuid(),
            id: secret.id.as_uuid(),
            client_key: key.as_uuid(),
            label: secret.label.clone(),
            hint: secret.hint.clone(),
            kind: kind.to_owned(),
            verifier,
            created_at: secret.created_at.as_micros(),
            expires_at: secret.expires_at.map(Instant::as_micros),
            last_used_at: secret.last_used_at.map(Instant::as_micros),
        }
    };
    secrets.iter().map(row).collect()
}

fn client_secret(stored: Model) -> Result<ClientSecret, StoreError> {
    let row = Row::of("client_secrets", stored.id);
    let verifier = match stored.kind.as_str() {
        "sha256" => SecretVerifier::Sha256(row.known("verifier", hash_of_hex(&stored.verifier))?),
        "argon2id" => SecretVerifier::Argon2id(stored.verifier),
        _ => return Err(row.corrupt("kind")),
    };
    Ok(ClientSecret {
        id: ClientSecretId::from_uuid(stored.id),
        label: stored.label,
        hint: stored.hint,
        verifier,
        created_at: Instant::from_micros(stored.created_at),
        expires_at: stored.expires_at.map(Instant::from_micros),
        last_used_at: stored.last_used_at.map(Instant::from_micros),
    })
}

/// The way back from [`TokenHash::to_hex`].
fn hash_of_hex(hex: &str) -> Option<TokenHash> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(TokenHash::from_bytes(bytes))
}
