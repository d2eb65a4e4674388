//! The realms that are made from documents: that of the operators, and the one that the others are copies of.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::ops::apply::{Apply, Reason};
use palatine_authn::{HashPool, HashSettings};
use palatine_domain::Ambient;
use palatine_store::Store;

use crate::database::Database;
use crate::error::LoadError;

/// The realm of the operators.
pub const SYSTEM: &str = "system";

/// The realm that has most users.
pub const MAIN: &str = "main";

/// The operator: name and password.
pub const OPERATOR: (&str, &str) = ("operator", "operator-copper-meadow-9");

/// The service that administers each of the realms: name and secret.
pub const SERVICE: (&str, &str) = ("boss", "boss-copper-meadow-secret-9");

const SYSTEM_DOCUMENT: &str = r"
apiVersion: palatine/v1
kind: Realm
realm: system
display_name: Palatine
policy: {rate_limits: {enabled: false}}
users:
  operator:
    profile: {name: Operator}
    roles: [operator-admin, realm-admin]
    initial_password: operator-copper-meadow-9
";

/// What a customer of average size has. No role of a client and no mapper: their rows name the client in a text.
const MAIN_DOCUMENT: &str = r#"
apiVersion: palatine/v1
kind: Realm
realm: main
display_name: Main Software Inc
policy: {rate_limits: {enabled: false}}
apis:
  orders:
    name: Orders
    scopes: {"orders:read": Look at orders, "orders:write": Change orders}
roles:
  reviewer: {description: Reviews orders}
groups:
  staff: {}
clients:
  shop:
    name: Shop
    kind: web
    secret: shop-copper-meadow-secret-9
    redirect_uris: ["https://shop.example.com/callback"]
    scopes: {default: [openid, profile, email], optional: ["orders:read"]}
  app:
    name: App
    kind: native
    redirect_uris: ["com.example.shop:/callback"]
    scopes: {default: [openid, profile]}
  boss:
    name: Administration
    kind: service
    secret: boss-copper-meadow-secret-9
    roles: [realm-admin]
    scopes: {default: ["admin:read", "admin:write"]}
"#;

/// Makes both, as `palatine apply` does.
pub(super) async fn apply(database: &Database) -> Result<(), LoadError> {
    let ambient = Ambient::system();
    let store = Store::connect(&database.owners(), ambient.clone()).await?;
    // Two hashes that nobody attacks.
    let cheap = HashSettings { memory_kib: 64, iterations: 1, threads: Some(1), ..HashSettings::default() };
    let hashing = HashPool::start(&cheap, ambient.clone()).map_err(|error| LoadError::Document(error.to_string()))?;
    let apply = Apply::new(store.clone(), hashing, ambient, SecretSources::default());
    // The realm of operators is described by the binary alone; here this is its place.
    let files = [SourceFile::embedded("system.yaml", SYSTEM_DOCUMENT), SourceFile::at("main.yaml", MAIN_DOCUMENT)];
    let reason = Reason::parse("load").map_err(|error| LoadError::Document(error.to_string()))?;
    let outcomes = apply.run(&files, &reason).await;
    store.close().await;
    outcomes.into_iter().try_for_each(|outcome| match outcome {
        Ok(_) => Ok(()),
        Err(failure) => Err(LoadError::Document(failure.to_string())),
    })
}
