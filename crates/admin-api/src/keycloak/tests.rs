use palatine_domain::RealmSlug;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;
use crate::document::SourceFile;
use crate::ops::apply::problems_of;

const ACME: &str = include_str!("../../tests/keycloak/acme-realm.json");
const USERS: &str = include_str!("../../tests/keycloak/acme-users-0.json");
const SMALL: &str = include_str!("../../tests/keycloak/small.json");

fn converted(files: &[&str]) -> Conversion {
    convert(files, None).unwrap_or_else(|error| panic!("{error}"))
}

/// The export with one member of the realm changed.
fn with(key: &str, value: Value) -> Conversion {
    let mut export: Value = serde_json::from_str(SMALL).unwrap();
    export[key] = value;
    converted(&[&export.to_string()])
}

/// What the report says of a place.
fn said(conversion: &Conversion, path: &str) -> Vec<String> {
    let about = conversion.report.items.iter().filter(|item| item.paths.iter().any(|place| place == path));
    about.map(|item| format!("{:?} {}: {}", item.weight, item.what, item.why)).collect()
}

fn problems(document: &RealmDocument) -> Vec<String> {
    let yaml = document.to_yaml().unwrap();
    problems_of(&SourceFile::at("realm.yaml", yaml)).iter().map(ToString::to_string).collect()
}

#[test]
fn an_export_becomes_a_document_that_can_be_applied() {
    let conversion = converted(&[ACME, USERS]);
    assert_eq!(problems(&conversion.document), [] as [&str; 0]);
    insta::assert_snapshot!("acme", conversion.document.to_yaml().unwrap());
}

#[test]
fn the_report_says_what_is_not_there_and_what_is_otherwise() {
    let conversion = converted(&[ACME, USERS]);
    insta::assert_snapshot!("acme_report", conversion.report.to_text(3));
}

#[test]
fn the_report_shows_no_secret() {
    let conversion = converted(&[ACME, USERS]);
    let report = format!("{}{:?}", conversion.report.to_text(usize::MAX), conversion.report);
    let shown = format!("{:?}", conversion.document);
    for secret in ["NEVERSHOWN", "shop-secret-of-old", "orders-secret-of-old", "$argon2id", "$pbkdf2"] {
        assert!(!report.contains(secret) && !shown.contains(secret), "{secret}");
    }
}

#[test]
fn files_may_come_in_any_order_and_are_about_one_realm() {
    let document = converted(&[ACME, USERS]).document;
    assert_eq!(converted(&[USERS, ACME]).document, document);
    assert!(document.users.contains_key("finn") && document.users.contains_key("ada"));
    assert!(matches!(convert(&[ACME, SMALL], None), Err(ExportError::SeveralRealms { .. })));
    assert!(matches!(convert(&[ACME, ACME], None), Err(ExportError::NotAnExport(_))));
    let small = SMALL.replace("\"small\"", "\"Acme Shop\"");
    for files in [[&small, ACME], [ACME, &small]] {
        assert!(matches!(convert(&files, None), Err(ExportError::NotAnExport(_))), "nothing of either is forgotten");
    }
    let directory = "{\"realm\":\"Acme Shop\",\"federatedUsers\":[{\"id\":\"x\"}]}";
    assert_eq!(said(&converted(&[ACME, directory]), "federatedUsers").len(), 1);
    assert!(matches!(convert(&[], None), Err(ExportError::NotAnExport(_))));
    for bad in ["", "{", "[]", "3", "{}", "[{},{}]", "{\"realm\":3}"] {
        assert!(convert(&[bad], None).is_err(), "{bad}");
    }
    assert_eq!(converted(&[&format!("[{SMALL}]")]).document.realm, "small");
}

#[test]
fn a_name_that_is_none_here_is_refused_unless_another_is_given() {
    assert_eq!(converted(&[ACME]).document.realm, "acme-shop");
    let master = SMALL.replace("\"small\"", "\"master\"");
    let refusal = convert(&[&master], None).unwrap_err().to_string();
    assert!(refusal.contains("`master`") && refusal.contains("--realm"), "{refusal}");
    let slug = RealmSlug::parse("platform").unwrap();
    assert_eq!(convert(&[&master], Some(&slug)).unwrap().document.realm, "platform");
}

#[test]
fn a_role_with_a_reserved_name_never_makes_an_administrator() {
    let conversion = converted(&[ACME, USERS]);
    assert!(!conversion.document.roles.contains_key("auditor"));
    assert_eq!(conversion.document.users["ada"].roles, ["customer", "orders/editor", "realm-admin"]);
    assert!(said(&conversion, "roles/realm/auditor")[0].contains("reserved"));
    for reserved in palatine_domain::admin::AdminRole::of_system() {
        let users = json!([{ "username": "eve", "realmRoles": [reserved.name()] }]);
        let mut export: Value = serde_json::from_str(SMALL).unwrap();
        export["users"] = users;
        export["roles"] = json!({ "realm": [{ "name": reserved.name() }] });
        let conversion = converted(&[&export.to_string()]);
        assert!(conversion.document.users["eve"].roles.is_empty(), "{reserved:?}");
    }
}

#[test]
fn a_client_is_what_its_flows_and_redirect_uris_say() {
    let kind = |client: Value| {
        let conversion = with("clients", json!([client]));
        let yaml = conversion.document.to_yaml().unwrap();
        assert_eq!(problems(&conversion.document), [] as [&str; 0], "{yaml}");
        let client = conversion.document.clients.into_values().next().unwrap();
        let grants =
            client.grants.map(|grants| grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(" "));
        format!("{:?} {:?} {}", client.kind, client.auth_method, grants.as_deref().unwrap_or("-"))
    };
    let uri = "https://a.example/cb";
    assert_eq!(kind(json!({ "clientId": "a", "secret": "s", "redirectUris": [uri] })), "Web None -");
    assert_eq!(kind(json!({ "clientId": "a", "publicClient": true, "redirectUris": [uri] })), "Spa None -");
    assert_eq!(kind(json!({ "clientId": "a", "publicClient": true, "redirectUris": ["my.app:/cb"] })), "Native None -");
    assert_eq!(
        kind(json!({ "clientId": "a", "publicClient": true, "redirectUris": ["http://127.0.0.1/"] })),
        "Native None -"
    );
    assert_eq!(
        kind(json!({ "clientId": "a", "secret": "s", "redirectUris": ["my.app:/cb"] })),
        "Native Some(ClientSecretBasic) -"
    );
    let service =
        json!({ "clientId": "a", "secret": "s", "standardFlowEnabled": false, "serviceAccountsEnabled": true });
    assert_eq!(kind(service), "Service None -");
    assert_eq!(kind(json!({ "clientId": "a", "bearerOnly": true })), "Service None ");
    let implicit = json!({ "clientId": "a", "publicClient": true, "implicitFlowEnabled": true, "redirectUris": [uri] });
    assert_eq!(kind(implicit), "Spa None authorization_code refresh_token implicit");
    let nowhere =
        json!({ "clientId": "a", "publicClient": true, "redirectUris": ["*"], "directAccessGrantsEnabled": true });
    assert_eq!(kind(nowhere), "Spa None refresh_token password");
}

#[test]
fn an_attribute_becomes_a_field_that_no_scope_of_a_client_releases() {
    let users = json!([
        { "username": "ada", "attributes": { "roles": ["x"], "imported_1_roles": ["y"], "a.b": ["1"], "a_b": ["2"] } },
        { "username": "ben", "attributes": { "locale": ["de"], "street": ["Way 1"], "phoneNumberVerified": ["true"] } },
    ]);
    let conversion = with("users", users);
    assert_eq!(problems(&conversion.document), [] as [&str; 0]);
    let fields = &conversion.document.custom_fields;
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["a_b", "a_b_2", "imported_1_roles", "roles"]);
    assert!(fields.values().all(|field| field.scope.as_deref() == Some("imported_attributes")));
    assert_eq!(fields["roles"].claim.as_deref(), Some("imported_2_roles"));
    assert!(
        conversion
            .document
            .clients
            .values()
            .all(|client| !client.scopes.default.contains(&"imported_attributes".into()))
    );
    let ben = &conversion.document.users["ben"];
    assert!(ben.custom.is_empty());
    assert_eq!(ben.profile.address.as_ref().unwrap()["street_address"], "Way 1");
    assert_eq!((ben.profile.locale.as_deref(), ben.profile.phone_number_verified), (Some("de"), Some(true)));
}

#[test]
fn one_name_belongs_to_one_person() {
    let users = json!([
        { "username": "ada", "email": "ben", "id": "one" },
        { "username": "Ben", "email": "ada@acme.example", "id": "one" },
        { "username": "ADA", "id": "app" },
        { "username": "cleo", "email": "Ada@acme.example", "id": "app" },
        { "username": "a\u{7}b" },
        { "email": "nobody@acme.example" },
        "not a user",
    ]);
    let conversion = with("users", users);
    assert_eq!(problems(&conversion.document), [] as [&str; 0]);
    let users = &conversion.document.users;
    assert_eq!(users.keys().collect::<Vec<_>>(), ["Ben", "ada", "cleo"]);
    assert_eq!((users["ada"].email.as_ref(), users["cleo"].email.as_ref()), (None, None));
    let subjects: Vec<_> = users.values().map(|user| user.subject.as_deref()).collect();
    assert_eq!(subjects, [None, Some("one"), None], "the first has it, and `app` is a client");
}

#[test]
fn roles_that_hold_each_other_are_untied() {
    let role = |name: &str, holds: &[&str]| json!({ "name": name, "composites": { "realm": holds } });
    let roles = json!({ "realm": [role("a", &["b", "a"]), role("b", &["c"]), role("c", &["a", "d"]), role("d", &[])] });
    let conversion = with("roles", roles);
    assert_eq!(problems(&conversion.document), [] as [&str; 0]);
    let composites: Vec<_> = conversion.document.roles.values().map(|role| role.composites.concat()).collect();
    assert_eq!(composites, ["b", "c", "d", ""]);
    assert_eq!(said(&conversion, "roles/c"), ["Lost that `c` brings `a` along: a role cannot hold itself"]);
}

#[test]
fn a_password_that_cannot_be_used_is_said_so() {
    let credential = |data: Value, secret: Value| json!({ "type": "password", "credentialData": data.to_string(), "secretData": secret.to_string() });
    let good = json!({ "value": "AAAAAAAAAAAAAAAAAAAAAA==", "salt": "AAAAAAAAAAAAAAAAAAAAAA==" });
    for (credential, words) in [
        (credential(json!({ "algorithm": "scrypt" }), good.clone()), "`scrypt`, which is not known"),
        (credential(json!({ "algorithm": "pbkdf2-sha256" }), good.clone()), "no number of iterations"),
        (
            credential(json!({ "algorithm": "pbkdf2-sha256", "hashIterations": 99_999_999 }), good.clone()),
            "from 1 to 10000000",
        ),
        (
            credential(json!({ "algorithm": "pbkdf2-sha256", "hashIterations": 1 }), json!({ "salt": "*" })),
            "not in base64",
        ),
        (credential(json!({ "algorithm": "argon2", "hashIterations": 1 }), good.clone()), "which argon2"),
        (credential(json!({ "algorithm": "bcrypt" }), json!({ "value": "hunter2" })), "none of argon2"),
        (json!({ "type": "password" }), "is missing"),
        (json!({ "type": "password", "value": "password" }), "easy to guess"),
        (json!({ "type": "password", "hashedSaltedValue": "A", "algorithm": "pbkdf2" }), "is missing"),
    ] {
        let conversion = with("users", json!([{ "username": "ada", "credentials": [credential] }]));
        let ada = &conversion.document.users["ada"];
        assert!(ada.password_hash.is_none() && ada.initial_password.is_none());
        let said = said(&conversion, "users/ada/credentials/0").concat();
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
    let bcrypt = "$2a$10$QF0pQPneIhEx.w/kiSqRAeUKZPrU8GDCivrNMUHjWYXj0LFq1DjY6";
    let kept = credential(json!({ "algorithm": "bcrypt", "hashIterations": 10 }), json!({ "value": bcrypt }));
    let conversion = with("users", json!([{ "username": "ada", "credentials": [kept] }]));
    assert!(conversion.document.users["ada"].password_hash.is_some());
}

#[test]
fn what_a_terminal_would_obey_is_shown_as_what_it_is() {
    let conversion =
        with("users", json!([{ "username": "a\u{1b}[2J\u{202e}b", "credentials": [{ "type": "\u{7}" }] }]));
    let text = conversion.report.to_text(10);
    assert!(text.contains("\\u{1b}[2J") && !text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
    let long = with("x".repeat(5_000).as_str(), json!(1));
    assert!(long.report.to_text(10).lines().all(|line| line.chars().count() < 700));
}

/// JSON that somebody might put anywhere.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "acme",
        "a/b",
        "*",
        "+",
        "-",
        "##",
        "openid-connect",
        "saml",
        "true",
        "0",
        "-1",
        "99999999999999999999",
        "https://a.example/cb",
        "javascript:x",
        "my.app:/cb",
        "realm-admin",
        "orders",
        "shop",
        "profile",
        "groups",
        "default-roles-acme shop",
        "\u{0}",
        "é🦀",
        "palatine-x",
        "admin:read",
        "client-jwt",
        "${x}",
        "a b",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (300..3_000_usize).prop_map(|length| Value::from("x".repeat(length))),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map("[a-zA-Z]{1,8}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

/// Every place of a value, by the steps to it.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| places(item, &format!("{at}/{number}"), found));
        }
        Value::Object(members) => {
            let escaped = |key: &String| key.replace('~', "~0").replace('/', "~1");
            members.iter().for_each(|(key, member)| places(member, &format!("{at}/{}", escaped(key)), found));
        }
        _ => {}
    }
}

/// Whatever an export holds, what it becomes can be written, read and applied.
fn check(export: &str) {
    let slug = RealmSlug::parse("acme").unwrap();
    let Ok(conversion) = convert(&[export], Some(&slug)) else { return };
    let yaml = conversion.document.to_yaml().unwrap();
    assert_eq!(problems(&conversion.document), [] as [&str; 0], "{yaml}");
    assert!(!conversion.report.to_text(3).contains('\u{0}'));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_an_export_makes_a_document_that_cannot_be_applied(
        changes in proptest::collection::vec((any::<Index>(), anything(), any::<bool>(), any::<Index>()), 1..6),
    ) {
        let mut export: Value = serde_json::from_str(ACME).unwrap();
        for (place, value, copies, from) in changes {
            let mut found = Vec::new();
            places(&export, "", &mut found);
            let value = if copies { export.pointer(from.get(&found).as_str()).cloned().unwrap_or(value) } else { value };
            if let Some(at) = export.pointer_mut(place.get(&found).as_str()) {
                *at = value;
            }
        }
        check(&export.to_string());
    }

    #[test]
    fn no_json_makes_the_converter_fail(mut export in anything(), sections in proptest::collection::vec(anything(), 6)) {
        if let Value::Object(members) = &mut export {
            members.insert("realm".to_owned(), "acme".into());
            let keys = ["users", "clients", "roles", "groups", "clientScopes", "components"];
            members.extend(keys.map(str::to_owned).into_iter().zip(sections));
        }
        check(&export.to_string());
    }
}
