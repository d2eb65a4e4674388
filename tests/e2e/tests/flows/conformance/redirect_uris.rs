//! Redirect URIs are compared as they are written (OpenID Connect Core, section 3.1.2.1).

use palatine_e2e::{Ask, Landing, on_every_backend};
use serde_json::json;

use super::provider::{CALLBACK, Provider};
use super::registering::{metadata, open_provider, unnamed_key};
use super::variant::Variant;

/// The person sees a page that says what is wrong, and is sent nowhere.
async fn ends_at_a_page(provider: &Provider, ask: &Ask) {
    let visit = provider.realm.browser().open(&ask.url()).await;
    assert!(matches!(visit.landing, Landing::Page(_)), "{:?}", visit.landing);
    visit.last().assert_page(400, "redirect_uri");
}

on_every_backend! {
    async fn oidcc_ensure_registered_redirect_uri(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let ask = provider.client(variant).ask().with("redirect_uri", &format!("{CALLBACK}/{}", provider.fresh()));
            ends_at_a_page(&provider, &ask).await;
        }
    }

    /// Required by OpenID Connect, although the client has registered a single one.
    async fn oidcc_ensure_redirect_uri_in_authorization_request(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let (party, _) = provider.registered(variant, &key, &json!({})).await;
            ends_at_a_page(&provider, &party.ask().without("redirect_uri")).await;
        }
    }

    /// RFC 6749, section 3.1.2: the query is part of the URI and is kept.
    async fn oidcc_redirect_uri_query_ok(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let more = json!({"redirect_uris": [format!("{CALLBACK}?foo=bar")]});
            let (party, _) = provider.registered(variant, &key, &more).await;
            party.sign_in(&mut provider.realm.browser()).await;
        }
    }

    async fn oidcc_redirect_uri_query_mismatch(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let more = json!({"redirect_uris": [format!("{CALLBACK}?foo=bar")]});
            let (party, _) = provider.registered(variant, &key, &more).await;
            ends_at_a_page(&provider, &party.ask().with("redirect_uri", &format!("{CALLBACK}?foo=baz"))).await;
        }
    }

    async fn oidcc_redirect_uri_query_added(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::by_default() {
            let (party, _) = provider.registered(variant, &key, &json!({})).await;
            ends_at_a_page(&provider, &party.ask().with("redirect_uri", &format!("{CALLBACK}?foo=bar"))).await;
        }
    }

    /// RFC 6749, section 3.1.2: no fragment.
    async fn oidcc_redirect_uri_regfrag(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::by_default() {
            let wanted = metadata(variant, &json!({"redirect_uris": [format!("{CALLBACK}#foobar")]}));
            provider.register(&wanted).await.assert_refused(400, "invalid_redirect_uri");
        }
    }
}
