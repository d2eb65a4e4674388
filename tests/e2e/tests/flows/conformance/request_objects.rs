//! Requests that are passed as a JWT (OpenID Connect Core, section 6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_e2e::{Ask, ClientSite, on_every_backend};
use serde_json::{Value, json};

use super::provider::{CALLBACK, Provider};
use super::registering::{metadata, open_provider, unnamed_key};
use super::relying_party::{RelyingParty, signed};
use super::variant::Variant;

/// The claims of a request object that says what a request asks.
fn object(party: &RelyingParty, ask: &Ask) -> Value {
    let mut claims = json!({"iss": party.app.client_id, "aud": party.provider.metadata["issuer"]});
    let asked = ask.params().into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
    claims.as_object_mut().unwrap().extend(asked);
    claims
}

/// The same without a signature.
fn unsigned(party: &RelyingParty, ask: &Ask) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(&object(party, ask)))
}

/// What must stand outside of an object: section 6.1.
fn outside(ask: &Ask) -> Ask {
    ask.clone().without("state").without("nonce").without("redirect_uri").without("response_mode")
}

on_every_backend! {
    async fn oidcc_request_uri_signed_rs256(world) {
        let provider = open_provider(world).await;
        assert!(provider.lists("request_object_signing_alg_values_supported", "RS256"));
        assert_eq!(provider.metadata["request_uri_parameter_supported"], true);
        let (key, site) = (unnamed_key(), ClientSite::open().await);
        for variant in Variant::all() {
            let path = format!("/{}", provider.fresh());
            let more = json!({"request_uris": [site.url(&path)], "request_object_signing_alg": "RS256"});
            let (party, _) = provider.registered(variant, &key, &more).await;
            let (ask, mut browser) = (party.ask(), provider.realm.browser());
            site.serves(&path, 200, "application/oauth-authz-req+jwt", signed(&key, &object(&party, &ask)).as_bytes());
            let visit = browser.open(&outside(&ask).with("request_uri", &site.url(&path)).url()).await;
            let visit = party.past_the_pages(&mut browser, visit).await;
            party.complete(visit, &ask).await;
        }
    }

    /// The redirect URI inside counts, not the one outside. The suite's object is unsigned, so that it skips this.
    async fn oidcc_ensure_request_object_with_redirect_uri(world) {
        let provider = open_provider(world).await;
        let key = unnamed_key();
        for variant in Variant::all() {
            let (party, _) = provider.registered(variant, &key, &json!({})).await;
            let (ask, mut browser) = (party.ask(), provider.realm.browser());
            let sent = outside(&ask).with("redirect_uri", &format!("{CALLBACK}/{}", provider.fresh()));
            let sent = sent.with("request", &signed(&key, &object(&party, &ask)));
            let visit = browser.open(&sent.url()).await;
            let visit = party.past_the_pages(&mut browser, visit).await;
            party.complete(visit, &ask).await;
        }
    }

    /// Skipped by the suite where `none` is not offered: such an object is refused, never ignored.
    async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(world) {
        let provider = Provider::of(world).await;
        assert!(!provider.lists("request_object_signing_alg_values_supported", "none"));
        for variant in Variant::all() {
            let party = provider.client(variant);
            let ask = party.ask();
            let sent = ask.clone().with("request", &unsigned(&party, &ask));
            let visit = provider.realm.browser().open(&sent.url()).await;
            assert_eq!(party.answer(visit, &sent).error(), "invalid_request_object", "{variant:?}");
        }
    }

    /// The same by reference.
    async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(world) {
        let provider = open_provider(world).await;
        let (key, site) = (unnamed_key(), ClientSite::open().await);
        for variant in Variant::all() {
            let path = format!("/{}", provider.fresh());
            let (party, _) = provider.registered(variant, &key, &json!({"request_uris": [site.url(&path)]})).await;
            let ask = party.ask();
            site.serves(&path, 200, "application/oauth-authz-req+jwt", unsigned(&party, &ask).as_bytes());
            let sent = ask.clone().with("request_uri", &site.url(&path));
            let visit = provider.realm.browser().open(&sent.url()).await;
            assert_eq!(party.answer(visit, &sent).error(), "invalid_request_object", "{variant:?}");
        }
    }

    /// A client cannot register to send unsigned objects.
    async fn oidcc_request_uri_unsigned(world) {
        let provider = Provider::of(world).await;
        assert!(!provider.lists("request_object_signing_alg_values_supported", "none"));
        let wanted = metadata(Variant::CODE, &json!({"request_object_signing_alg": "none"}));
        provider.register(&wanted).await.assert_refused(400, "invalid_client_metadata");
    }
}
