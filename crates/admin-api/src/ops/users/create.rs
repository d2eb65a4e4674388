//! Makes a person, with or without a password. It needs `users:write`, and every right the person gets.

use palatine_authn::{HashPool, imported};
use palatine_domain::SecretText;
use palatine_domain::admin::Permission;
use serde_json::Value;

use super::password::hashed;
use crate::access::Caller;
use crate::ops::error::OpError;
use crate::ops::object::{self, Object, Versioned, Wish};

/// Makes a person from their part of the realm document, with their `username`; and `password`, if they are to have one,
/// or `password_hash`, if another system hashed theirs.
pub async fn create(caller: &Caller, hashing: &HashPool, mut body: Value) -> Result<Versioned, OpError> {
    let email = body.get("email").and_then(Value::as_str).map(str::to_owned);
    let username = named(&body)?;
    let password = body.as_object_mut().and_then(|members| members.remove("password"));
    let mut wish = with_imported_hash(body)?;
    match password {
        None | Some(Value::Null) => {}
        Some(_) if wish.password.is_some() => {
            return Err(OpError::invalid("/password", "give either `password` or `password_hash`"));
        }
        Some(Value::String(text)) => {
            // Nobody makes us hash who may not make anybody.
            let (_, tx) = caller.read(Permission::UsersWrite).await?;
            tx.finish().await?;
            let names: Vec<&str> = std::iter::once(username.as_str()).chain(email.as_deref()).collect();
            wish.password = Some(hashed(caller, hashing, SecretText::new(text), &names).await?);
        }
        Some(_) => return Err(OpError::invalid("/password", "this must be text")),
    }
    object::create_with(caller, &Object::NewUser(username), wish).await
}

/// The name to sign in with.
pub(in crate::ops) fn named(body: &Value) -> Result<String, OpError> {
    let name = body.get("username").and_then(Value::as_str).filter(|name| !name.is_empty());
    let missing = || OpError::invalid("/username", "a person needs a name to sign in with");
    name.map(str::to_owned).ok_or_else(missing)
}

/// Takes `password_hash` out of what a person is to be: what another system made of their password.
pub(in crate::ops) fn with_imported_hash(mut body: Value) -> Result<Wish, OpError> {
    let password = match body.as_object_mut().and_then(|members| members.remove("password_hash")) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let hash = imported::parse(&text);
            Some(hash.map_err(|error| OpError::invalid("/password_hash", error.to_string()))?.as_str().to_owned())
        }
        Some(_) => return Err(OpError::invalid("/password_hash", "this must be text")),
    };
    Ok(Wish { body, password })
}
