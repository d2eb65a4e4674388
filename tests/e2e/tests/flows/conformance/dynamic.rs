//! Clients that register themselves, and sign in what they registered for (OpenID Connect Dynamic Client Registration).

use image::ImageFormat;
use jsonwebtoken::Algorithm;
use palatine_e2e::{ClientSite, KeyHolder, Tokens, World, on_every_backend, seconds};
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};

use crate::logos::{logo_on, picture};

use super::codes::{lasting, refresh_tokens_belong_to_their_clients};
use super::provider::CALLBACK;
use super::registering::{metadata, open_provider, public, refreshing, unnamed_key};
use super::variant::Variant;

/// The variants of the Dynamic plan with a token request.
fn with_code() -> impl Iterator<Item = Variant> {
    Variant::by_default().into_iter().filter(|variant| variant.has("code"))
}

/// A client that registers such a page has it linked where people sign in and consent.
async fn registers_a_page(world: &World, member: &str) {
    let provider = open_provider(world).await;
    let (key, page) = (unnamed_key(), "https://www.certification.openid.net/test/a/palatine/page");
    for variant in Variant::by_default() {
        let (party, client) = provider.registered(variant, &key, &json!({ member: page })).await;
        assert_eq!(client[member], page);
        let (ask, mut browser) = (party.ask(), provider.realm.browser());
        let visit = browser.open(&ask.url()).await;
        assert!(visit.page().html.contains(&format!("href=\"{page}\"")), "{member}");
        let visit = party.past_the_pages(&mut browser, visit).await;
        party.complete(visit, &ask).await;
    }
}

/// A client of several hosts, of which a document of its sector lists these.
fn sector(uri: &str) -> Value {
    json!({
        "redirect_uris": [CALLBACK, "https://other.example.com/callback"],
        "sector_identifier_uri": uri,
        "subject_type": "pairwise",
    })
}

on_every_backend! {
    /// Its key has no name, and its assertions are for the token endpoint.
    async fn oidcc_server(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let (party, client) = provider.registered(variant, &key, &json!({})).await;
            assert!(client.get("client_secret").is_none());
            party.sign_in(&mut provider.realm.browser()).await;
        }
    }

    async fn oidcc_idtoken_rs256(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let more = json!({"id_token_signed_response_alg": "RS256"});
            let (party, _) = provider.registered(variant, &key, &more).await;
            party.sign_in(&mut provider.realm.browser()).await;
        }
    }

    /// OpenID Connect Core, section 5.3.2: with `iss` and `aud`.
    async fn oidcc_userinfo_rs256(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let more = json!({"userinfo_signed_response_alg": "RS256"});
            let (mut party, _) = provider.registered(variant, &key, &more).await;
            party.userinfo_algorithm = Some(Algorithm::RS256);
            let signed_in = party.sign_in(&mut provider.realm.browser()).await;
            party.claims(&signed_in).await;
        }
    }

    /// Section 2: "the server SHOULD display this image to the End-User during approval."
    async fn oidcc_registration_logo_uri(world) {
        let provider = open_provider(world).await;
        let (key, site) = (unnamed_key(), ClientSite::open().await);
        site.serves("/logo.png", 200, "image/png", &picture(ImageFormat::Png, (64, 64), [0, 0, 200]));
        for variant in Variant::by_default() {
            let (party, _) = provider.registered(variant, &key, &json!({"logo_uri": site.url("/logo.png")})).await;
            assert_eq!(world.node().fetch_logos().await, 1);
            let (ask, mut browser) = (party.ask(), provider.realm.browser());
            let visit = browser.open(&ask.url()).await;
            let logo = logo_on(visit.page()).unwrap();
            assert_eq!(provider.realm.wire().get(&logo).await.header("content-type"), Some("image/png"));
            let visit = party.past_the_pages(&mut browser, visit).await;
            party.complete(visit, &ask).await;
        }
    }

    async fn oidcc_registration_policy_uri(world) {
        registers_a_page(world, "policy_uri").await;
    }

    async fn oidcc_registration_tos_uri(world) {
        registers_a_page(world, "tos_uri").await;
    }

    async fn oidcc_registration_jwks_uri(world) {
        let provider = open_provider(world).await;
        let (key, site) = (KeyHolder::new(SigningAlgorithm::RS256, "one"), ClientSite::open().await);
        site.serves_json("/jwks", &public(&key));
        for variant in with_code() {
            let (party, _) = provider.registered(variant, &key, &json!({"jwks_uri": site.url("/jwks")})).await;
            party.sign_in(&mut provider.realm.browser()).await;
        }
    }

    async fn oidcc_registration_sector_uri(world) {
        let provider = open_provider(world).await;
        let (key, site) = (unnamed_key(), ClientSite::open().await);
        site.serves_json("/sector", &json!([CALLBACK, "https://other.example.com/callback"]));
        for variant in Variant::by_default() {
            let (party, _) = provider.registered(variant, &key, &sector(&site.url("/sector"))).await;
            let signed_in = party.sign_in(&mut provider.realm.browser()).await;
            assert_ne!(signed_in.id_claims()["sub"], "conformance-user", "of its sector alone");
        }
    }

    /// Section 5: every redirect URI is in the document.
    async fn oidcc_registration_sector_bad(world) {
        let provider = open_provider(world).await;
        let site = ClientSite::open().await;
        site.serves_json("/sector", &json!(["https://other.example.com/callback"]));
        for variant in Variant::by_default() {
            let wanted = metadata(variant, &sector(&site.url("/sector")));
            let answer = provider.register(&wanted).await;
            answer.assert_refused(400, "invalid_client_metadata");
            assert!(answer.body.contains("does not list"), "{}", answer.body);
        }
    }

    /// OpenID Connect Core, section 10.1.1: the client's new key is fetched when an assertion names it.
    async fn oidcc_refresh_token_rp_key_rotation(world) {
        let provider = open_provider(world).await;
        let site = ClientSite::open().await;
        for (variant, name) in with_code().zip(["a", "b", "c", "d"]) {
            let path = format!("/jwks/{name}");
            let [old, new] = ["old", "new"].map(|kid| KeyHolder::new(SigningAlgorithm::RS256, kid));
            site.serves_json(&path, &public(&old));
            let mut more = refreshing(variant);
            more["jwks_uri"] = site.url(&path).into();
            let (mut party, _) = provider.registered(variant, &old, &more).await;
            let signed_in = lasting(&party).await;
            site.serves_json(&path, &public(&new));
            world.pass(seconds(60));
            party.key = Some(new);
            let tokens = Tokens::of(&party.refresh(signed_in.tokens().refresh()).await);
            party.userinfo(&tokens.access, signed_in.id_claims()).await;
        }
    }

    async fn oidcc_refresh_token(world) {
        let provider = open_provider(world).await;
        let keys = [unnamed_key(), unnamed_key()];
        for variant in with_code() {
            let (one, _) = provider.registered(variant, &keys[0], &refreshing(variant)).await;
            let (two, _) = provider.registered(variant, &keys[1], &refreshing(variant)).await;
            refresh_tokens_belong_to_their_clients(&one, &two).await;
        }
    }

    /// RFC 7523, section 3: the issuer is an audience of assertions, too.
    async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in with_code() {
            let (party, _) = provider.registered(variant, &key, &json!({})).await;
            let (ask, mut browser) = (party.ask(), provider.realm.browser());
            let visit = browser.open(&ask.url()).await;
            let visit = party.past_the_pages(&mut browser, visit).await;
            let code = party.answer(visit, &ask).code();
            let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", ask.redirect_uri())];
            Tokens::of(&party.token_request_to(provider.says("issuer"), &form).await);
        }
    }
}
