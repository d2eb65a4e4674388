//! Makes a person, with or without a password. It needs `users:write`, and every right the person gets.

use palatine_authn::HashPool;
use palatine_domain::SecretText;
use palatine_domain::admin::Permission;
use serde_json::Value;

use super::password::hashed;
use crate::access::Caller;
use crate::ops::error::OpError;
use crate::ops::object::{self, Object, Versioned};

/// Makes a person from their part of the realm document, with their `username`, and `password` if they are to have one.
pub async fn create(caller: &Caller, hashing: &HashPool, mut body: Value) -> Result<Versioned, OpError> {
    let member = |body: &Value, name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let username = member(&body, "username")
        .ok_or_else(|| OpError::invalid("/username", "a person needs a name to sign in with"))?;
    let email = member(&body, "email");
    let password = body.as_object_mut().and_then(|members| members.remove("password"));
    let phc = match password {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            // Nobody makes us hash who may not make anybody.
            let (_, tx) = caller.read(Permission::UsersWrite).await?;
            tx.finish().await?;
            let names: Vec<&str> = std::iter::once(username.as_str()).chain(email.as_deref()).collect();
            Some(hashed(caller, hashing, SecretText::new(text), &names).await?)
        }
        Some(_) => return Err(OpError::invalid("/password", "this must be text")),
    };
    object::create_with(caller, &Object::NewUser(username), body, phc).await
}
