//! Two documents, compared member by member: what a dry run shows and the audit log keeps.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One member that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// Where: a JSON pointer (RFC 6901) into the object's part of the realm document.
    pub at: String,
    /// What stood there; left out if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands there now; left out if nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What differs, in the documents' order. Nothing, an empty list and an empty map are the same.
pub(crate) fn difference(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", said(before), said(after), &mut found);
    found
}

/// A value that says something.
fn said(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    })
}

fn compare(at: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let empty = Map::new();
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => members(at, old, new, found),
        (Some(Value::Object(old)), None) if at.is_empty() => members(at, old, &empty, found),
        (None, Some(Value::Object(new))) if at.is_empty() => members(at, &empty, new, found),
        _ => found.push(Difference { at: at.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

fn members(at: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Difference>) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        compare(&below(at, key), said(old.get(key)), said(new.get(key)), found);
    }
}

/// One level deeper (RFC 6901, section 3).
pub(crate) fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_differ_are_told_with_their_place() {
        let before = json!({ "a": 1, "b": { "c/d": true, "e": [] }, "f": "x" });
        let after = json!({ "a": 1, "b": { "c/d": false }, "g": ["y"], "h": null });
        let found = difference(Some(&before), Some(&after));
        let at: Vec<&str> = found.iter().map(|one| one.at.as_str()).collect();
        assert_eq!(at, ["/b/c~1d", "/f", "/g"]);
        assert_eq!(found[1], Difference { at: "/f".into(), before: Some(json!("x")), after: None });
    }

    #[test]
    fn an_object_that_came_or_went_is_told_member_by_member() {
        let object = json!({ "a": 1, "b": [] });
        assert_eq!(
            difference(None, Some(&object)),
            [Difference { at: "/a".into(), before: None, after: Some(json!(1)) }]
        );
        assert_eq!(difference(Some(&object), None).len(), 1);
        assert!(difference(Some(&object), Some(&json!({ "a": 1 }))).is_empty());
    }
}
