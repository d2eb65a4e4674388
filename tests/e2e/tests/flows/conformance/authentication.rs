//! When a person is asked, and when not (OpenID Connect Core, section 3.1.2.1).

use palatine_e2e::{Ask, Browser, Landing, World, on_every_backend, seconds};

use super::provider::Provider;
use super::relying_party::RelyingParty;
use super::signed_in::SignedIn;
use super::variant::Variant;

/// Signs in by every variant, lets seconds pass, and hands on to what is asked next in the same browser.
async fn after_a_sign_in(world: &World, next: impl AsyncFn(RelyingParty, Browser, SignedIn)) {
    let provider = Provider::of(world).await;
    for variant in Variant::all() {
        let (party, mut browser) = (provider.client(variant), provider.realm.browser());
        let first = party.sign_in(&mut browser).await;
        world.pass(seconds(2));
        next(party, browser, first).await;
    }
}

/// `auth_time` of the ID token.
fn auth_time(signed_in: &SignedIn) -> i64 {
    signed_in.id_claims()["auth_time"].as_i64().expect("auth_time, in seconds")
}

/// The person is asked to sign in again, and the ID token says when that was.
async fn asks_again(party: RelyingParty, mut browser: Browser, first: SignedIn, ask: Ask) {
    let visit = browser.open(&ask.url()).await;
    assert!(matches!(&visit.landing, Landing::Page(page) if page.html.contains("name=\"password\"")));
    let visit = party.past_the_pages(&mut browser, visit).await;
    let second = party.complete(visit, &ask).await;
    assert_eq!(second.id_claims()["sub"], first.id_claims()["sub"]);
    assert!(auth_time(&second) > auth_time(&first));
}

/// The person is not asked, and the ID token is about the same sign-in.
async fn asks_nothing(party: RelyingParty, mut browser: Browser, first: SignedIn, ask: Ask) {
    let visit = browser.open(&ask.url()).await;
    assert!(!matches!(visit.landing, Landing::Page(_)));
    let second = party.complete(visit, &ask).await;
    assert_eq!(second.id_claims()["sub"], first.id_claims()["sub"]);
    assert_eq!(auth_time(&second), auth_time(&first));
}

on_every_backend! {
    async fn oidcc_prompt_login(world) {
        after_a_sign_in(world, async |party, browser, first| {
            let ask = party.ask().with("prompt", "login");
            asks_again(party, browser, first, ask).await;
        })
        .await;
    }

    async fn oidcc_prompt_none_not_logged_in(world) {
        let provider = Provider::of(world).await;
        for variant in Variant::all() {
            let party = provider.client(variant);
            let ask = party.ask().with("prompt", "none");
            let visit = provider.realm.browser().open(&ask.url()).await;
            assert_eq!(party.answer(visit, &ask).error(), "login_required", "{variant:?}");
        }
    }

    async fn oidcc_prompt_none_logged_in(world) {
        after_a_sign_in(world, async |party, browser, first| {
            let ask = party.ask().with("prompt", "none");
            asks_nothing(party, browser, first, ask).await;
        })
        .await;
    }

    async fn oidcc_max_age_1(world) {
        after_a_sign_in(world, async |party, browser, first| {
            let ask = party.ask().with("max_age", "1");
            asks_again(party, browser, first, ask).await;
        })
        .await;
    }

    async fn oidcc_max_age_10000(world) {
        after_a_sign_in(world, async |party, browser, first| {
            let ask = party.ask().with("max_age", "10000");
            asks_nothing(party, browser, first, ask).await;
        })
        .await;
    }

    async fn oidcc_id_token_hint(world) {
        after_a_sign_in(world, async |party, browser, first| {
            let ask = party.ask().with("prompt", "none").with("id_token_hint", first.id_token());
            asks_nothing(party, browser, first, ask).await;
        })
        .await;
    }
}
