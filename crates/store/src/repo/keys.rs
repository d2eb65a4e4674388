//! Data keys and signing keys of a realm.

use palatine_domain::Instant;
use palatine_domain::ids::{DataKeyId, RowId as _, SigningKeyId};
use palatine_domain::key::{DataKey, MasterKeyId, Retirement, SigningKey};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, UpdateMany};

use super::row::{Row, word_of};
use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::{data_keys, signing_keys};
use crate::scope::ReadWrite;

repository! {
    /// The realm's keys: data keys that seal, signing keys that sign.
    Keys, keys
}

impl<A> Keys<'_, A> {
    /// Data keys, oldest generation first.
    pub async fn data_keys(&self) -> Result<Vec<DataKey>, StoreError> {
        let rows = self.tx.rows::<data_keys::Entity>().order_by_asc(data_keys::Column::Generation);
        Ok(rows.all(self.tx.conn()).await?.into_iter().map(data_key).collect())
    }

    /// Signing keys that are still good for something, by algorithm and generation.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        use signing_keys::Column::HintsUntil;
        let alive = Condition::any().add(HintsUntil.is_null()).add(HintsUntil.gt(self.tx.now().as_micros()));
        self.load(alive).await
    }

    /// All signing keys that are remembered, those of which only the public half is left too.
    pub async fn all_signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.load(Condition::all()).await
    }

    async fn load(&self, which: Condition) -> Result<Vec<SigningKey>, StoreError> {
        use signing_keys::Column::{Algorithm, Generation};
        let rows = self.tx.rows::<signing_keys::Entity>().filter(which);
        let rows = rows.order_by_asc(Algorithm).order_by_asc(Generation);
        rows.all(self.tx.conn()).await?.into_iter().map(signing_key).collect()
    }
}

impl Keys<'_, ReadWrite> {
    /// Adds a data key as the given generation; `false` if another node's was first.
    pub async fn insert_data_key(&self, key: &DataKey, generation: i32) -> Result<bool, StoreError> {
        let row = data_keys::Model {
            tenant_id: self.tx.tenant_uuid(),
            id: key.id.as_uuid(),
            generation,
            master_key: key.master_key.0,
            wrapped: key.wrapped.clone(),
            created_at: key.created_at.as_micros(),
        };
        self.tx.insert_new(row).await
    }

    /// Adds a signing key; `false` if another node's was first with that algorithm and generation. Touches the
    /// configuration.
    pub async fn insert_signing_key(&self, key: &SigningKey) -> Result<bool, StoreError> {
        let won = self.insert(key).await?;
        Ok(self.touched(won))
    }

    /// The same for a realm that never had a key: no node holds a key ring that would lack it, so that nobody has to
    /// hear of it.
    pub async fn insert_first_signing_key(&self, key: &SigningKey) -> Result<bool, StoreError> {
        self.insert(key).await
    }

    async fn insert(&self, key: &SigningKey) -> Result<bool, StoreError> {
        let micros = |instant: fn(&Retirement) -> Instant| key.retirement.as_ref().map(|end| instant(end).as_micros());
        let row = signing_keys::Model {
            tenant_id: self.tx.tenant_uuid(),
            id: key.id.as_uuid(),
            kid: key.kid.clone(),
            algorithm: word_of(&key.algorithm)?,
            generation: key.generation,
            public_jwk: Document::of(&key.public)?,
            sealed_private: key.sealed_private.clone(),
            created_at: key.created_at.as_micros(),
            active_from: key.active_from.as_micros(),
            rotates_at: key.rotates_at.map(Instant::as_micros),
            signs_until: micros(|end| end.signs_until),
            removed_at: micros(|end| end.published_until),
            hints_until: micros(|end| end.hints_until),
        };
        self.tx.insert_new(row).await
    }

    /// Lets a signing key end this way, because it has a successor; `false` if it has one already, or there is none
    /// such. Touches the configuration.
    pub async fn supersede_signing_key(&self, id: SigningKeyId, end: &Retirement) -> Result<bool, StoreError> {
        use signing_keys::Column::{Id, SignsUntil};
        let change = self.ending(Some(end), None).filter(Id.eq(id.as_uuid())).filter(SignsUntil.is_null());
        let superseded = self.tx.run(change).await? == 1;
        Ok(self.touched(superseded))
    }

    /// Takes a signing key out of use from now on and destroys its private half; `false` if it was good for nothing any
    /// more, or there is none such. Touches the configuration.
    pub async fn withdraw_signing_key(&self, id: SigningKeyId) -> Result<bool, StoreError> {
        use signing_keys::Column::{HintsUntil, Id, SealedPrivate};
        let now = self.tx.now();
        let alive = Condition::any().add(HintsUntil.is_null()).add(HintsUntil.gt(now.as_micros()));
        let change = self
            .ending(Some(&Retirement::at_once(now)), None)
            .col_expr(SealedPrivate, Expr::value(Vec::<u8>::new()))
            .filter(Id.eq(id.as_uuid()))
            .filter(alive);
        let withdrawn = self.tx.run(change).await? == 1;
        Ok(self.touched(withdrawn))
    }

    /// Lets a signing key go on whose successor was withdrawn before it signed: it is due for another at `rotates_at`.
    /// `false` if its end has begun, or there is none such. Touches the configuration.
    pub async fn reinstate_signing_key(&self, id: SigningKeyId, rotates_at: Instant) -> Result<bool, StoreError> {
        use signing_keys::Column::{Id, SignsUntil};
        let change = self
            .ending(None, Some(rotates_at))
            .filter(Id.eq(id.as_uuid()))
            .filter(SignsUntil.gt(self.tx.now().as_micros()));
        let reinstated = self.tx.run(change).await? == 1;
        Ok(self.touched(reinstated))
    }

    /// Lets a signing key that is published ahead sign from now on; `false` if its time has come already, or there is
    /// none such. Touches the configuration.
    pub async fn promote_signing_key(&self, id: SigningKeyId) -> Result<bool, StoreError> {
        use signing_keys::Column::{ActiveFrom, Id};
        let now = self.tx.now().as_micros();
        let change = self
            .tx
            .update::<signing_keys::Entity>()
            .col_expr(ActiveFrom, Expr::value(now))
            .filter(Id.eq(id.as_uuid()))
            .filter(ActiveFrom.gt(now));
        let promoted = self.tx.run(change).await? == 1;
        Ok(self.touched(promoted))
    }

    /// The statement that gives signing keys this end, or none, and makes them due for a successor then, or not at all.
    fn ending(&self, end: Option<&Retirement>, rotates_at: Option<Instant>) -> UpdateMany<signing_keys::Entity> {
        use signing_keys::Column::{HintsUntil, RemovedAt, RotatesAt, SignsUntil};
        let micros = |instant: fn(&Retirement) -> Instant| Expr::value(end.map(|end| instant(end).as_micros()));
        self.tx
            .update::<signing_keys::Entity>()
            .col_expr(RotatesAt, Expr::value(rotates_at.map(Instant::as_micros)))
            .col_expr(SignsUntil, micros(|end| end.signs_until))
            .col_expr(RemovedAt, micros(|end| end.published_until))
            .col_expr(HintsUntil, micros(|end| end.hints_until))
    }

    fn touched(&self, changed: bool) -> bool {
        if changed {
            self.tx.touch_configuration();
        }
        changed
    }
}

fn data_key(row: data_keys::Model) -> DataKey {
    DataKey {
        id: DataKeyId::from_uuid(row.id),
        master_key: MasterKeyId(row.master_key),
        wrapped: row.wrapped,
        created_at: Instant::from_micros(row.created_at),
    }
}

fn signing_key(stored: signing_keys::Model) -> Result<SigningKey, StoreError> {
    let row = Row::of("signing_keys", stored.id);
    let retirement = match (stored.signs_until, stored.removed_at, stored.hints_until) {
        (None, None, None) => None,
        (Some(signs), Some(published), Some(hints)) => Some(Retirement {
            signs_until: Instant::from_micros(signs),
            published_until: Instant::from_micros(published),
            hints_until: Instant::from_micros(hints),
        }),
        _ => return Err(row.corrupt("signs_until")),
    };
    Ok(SigningKey {
        id: SigningKeyId::from_uuid(stored.id),
        algorithm: row.word("algorithm", stored.algorithm)?,
        public: row.document("public_jwk", &stored.public_jwk)?,
        kid: stored.kid,
        generation: stored.generation,
        sealed_private: stored.sealed_private,
        created_at: Instant::from_micros(stored.created_at),
        active_from: Instant::from_micros(stored.active_from),
        rotates_at: stored.rotates_at.map(Instant::from_micros),
        retirement,
    })
}
