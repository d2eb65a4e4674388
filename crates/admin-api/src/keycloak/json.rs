//! Reading JSON member by member, so that what nobody read is known.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::report::Notes;

/// An object without members.
static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// An object of the export on its way through the converter.
pub(super) struct Object<'a> {
    notes: &'a Notes,
    path: String,
    members: &'a Map<String, Value>,
    read: BTreeSet<&'a str>,
}

impl<'a> Object<'a> {
    /// The export itself.
    pub(super) fn root(notes: &'a Notes, members: &'a Map<String, Value>) -> Self {
        Self { notes, path: String::new(), members, read: BTreeSet::new() }
    }

    /// A value that should be an object; reported if it is none.
    pub(super) fn of(notes: &'a Notes, path: impl Into<String>, value: &'a Value) -> Option<Self> {
        let path = path.into();
        let members = value.as_object();
        if members.is_none() {
            misshapen(notes, &path, "an object");
        }
        members.map(|members| Self { notes, path, members, read: BTreeSet::new() })
    }

    /// An object that may be missing: then it is empty.
    pub(super) fn object_or_empty(&mut self, key: &str) -> Object<'a> {
        let path = self.at(key);
        self.object(key).unwrap_or_else(|| Object { notes: self.notes, path, members: &NOTHING, read: BTreeSet::new() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Names its place better than by a number.
    pub(super) fn name(&mut self, path: String) {
        self.path = path;
    }

    /// Where one of its members is.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}/{key}", self.path) }
    }

    /// A member; `None` if it is not there, or null.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Value> {
        let (key, value) = self.members.get_key_value(key)?;
        self.read.insert(key);
        Some(value).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = self.take(key)?;
        self.expect(key, "a text", value.as_str())
    }

    /// A text that says something.
    pub(super) fn words(&mut self, key: &str) -> Option<&'a str> {
        self.text(key).map(str::trim).filter(|text| !text.is_empty())
    }

    /// True or false, which some members spell as texts.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.as_bool().or(match value.as_str() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        });
        self.expect(key, "true or false", flag)
    }

    /// A whole number, which some members spell as texts.
    pub(super) fn number(&mut self, key: &str) -> Option<i64> {
        let value = self.take(key)?;
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        self.expect(key, "a whole number", number)
    }

    /// A list; empty if it is not there.
    pub(super) fn list(&mut self, key: &str) -> &'a [Value] {
        let Some(value) = self.take(key) else { return &[] };
        self.expect(key, "a list", value.as_array()).map_or(&[], Vec::as_slice)
    }

    /// The objects of a list, each with its place.
    pub(super) fn objects(&mut self, key: &str) -> Vec<Object<'a>> {
        let list = self.list(key);
        let at = self.at(key);
        list.iter()
            .enumerate()
            .filter_map(|(number, value)| Self::of(self.notes, format!("{at}/{number}"), value))
            .collect()
    }

    /// The texts of a list.
    pub(super) fn texts(&mut self, key: &str) -> Vec<&'a str> {
        let list = self.list(key);
        let texts = list
            .iter()
            .enumerate()
            .filter_map(|(number, value)| self.expect(&format!("{key}/{number}"), "a text", value.as_str()));
        texts.collect()
    }

    /// An object.
    pub(super) fn object(&mut self, key: &str) -> Option<Object<'a>> {
        let value = self.take(key)?;
        Self::of(self.notes, self.at(key), value)
    }

    /// An object whose keys are names, as lists of texts by name.
    pub(super) fn lists_by_name(&mut self, key: &str) -> Vec<(&'a str, Vec<&'a str>)> {
        let Some(mut object) = self.object(key) else { return Vec::new() };
        let names: Vec<&'a str> = object.members.keys().map(String::as_str).collect();
        names.into_iter().map(|name| (name, object.texts(name))).collect()
    }

    /// The names of its members that nobody has read yet.
    pub(super) fn unread(&self) -> Vec<&'a str> {
        self.members.keys().map(String::as_str).filter(|key| !self.read.contains(key)).collect()
    }

    /// Members that mean nothing outside Keycloak: identifiers of rows and the like.
    pub(super) fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(key);
        }
    }

    /// A member without a counterpart: reported if it says something.
    pub(super) fn no_counterpart(&mut self, key: &str, what: &str, why: &str, todo: &str) {
        if self.take(key).is_some_and(says_something) {
            self.notes.lost(&self.at(key), what, why, todo);
        }
    }

    /// A member that is left out and not missed: said if it says something.
    pub(super) fn needless(&mut self, key: &str, what: &str, why: &str) {
        if self.take(key).is_some_and(says_something) {
            self.notes.left_out(&self.at(key), what, why);
        }
    }

    /// Reports what nobody has read.
    pub(super) fn finish(self) {
        for key in self.unread() {
            if self.members.get(key).is_some_and(says_something) {
                let todo = "Look at what it does in Keycloak, and whether anybody relies on it.";
                self.notes.lost(&self.at(key), format!("the member `{key}`"), "it is not known here", todo);
            }
        }
    }

    fn expect<T>(&self, key: &str, shape: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            misshapen(self.notes, &self.at(key), shape);
        }
        value
    }
}

fn misshapen(notes: &Notes, path: &str, shape: &str) {
    let todo = "Look at this place in the export; Keycloak does not write it so.";
    notes.lost(path, format!("something that is not {shape}"), "its shape is not that of an export", todo);
}

/// Whether a value says anything: `false`, `0`, `""`, `"false"` and what is empty say nothing.
pub(super) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.trim(), "" | "false" | "0" | "-1"),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
    }
}
