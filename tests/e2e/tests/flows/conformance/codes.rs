//! Codes that are used twice, and refresh tokens.

use std::time::Duration;

use palatine_e2e::{Tokens, World, on_every_backend, seconds};

use super::provider::Provider;
use super::relying_party::RelyingParty;
use super::signed_in::SignedIn;
use super::variant::Variant;

/// RFC 6749, section 4.1.2: a code that comes again is refused, and what it was exchanged for should end.
async fn a_code_comes_again(world: &World, after: Duration) {
    let provider = Provider::of(world).await;
    for variant in Variant::with_code() {
        let party = provider.client(variant);
        let ask = party.ask();
        let signed_in = party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
        world.pass(after);
        party.redeem(&signed_in.answered.code(), &ask).await.assert_refused(400, "invalid_grant");
        assert_eq!(provider.userinfo(signed_in.access_token()).await.status, 401, "{variant:?}");
    }
}

/// Signs in for lasting access, with consent as section 11 of OpenID Connect Core wants it.
pub(super) async fn lasting(party: &RelyingParty) -> SignedIn {
    let ask = party.ask().scope("openid offline_access").with("prompt", "consent");
    party.sign_in_asking(&mut party.provider.realm.browser(), &ask).await
}

/// OpenID Connect Core, section 12.2: what a refreshed ID token has in common with the first.
async fn refreshes(party: &RelyingParty, first: &SignedIn) -> Tokens {
    let token = first.tokens().refresh();
    // RFC 6749, appendix A.17.
    assert!(token.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    let second = Tokens::of(&party.refresh(token).await);
    assert_ne!(second.access, first.access_token());
    let (before, now) = (first.id_claims(), party.verified(second.id(), None).await);
    for same in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(now[same], before[same], "{same}");
    }
    assert!(now["nonce"].is_null() || now["nonce"] == before["nonce"]);
    party.userinfo(&second.access, &now).await;
    second
}

/// Each of two clients uses its own refresh tokens, and neither the other's (RFC 6749, section 6).
pub(super) async fn refresh_tokens_belong_to_their_clients(one: &RelyingParty, two: &RelyingParty) {
    refreshes(one, &lasting(one).await).await;
    let second = refreshes(two, &lasting(two).await).await;
    one.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
    Tokens::of(&two.refresh(second.refresh()).await);
}

on_every_backend! {
    async fn oidcc_codereuse(world) {
        a_code_comes_again(world, Duration::ZERO).await;
    }

    async fn oidcc_codereuse_30seconds(world) {
        a_code_comes_again(world, seconds(30)).await;
    }

    async fn oidcc_refresh_token(world) {
        let provider = Provider::of(world).await;
        assert!(provider.lists("grant_types_supported", "refresh_token"));
        for variant in Variant::with_code() {
            let (one, two) = (provider.client(variant), provider.second_client(variant));
            refresh_tokens_belong_to_their_clients(&one, &two).await;
        }
    }
}
