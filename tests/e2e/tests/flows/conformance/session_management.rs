//! Plan `oidcc-session-management-certification-test-plan`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_e2e::{Browser, Endpoint, on_every_backend};
use sha2::{Digest as _, Sha256};

use super::provider::Provider;
use super::rp_initiated_logout::{AFTER, STATE, signed_in};

/// What the iframe answers to a message with this `session_state`, by OpenID Connect Session Management, section 3.2.
fn iframe_says(browser: &Browser, client_id: &str, origin: &str, session_state: &str) -> &'static str {
    let Some(state) = browser.cookie("pal_state") else { return "changed" };
    let (_, salt) = session_state.split_once('.').unwrap();
    let hash = Sha256::digest(format!("{client_id} {origin} {} {salt}", state.value));
    if session_state == format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash)) { "unchanged" } else { "changed" }
}

on_every_backend! {
    async fn oidcc_session_management_discovery_endpoint_verification(world) {
        let Provider { realm, metadata, .. } = Provider::of(world).await;
        assert_eq!(metadata["check_session_iframe"], realm.url(Endpoint::CheckSession));
        realm.wire().get(&realm.url(Endpoint::CheckSession)).await.assert_page(200, "<script>");
    }

    async fn oidcc_session_management_rp_initiated_logout(world) {
        let mut signed_in = signed_in(world).await;
        let ask = signed_in.app.ask();
        let again = signed_in.app.authorize(&mut signed_in.browser, &Provider::person(), &ask).await;
        let session_state = again.session_state().unwrap().to_owned();
        let (client_id, origin) = (signed_in.app.client_id.clone(), "https://www.certification.openid.net");
        let says = |browser: &Browser| iframe_says(browser, &client_id, origin, &session_state);
        assert_eq!(says(&signed_in.browser), "unchanged");
        let visit = signed_in.end_session_as_it_should_be().await;
        assert_eq!(visit.left(), format!("{AFTER}?state={STATE}"));
        assert_eq!(says(&signed_in.browser), "changed");
        signed_in.assert_signed_out().await;
    }
}
