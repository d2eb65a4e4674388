//! What a document may not say: each with its place and what to do.

use palatine_admin_api::document::SourceFile;

use crate::support::TestStore;
use crate::world::World;

/// Bodies, from line 4 on, and how their refusal begins after the name of the file.
const REFUSED: &[(&str, &str)] = &[
    ("display_name: ''", "4:1: this must have 1 to 255 characters"),
    ("branding: {accent: red}", "4:12: `red` is no colour; write it as \"#rrggbb\""),
    ("branding: {legal_links: [{label: T, url: 'http://a.example'}]}", "4:37: `http://a.example` is no https URL"),
    ("policy:\n  lifetimes:\n    code_seconds: 601", "6:5: lifetimes.code_seconds is 601; it must be from 5 to 600"),
    ("policy:\n  keys:\n    retention_seconds: 5", "6:5: keys.retention_seconds is 5 seconds"),
    ("policy: {access_tokens: {algorithm: HS256}}", "4:26: unknown value `HS256`"),
    ("custom_fields:\n  me: {type: string, claim: sub}", "5:22: claim sub is reserved"),
    ("custom_fields:\n  me: {type: string, writable_by: user}", "5:3: claim me of a field that users write"),
    ("custom_fields:\n  me: {type: enum}", "5:3: an enum lists its values"),
    ("custom_fields:\n  me: {type: string, values: [a]}", "5:22: only a field of type `enum` has values"),
    (
        "custom_fields:\n  a: {type: string, claim: c}\n  b: {type: string, claim: c}",
        "6:3: the claim `c` is the one of",
    ),
    (
        "custom_fields:\n  me: {type: string, scope: profil}",
        "5:22: the realm has no scope `profil`; did you mean `profile`?",
    ),
    ("apis:\n  'a b': {}", "5:3: the identifier of an API has 1 to 255 bytes and no spaces"),
    ("apis:\n  palatine-x: {}", "5:3: identifiers that begin with `palatine-` are reserved"),
    ("apis:\n  x: {}\nclients:\n  x: {kind: service}", "5:3: `x` is a client_id too"),
    ("apis:\n  x: {scopes: {openid: Me}}", "5:16: every realm has the scope `openid`"),
    (
        "apis:\n  x: {scopes: {r: R}}\n  y: {scopes: {r: R}}",
        "6:16: the scope `r` is declared at realms/acme.yaml:5:16 already",
    ),
    (
        "clients:\n  x: {kind: service, logout: {backchannel_uri: 'http://app.example/out'}}",
        "5:31: `http://app.example/out` must begin with https://",
    ),
    (
        "clients:\n  x: {kind: service, logout: {backchannel_uri: 'https://app.example/out#a'}}",
        "5:31: `https://app.example/out#a` must have no fragment",
    ),
    (
        "clients:\n  x: {kind: service, logout: {backchannel_timeout_seconds: 31}}",
        "5:31: this must be from 1 to 30 seconds",
    ),
    (
        "clients:\n  x: {kind: service, logout: {frontchannel_uri: 'https://app.example/out'}}",
        "5:31: `https://app.example/out` must have scheme, host and port of one of the client's `redirect_uris`",
    ),
    ("scopes: {'a\"b': x}", "4:10: a scope contains a character that RFC 6749 section 3.3 forbids"),
    (
        "apis:\n  x: {client: x, profile: jwt}\nclients:\n  x: {kind: service}",
        "5:7: with the profile `jwt` no `aud` is a bare client_id",
    ),
    ("apis:\n  x: {client: nobody}", "5:7: the realm has no client `nobody`"),
    ("scopes:\n  s: {descripton: x}", "5:7: unknown key `descripton`; did you mean `description`?"),
    ("scopes:\n  s: [x]", "5:3: this must be a description, or a map with `description` and `mappers`"),
    ("roles:\n  a/b: {}", "5:3: the name of a role has no `/`"),
    ("roles:\n  a: {composites: [b]}\n  b: {composites: [a]}", "6:20: `a` brings `b` along already, or is it"),
    ("roles:\n  a: {composites: [a]}", "5:20: `a` brings `a` along already, or is it"),
    ("roles:\n  a: {composites: [shop/x]}", "5:20: the realm has no role `shop/x`"),
    ("groups:\n  a/b: {}", "5:3: the name of a group has no `/`"),
    ("groups:\n  a: {groups: {b: {role: [x]}}}", "5:20: unknown key `role`; did you mean `roles`?"),
    (
        "groups:\n  a: {groups: {b: {}}}\nusers:\n  u: {groups: [a/c]}",
        "7:16: the realm has no group `a/c`; did you mean `a/b`?",
    ),
    (
        "scopes:\n  s: {mappers: {m: {type: audience, audience: nobody}}}",
        "5:37: the realm has no API or client `nobody`",
    ),
    ("scopes:\n  s: {mappers: {m: {type: audience}}}", "5:17: a mapper of this type needs the key `audience`"),
    (
        "scopes:\n  s: {mappers: {m: {type: audience, audience: x, claim: y}}}\napis:\n  x: {}",
        "5:50: a mapper of this type has no `claim`",
    ),
    (
        "scopes:\n  s: {mappers: {m: {type: hardcoded, claim: realm_access.roles, value: [root], in: [access_token]}}}",
        "5:38: the claim realm_access.roles is reserved for the protocol",
    ),
    (
        "scopes:\n  s: {mappers: {m: {type: user_property, property: email, claim: SUB, in: [userinfo]}}}",
        "5:59: the claim SUB is reserved for the protocol",
    ),
    (
        "scopes:\n  s: {mappers: {m: {type: hardcoded, claim: a..b, value: 1, in: [userinfo]}}}",
        "5:38: a claim has 1 to 255 bytes",
    ),
    ("scopes:\n  s: {mappers: {m: {type: hardcoded, claim: a, value: 1}}}", "5:17: a mapper writes somewhere"),
    (
        "scopes:\n  s: {mappers: {m: {type: user_attribute, field: team, claim: a, in: [userinfo]}}}",
        "5:43: the realm has no custom field team",
    ),
    (
        "custom_fields:\n  team: {type: string, claim: custom_team, writable_by: user}\nscopes:\n  s: {mappers: {m: {type: user_attribute, field: team, claim: a, in: [userinfo]}}}",
        "7:56: users write the field team themselves; its claim must begin with custom_",
    ),
    (
        "scopes:\n  s: {mappers: {m: {type: role_list, client: nobody, claim: a, in: [userinfo]}}}",
        "5:38: the realm has no client `nobody`",
    ),
    ("scopes:\n  s: {mappers: {m: {type: roles}}}", "5:27: unknown value `roles`"),
    (
        "clients:\n  a: {kind: spa, subject: {type: pairwise}, redirect_uris: ['https://a/', 'https://b/']}",
        "5:18: the redirect URIs have several hosts; pairwise subjects then need `sector_identifier_uri`",
    ),
    (
        "clients:\n  a: {kind: native, subject: {type: pairwise}, redirect_uris: ['app://cb']}",
        "5:21: pairwise subjects need an http(s) redirect URI",
    ),
    (
        "clients:\n  a: {kind: service, subject: {type: pairwise}}",
        "5:32: a service has no users, and so no pairwise subjects",
    ),
    (
        "clients:\n  a: {kind: service, subject: {sector_identifier_uri: 'https://a/'}}",
        "5:32: only subjects of `type: pairwise` have a sector",
    ),
    ("clients:\n  a: {kind: service, realm_roles_in_tokens: [b/c]}", "5:46: `b/c` is no role of the realm"),
    ("clients:\n  a: {kind: service, realm_roles_in_tokens: [nothing]}", "5:46: the realm has no role `nothing`"),
    ("groups:\n  a: {roles: [relm-admin]}", "5:15: the realm has no role `relm-admin`; did you mean `realm-admin`?"),
    ("roles:\n  auditor: {composites: [realm-admin]}", "5:13: `auditor` is built in and brings no other role along"),
    ("roles:\n  auditor: {description: Mine}", "5:13: `auditor` is built in and keeps its description"),
    ("roles:\n  operator-admin: {}", "5:3: `operator-admin` is a role of operators"),
    ("clients:\n  palatine-cli: {kind: service}", "5:3: client ids that begin with `palatine-` are reserved"),
    ("clients:\n  'a b': {kind: service}", "5:3: a client_id has 1 to 255 printable ASCII characters"),
    ("clients:\n  a: {kind: web}", "5:3: the grant `authorization_code` needs `redirect_uris`"),
    (
        "clients:\n  a: {kind: web, redirect_uris: ['http://a.example/cb']}",
        "5:34: `http://a.example/cb`: http is for loopback hosts only",
    ),
    (
        "clients:\n  a: {kind: web, redirect_uris: ['myapp://cb']}",
        "5:34: `myapp://cb`: only native clients have custom schemes",
    ),
    (
        "clients:\n  a: {kind: web, redirect_uris: ['https://a/b', 'https://a/b']}",
        "5:49: `https://a/b` stands here a second time",
    ),
    (
        "clients:\n  a: {kind: service, redirect_uris: ['https://a.example']}",
        "5:22: a service has no users, and so no redirect URIs",
    ),
    ("clients:\n  a: {kind: service, grants: [authorization_code]}", "5:31: a service has no users"),
    (
        "clients:\n  a: {kind: service, grants: [password]}",
        "5:31: a service has no users; `password` needs another kind of client",
    ),
    ("clients:\n  a: {kind: service, auth_method: none}", "5:22: a service proves itself by a secret"),
    ("clients:\n  a: {kind: service, auth_method: private_key_jwt}", "5:3: `private_key_jwt` needs the client's"),
    (
        "clients:\n  a: {kind: web, redirect_uris: ['https://a/b'], response_types: [code id_token]}",
        "5:67: `code id_token` needs the grant `implicit`; add it to `grants`",
    ),
    (
        "clients:\n  a: {kind: web, redirect_uris: ['https://a/b'], response_types: [code, code]}",
        "5:73: `code` stands here a second time",
    ),
    (
        "clients:\n  a: {kind: spa, redirect_uris: ['https://a/b'], grants: [implicit], response_types: [code]}",
        "5:87: `code` needs the grant `authorization_code`",
    ),
    (
        "clients:\n  a: {kind: spa, redirect_uris: ['https://a/b'], grants: [authorization_code, implicit]}",
        "5:50: the grant `implicit` needs `response_types`",
    ),
    ("clients:\n  a: {kind: spa, grants: [implicit], response_types: [id_token]}", "5:3: the grant `implicit` needs"),
    (
        "clients:\n  a: {kind: service, sign_in: {initiate_login_uri: 'http://a.example'}}",
        "5:32: `http://a.example` is no https URL",
    ),
    (
        "clients:\n  a: {kind: service, sign_in: {request_uris: ['ftp://a.example/r']}}",
        "5:47: `ftp://a.example/r` cannot be fetched",
    ),
    (
        "clients:\n  a: {kind: service, sign_in: {request_uris: ['https://a.example/r#v1']}}",
        "5:32: requests are signed: this needs",
    ),
    (
        "clients:\n  a: {kind: service, sign_in: {require_signed_request_object: true}}",
        "5:32: requests are signed: this needs the client's public keys",
    ),
    ("clients:\n  a: {kind: service, sign_in: {default_acr_values: ['1 2']}}", "5:53: an acr value is one word"),
    ("clients:\n  a: {kind: service, response_types: [code]}", "5:22: a service has no users, and so no response"),
    (
        "clients:\n  a: {kind: spa, auth_method: client_secret_post, grants: []}",
        "5:18: an application in the browser keeps no secret",
    ),
    (
        "clients:\n  a: {kind: service, secret_hashes: {x: {hash: 'sha256:short'}}}",
        "5:42: after `sha256:` stand the 43",
    ),
    ("clients:\n  a: {kind: service, secret_hashes: {x: {hash: '$2b$04$x'}}}", "5:42: this is neither"),
    (
        "clients:\n  a: {kind: service, secret_hashes: {x: {hash: '$argon2id$v=19$m=999999,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo'}}}",
        "5:42: this password hash cannot be used",
    ),
    (
        "clients:\n  a: {kind: service, secret: s, secret_hashes: {x: {hash: 'sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'}}}",
        "5:33: give either secrets or `secret_hashes`",
    ),
    ("clients:\n  a: {kind: spa, secret: x, grants: []}", "5:18: this client keeps no secret"),
    ("clients:\n  a: {kind: spa, grants: [client_credentials]}", "5:27: a client without a secret cannot use"),
    ("clients:\n  a: {kind: web, grants: [refresh_token]}", "5:27: `refresh_token` needs `authorization_code`"),
    ("clients:\n  a: {kind: service, secrets: {a: x, b: y, c: z}}", "5:22: a client has at most 2 secrets"),
    ("clients:\n  a: {kind: service, secret: x, secrets: {b: y}}", "5:22: give either `secret` or `secrets`"),
    (
        "clients:\n  a: {kind: service, scopes: {default: [reed]}, web_origins: ['https://a.example/']}",
        "5:63: `https://a.example/` is no web origin",
    ),
    (
        "apis:\n  x: {scopes: {read: R}}\nclients:\n  a: {kind: service, scopes: {default: [reed]}}",
        "7:41: the realm has no scope `reed`; did you mean `read`?",
    ),
    (
        "clients:\n  a: {kind: service, scopes: {default: [email], optional: [email]}}",
        "5:60: `email` stands among the client's scopes a second time",
    ),
    ("clients:\n  a: {kind: service, apis: [x]}", "5:29: the realm has no API `x`"),
    ("clients:\n  a: {kind: service, roles: [x]}", "5:30: the realm has no role `x`"),
    ("clients:\n  a: {kind: service, access_token_seconds: 9}", "5:22: this must be from 10 to 86400 seconds"),
    ("users:\n  a: {email: nobody}", "5:7: `nobody` is no e-mail address"),
    ("users:\n  a: {subject: 'a b'}", "5:7: a subject has 1 to 255 printable ASCII characters"),
    ("users:\n  a: {}\n  b: {email: a@x.example}\n  A@X.example: {}", "6:7: `A@X.example` signs in with this name too"),
    ("users:\n  a: {subject: s}\n  b: {subject: s}", "6:7: `a` has this subject too"),
    ("users:\n  a: {subject: c}\nclients:\n  c: {kind: service}", "5:7: `c` is a client_id"),
    ("users:\n  a: {groups: [x]}", "5:16: the realm has no group `x`"),
    ("users:\n  a: {custom: {dept: x}}", "5:16: the realm has no custom field `dept`"),
    (
        "custom_fields:\n  n: {type: enum, values: [x, y]}\nusers:\n  a: {custom: {n: z}}",
        "7:16: field n takes one of x, y",
    ),
];

#[tokio::test]
async fn what_a_document_may_not_say_is_refused_with_its_place() {
    let world = World::new(TestStore::sqlite().await);
    let mut wrong = Vec::new();
    for (body, expected) in REFUSED {
        let refusal = world.refusal(&format!("{body}\n")).await;
        if !refusal.lines().any(|line| line.starts_with(&format!("realms/acme.yaml:{expected}"))) {
            wrong.push(format!("{body}\n  expected {expected}\n  got      {refusal}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(!world.exists("acme").await);
}

#[tokio::test]
async fn all_that_is_wrong_is_shown_at_once_in_the_order_of_the_file() {
    let world = World::new(TestStore::sqlite().await);
    let body = "branding: {accent: red}\nusers:\n  a: {email: nobody}\nclients:\n  b: {kind: web}\n";
    insta::assert_snapshot!(world.refusal(body).await, @r##"
    realms/acme.yaml:4:12: `red` is no colour; write it as "#rrggbb"
    realms/acme.yaml:6:7: `nobody` is no e-mail address
    realms/acme.yaml:8:3: the grant `authorization_code` needs `redirect_uris`
    "##);
}

#[tokio::test]
async fn a_reserved_name_is_for_built_in_documents() {
    let world = World::new(TestStore::sqlite().await);
    let text = "apiVersion: palatine/v1\nkind: Realm\nrealm: system\n";
    let refused = world.run(&[SourceFile::at("system.yaml", text)]).await.remove(0).unwrap_err().to_string();
    assert_eq!(refused, "system.yaml:3:1: this name is reserved; choose another");
    assert!(world.run(&[SourceFile::embedded("system.yaml", text)]).await.remove(0).unwrap().created);
    let upper = text.replace("system", "Acme");
    let refused = world.run(&[SourceFile::embedded("a.yaml", upper)]).await.remove(0).unwrap_err().to_string();
    assert!(refused.starts_with("a.yaml:3:1: use 1 to 63 of the characters"), "{refused}");
}

#[tokio::test]
async fn a_user_is_not_taken_for_another_whose_address_is_their_name() {
    let world = World::new(TestStore::sqlite().await);
    world.applied("users:\n  ada: {email: eve@example.com}\n").await;
    let refusal = world.refusal("users:\n  eve@example.com: {enabled: false}\n").await;
    assert!(refusal.contains("5:3: `ada` signs in with this name as their e-mail address"), "{refusal}");
    let refusal = world.refusal("users:\n  eve: {email: EVE@example.com}\n").await;
    assert!(refusal.contains("somebody else signs in with this e-mail address"), "{refusal}");
    let refusal =
        world.refusal("apis:\n  orders: {}\nclients:\n  job: {kind: service}\nusers:\n  x: {subject: job}\n").await;
    assert!(refusal.contains("9:7: `job` is a client_id"), "{refusal}");
}

#[tokio::test]
async fn a_name_that_an_api_has_is_no_client_id() {
    let world = World::new(TestStore::sqlite().await);
    world.applied("apis:\n  orders: {}\nclients:\n  job: {kind: service}\n").await;
    let refusal = world.refusal("clients:\n  orders: {kind: service}\n").await;
    assert!(refusal.contains("5:3: this name is the identifier of an API"), "{refusal}");
    let refusal = world.refusal("apis:\n  job: {}\n").await;
    assert!(refusal.contains("5:3: this name is the client_id of a client"), "{refusal}");
}

#[tokio::test]
async fn a_key_outlives_the_tokens_of_clients_that_the_document_does_not_name_too() {
    let world = World::new(TestStore::sqlite().await);
    world.applied("clients:\n  job: {kind: service, access_token_seconds: 7200}\n").await;
    let short = "policy:\n  keys: {rotation_seconds: 86400, retention_seconds: 90000}\n";
    let refusal = world.refusal(short).await;
    assert!(refusal.contains("5:35: keys.retention_seconds is 90000 seconds"), "{refusal}");
    assert!(refusal.contains("93600 seconds (a client of this realm that the document does not name"), "{refusal}");
    let refusal =
        world.refusal(&format!("{short}clients:\n  job: {{kind: service, access_token_seconds: 3601}}\n")).await;
    assert!(refusal.contains("from 10 to 3600 seconds"), "{refusal}");
    world.applied(&format!("{short}clients:\n  job: {{kind: service, access_token_seconds: 3600}}\n")).await;
}
