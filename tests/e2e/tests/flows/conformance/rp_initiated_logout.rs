//! Plan `oidcc-rp-initiated-logout-certification-test-plan`.

use std::str::FromStr as _;

use openidconnect::core::CoreIdToken;
use openidconnect::{CsrfToken, EndSessionUrl, LogoutRequest, PostLogoutRedirectUrl};
use palatine_e2e::{
    Answered, App, Browser, Endpoint, RealmUnderTest, Tokens, Visit, World, form_body, on_every_backend,
};

use super::provider::Provider;
use super::relying_party::RelyingParty;
use super::variant::Variant;

pub(super) const AFTER: &str = "https://www.certification.openid.net/test/a/palatine/post_logout_redirect";
pub(super) const STATE: &str = "af0ifjsldkj";

/// A relying party whose user has just signed in.
pub(super) struct SignedIn {
    pub(super) realm: RealmUnderTest,
    pub(super) app: App,
    pub(super) browser: Browser,
    pub(super) tokens: Tokens,
}

/// Every module begins with a sign-in.
pub(super) async fn signed_in(world: &World) -> SignedIn {
    SignedIn::at(Provider::of(world).await.client(Variant::CODE)).await
}

impl SignedIn {
    /// At this relying party.
    pub(super) async fn at(party: RelyingParty) -> Self {
        let (realm, app) = (party.provider.realm, party.app);
        let mut browser = realm.browser();
        let tokens = app.sign_in(&mut browser, &Provider::person()).await;
        Self { realm, app, browser, tokens }
    }

    /// Sends the browser to the end-session endpoint.
    pub(super) async fn end_session(&mut self, params: &[(&str, &str)]) -> Visit {
        let query = form_body(params);
        self.browser.open(&format!("{}?{query}", self.realm.url(Endpoint::EndSession))).await
    }

    /// The request of the whole plan, as it should be, by another library.
    pub(super) async fn end_session_as_it_should_be(&mut self) -> Visit {
        let document = self.realm.discovery().await;
        let endpoint = document["end_session_endpoint"].as_str().unwrap().to_owned();
        let url = LogoutRequest::from(EndSessionUrl::new(endpoint).unwrap())
            .set_id_token_hint(&CoreIdToken::from_str(self.tokens.id()).unwrap())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(AFTER.to_owned()).unwrap())
            .set_state(CsrfToken::new(STATE.to_owned()))
            .http_get_url();
        self.browser.open(url.as_str()).await
    }

    /// "prompt=none … must return an error (as the user has been logged out)".
    pub(super) async fn assert_signed_out(&mut self) {
        let ask = self.app.ask().with("prompt", "none");
        let visit = self.browser.open(&ask.url()).await;
        assert_eq!(Answered::at(visit.left(), &ask).error(), "login_required");
    }

    async fn assert_signed_in(&mut self) {
        let ask = self.app.ask().with("prompt", "none");
        assert!(self.browser.open(&ask.url()).await.left().contains("code="));
    }
}

/// "The OP … must not redirect": an error page, and the session goes on.
async fn assert_error_page(signed_in: &mut SignedIn, params: &[(&str, &str)]) {
    let visit = signed_in.end_session(params).await;
    visit.last().assert_page(400, "Invalid parameter: post_logout_redirect_uri");
    signed_in.assert_signed_in().await;
}

/// The person is asked first, then told, and stays here.
async fn assert_asked_and_told(signed_in: &mut SignedIn, params: &[(&str, &str)]) {
    let visit = signed_in.end_session(params).await;
    assert_eq!(visit.page().heading(), "Do you want to sign out?");
    let visit = signed_in.browser.submit(&visit.page().form(), "logout").await;
    assert_eq!(visit.page().heading(), "You are signed out");
    signed_in.assert_signed_out().await;
}

on_every_backend! {
    async fn oidcc_rp_initiated_logout_discovery_endpoint_verification(world) {
        let provider = Provider::of(world).await;
        assert_eq!(provider.says("end_session_endpoint"), provider.realm.url(Endpoint::EndSession));
    }

    async fn oidcc_rp_initiated_logout(world) {
        let mut signed_in = signed_in(world).await;
        let visit = signed_in.end_session_as_it_should_be().await;
        assert_eq!(visit.left(), format!("{AFTER}?state={STATE}"));
        signed_in.assert_signed_out().await;
    }

    async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(world) {
        let mut signed_in = signed_in(world).await;
        let hint = signed_in.tokens.id().to_owned();
        let bad = format!("{AFTER}_bad");
        let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &bad), ("state", STATE)];
        assert_error_page(&mut signed_in, &params).await;
    }

    async fn oidcc_rp_initiated_logout_modified_id_token_hint(world) {
        let mut signed_in = signed_in(world).await;
        let other = signed_in.app.sign_in(&mut signed_in.realm.browser(), &Provider::person()).await;
        // The claims of one token under the signature of another.
        let (claims, _) = other.id().rsplit_once('.').unwrap();
        let (_, signature) = signed_in.tokens.id().rsplit_once('.').unwrap();
        let hint = format!("{claims}.{signature}");
        let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER), ("state", STATE)];
        assert_error_page(&mut signed_in, &params).await;
    }

    async fn oidcc_rp_initiated_logout_no_id_token_hint(world) {
        let mut signed_in = signed_in(world).await;
        assert_error_page(&mut signed_in, &[("post_logout_redirect_uri", AFTER), ("state", STATE)]).await;
    }

    async fn oidcc_rp_initiated_logout_no_params(world) {
        let mut signed_in = signed_in(world).await;
        assert_asked_and_told(&mut signed_in, &[]).await;
    }

    async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri(world) {
        let mut signed_in = signed_in(world).await;
        let hint = signed_in.tokens.id().to_owned();
        let visit = signed_in.end_session(&[("id_token_hint", &hint), ("state", STATE)]).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        signed_in.assert_signed_out().await;
    }

    async fn oidcc_rp_initiated_logout_no_state(world) {
        let mut signed_in = signed_in(world).await;
        let hint = signed_in.tokens.id().to_owned();
        let visit = signed_in.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER)]).await;
        assert_eq!(visit.left(), AFTER, "no state came, and none goes back");
        signed_in.assert_signed_out().await;
    }

    async fn oidcc_rp_initiated_logout_only_state(world) {
        let mut signed_in = signed_in(world).await;
        assert_asked_and_told(&mut signed_in, &[("state", STATE)]).await;
    }

    async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(world) {
        let mut signed_in = signed_in(world).await;
        let hint = signed_in.tokens.id().to_owned();
        let added = format!("{AFTER}?foo=bar");
        let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &added), ("state", STATE)];
        assert_error_page(&mut signed_in, &params).await;
    }

    async fn oidcc_rp_initiated_logout_bad_id_token_hint(world) {
        let mut signed_in = signed_in(world).await;
        let params = [("id_token_hint", "bad"), ("post_logout_redirect_uri", AFTER), ("state", STATE)];
        assert_error_page(&mut signed_in, &params).await;
    }
}
