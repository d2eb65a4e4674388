//! Plan `oidcc-frontchannel-rp-initiated-logout-certification-test-plan`.

use palatine_e2e::{ClientSite, form_body, on_every_backend, realms};

use super::rp_initiated_logout::{AFTER, STATE, signed_in};

on_every_backend! {
    async fn oidcc_frontchannel_logout_discovery_endpoint_verification(world) {
        let document = world.alpha().discovery().await;
        assert_eq!(document["frontchannel_logout_supported"], true);
        assert_eq!(document["frontchannel_logout_session_supported"], true);
    }

    async fn oidcc_frontchannel_rp_initiated_logout(world) {
        let site = ClientSite::open().await;
        // The frame must be of the origin of a redirect URI.
        let first = "      - https://shop.example.com/callback\n";
        let document = realms::changed(&realms::alpha(), first, &format!("{first}      - {}\n", site.url("/callback")));
        let members = format!(
            "logout: {{frontchannel_uri: \"{}\", frontchannel_session_required: true}}",
            site.url("/frontchannel_logout")
        );
        world.apply(&realms::with_members(&document, "web-app", &members)).await;
        let mut signed_in = signed_in(world).await;
        let visit = signed_in.end_session_as_it_should_be().await;
        let page = visit.page();
        let frames = page.attributes("iframe[hidden]", "src");
        let [frame] = frames.as_slice() else { panic!("one frame: {frames:?}") };
        reqwest::get(frame).await.unwrap();
        let id_token = signed_in.tokens.id_claims();
        let (iss, sid) = (signed_in.realm.issuer(), id_token["sid"].as_str().unwrap());
        let query = form_body(&[("iss", &iss), ("sid", sid)]);
        assert_eq!(site.times_asked(&format!("/frontchannel_logout?{query}")), 1, "{frame}");
        assert_eq!(page.attributes("a[data-continue]", "href"), [format!("{AFTER}?state={STATE}")]);
        signed_in.assert_signed_out().await;
    }
}
