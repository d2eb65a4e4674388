//! Two realms that have every name in common: what tells them apart is the realm alone.

/// The realm of most tests.
pub fn alpha() -> String {
    document("alpha", "Alpha")
}

/// The other one.
pub fn beta() -> String {
    document("beta", "Beta")
}

/// A realm with an application of every kind. Secrets and passwords begin with the slug.
pub fn document(slug: &str, name: &str) -> String {
    REALM.replace("{slug}", slug).replace("{name}", name)
}

/// A realm with services that administer it, each by one role: `{slug}-…` is not their secret but their name and
/// `-secret-1`.
pub fn administered(slug: &str, name: &str) -> String {
    changed(&document(slug, name), "\nclients:\n", &format!("\nclients:\n{ADMINS}"))
}

/// The realm where operators sign in.
pub fn system() -> String {
    SYSTEM.to_owned()
}

const ADMINS: &str = r#"
  boss: {kind: service, secret: boss-secret-1, roles: [realm-admin], scopes: {default: ["admin:read", "admin:write"]}}
  looker: {kind: service, secret: looker-secret-1, roles: [realm-admin], scopes: {default: ["admin:read"]}}
  clerk: {kind: service, secret: clerk-secret-1, roles: [client-manager], scopes: {default: ["admin:read", "admin:write"]}}
  usher: {kind: service, secret: usher-secret-1, roles: [user-manager], scopes: {default: ["admin:read", "admin:write"]}}
  auditor: {kind: service, secret: auditor-secret-1, roles: [auditor], scopes: {default: ["admin:read", "admin:write"]}}
  nobody: {kind: service, secret: nobody-secret-1, scopes: {default: ["admin:read", "admin:write"]}}
"#;

const SYSTEM: &str = r"
apiVersion: palatine/v1
kind: Realm
realm: system
display_name: Palatine
users:
  operator:
    profile: {name: Operator}
    roles: [operator-admin, realm-admin]
    initial_password: operator-copper-meadow-9
  helper:
    roles: [operator-support]
    initial_password: helper-copper-meadow-9
  biller:
    roles: [operator-billing]
    initial_password: biller-copper-meadow-9
";

/// The same realm with one text replaced, which must be there.
pub fn changed(document: &str, from: &str, to: &str) -> String {
    assert!(document.contains(from), "the document has no {from:?}");
    document.replace(from, to)
}

/// The same realm, with more members of a client.
pub fn with_members(document: &str, client_id: &str, members: &str) -> String {
    changed(document, &format!("  {client_id}:\n"), &format!("  {client_id}:\n    {members}\n"))
}

/// The secret of the application whose secret has every awkward character.
pub const ODD_SECRET: &str = "p+l%75s: a&b=c/äöü€";

/// The `client_id` of that application: awkward, too.
pub const ODD_CLIENT_ID: &str = "odd+app:%41";

const REALM: &str = r#"
apiVersion: palatine/v1
kind: Realm
realm: {slug}
display_name: "{name}"
policy:
  rate_limits:
    enabled: false
custom_fields:
  department: {type: string}
  customer_id: {type: string, claim: customerId}
apis:
  orders-api:
    scopes:
      "orders:read": See your orders
      "orders:write": Change your orders
  billing-api:
    scopes:
      "billing:read": See your bills
  legacy-api:
    profile: jwt
    algorithm: RS256
    scopes:
      "legacy:read": Read what is old
clients:
  # An application of the house, with a backend.
  web-app:
    name: Web shop
    kind: web
    secret: "{slug}-web-secret"
    scopes:
      default: [openid, profile, email]
      optional: [offline_access, phone, address, "orders:read", "orders:write", "billing:read", "legacy:read"]
    redirect_uris:
      - https://shop.example.com/callback
      - http://localhost:3000/callback
    post_logout_redirect_uris:
      - https://shop.example.com/bye
  # The same, with several secrets and another way to sign.
  es-app:
    name: Elliptic shop
    kind: web
    secrets: {old: "{slug}-es-old", new: "{slug}-es-new"}
    id_token_algorithm: ES256
    profile_claims_in_id_token: true
    scopes: {default: [openid, profile, email]}
    redirect_uris: ["https://es.example.com/callback"]
    post_logout_redirect_uris: ["https://es.example.com/bye"]
  strict-app:
    kind: web
    auth_method: client_secret_post
    strict_auth_method: true
    secret: "{slug}-strict-secret"
    scopes: {default: [openid]}
    redirect_uris: ["https://strict.example.com/callback"]
  "odd+app:%41":
    kind: web
    secret: "plain:p+l%75s: a&b=c/äöü€"
    grants: [authorization_code, refresh_token, client_credentials]
    scopes: {default: [openid], optional: ["orders:read"]}
    redirect_uris: ["https://odd.example.com/callback"]
  # A till, at which people type their name and password.
  direct-app:
    name: Till
    kind: web
    secret: "{slug}-direct-secret"
    grants: [password, refresh_token]
    scopes: {default: [openid, profile], optional: [email, offline_access, "orders:read"]}
  # No refresh tokens.
  short-app:
    kind: web
    secret: "{slug}-short-secret"
    grants: [authorization_code]
    scopes: {default: [openid, profile]}
    redirect_uris: ["https://short.example.com/callback"]
  spa-app:
    name: Browser shop
    kind: spa
    scopes: {default: [openid, profile, email], optional: [offline_access]}
    redirect_uris: ["https://spa.example.com/callback"]
    post_logout_redirect_uris: ["https://spa.example.com/bye"]
  native-app:
    name: Pocket shop
    kind: native
    scopes: {default: [openid, profile, email], optional: [offline_access]}
    redirect_uris: ["myapp://callback", "http://127.0.0.1/callback", "http://[::1]/callback"]
  # Tokens by the browser: with a backend, and without.
  hybrid-app:
    name: Hybrid shop
    kind: web
    secret: "{slug}-hybrid-secret"
    grants: [authorization_code, refresh_token, implicit]
    response_types: [code, code id_token, code token, code id_token token, id_token, id_token token]
    scopes:
      default: [openid]
      optional: [profile, email, phone, address, offline_access, "orders:read", "billing:read", "legacy:read"]
    redirect_uris: ["https://hybrid.example.com/callback"]
  page-app:
    name: Page shop
    kind: spa
    grants: [authorization_code, implicit]
    response_types: [id_token, id_token token, code id_token]
    scopes: {default: [openid], optional: [profile, offline_access]}
    redirect_uris: ["https://page.example.com/callback"]
  # A device without a keyboard.
  tv-app:
    name: Living room
    kind: native
    grants: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]
    scopes: {default: [openid, profile], optional: [offline_access]}
  # Applications of somebody else.
  partner-app:
    name: Partner reports
    kind: web
    secret: "{slug}-partner-secret"
    first_party: false
    consent_required: true
    scopes: {default: [openid], optional: [profile, email, offline_access, "orders:read"]}
    redirect_uris: ["https://partner.example.com/callback"]
  guest-app:
    name: Guest book
    kind: web
    secret: "{slug}-guest-secret"
    first_party: false
    scopes: {default: [openid], optional: [profile, offline_access]}
    redirect_uris: ["https://guest.example.com/callback"]
  # Services.
  worker:
    name: Night worker
    kind: service
    secret: "{slug}-worker-secret"
    scopes: {default: ["orders:read"], optional: ["orders:write", "billing:read", "legacy:read"]}
  orders-backend:
    kind: service
    secret: "{slug}-backend-secret"
    apis: [orders-api]
  stranger:
    kind: service
    secret: "{slug}-stranger-secret"
users:
  ada:
    email: ada@example.com
    email_verified: true
    profile: {name: Ada Byron, given_name: Ada, family_name: Byron}
    custom: {department: "engineering of {slug}", customer_id: "cust-{slug}-1"}
    initial_password: "{slug}-ada-kettle-orchid"
  grace:
    email: grace@example.com
    profile: {name: Grace Hopper}
    initial_password: "{slug}-grace-lantern-plum"
"#;

/// A demo realm, as `palatine dev` serves it.
pub fn demo(slug: &str) -> String {
    let path = format!("{}/../../deploy/dev/{slug}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
