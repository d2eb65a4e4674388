//! What people type into the form of their own profile.

use std::collections::BTreeMap;

use palatine_domain::profile::{LONGEST_URL_CHARS, ProfileEdit, ProfileField, TypedProfile};
use palatine_domain::user::{CustomField, User};
use palatine_domain::{Ambient, Instant};
use palatine_protocol::params::Params;
use serde_json::json;

/// What the realm lets people write, and what it does not.
fn fields() -> Vec<CustomField> {
    let field = |name: &str, kind: serde_json::Value, by: &str| {
        let mut field = json!({"name": name, "claim": format!("custom_{name}"), "scope": "profile", "writable_by": by});
        let members = field.as_object_mut().expect("an object");
        members.extend(kind.as_object().expect("an object").clone());
        serde_json::from_value(field).expect("a field")
    };
    vec![
        field("team", json!({"type": "enum", "values": ["red", "blue"]}), "user"),
        field("motto", json!({"type": "string"}), "user"),
        field("age", json!({"type": "number"}), "user"),
        field("news", json!({"type": "boolean"}), "user"),
        field("badge", json!({"type": "number"}), "admin"),
    ]
}

fn person() -> User {
    User {
        id: Ambient::system().id(),
        subject: "ada".into(),
        enabled: true,
        username: "ada".into(),
        email: None,
        email_verified: false,
        profile: palatine_domain::user::UserProfile { name: Some("Ada Byron".into()), ..Default::default() },
        custom: BTreeMap::from([("badge".into(), 7.into())]),
        created_at: Instant::EPOCH,
        updated_at: Instant::EPOCH,
    }
}

/// What is taken is short, has no control characters, leads to no script, is told as changed if it is, leaves what is
/// not the person's alone, and is the same when it is sent again.
pub(crate) fn form(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let (person, fields) = (person(), fields());
    let typed_in = |name: &str| params.one(name).ok().flatten().map(str::to_owned);
    let standard = ProfileField::ALL.iter().filter_map(|field| Some((*field, typed_in(field.as_str())?))).collect();
    let custom = fields.iter().filter_map(|field| Some((field.name.clone(), typed_in(&field.name)?))).collect();
    let typed = TypedProfile { standard, custom };
    let Ok(edited) = ProfileEdit::new(&person, &fields).take(&typed) else { return };
    assert_eq!(edited.custom["badge"], 7, "what is the admin's stays");
    for field in ProfileField::ALL {
        let (before, now) = (field.of(&person.profile), field.of(&edited.profile));
        assert_eq!(before != now, edited.changed.iter().any(|name| name == field.as_str()), "{}", field.as_str());
        let Some(now) = now.filter(|_| before != now) else { continue };
        assert!(!now.is_empty() && now.chars().count() <= LONGEST_URL_CHARS);
        assert!(now.chars().all(|character| !character.is_control() || character == '\n'), "{now:?}");
        if matches!(field, ProfileField::Website | ProfileField::Profile | ProfileField::Picture) {
            let url = url::Url::parse(now).expect("a URL");
            assert!(["https", "http"].contains(&url.scheme()), "{now}");
        }
    }
    let after = User { profile: edited.profile, custom: edited.custom, ..person };
    let again = ProfileEdit::new(&after, &fields).take(&typed).expect("what was taken is taken again");
    assert!(again.changed.is_empty(), "{:?}", again.changed);
}
