//! Plan `oidcc-backchannel-rp-initiated-logout-certification-test-plan`.

use palatine_e2e::{RelyingParty as Backend, World, on_every_backend, realms};
use serde_json::json;

use super::provider::{Provider, REALM};
use super::relying_party::RelyingParty;
use super::rp_initiated_logout::{AFTER, STATE, SignedIn};
use super::variant::Variant;

/// The client of the realm's document, of which `backend` hears in the place of the suite.
async fn of_the_document(world: &World, backend: &Backend) -> RelyingParty {
    let of_suite = "https://localhost.emobix.co.uk:8443/test/a/palatine/backchannel_logout";
    let provider = Provider::with(world, &realms::changed(REALM, of_suite, &backend.uri())).await;
    provider.backchannel_client(Variant::CODE)
}

/// A client that registers itself, so that people are asked.
async fn registered(world: &World, backend: &Backend) -> RelyingParty {
    let more = json!({
        "post_logout_redirect_uris": [AFTER],
        "backchannel_logout_uri": backend.uri(),
        "backchannel_logout_session_required": true,
    });
    Provider::of(world).await.registered_with_secret(Variant::CODE, &more).await.0
}

/// A person signs in and out, and the client's backend hears of it.
async fn is_told(party: RelyingParty, backend: Backend) {
    let backend = backend.called(&party.app.client_id);
    let mut signed_in = SignedIn::at(party).await;
    let visit = signed_in.end_session_as_it_should_be().await;
    assert_eq!(visit.left(), format!("{AFTER}?state={STATE}"));
    let heard = backend.hears_of_one(&signed_in.realm).await;
    let id_token = signed_in.tokens.id_claims();
    assert_eq!((&heard["sub"], &heard["sid"]), (&id_token["sub"], &id_token["sid"]));
    signed_in.assert_signed_out().await;
}

on_every_backend! {
    async fn oidcc_backchannel_logout_discovery_endpoint_verification(world) {
        let provider = Provider::of(world).await;
        assert_eq!(provider.metadata["backchannel_logout_supported"], true);
        assert_eq!(provider.metadata["backchannel_logout_session_supported"], true);
    }

    async fn oidcc_backchannel_rp_initiated_logout(world) {
        let backend = Backend::of("conformance-backchannel").await;
        is_told(of_the_document(world, &backend).await, backend).await;
        let backend = Backend::of("registered").await;
        is_told(registered(world, &backend).await, backend).await;
    }
}
