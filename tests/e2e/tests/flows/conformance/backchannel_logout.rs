//! Plan `oidcc-backchannel-rp-initiated-logout-certification-test-plan`.

use palatine_e2e::{RelyingParty, on_every_backend, realms};

use super::rp_initiated_logout::{AFTER, STATE, signed_in};

on_every_backend! {
    async fn oidcc_backchannel_logout_discovery_endpoint_verification(world) {
        let document = world.alpha().discovery().await;
        assert_eq!(document["backchannel_logout_supported"], true);
        assert_eq!(document["backchannel_logout_session_supported"], true);
    }

    async fn oidcc_backchannel_rp_initiated_logout(world) {
        let party = RelyingParty::of("web-app").await;
        let members = format!("logout: {{backchannel_uri: \"{}\", backchannel_session_required: true}}", party.uri());
        world.apply(&realms::with_members(&realms::alpha(), "web-app", &members)).await;
        let mut signed_in = signed_in(world).await;
        let visit = signed_in.end_session_as_it_should_be().await;
        assert_eq!(visit.left(), format!("{AFTER}?state={STATE}"));
        let heard = party.hears_of_one(&signed_in.realm).await;
        let id_token = signed_in.tokens.id_claims();
        assert_eq!((&heard["sub"], &heard["sid"]), (&id_token["sub"], &id_token["sid"]));
        signed_in.assert_signed_out().await;
    }
}
