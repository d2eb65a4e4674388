//! Userinfo, plain and signed, and every algorithm that tokens are signed with, by an independent verifier.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use palatine_e2e::{RealmUnderTest, header, on_sqlite, realms};
use serde_json::{Value, json};

const ALGORITHMS: [&str; 4] = ["ES256", "RS256", "PS256", "EdDSA"];

/// Verifies a signed answer as a client does: signature, `iss` and `aud`; it has no `exp`.
async fn verified(realm: &RealmUnderTest, jwt: &str, audience: &str) -> Value {
    let header = decode_header(jwt).expect("a header");
    let served: JwkSet = serde_json::from_value(realm.jwks().await).expect("a key set");
    let key = served.find(header.kid.as_deref().unwrap_or_default()).expect("the key is served");
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[realm.issuer()]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    decode(jwt, &key, &validation).expect("a good signature").claims
}

on_sqlite! {
    async fn userinfo_is_signed_for_a_client_that_wants_it(world) {
        let realm = world.alpha();
        for algorithm in ALGORITHMS {
            let with = format!("id_token_algorithm: ES256\n    userinfo_algorithm: {algorithm}");
            world.apply(&realms::changed(&realms::alpha(), "id_token_algorithm: ES256", &with)).await;
            let tokens = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
            let answer = realm.userinfo(&tokens.access).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
            assert_eq!(header(&answer.body)["alg"], algorithm);
            let claims = verified(&realm, &answer.body, "es-app").await;
            assert_eq!(claims["sub"], tokens.id_claims()["sub"]);
            assert_eq!((&claims["email"], &claims["name"]), (&json!("ada@example.com"), &json!("Ada Byron")));
            assert!(claims.get("exp").is_none(), "{claims}");
            // It is no token of any kind.
            realm.userinfo(&answer.body).await.assert_refused(401, "invalid_token");
            assert!(!realm.es_app().finds_active(&answer.body).await);
            let ask = realm.es_app().ask().with("prompt", "none").with("id_token_hint", &answer.body);
            let mut browser = realm.browser();
            realm.es_app().sign_in(&mut browser, &realm.ada()).await;
            assert!(browser.open(&ask.url()).await.left().contains("error=login_required"));
        }
    }

    async fn userinfo_is_plain_for_everybody_else(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let answer = realm.userinfo(&tokens.access).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let claims = answer.success();
        assert!(claims.get("iss").is_none() && claims.get("aud").is_none(), "{claims}");
    }

    async fn id_tokens_of_every_algorithm_verify_and_hash_what_is_beside_them(world) {
        let realm = world.alpha();
        for algorithm in ALGORITHMS {
            let with = format!("id_token_algorithm: {algorithm}");
            world.apply(&realms::changed(&realms::alpha(), "id_token_algorithm: ES256", &with)).await;
            let tokens = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
            assert_eq!(header(tokens.id())["alg"], algorithm);
            let claims = realm.api("es-app").with_typ("JWT").verify(tokens.id()).await.unwrap();
            let length = if algorithm == "EdDSA" { 43 } else { 22 };
            assert_eq!(claims["at_hash"].as_str().map(str::len), Some(length), "{algorithm}");
        }
    }

    async fn access_tokens_of_every_algorithm_verify_by_realm_api_and_client(world) {
        let realm = world.alpha();
        for algorithm in ALGORITHMS {
            let of_realm = format!("policy:\n  access_tokens: {{algorithm: {algorithm}}}\n");
            let document = realms::changed(&realms::alpha(), "policy:\n", &of_realm);
            let of_api = format!("profile: jwt\n    algorithm: {algorithm}");
            let document = realms::changed(&document, "profile: jwt\n    algorithm: RS256", &of_api);
            world.apply(&document).await;
            let worker = realm.service("worker");
            let tokens = worker.asking(&[("scope", "orders:read")]).await;
            assert_eq!(header(&tokens.access)["alg"], algorithm);
            realm.api("orders-api").accept(&tokens.access, "orders:read").await.unwrap();
            let legacy = worker.asking(&[("scope", "legacy:read")]).await;
            assert_eq!(header(&legacy.access)["alg"], algorithm);
            realm.api("legacy-api").with_typ("JWT").accept(&legacy.access, "legacy:read").await.unwrap();

            let of_client = format!("stranger:\n    access_token_algorithm: {algorithm}");
            world.apply(&realms::changed(&realms::alpha(), "stranger:", &of_client)).await;
            let own = realm.service("stranger").asking(&[]).await;
            assert_eq!(header(&own.access)["alg"], algorithm);
            realm.api("stranger").verify(&own.access).await.unwrap();
        }
    }

    async fn an_old_resource_server_that_knows_only_the_type_jwt_is_served_and_no_client_is_its_audience(world) {
        let document = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  access_tokens: {profile: jwt}\n");
        world.apply(&document).await;
        let realm = world.alpha();
        let tokens = realm.service("worker").asking(&[("scope", "orders:read")]).await;
        realm.api("orders-api").with_typ("JWT").accept(&tokens.access, "orders:read").await.unwrap();
        assert!(realm.api("orders-api").accept(&tokens.access, "orders:read").await.is_err(), "it is no at+jwt");
        let own = realm.service("stranger").asking(&[]).await.access_claims();
        assert_eq!(own["aud"], realm.issuer(), "never a bare client_id");
        let signed_in = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!(signed_in.access_claims()["aud"], realm.issuer());
        assert_eq!(realm.userinfo(&signed_in.access).await.status, 200);
    }

    async fn facts_that_are_empty_or_absent_are_left_out(world) {
        let profile = "profile: {name: Ada Byron, nickname: \"\", phone_number: \"+441234\", \
                       address: {locality: London, region: \"\"}, given_name: Ada, family_name: Byron}";
        let document = realms::changed(
            &realms::alpha(),
            "profile: {name: Ada Byron, given_name: Ada, family_name: Byron}",
            profile,
        );
        world.apply(&document).await;
        let realm = world.alpha();
        let scope = "openid profile email phone address";
        let tokens = realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), scope).await;
        let claims = realm.userinfo(&tokens.access).await.success();
        assert_eq!(claims["address"], json!({"locality": "London"}));
        let phone = (&claims["phone_number"], &claims["phone_number_verified"]);
        assert_eq!(phone, (&json!("+441234"), &json!(false)));
        assert!(claims.get("nickname").is_none() && claims.get("website").is_none(), "{claims}");
        assert!(claims["updated_at"].is_i64(), "{claims}");

        let tokens = realm.web_app().sign_in_for(&mut realm.browser(), &realm.grace(), scope).await;
        let claims = realm.userinfo(&tokens.access).await.success();
        for absent in ["address", "phone_number", "phone_number_verified", "given_name"] {
            assert!(claims.get(absent).is_none(), "{absent}: {claims}");
        }
    }
}
