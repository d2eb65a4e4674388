//! Who is told that somebody signed out, when, and how often (OpenID Connect Back-Channel Logout 1.0; PROTOCOL.md
//! section 6). What the tokens must be is verified by [`RelyingParty`].

use std::time::Duration;

use palatine_e2e::{
    Backend, Browser, Endpoint, RealmUnderTest, RelyingParty, Tokens, World, eventually, form_body, header, minutes,
    on_every_backend, on_sqlite, realms, seconds,
};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// The realm, whose clients are told at these places.
fn told(document: &str, parties: &[(&str, &RelyingParty)]) -> String {
    parties.iter().fold(document.to_owned(), |document, (client_id, party)| {
        realms::with_members(&document, client_id, &format!("logout: {{backchannel_uri: \"{}\"}}", party.uri()))
    })
}

/// `web-app` and `es-app` of the realm alpha are told.
async fn two(world: &World) -> (RelyingParty, RelyingParty) {
    let (web, es) = (RelyingParty::of("web-app").await, RelyingParty::of("es-app").await);
    world.apply(&told(&realms::alpha(), &[("web-app", &web), ("es-app", &es)])).await;
    (web, es)
}

async fn sign_out(browser: &mut Browser, realm: &RealmUnderTest, tokens: &Tokens) {
    let query = form_body(&[("id_token_hint", tokens.id())]);
    let visit = browser.open(&format!("{}?{query}", realm.url(Endpoint::EndSession))).await;
    assert_eq!(visit.page().heading(), "You are signed out");
}

/// Everything that was to be delivered has been.
async fn all_delivered(world: &World) {
    eventually("nothing waits", PATIENCE, async || world.undelivered().await.is_empty()).await;
}

/// What is left was tried so often and put off for so long; nothing is under way.
async fn put_off(world: &World, attempts: &[i64], wait: u64) {
    eventually("attempts have ended", PATIENCE, async || {
        let left = world.undelivered().await;
        let until = world.now().plus(seconds(wait));
        left.iter().map(|left| left.attempts).eq(attempts.iter().copied())
            && left.iter().all(|left| left.due_at <= until)
    })
    .await;
}

/// Presses a button of a page of the account.
async fn press(browser: &mut Browser, realm: &RealmUnderTest, page: &str, button: &str) {
    let visit = browser.open(&realm.account(page)).await;
    let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
    let form = visit.page().form_with(button);
    browser.submit(&form, button).await;
}

fn sid(tokens: &Tokens) -> Value {
    tokens.id_claims()["sid"].clone()
}

on_every_backend! {
    async fn each_client_of_a_session_is_told_once_in_its_own_words(world) {
        let (web, es) = two(world).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        let at_web = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        // A second sign-in is a second grant of the same client in the same session.
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let at_es = realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        sign_out(&mut browser, &realm, &at_web).await;
        for (party, tokens, alg) in [(&web, &at_web, "RS256"), (&es, &at_es, "ES256")] {
            let claims = party.hears_of_one(&realm).await;
            assert_eq!((&claims["sid"], &claims["sub"]), (&sid(tokens), &tokens.id_claims()["sub"]));
            assert_eq!(header(&party.tokens().concat())["alg"], alg);
        }
        all_delivered(world).await;
        sign_out(&mut browser, &realm, &at_web).await;
        all_delivered(world).await;
        assert_eq!((web.attempts(), es.attempts()), (1, 1), "twice signed out is once signed out");
    }

    async fn a_client_that_was_not_in_the_session_or_is_of_another_realm_is_not_told(world) {
        let (web, es) = two(world).await;
        let foreign = RelyingParty::of("web-app").await;
        world.apply(&told(&realms::beta(), &[("web-app", &foreign)])).await;
        let (alpha, beta) = (world.alpha(), world.beta());
        let mut elsewhere = beta.browser();
        beta.web_app().sign_in(&mut elsewhere, &beta.ada()).await;
        let (mut one, mut other) = (alpha.browser(), alpha.browser());
        let tokens = alpha.web_app().sign_in(&mut one, &alpha.ada()).await;
        alpha.es_app().sign_in(&mut other, &alpha.ada()).await;
        sign_out(&mut one, &alpha, &tokens).await;
        assert_eq!(web.hears_of_one(&alpha).await["sid"], sid(&tokens));
        all_delivered(world).await;
        assert_eq!((es.attempts(), foreign.attempts()), (0, 0));
    }

    async fn nothing_is_written_down_when_nobody_is_to_be_told(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        sign_out(&mut browser, &realm, &tokens).await;
        assert!(world.undelivered().await.is_empty());
    }

    async fn a_dead_endpoint_is_tried_again_and_then_given_up(world) {
        let (web, es) = two(world).await;
        web.answers(503);
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        sign_out(&mut browser, &realm, &tokens).await;
        web.waits_for(1).await;
        es.hears_of_one(&realm).await;
        // 10 s, 20 s, 40 s: each wait is twice the one before.
        for (made, wait) in [(1, 10), (2, 20), (3, 40)] {
            put_off(world, &[made], wait).await;
            world.pass(seconds(wait + 1));
            web.waits_for(usize::try_from(made).unwrap() + 1).await;
        }
        let all = web.tokens();
        for token in &all[3..] {
            // Made when it is delivered: the last one is not older than its delivery.
            web.verify(&realm, token).await;
        }
        put_off(world, &[4], 80).await;
        world.pass(minutes(24 * 60));
        web.waits_for(5).await;
        all_delivered(world).await;
        assert_eq!(es.attempts(), 1, "others were told meanwhile");
    }

    async fn an_endpoint_that_comes_back_is_told_after_all(world) {
        let (web, _) = two(world).await;
        web.answers(400);
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        sign_out(&mut browser, &realm, &tokens).await;
        web.waits_for(1).await;
        put_off(world, &[1], 10).await;
        // Another process goes on with it; 204 is as good as 200.
        world.restart().await;
        web.answers(204);
        world.pass(seconds(11));
        web.waits_for(2).await;
        all_delivered(world).await;
        let tokens = web.tokens();
        let ids: Vec<Value> = tokens.iter().map(|token| palatine_e2e::claims(token)["jti"].clone()).collect();
        assert_ne!(ids.first(), ids.last(), "each attempt has a token of its own");
    }

    async fn signing_out_everywhere_tells_every_session_of_every_client(world) {
        let (web, es) = two(world).await;
        let realm = world.alpha();
        let (mut here, mut there) = (realm.browser(), realm.browser());
        let mut sids = vec![
            sid(&realm.web_app().sign_in(&mut here, &realm.ada()).await),
            sid(&realm.web_app().sign_in(&mut there, &realm.ada()).await),
        ];
        realm.es_app().sign_in(&mut there, &realm.ada()).await;
        realm.web_app().sign_in(&mut realm.browser(), &realm.grace()).await;
        press(&mut here, &realm, "/sessions", "end_everywhere").await;
        web.waits_for(2).await;
        es.waits_for(1).await;
        let mut heard = Vec::new();
        for token in web.tokens() {
            heard.push(web.verify(&realm, &token).await["sid"].clone());
        }
        heard.sort_by_key(ToString::to_string);
        sids.sort_by_key(ToString::to_string);
        assert_eq!(heard, sids);
        all_delivered(world).await;
        assert_eq!(web.attempts(), 2, "Grace stays signed in");
    }

    async fn a_disabled_person_is_signed_out_and_the_clients_are_told(world) {
        let (web, es) = two(world).await;
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), "openid offline_access").await;
        let document = told(&realms::alpha(), &[("web-app", &web), ("es-app", &es)]);
        world.apply(&realms::changed(&document, "  ada:\n", "  ada:\n    enabled: false\n")).await;
        assert_eq!(web.hears_of_one(&realm).await["sid"], sid(&tokens));
        // Enabled again, she signs in again: what she had is over.
        world.apply(&realms::changed(&document, "  ada:\n", "  ada:\n    enabled: true\n")).await;
        realm.web_app().refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn a_backends_sign_out_tells_the_others(world) {
        let (web, es) = two(world).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        let form = [("refresh_token", tokens.refresh())];
        assert_eq!(realm.web_app().post(Endpoint::EndSession, &form).await.status, 204);
        assert_eq!(es.hears_of_one(&realm).await["sid"], sid(&tokens));
        web.hears_of_one(&realm).await;
    }

    async fn another_account_in_the_same_browser_ends_the_first_ones_session_at_the_clients_too(world) {
        let (web, _) = two(world).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let ask = realm.web_app().ask().with("prompt", "login");
        let visit = browser.open(&ask.url()).await;
        browser.type_credentials(visit.page(), &realm.grace()).await;
        assert_eq!(web.hears_of_one(&realm).await["sub"], tokens.id_claims()["sub"]);
    }

    async fn a_pairwise_client_is_told_by_the_subject_that_it_knows(world) {
        let web = RelyingParty::of("web-app").await;
        let document = told(&realms::alpha(), &[("web-app", &web)]);
        let sector = "subject: {type: pairwise, sector_identifier_uri: \"https://shop.example.com/sector\"}";
        world.apply(&realms::with_members(&document, "web-app", sector)).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let public = realm.es_app().sign_in(&mut browser, &realm.ada()).await.id_claims()["sub"].clone();
        sign_out(&mut browser, &realm, &tokens).await;
        let heard = web.hears_of_one(&realm).await["sub"].clone();
        assert_eq!(heard, tokens.id_claims()["sub"]);
        assert_ne!(heard, public);
    }

    async fn a_client_that_hears_of_nothing_any_more_or_is_disabled_is_not_told(world) {
        let (web, es) = two(world).await;
        web.answers(500);
        es.answers(500);
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        sign_out(&mut browser, &realm, &tokens).await;
        web.waits_for(1).await;
        es.waits_for(1).await;
        put_off(world, &[1, 1], 10).await;
        let document = told(&realms::alpha(), &[("web-app", &web)]);
        world.apply(&realms::with_members(&document, "web-app", "enabled: false")).await;
        world.pass(seconds(11));
        all_delivered(world).await;
        assert_eq!((web.attempts(), es.attempts()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_told_nothing_unless_the_operator_allows_it() {
    let closed = |config: &mut palatine_server::Config| config.outbound.allowed.clear();
    let mut world = World::builder(Backend::Sqlite).realm(realms::alpha()).configure(closed).start().await;
    let (web, _) = two(&world).await;
    let realm = world.alpha();
    let mut browser = realm.browser();
    let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
    sign_out(&mut browser, &realm, &tokens).await;
    put_off(&world, &[1], 10).await;
    world.pass(seconds(11));
    put_off(&world, &[2], 20).await;
    assert_eq!(web.attempts(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_answers_is_left_in_its_own_time_and_nobody_waits_for_it() {
    // Longer than this test waits for anything: whoever is left earlier is left by a setting of its own.
    let patient = |config: &mut palatine_server::Config| {
        (config.courier.timeout_seconds, config.outbound.timeout_seconds) = (60, 60);
    };
    let mut world = World::builder(Backend::Sqlite).realm(realms::alpha()).configure(patient).start().await;
    let (hasty, slow) = (RelyingParty::of("web-app").await, RelyingParty::of("es-app").await);
    let quick = RelyingParty::of("hybrid-app").await;
    hasty.hangs();
    slow.hangs();
    let document = told(&realms::alpha(), &[("es-app", &slow), ("hybrid-app", &quick)]);
    let members = format!("logout: {{backchannel_uri: \"{}\", backchannel_timeout_seconds: 1}}", hasty.uri());
    world.apply(&realms::with_members(&document, "web-app", &members)).await;
    let realm = world.alpha();
    let mut browser = realm.browser();
    let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
    realm.es_app().sign_in(&mut browser, &realm.ada()).await;
    realm.hybrid_app().sign_in_for(&mut browser, &realm.ada(), "openid").await;
    sign_out(&mut browser, &realm, &tokens).await;
    hasty.waits_for(1).await;
    slow.waits_for(1).await;
    assert_eq!(quick.hears_of_one(&realm).await["sid"], sid(&tokens));
    // Put off until the next attempt, in place of being claimed for as long as an attempt may take.
    eventually("one is put off and one is under way", PATIENCE, async || {
        let soon = world.now().plus(seconds(10));
        let (put_off, under_way): (Vec<_>, Vec<_>) =
            world.undelivered().await.into_iter().partition(|left| left.due_at <= soon);
        (put_off.len(), under_way.len()) == (1, 1)
    })
    .await;
    world.pass(seconds(11));
    hasty.waits_for(2).await;
    assert_eq!((slow.attempts(), quick.attempts()), (1, 1));
    world.stop().await;
}
