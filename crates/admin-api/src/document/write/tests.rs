use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{SourceFile, read};
use super::*;

fn again(text: &str) -> RealmDocument {
    let mut found = read(&SourceFile::at("realm.yaml", text));
    match found.pop() {
        Some(Ok(source)) => source.document,
        other => panic!("{other:?} in\n{text}"),
    }
}

#[test]
fn a_document_without_anything_is_three_lines() {
    let yaml = RealmDocument::new("acme").to_yaml().unwrap();
    assert_eq!(yaml, "apiVersion: palatine/v1\nkind: Realm\nrealm: acme\n");
}

#[test]
fn only_what_differs_from_the_defaults_is_written_in_one_order() {
    let text = "\
apiVersion: palatine/v1
kind: Realm
realm: acme
users:
  ada: {roles: [clerk], custom: {department: '1', level: 1.0}, initial_password: 'plain:env:x', profile: {name: 'yes'}}
clients:
  shop:
    kind: web
    enabled: true
    redirect_uris: ['https://shop.example/cb']
    web_origins: []
    keys: {jwks: {keys: []}}
    mappers: {m: {type: hardcoded, claim: c, in: [id_token], value: {a: null}}}
    client_roles: {editor: {}, viewer: {description: Looks}}
policy: {lifetimes: {access_token_seconds: 300, code_seconds: 30}}
scopes: {org: Where you work, unit: {description: '', mappers: {g: {type: group_list, claim: g, in: [userinfo]}}}}
roles: {clerk: {}}
groups: {staff: {groups: {board: {roles: [clerk]}}}}
apis: {orders: {scopes: {'orders:read': ''}}}
custom_fields: {department: {type: string}, level: {type: number, claim: level}}
";
    let document = again(text);
    let yaml = document.to_yaml().unwrap();
    assert_eq!(again(&yaml), document);
    insta::assert_snapshot!(yaml, @r#"
    apiVersion: palatine/v1
    kind: Realm
    realm: acme
    policy:
      lifetimes:
        code_seconds: 30
    custom_fields:
      department:
        type: string
      level:
        claim: level
        type: number
    apis:
      orders:
        scopes:
          "orders:read": ""
    scopes:
      org: Where you work
      unit:
        mappers:
          g:
            claim: g
            in:
            - userinfo
            type: group_list
    roles:
      clerk: {}
    groups:
      staff:
        groups:
          board:
            roles:
            - clerk
    clients:
      shop:
        client_roles:
          editor: {}
          viewer:
            description: Looks
        keys:
          jwks:
            keys: []
        kind: web
        mappers:
          m:
            claim: c
            in:
            - id_token
            type: hardcoded
            value:
              a: null
        redirect_uris:
        - https://shop.example/cb
        web_origins: []
    users:
      ada:
        custom:
          department: "1"
          level: 1.0
        initial_password: plain:env:x
        profile:
          name: "yes"
        roles:
        - clerk
    "#);
}

#[test]
fn the_demo_realms_are_read_as_they_were_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/dev");
    for file in std::fs::read_dir(folder).unwrap() {
        let document = again(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        let yaml = document.to_yaml().unwrap();
        assert_eq!(again(&yaml), document);
        assert_eq!(again(&yaml).to_yaml().unwrap(), yaml);
    }
}

/// Text that YAML might take for something else.
fn text() -> impl Strategy<Value = String> {
    let tricky = [
        "",
        "yes",
        "null",
        "~",
        "1",
        "1.0",
        "0x1",
        "-",
        "- a",
        ": ",
        "a: b",
        "#",
        "a #b",
        "'",
        "\"",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%a",
        "@",
        "`",
        " a",
        "a ",
        "\\",
        "a\nb",
        "\n",
        "\t",
        "{",
        "[",
        "---",
        "...",
        "é",
        "🦀",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "=",
        "<<",
        "2026-01-01",
        "1_000",
        "1e3",
        ".inf",
        "true",
        "on",
    ];
    prop_oneof![proptest::sample::select(tricky.to_vec()).prop_map(str::to_owned), "\\PC{0,20}", ".{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_in_a_text_is_read_as_it_was(words in proptest::collection::vec(text(), 8), secret in text()) {
        let [a, b, c, d, e, f, g, h] = <[String; 8]>::try_from(words).unwrap();
        let mut document = RealmDocument::new("acme");
        document.display_name = Some(a.clone());
        document.roles.insert(b.clone(), RoleDocument { description: c.clone(), composites: vec![d.clone(), String::new()] });
        document.scopes.insert(e.clone(), ScopeDocument { description: f.clone(), mappers: BTreeMap::new() });
        let user = UserDocument {
            custom: [(g.clone(), Value::String(h)), (b, serde_json::json!([1, 1.5, null, true, a]))].into(),
            initial_password: Some(super::super::SecretSource::plain(secret)),
            groups: vec![f],
            ..UserDocument::default()
        };
        document.users.insert(c, user);
        let yaml = document.to_yaml().unwrap();
        prop_assert_eq!(again(&yaml), document, "{}", yaml);
    }
}
