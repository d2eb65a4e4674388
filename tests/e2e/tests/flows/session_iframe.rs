//! What tells an application that the session changed (OpenID Connect Session Management; PROTOCOL.md section 6). What
//! the frames do in a browser is in `tests/browser/session-frames.test.mjs`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use palatine_e2e::{
    Answer, Answered, App, Backend, Browser, Endpoint, RealmUnderTest, SameSite, World, form_body, on_sqlite, realms,
};
use reqwest::Method;
use sha2::{Digest, Sha256};

const SHOP: &str = "https://shop.example.com";

/// What the frame computes from the cookie that its script can read.
fn computed(client_id: &str, origin: &str, browser: &Browser, session_state: &str) -> String {
    let state = browser.cookie("pal_state").unwrap().value;
    let (_, salt) = session_state.split_once('.').unwrap();
    let hash = Sha256::digest(format!("{client_id} {origin} {state} {salt}"));
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash))
}

/// The `session_state` of an answer without a question.
async fn renewed(app: &App, browser: &mut Browser) -> String {
    let ask = app.ask().with("prompt", "none");
    let visit = browser.open(&ask.url()).await;
    Answered::at(visit.left(), &ask).session_state().unwrap().to_owned()
}

async fn init(realm: &RealmUnderTest, client_id: &str, origin: &str) -> Answer {
    let query = form_body(&[("client_id", client_id), ("origin", origin)]);
    realm.wire().get(&format!("{}?{query}", realm.url(Endpoint::CheckSessionInit))).await
}

on_sqlite! {
    async fn an_authentication_says_which_session_of_the_browser_it_was(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask();
        let at_sign_in = app.authorize(&mut browser, &realm.ada(), &ask).await;
        let first = at_sign_in.session_state().unwrap().to_owned();
        assert_eq!(computed("web-app", SHOP, &browser, &first), first, "the answer of the sign-in itself");
        let second = renewed(&app, &mut browser).await;
        assert_eq!(computed("web-app", SHOP, &browser, &second), second);
        assert_ne!(first, second, "each has a salt of its own");
        let spa = renewed(&realm.spa_app(), &mut browser).await;
        assert_eq!(computed("spa-app", "https://spa.example.com", &browser, &spa), spa);
        let (hash, salt) = first.split_once('.').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(hash).map(|bytes| bytes.len()), Ok(32));
        assert_eq!(URL_SAFE_NO_PAD.decode(salt).map(|bytes| bytes.len()), Ok(16));
    }

    async fn it_travels_in_every_mode(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("response_mode", "fragment");
        let visit = browser.open(&ask.url()).await;
        assert!(Answered::at(visit.left(), &ask).session_state().is_some());
        let ask = app.ask().with("response_mode", "form_post");
        let (_, fields) = browser.open(&ask.url()).await.posted();
        let state = Answered::posted(fields, &ask).session_state().unwrap().to_owned();
        assert_eq!(computed("web-app", SHOP, &browser, &state), state);
    }

    async fn what_is_no_authentication_or_has_no_origin_has_none(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let app = realm.web_app();
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().scope("profile");
        let visit = browser.open(&ask.url()).await;
        assert_eq!(Answered::at(visit.left(), &ask).session_state(), None, "without openid");
        let pocket = App { redirect_uri: "myapp://callback".to_owned(), ..realm.native_app() };
        let ask = pocket.ask();
        let visit = browser.open(&ask.url()).await;
        assert_eq!(Answered::at(visit.left(), &ask).session_state(), None, "an application without pages");
    }

    async fn a_new_sign_in_changes_the_state_and_a_sign_out_takes_it_away(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let first = renewed(&app, &mut browser).await;
        let again = app.ask().with("prompt", "login");
        let second = app.authorize(&mut browser, &realm.ada(), &again).await.session_state().unwrap().to_owned();
        assert_eq!(computed("web-app", SHOP, &browser, &second), second);
        assert_ne!(computed("web-app", SHOP, &browser, &first), first, "another time, another state");
        let query = form_body(&[("id_token_hint", tokens.id())]);
        browser.open(&format!("{}?{query}", realm.url(Endpoint::EndSession))).await;
        assert!(browser.cookie("pal_state").is_none());
    }

    async fn a_session_that_was_found_by_its_cookie_has_the_state_that_was_set_with_it(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        world.restart().await;
        let realm = world.alpha();
        let state = renewed(&realm.web_app(), &mut browser).await;
        assert_eq!(computed("web-app", SHOP, &browser, &state), state);
    }

    async fn the_server_says_of_one_origin_whether_it_is_the_clients(world) {
        let realm = world.alpha();
        for (client_id, origin) in [("web-app", SHOP), ("web-app", "http://localhost:3000"), ("native-app", "http://[::1]")] {
            let answer = init(&realm, client_id, origin).await;
            assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{client_id} {origin}");
        }
        let foreign = [SHOP, "null", "*", "", "https://spa.example.com/", "https://spa.example.com:443", "spa.example.com"];
        for origin in foreign {
            let expected = if origin.is_empty() { (400, "invalid_request") } else { (403, "access_denied") };
            init(&realm, "spa-app", origin).await.assert_refused(expected.0, expected.1);
        }
        init(&realm, "nobody", SHOP).await.assert_refused(403, "access_denied");
    }

    async fn the_frames_may_stand_in_any_page_and_run_their_own_script_alone(world) {
        let realm = world.alpha();
        for endpoint in [Endpoint::CheckSession, Endpoint::CookieProbeResult] {
            let answer = realm.wire().get(&realm.url(endpoint)).await;
            assert_eq!((answer.status, answer.header("x-frame-options")), (200, None));
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
            let script = answer.body.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
            let policy = answer.header("content-security-policy").unwrap();
            let hash = STANDARD.encode(Sha256::digest(script));
            assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "{policy}");
            assert!(policy.contains("frame-ancestors *") && policy.contains("default-src 'none'"), "{policy}");
            assert!(answer.all("set-cookie").is_empty());
        }
    }

    async fn the_probe_sets_a_cookie_and_goes_on_to_look_for_it(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let answer = browser.get(&realm.url(Endpoint::CookieProbe)).await;
        assert_eq!((answer.status, answer.header("cache-control")), (303, Some("no-store")));
        assert_eq!(answer.location(), "/realms/alpha/protocol/openid-connect/3p-cookies/step2.html");
        let probe = browser.cookie("pal_3p").unwrap();
        assert_eq!((probe.http_only, probe.same_site, probe.path.as_str()), (false, SameSite::Lax, "/realms/alpha"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_https_the_probe_is_a_cookie_that_travels_across_sites() {
    let world = World::builder(Backend::Sqlite).public_url("https://id.example.com").realm(realms::alpha());
    let mut world = world.start().await;
    let realm = world.alpha();
    let request = realm.wire().request(Method::GET, &realm.url(Endpoint::CookieProbe));
    let cookies = Answer::of(request).await.all("set-cookie").join("\n");
    assert!(cookies.contains("SameSite=None") && cookies.contains("Secure"), "{cookies}");
    world.stop().await;
}
