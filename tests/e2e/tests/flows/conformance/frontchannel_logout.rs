//! Plan `oidcc-frontchannel-rp-initiated-logout-certification-test-plan`.

use palatine_e2e::{ClientSite, World, form_body, on_every_backend, realms};
use serde_json::json;

use super::provider::{CALLBACK, Provider, REALM};
use super::relying_party::RelyingParty;
use super::rp_initiated_logout::{AFTER, STATE, SignedIn};
use super::variant::Variant;

/// Where the frame is, on whichever host.
const PATH: &str = "/test/a/palatine/frontchannel_logout";

/// The client of the realm's document, with `site` in the place of the suite. The frame must be of the origin of a
/// redirect URI.
async fn of_the_document(world: &World, site: &ClientSite) -> RelyingParty {
    let host = "https://localhost.emobix.co.uk:8443";
    let document = realms::changed(REALM, &format!("{host}{PATH}"), &site.url(PATH));
    let first = format!("      - {host}/test/a/palatine/callback\n");
    let both = format!("{first}      - {}\n", site.url("/callback"));
    let provider = Provider::with(world, &realms::changed(&document, &first, &both)).await;
    provider.frontchannel_client(Variant::CODE)
}

/// A client that registers itself, so that people are asked.
async fn registered(world: &World, site: &ClientSite) -> RelyingParty {
    let more = json!({
        "redirect_uris": [CALLBACK, site.url("/callback")],
        "post_logout_redirect_uris": [AFTER],
        "frontchannel_logout_uri": site.url(PATH),
        "frontchannel_logout_session_required": true,
    });
    Provider::of(world).await.registered_with_secret(Variant::CODE, &more).await.0
}

/// A person signs in and out, and the page loads the client's frame before it goes on.
async fn is_told(party: RelyingParty, site: &ClientSite) {
    let mut signed_in = SignedIn::at(party).await;
    let visit = signed_in.end_session_as_it_should_be().await;
    let page = visit.page();
    let frames = page.attributes("iframe[hidden]", "src");
    let [frame] = frames.as_slice() else { panic!("one frame: {frames:?}") };
    reqwest::get(frame).await.unwrap();
    let id_token = signed_in.tokens.id_claims();
    let (iss, sid) = (signed_in.realm.issuer(), id_token["sid"].as_str().unwrap());
    let query = form_body(&[("iss", &iss), ("sid", sid)]);
    assert_eq!(site.times_asked(&format!("{PATH}?{query}")), 1, "{frame}");
    assert_eq!(page.attributes("a[data-continue]", "href"), [format!("{AFTER}?state={STATE}")]);
    signed_in.assert_signed_out().await;
}

on_every_backend! {
    async fn oidcc_frontchannel_logout_discovery_endpoint_verification(world) {
        let provider = Provider::of(world).await;
        assert_eq!(provider.metadata["frontchannel_logout_supported"], true);
        assert_eq!(provider.metadata["frontchannel_logout_session_supported"], true);
    }

    async fn oidcc_frontchannel_rp_initiated_logout(world) {
        let site = ClientSite::open().await;
        is_told(of_the_document(world, &site).await, &site).await;
        let site = ClientSite::open().await;
        is_told(registered(world, &site).await, &site).await;
    }
}
