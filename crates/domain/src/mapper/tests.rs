use palatine_protocol::claims::{ExtraClaims, RESERVED_CLAIMS, is_reserved};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::user::CustomFieldKind;

fn field(name: &str, writable_by: WritableBy) -> CustomField {
    CustomField {
        name: name.to_owned(),
        kind: CustomFieldKind::String,
        claim: format!("custom_{name}"),
        scope: "profile".to_owned(),
        writable_by,
    }
}

fn rule(claim: &str, source: ClaimSource) -> MapperRule {
    let claim = ClaimPath::parse(claim).unwrap();
    MapperRule::Claim(ClaimRule {
        source,
        claim,
        json_type: None,
        multivalued: false,
        targets: vec![ClaimTarget::AccessToken],
    })
}

fn written(paths: &[(&str, Value)]) -> Value {
    let mut claims = ExtraClaims::new();
    for (path, value) in paths {
        ClaimPath::parse(path).unwrap().write(&mut claims, value.clone());
    }
    Value::Object(claims)
}

#[test]
fn dots_nest_and_escaped_dots_do_not() {
    assert_eq!(written(&[("a.b", json!(1)), ("a.c", json!(2))]), json!({"a": {"b": 1, "c": 2}}));
    assert_eq!(written(&[("a\\.b", json!(1))]), json!({"a.b": 1}));
    assert_eq!(written(&[("a\\\\b", json!(1))]), json!({"a\\b": 1}));
    let uri = "https://example.com/roles";
    assert_eq!(written(&[(uri, json!(1))]), json!({uri: 1}));
    assert_eq!(written(&[("https://example\\.com/roles", json!(1))]), json!({uri: 1}));
}

#[test]
fn what_has_no_members_is_not_written_below() {
    assert_eq!(written(&[("a", json!("text")), ("a.b", json!(1))]), json!({"a": "text"}));
}

#[test]
fn a_path_that_names_nothing_is_refused() {
    for text in ["", ".", "a.", ".a", "a..b", " ", "a\u{7}", "a\\", "a.b.c.d.e.f.g.h.i", &"x".repeat(256)] {
        assert!(ClaimPath::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_value_is_given_its_type_or_is_none() {
    assert_eq!(JsonType::Number.of(&json!("42")), Some(json!(42)));
    assert_eq!(JsonType::Boolean.of(&json!("true")), Some(json!(true)));
    assert_eq!(JsonType::String.of(&json!(7)), Some(json!("7")));
    assert_eq!(JsonType::Json.of(&json!("{\"a\": [1]}")), Some(json!({"a": [1]})));
    for (kind, value) in [
        (JsonType::Number, json!("seven")),
        (JsonType::Number, json!("true")),
        (JsonType::Boolean, json!("yes")),
        (JsonType::Boolean, json!(1)),
        (JsonType::Json, json!("{")),
        (JsonType::Json, json!("null")),
        (JsonType::String, json!(null)),
    ] {
        assert_eq!(kind.of(&value), None, "{kind:?} {value}");
    }
}

#[test]
fn what_users_write_never_becomes_a_claim_that_looks_like_an_admins() {
    let fields = [field("team", WritableBy::User), field("grade", WritableBy::Admin)];
    let of = |name: &str, claim: &str| rule(claim, ClaimSource::UserAttribute(name.to_owned())).check(&fields);
    assert!(matches!(of("team", "department"), Err(MapperError::UserClaimName { .. })));
    assert!(matches!(of("team", "org.custom_team"), Err(MapperError::UserClaimName { .. })));
    assert_eq!(of("team", "custom_team.name"), Ok(()));
    assert_eq!(of("team", "https://example.com/team"), Ok(()));
    assert_eq!(of("grade", "department"), Ok(()));
    assert_eq!(of("gone", "x"), Err(MapperError::UnknownField("gone".to_owned())));
}

#[test]
fn a_mapper_that_writes_nothing_or_too_much_is_refused() {
    let huge = Value::String("x".repeat(MAX_HARDCODED_BYTES));
    for value in [Value::Null, huge] {
        assert_eq!(rule("a", ClaimSource::Hardcoded(value)).check(&[]), Err(MapperError::HardcodedValue));
    }
    let MapperRule::Claim(claim) = rule("a", ClaimSource::Hardcoded(json!(1))) else { panic!("a claim") };
    let nowhere = MapperRule::Claim(ClaimRule { targets: vec![], ..claim });
    assert_eq!(nowhere.check(&[]), Err(MapperError::NoTarget));
}

/// Any spelling of a reserved claim, and of what is below one.
fn reserved_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(RESERVED_CLAIMS.to_vec());
    (name, any::<u64>(), prop::option::of("[a-z.]{1,20}")).prop_map(|(name, capitals, below)| {
        let spelt: String = name
            .chars()
            .enumerate()
            .map(|(at, c)| if capitals >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        below.map_or(spelt.clone(), |below| format!("{spelt}.{below}"))
    })
}

proptest! {
    #[test]
    fn no_mapper_is_taken_for_a_reserved_claim_and_none_that_was_stored_writes_one(text in reserved_path()) {
        let Ok(path) = ClaimPath::parse(&text) else { return Ok(()) };
        let rule = rule(&text, ClaimSource::Hardcoded(json!("root")));
        prop_assert!(matches!(rule.check(&[]), Err(MapperError::ReservedClaim(_))));
        let mut claims = ExtraClaims::new();
        path.write(&mut claims, json!("root"));
        prop_assert!(claims.is_empty());
    }

    #[test]
    fn whatever_is_written_no_reserved_claim_changes(
        paths in prop::collection::vec("[a-z_.\\\\]{1,24}|(realm_access|sub|roles|aud)(\\.[a-z]{1,5}){0,2}", 1..8),
    ) {
        let before: ExtraClaims = RESERVED_CLAIMS.iter().map(|name| ((*name).to_owned(), json!({"kept": true}))).collect();
        let mut claims = before.clone();
        for path in paths.iter().filter_map(|text| ClaimPath::parse(text).ok()) {
            path.write(&mut claims, json!("written"));
        }
        let kept: ExtraClaims = claims.into_iter().filter(|(name, _)| is_reserved(name)).collect();
        prop_assert_eq!(kept, before);
    }

    #[test]
    fn a_path_is_read_as_it_was_written_down(text in "\\PC{1,40}") {
        let Ok(path) = ClaimPath::parse(&text) else { return Ok(()) };
        prop_assert_eq!(ClaimPath::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn a_custom_field_never_has_a_reserved_claim(text in reserved_path(), by_user in any::<bool>()) {
        let writable_by = if by_user { WritableBy::User } else { WritableBy::Admin };
        let name = text.split('.').next().unwrap_or_default().to_owned();
        let declared = CustomField { claim: name, ..field("f", writable_by) };
        prop_assert!(declared.check().is_err());
    }
}
