//! What a provider publishes about itself.

use jsonwebtoken::jwk::JwkSet;
use palatine_admin_api::ops::keys::{self, RotateKeys};
use palatine_domain::audit::Actor;
use palatine_e2e::{Backend, World, on_every_backend};
use serde_json::{Value, json};

use super::provider::Provider;

/// Members of private or symmetric keys (RFC 7518, section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The names of keys that are fit to be published: usable, distinct, and public.
fn published(jwks: &Value) -> Vec<String> {
    serde_json::from_value::<JwkSet>(jwks.clone()).expect("a key set");
    let keys = jwks["keys"].as_array().expect("keys");
    let mut names: Vec<_> = keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect();
    assert!(keys.iter().all(|key| PRIVATE.iter().all(|member| key.get(member).is_none())));
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "each key has a name of its own");
    names
}

/// OpenID Connect Discovery, sections 3 and 4, over https as section 7.1 has it.
async fn verified(backend: Backend) {
    let mut world = World::builder(backend).public_url("https://op.example.com").start().await;
    let provider = Provider::of(&world).await;
    let discovered =
        provider.realm.wire().get("https://op.example.com/realms/conformance/.well-known/openid-configuration");
    assert_eq!(discovered.await.header("content-type"), Some("application/json"));
    assert_eq!(provider.says("issuer"), "https://op.example.com/realms/conformance");
    let members = provider.metadata.as_object().unwrap();
    let urls = members.iter().filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
    for (name, url) in urls {
        assert!(url.as_str().is_some_and(|url| url.starts_with("https://")), "{name}: {url}");
    }
    for required in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint"] {
        assert!(!provider.says(required).is_empty());
    }
    for (member, words) in [
        // Section 3: what a provider with registration must support.
        ("response_types_supported", &["code", "id_token", "id_token token"] as &[_]),
        ("grant_types_supported", &["authorization_code", "implicit", "refresh_token"]),
        ("subject_types_supported", &["public", "pairwise"]),
        ("id_token_signing_alg_values_supported", &["RS256"]),
        ("userinfo_signing_alg_values_supported", &["RS256"]),
        ("request_object_signing_alg_values_supported", &["RS256"]),
        ("scopes_supported", &["openid", "profile", "email", "address", "phone", "offline_access"]),
        ("claims_supported", &["sub", "name", "email", "address", "phone_number"]),
        ("code_challenge_methods_supported", &["S256"]),
        ("ui_locales_supported", &["en"]),
        ("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post", "private_key_jwt"]),
    ] {
        for word in words {
            assert!(provider.lists(member, word), "{member}: {word}");
        }
    }
    for member in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(provider.metadata[member], json!(true), "{member}");
    }
    assert!(!published(&provider.jwks().await).is_empty());
    world.stop().await;
}

mod oidcc_discovery_endpoint_verification {
    use super::{Backend, verified};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        verified(Backend::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        verified(Backend::Postgres).await;
    }
}

on_every_backend! {
    /// OpenID Connect Core, section 10.1.1: new keys come, and the old ones stay for what they signed.
    async fn oidcc_server_rotate_keys(world) {
        let provider = Provider::of(world).await;
        let before = published(&provider.jwks().await);
        let realm = world.node().resolver().by_slug("conformance").await.expect("the realm");
        keys::rotate(&realm, &RotateKeys::default(), &Actor::Operator("a test".to_owned())).await.expect("rotated");
        let after = published(&provider.jwks().await);
        assert!(before.iter().all(|name| after.contains(name)), "the old ones stay");
        assert_eq!(after.len(), 2 * before.len(), "each has a successor");
    }
}
