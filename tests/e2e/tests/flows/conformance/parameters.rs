//! Parameters that a provider may use, ignore, or must understand.

use palatine_e2e::{Ask, World, on_every_backend};
use serde_json::json;

use super::provider::Provider;
use super::variant::{BASIC, Variant};

/// Every variant succeeds with this change of its request.
async fn succeeds_with(world: &World, change: impl Fn(Ask) -> Ask) {
    let provider = Provider::of(world).await;
    for variant in Variant::all() {
        let party = provider.client(variant);
        party.sign_in_asking(&mut provider.realm.browser(), &change(party.ask())).await;
    }
}

on_every_backend! {
    async fn oidcc_display_page(world) {
        succeeds_with(world, |ask| ask.with("display", "page")).await;
    }

    async fn oidcc_display_popup(world) {
        succeeds_with(world, |ask| ask.with("display", "popup")).await;
    }

    /// RFC 6749, section 3.1: what is not understood is ignored.
    async fn oidcc_ensure_request_with_unknown_parameter_succeeds(world) {
        succeeds_with(world, |ask| ask.with("extra", "foobar")).await;
    }

    /// OpenID Connect Core, section 3.1.2.1: whose name the page has at first.
    async fn oidcc_login_hint(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let (party, mut browser) = (provider.client(variant), provider.realm.browser());
            let ask = party.ask().with("login_hint", "buffy@example.com");
            let visit = browser.open(&ask.url()).await;
            assert_eq!(visit.page().form().value("username"), "buffy@example.com");
            let visit = party.past_the_pages(&mut browser, visit).await;
            party.complete(visit, &ask).await;
        }
    }

    /// No page speaks this language, and that is no error.
    async fn oidcc_ui_locales(world) {
        succeeds_with(world, |ask| ask.with("ui_locales", "se")).await;
    }

    async fn oidcc_claims_locales(world) {
        succeeds_with(world, |ask| ask.with("claims_locales", "se")).await;
    }

    /// OpenID Connect Core, section 5.5.1.1: `acr` says what was reached, and with one of the values wished for.
    async fn oidcc_ensure_request_with_acr_values_succeeds(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let party = provider.client(variant);
            let ask = party.ask().with("acr_values", "1 2");
            let signed_in = party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
            let acr = signed_in.id_claims()["acr"].as_str().unwrap_or_default().to_owned();
            assert!(["1", "2"].contains(&acr.as_str()), "{acr}");
        }
    }

    /// OpenID Connect Core, section 3.1.2.1: by GET and by POST.
    async fn oidcc_ensure_post_request_succeeds(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::of(BASIC) {
            let (party, mut browser) = (provider.client(variant), provider.realm.browser());
            let ask = party.ask();
            let visit = browser.post_from_elsewhere(&ask.endpoint, &ask.params()).await;
            let visit = party.past_the_pages(&mut browser, visit).await;
            party.complete(visit, &ask).await;
        }
    }

    /// OpenID Connect Core, section 5.5: asked for by name, in userinfo or, where there is none, in the ID token.
    async fn oidcc_claims_essential(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let party = provider.client(variant);
            let place = if variant.response_type == "id_token" { "id_token" } else { "userinfo" };
            let ask = party.ask().with("claims", &json!({place: {"name": {"essential": true}}}).to_string());
            let signed_in = party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
            assert_eq!(party.claims(&signed_in).await["name"], "Conformance Test User", "{variant:?}");
            assert_eq!(signed_in.id_claims().get("name").is_some(), place == "id_token", "{variant:?}");
        }
    }

    /// RFC 7636 with `S256`, beside the client's secret.
    async fn oidcc_ensure_request_with_valid_pkce_succeeds(world) {
        let provider = Provider::of(world).await;
        assert!(provider.lists("code_challenge_methods_supported", "S256"));
        for variant in Variant::of(&["code", "code id_token"]) {
            let party = provider.client(variant);
            let ask = party.ask();
            let challenge = palatine_e2e::challenge_of(&ask.verifier);
            let ask = ask.with("code_challenge", &challenge).with("code_challenge_method", "S256");
            party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
        }
    }
}
