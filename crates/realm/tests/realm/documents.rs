//! The documents that describe a realm, and its URLs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_domain::ids::{InteractionId, RowId as _};
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::metadata::ProviderMetadata;
use palatine_realm::routes::Page;
use serde_json::Value;
use uuid::Uuid;

use crate::nodes::realm_on_a_node;
use crate::support::{TestStore, on_both_databases};

#[tokio::test]
async fn discovery_is_what_the_protocol_says_for_this_issuer() {
    let db = TestStore::sqlite().await;
    let (_, realm) = realm_on_a_node(&db, "acme").await;
    let document: Value = serde_json::from_slice(&realm.discovery()).unwrap();
    assert_eq!(document, serde_json::to_value(ProviderMetadata::for_issuer(realm.issuer())).unwrap());
    assert_eq!(document["token_endpoint"], realm.url(Endpoint::Token));
    assert_eq!(document["jwks_uri"], realm.url(Endpoint::Jwks));
    let urls: serde_json::Map<_, _> =
        document.as_object().unwrap().clone().into_iter().filter(|(_, value)| value.is_string()).collect();
    insta::assert_json_snapshot!(urls, @r#"
    {
      "authorization_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/auth",
      "check_session_iframe": "https://id.example.com/auth/realms/acme/protocol/openid-connect/login-status-iframe.html",
      "device_authorization_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/auth/device",
      "end_session_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/logout",
      "introspection_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/token/introspect",
      "issuer": "https://id.example.com/auth/realms/acme",
      "jwks_uri": "https://id.example.com/auth/realms/acme/protocol/openid-connect/certs",
      "revocation_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/revoke",
      "token_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/token",
      "userinfo_endpoint": "https://id.example.com/auth/realms/acme/protocol/openid-connect/userinfo"
    }
    "#);
}

#[tokio::test]
async fn every_url_of_a_realm_hangs_below_its_issuer_but_one() {
    let db = TestStore::sqlite().await;
    let (_, realm) = realm_on_a_node(&db, "acme").await;
    let interaction = InteractionId::from_uuid(Uuid::from_u128(7));
    let urls = [
        realm.url(Endpoint::Discovery),
        realm.oauth_metadata_url(),
        realm.page_url(Page::Login(interaction)),
        realm.page_path(Page::Consent(interaction)),
        realm.page_path(Page::LogoutConfirm),
        realm.page_url(Page::SignedOut),
    ];
    insta::assert_json_snapshot!(urls, @r#"
    [
      "https://id.example.com/auth/realms/acme/.well-known/openid-configuration",
      "https://id.example.com/.well-known/oauth-authorization-server/auth/realms/acme",
      "https://id.example.com/auth/realms/acme/login/00000000-0000-0000-0000-000000000007",
      "/auth/realms/acme/consent/00000000-0000-0000-0000-000000000007",
      "/auth/realms/acme/logout/confirm",
      "https://id.example.com/auth/realms/acme/logout/done"
    ]
    "#);
}

on_both_databases! {
    async fn the_key_set_shows_public_halves_only(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let set: Value = serde_json::from_slice(&realm.jwks().await.unwrap()).unwrap();
        let members = |at: usize| set["keys"][at].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(members(0), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(members(1), ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    }

    async fn realm_info_shows_the_key_that_signs(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let info: Value = serde_json::from_slice(&realm.info().await.unwrap()).unwrap();
        let der = STANDARD.decode(info["public_key"].as_str().unwrap()).unwrap();
        assert_eq!(der, realm.keys().await.unwrap().public_der(SigningAlgorithm::RS256).unwrap());
        assert_eq!(info["realm"], "acme");
        assert_eq!(info["token-service"], "https://id.example.com/auth/realms/acme/protocol/openid-connect");
        assert_eq!(info["account-service"], "https://id.example.com/auth/realms/acme/account");
    }
}
