//! The plain flows, and the ID tokens in them.

use palatine_e2e::{Landing, header, on_every_backend};
use serde_json::json;

use super::provider::{CALLBACK, Provider};
use super::variant::{BASIC, HYBRID, IMPLICIT, Variant};

on_every_backend! {
    /// Every response type in every response mode.
    async fn oidcc_server(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let party = provider.client(variant);
            let signed_in = party.sign_in(&mut provider.realm.browser()).await;
            // RFC 6749, section 10.10: a code cannot be guessed; 128 bits are 22 characters.
            let code = variant.has("code").then(|| signed_in.answered.code());
            assert!(code.is_none_or(|code| code.len() >= 22), "{variant:?}");
            // OpenID Connect Core, section 5.4: `openid` alone asks for no claim about the person.
            assert!(signed_in.id_claims().get("name").is_none(), "{variant:?}");
        }
    }

    async fn oidcc_server_client_secret_post(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::with_code() {
            provider.second_client(variant).sign_in(&mut provider.realm.browser()).await;
        }
    }

    async fn oidcc_response_type_missing(world) {
        let provider = Provider::of(world).await;
        for response_type in [BASIC, IMPLICIT, HYBRID].concat() {
            let party = provider.client(Variant { response_type, form_post: false });
            let ask = party.ask().without("response_type");
            let visit = provider.realm.browser().open(&ask.url()).await;
            // Nothing says where tokens were expected, so the answer is in the query.
            let answered = provider.client(Variant::CODE).answer(visit, &ask);
            assert!(["invalid_request", "unsupported_response_type"].contains(&answered.error()));
        }
    }

    /// OpenID Connect Core, section 10.1: the key is named, and a single published key has that name.
    async fn oidcc_idtoken_signature(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let signed_in = provider.client(variant).sign_in(&mut provider.realm.browser()).await;
            let head = header(signed_in.id_token());
            assert_eq!(head["alg"], "RS256");
            let keys = provider.jwks().await["keys"].as_array().cloned().unwrap_or_default();
            let named: Vec<_> = keys.iter().filter(|key| key["kid"] == head["kid"]).collect();
            assert_eq!(named.len(), 1);
            assert_eq!((&named[0]["kty"], &named[0]["use"]), (&json!("RSA"), &json!("sig")));
        }
    }

    /// Skipped by the suite where `none` is not offered; it is not, and nobody can register for it.
    async fn oidcc_idtoken_unsigned(world) {
        let provider = Provider::of(world).await;
        assert!(!provider.lists("id_token_signing_alg_values_supported", "none"));
        let wanted = json!({"redirect_uris": [CALLBACK], "id_token_signed_response_alg": "none"});
        provider.register(&wanted).await.assert_refused(400, "invalid_client_metadata");
    }

    async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::of(&["code", "code token"]) {
            let party = provider.client(variant);
            let ask = party.ask().without("nonce");
            let signed_in = party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
            assert!(signed_in.id_claims().get("nonce").is_none());
        }
    }

    /// OpenID Connect Core, sections 3.2.2.1 and 3.3.2.11: required where the browser carries an ID token.
    async fn oidcc_ensure_request_without_nonce_fails(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all().into_iter().filter(|variant| variant.has("id_token")) {
            let party = provider.client(variant);
            let ask = party.ask().without("nonce");
            let visit = provider.realm.browser().open(&ask.url()).await;
            assert!(!matches!(visit.landing, Landing::Page(_)), "{variant:?}");
            assert_eq!(party.answer(visit, &ask).error(), "invalid_request", "{variant:?}");
        }
    }
}
