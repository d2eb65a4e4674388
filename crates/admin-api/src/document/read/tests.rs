use super::*;

const HEAD: &str = "apiVersion: palatine/v1\nkind: Realm\nrealm: acme\n";

fn problems(text: &str) -> Vec<String> {
    let found = read(&SourceFile::at("realms/acme.yaml", text));
    found.into_iter().filter_map(Result::err).map(|unreadable| unreadable.problem.to_string()).collect()
}

fn problem(body: &str) -> String {
    problems(&format!("{HEAD}{body}")).pop().unwrap_or_default()
}

#[test]
fn an_unknown_key_names_its_place_and_what_was_meant() {
    insta::assert_snapshot!(
        problem("clients:\n  shop:\n    kind: web\n    redirect_uri: [https://shop.example/cb]\n"),
        @"realms/acme.yaml:7:5: unknown key `redirect_uri`; did you mean `redirect_uris`?"
    );
    insta::assert_snapshot!(
        problem("policy:\n  lifetimes:\n    access_token: 300\n"),
        @"realms/acme.yaml:6:5: unknown key `access_token`; did you mean `access_token_seconds`?"
    );
    insta::assert_snapshot!(problem("customers: {}\n"), @"realms/acme.yaml:4:1: unknown key `customers`; there are: apiVersion, kind, realm, profile, display_name, branding, policy, custom_fields, apis, scopes, roles, groups, clients, users");
}

#[test]
fn an_unknown_word_names_its_place_and_what_was_meant() {
    insta::assert_snapshot!(problem("clients:\n  shop:\n    kind: weeb\n"), @"realms/acme.yaml:6:11: unknown value `weeb`; did you mean `web`?");
    insta::assert_snapshot!(problem("clients:\n  shop:\n    kind: web\n    grants: [auth_code]\n"), @"realms/acme.yaml:7:14: unknown value `auth_code`; there are: authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code, password, implicit");
}

#[test]
fn a_wrong_type_a_missing_key_and_a_repeated_key_name_their_place() {
    insta::assert_snapshot!(problem("policy:\n  lifetimes:\n    access_token_seconds: soon\n"), @"realms/acme.yaml:6:27: this must be a whole number");
    insta::assert_snapshot!(problem("users: [ada]\n"), @"realms/acme.yaml:4:8: this must be a map, one `key: value` a line");
    insta::assert_snapshot!(problem("users:\n  ada:\n    email: [a@example.com]\n"), @"realms/acme.yaml:6:12: this must be text");
    insta::assert_snapshot!(problem("clients:\n  shop:\n    name: Shop\n"), @"realms/acme.yaml:6:5: the key `kind` is missing");
    insta::assert_snapshot!(problem("users:\n  ada: {}\n  ada: {}\n"), @"realms/acme.yaml:6:3: the key `ada` stands here a second time");
    insta::assert_snapshot!(problem("display_name: A\ndisplay_name: B\n"), @"realms/acme.yaml:5:1: the key `display_name` stands here a second time");
}

#[test]
fn a_format_of_the_future_is_refused() {
    insta::assert_snapshot!(problems("apiVersion: palatine/v2\nkind: Realm\nrealm: acme\n").concat(), @"realms/acme.yaml:1:13: unknown value `palatine/v2`; did you mean `palatine/v1`?");
}

#[test]
fn broken_yaml_names_its_place() {
    insta::assert_snapshot!(problem("users: {\n"), @"realms/acme.yaml:4:8: this is no YAML: unclosed bracket '{'");
    insta::assert_snapshot!(problem("users:\n\tada: {}\n"), @"realms/acme.yaml:5:2: this is no YAML: tabs disallowed within this context (block indentation)");
}

#[test]
fn a_file_may_hold_several_documents_and_a_bad_one_hides_no_other() {
    let text = format!("{HEAD}---\n{}colour: red\n---\n# the last one\n---\n{}", HEAD, HEAD.replace("acme", "widgets"));
    let found = read(&SourceFile::at("all.yaml", text));
    let slugs: Vec<_> = found.iter().flatten().map(|read| read.document.realm.as_str()).collect();
    assert_eq!(slugs, ["acme", "widgets"]);
    let bad: Vec<_> = found.iter().filter_map(|read| read.as_ref().err()).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].realm.as_deref(), Some("acme"));
    assert!(bad[0].problem.to_string().starts_with("all.yaml:8:1: unknown key `colour`"), "{:?}", bad[0].problem);
    let last = found.iter().flatten().last().unwrap();
    assert_eq!(last.place(&Path::of(["realm"])).to_string(), "all.yaml:14:1");
}

#[test]
fn a_file_without_a_document_is_refused() {
    for nothing in ["", "# soon\n", "---\n---\n"] {
        assert_eq!(problems(nothing), ["realms/acme.yaml: the file holds no realm document"], "{nothing:?}");
    }
}

#[test]
fn a_secret_is_not_repeated_when_it_is_of_a_wrong_type() {
    let text = problem("users:\n  ada:\n    initial_password: {hunter2: hunter2}\n");
    assert!(!text.is_empty() && !text.contains("hunter2"), "{text}");
}
