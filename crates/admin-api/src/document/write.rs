//! From documents to YAML: only what differs from the defaults, in one order.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    ApiDocument, ClientDocument, CustomFieldDocument, GroupDocument, MapperDocument, RealmDocument, RoleDocument,
    ScopeDocument, UserDocument,
};

/// Why a document cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document cannot be written: {0}")]
pub struct WriteError(String);

/// A document in the order in which people read one; each part without its defaults.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "apiVersion")]
    api_version: Value,
    kind: Value,
    realm: Value,
    #[serde(flatten)]
    head: Map<String, Value>,
    #[serde(skip_serializing_if = "is_empty")]
    custom_fields: Value,
    #[serde(skip_serializing_if = "is_empty")]
    apis: Value,
    #[serde(skip_serializing_if = "is_empty")]
    scopes: Value,
    #[serde(skip_serializing_if = "is_empty")]
    roles: Value,
    #[serde(skip_serializing_if = "is_empty")]
    groups: Value,
    #[serde(skip_serializing_if = "is_empty")]
    clients: Value,
    #[serde(skip_serializing_if = "is_empty")]
    users: Value,
}

impl RealmDocument {
    /// The YAML that is read as an equal document. It holds whatever secrets the document holds.
    ///
    /// # Errors
    ///
    /// A part that has no YAML form: a path of a secret's file that is not Unicode.
    pub fn to_yaml(&self) -> Result<String, WriteError> {
        let Value::Object(mut parts) = value(self)? else { return Err(WriteError("it is no map".to_owned())) };
        let mut take = |key: &str| parts.remove(key).unwrap_or_default();
        let written = Written {
            api_version: take("apiVersion"),
            kind: take("kind"),
            realm: take("realm"),
            custom_fields: self.custom_fields(take("custom_fields"))?,
            apis: each(take("apis"), |_, api| api_of(api))?,
            scopes: each(take("scopes"), |_, scope| scope_of(scope))?,
            roles: each(take("roles"), |_, role| differing(role, &RoleDocument::default()))?,
            groups: each(take("groups"), |_, group| group_of(group))?,
            clients: self.clients(take("clients"))?,
            users: each(take("users"), |_, user| differing(user, &UserDocument::default()))?,
            head: self.head(parts)?,
        };
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        serde_saphyr::to_string_with_options(&written, options).map_err(|error| WriteError(error.to_string()))
    }

    /// Profile, names, branding and policy.
    fn head(&self, parts: Map<String, Value>) -> Result<Map<String, Value>, WriteError> {
        match differing(Value::Object(parts), &Self::new(self.realm.clone()))? {
            Value::Object(head) => Ok(head),
            _ => Ok(Map::new()),
        }
    }

    fn custom_fields(&self, fields: Value) -> Result<Value, WriteError> {
        each(fields, |name, field| match self.custom_fields.get(name) {
            Some(known) => keeping(field, &CustomFieldDocument::of(known.kind), "type"),
            None => Ok(field),
        })
    }

    fn clients(&self, clients: Value) -> Result<Value, WriteError> {
        each(clients, |id, client| {
            let Some(known) = self.clients.get(id) else { return Ok(client) };
            let mut client = keeping(client, &ClientDocument::of(known.kind), "kind")?;
            change(&mut client, "client_roles", |roles| {
                each(roles, |_, role| differing(role, &RoleDocument::default()))
            })?;
            change(&mut client, "mappers", mappers_of)?;
            Ok(client)
        })
    }
}

fn api_of(api: Value) -> Result<Value, WriteError> {
    let mut api = differing(api, &ApiDocument::default())?;
    change(&mut api, "scopes", |scopes| each(scopes, |_, scope| scope_of(scope)))?;
    Ok(api)
}

/// A scope without mappers is its description alone.
fn scope_of(scope: Value) -> Result<Value, WriteError> {
    let mut scope = differing(scope, &ScopeDocument::default())?;
    change(&mut scope, "mappers", mappers_of)?;
    match &mut scope {
        Value::Object(members) if !members.contains_key("mappers") => {
            Ok(members.remove("description").unwrap_or_else(|| Value::String(String::new())))
        }
        _ => Ok(scope),
    }
}

fn group_of(group: Value) -> Result<Value, WriteError> {
    let mut group = differing(group, &GroupDocument::default())?;
    change(&mut group, "groups", |groups| each(groups, |_, group| group_of(group)))?;
    Ok(group)
}

fn mappers_of(mappers: Value) -> Result<Value, WriteError> {
    each(mappers, |_, mapper| {
        let kind = mapper.get("type").cloned().unwrap_or_default();
        let kind = serde_json::from_value(kind).map_err(|error| WriteError(error.to_string()))?;
        keeping(mapper, &MapperDocument::of(kind), "type")
    })
}

fn value<T: Serialize>(part: &T) -> Result<Value, WriteError> {
    serde_json::to_value(part).map_err(|error| WriteError(error.to_string()))
}

/// Each value of a map, by its key.
fn each(map: Value, write: impl Fn(&str, Value) -> Result<Value, WriteError>) -> Result<Value, WriteError> {
    let Value::Object(map) = map else { return Ok(map) };
    let written = map.into_iter().map(|(key, value)| {
        let written = write(&key, value)?;
        Ok((key, written))
    });
    written.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn change(of: &mut Value, key: &str, write: impl Fn(Value) -> Result<Value, WriteError>) -> Result<(), WriteError> {
    if let Some(value) = of.get_mut(key) {
        *value = write(value.take())?;
    }
    Ok(())
}

/// What of it differs from the default, and one key in any case.
fn keeping<T: Serialize>(part: Value, default: &T, key: &str) -> Result<Value, WriteError> {
    let kept = part.get(key).cloned();
    let mut differing = differing(part, default)?;
    if let (Value::Object(members), Some(kept)) = (&mut differing, kept) {
        members.insert(key.to_owned(), kept);
    }
    Ok(differing)
}

fn differing<T: Serialize>(part: Value, default: &T) -> Result<Value, WriteError> {
    Ok(without(part, &value(default)?))
}

/// A map without the members that are as by default, and likewise inside.
fn without(part: Value, default: &Value) -> Value {
    match (part, default) {
        (Value::Object(members), Value::Object(defaults)) => {
            let differs = |(key, member): &(String, Value)| defaults.get(key) != Some(member);
            let inside = |(key, member): (String, Value)| match defaults.get(&key) {
                Some(default) => (key, without(member, default)),
                None => (key, member),
            };
            Value::Object(members.into_iter().filter(differs).map(inside).collect())
        }
        (part, _) => part,
    }
}

fn is_empty(part: &Value) -> bool {
    part.is_null() || part.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests;
