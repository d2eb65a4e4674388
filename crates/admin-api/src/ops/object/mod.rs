//! The objects of a realm's configuration, and its people: each a part of the realm document, read, made, changed and
//! removed one by one. The dashboard, the JSON API and `palatine apply` change the same thing by the same engine.
//!
//! A change is a JSON merge patch (RFC 7396) onto the object's document; what results is compared with the realm and
//! written in one transaction, in which the caller's rights and the version that they saw are checked, too.

mod key;
mod version;

use palatine_domain::audit::AuditKind;
use palatine_realm::Realm;
use palatine_store::{TenantTx, TenantWrite};
use serde_json::{Value, json};

use crate::access::{About, AdminActor, Caller};
use crate::document::{RealmDocument, SourcedDocument};
use crate::engine::change::Change;
use crate::engine::hashes::Hashes;
use crate::engine::run::{Work, audited, told};
use crate::engine::state::State;
use crate::engine::{Extent, check, export, write};
use crate::ops::error::OpError;

pub use key::{Object, SettingsPart, typed as typed_body};
pub use version::{ETag, Expected};

/// An object, as it is now.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// Its part of the realm document, with what is only to be read beside it.
    pub view: Value,
    /// The version of what the view shows.
    pub etag: ETag,
}

impl Versioned {
    fn of(view: Value) -> Self {
        Self { etag: ETag::of(&view), view }
    }
}

/// Reads an object. It needs the read permission of its kind.
pub async fn read(caller: &Caller, object: &Object) -> Result<Versioned, OpError> {
    let (_, tx) = caller.read(object.read_permission()).await?;
    let state = load(&tx, object).await?.ok_or(OpError::NotFound)?;
    tx.finish().await?;
    object.view(&state).map(Versioned::of).ok_or(OpError::NotFound)
}

/// Makes an object. It needs the write permission of its kind, and every right that the object would have.
pub async fn create(caller: &Caller, object: &Object, body: Value) -> Result<Versioned, OpError> {
    create_with(caller, object, Wish { body, password: None }).await
}

/// Makes an object; a person with a password that is hashed already.
pub(crate) async fn create_with(caller: &Caller, object: &Object, wish: Wish) -> Result<Versioned, OpError> {
    let (actor, tx) = caller.write(object.write_permission()).await?;
    let made = create_in(caller.realm(), &actor, &tx, object, wish).await?;
    tx.commit().await?;
    Ok(made)
}

/// Makes an object in a transaction that locked the realm. After an error nothing of the transaction may be committed.
pub(crate) async fn create_in(
    realm: &Realm,
    actor: &AdminActor,
    tx: &TenantWrite,
    object: &Object,
    wish: Wish,
) -> Result<Versioned, OpError> {
    let state = State::load(tx, &object.wanted(tx).await?).await?;
    if object.view(&state).is_some() {
        return Err(OpError::Conflict(format!("there is a {} of this name already", object.what().as_str())));
    }
    put(realm, actor, tx, object, &state, wish).await
}

/// Changes an object by a merge patch. It needs the write permission of its kind, and every right that the object has or
/// would get.
pub async fn patch(caller: &Caller, object: &Object, expected: &Expected, patch: &Value) -> Result<Versioned, OpError> {
    let (actor, tx) = caller.write(object.write_permission()).await?;
    let state = load(&tx, object).await?.ok_or(OpError::NotFound)?;
    let view = object.view(&state).ok_or(OpError::NotFound)?;
    expected.check(&ETag::of(&view))?;
    let mut body = object.editable(&state).ok_or(OpError::NotFound)?;
    merge(&mut body, patch);
    let after = put(caller.realm(), &actor, &tx, object, &state, Wish { body, password: None }).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes an object with all that is its own. It needs the write permission of its kind, and every right it has.
pub async fn delete(caller: &Caller, object: &Object, expected: &Expected) -> Result<(), OpError> {
    let (actor, tx) = caller.write(object.write_permission()).await?;
    let state = load(&tx, object).await?.ok_or(OpError::NotFound)?;
    let view = object.view(&state).ok_or(OpError::NotFound)?;
    expected.check(&ETag::of(&view))?;
    let op = object.removal(&state)?;
    actor.guard().check(&state, std::iter::once(&op))?;
    write::run(&tx, &op).await?;
    let change = Change::removed(object.what(), object.name(&state));
    let changes = told(vec![change], &state, &State::default());
    record(&actor, &tx, object, object.about(&state), &changes).await?;
    tx.commit().await?;
    Ok(())
}

async fn load<A>(tx: &TenantTx<A>, object: &Object) -> Result<Option<State>, OpError> {
    let state = State::load(tx, &object.wanted(tx).await?).await?;
    Ok(object.view(&state).is_some().then_some(state))
}

/// What an object is to be.
pub(crate) struct Wish {
    /// Its part of the realm document.
    pub(crate) body: Value,
    /// The hash of a new person's password.
    pub(crate) password: Option<String>,
}

/// Makes the object what the wish says, in the transaction in which the state was read.
async fn put(
    realm: &Realm,
    actor: &AdminActor,
    tx: &TenantWrite,
    object: &Object,
    state: &State,
    wish: Wish,
) -> Result<Versioned, OpError> {
    let settings = state.settings.as_ref().ok_or(OpError::NotFound)?;
    let mut document: RealmDocument = export::of_settings(realm.slug(), realm.profile(), settings);
    object.put(&mut document, wish.body)?;
    let source = SourcedDocument::of_request(document);
    let mut desired = check::check(&source).map_err(|problems| OpError::of_problems(problems, object.depth()))?;
    object.identify(&mut desired);
    let hashes = Hashes::of_none(&desired, state).with_password(&mut desired, wish.password);
    let (extent, ambient, guard) = (Extent::OBJECT, realm.ambient(), actor.guard());
    let work = Work { source: &source, desired: &desired, hashes: &hashes, extent, ambient, guard };
    let changes = work.run(tx, state).await.map_err(|error| OpError::of_run(error, object.depth()))?;
    let after = load(tx, &object.renamed(&desired)).await?.ok_or(OpError::NotFound)?;
    if !changes.is_empty() {
        record(actor, tx, object, object.about(&after), &changes).await?;
    }
    object.renamed(&desired).view(&after).map(Versioned::of).ok_or(OpError::NotFound)
}

async fn record(
    actor: &AdminActor,
    tx: &TenantWrite,
    object: &Object,
    about: About,
    changes: &[Change],
) -> Result<(), OpError> {
    let kind = match object {
        Object::User(_) | Object::NewUser(_) => AuditKind::UserChanged,
        Object::Settings(_) | Object::Client(_) | Object::Api(_) | Object::Scope(_) | Object::Role(_) => {
            AuditKind::ConfigurationChanged
        }
    };
    Ok(actor.audit(tx, kind, about, json!({ "changes": audited(changes) })).await?)
}

/// A JSON merge patch (RFC 7396, section 2).
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_does_what_its_specification_shows() {
        for (target, patch, result) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [1, 2] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            let mut merged = target;
            merge(&mut merged, &patch);
            assert_eq!(merged, result);
        }
    }
}
