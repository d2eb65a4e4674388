//! What a browser loads when it is signed out (OpenID Connect Front-Channel Logout 1.0; PROTOCOL.md section 6).

use palatine_e2e::{
    App, Browser, Endpoint, Page, RealmUnderTest, Tokens, Visit, World, form_body, on_every_backend, on_sqlite, realms,
};

const BYE: &str = "https://shop.example.com/bye";
const SHOP: &str = "https://shop.example.com/out?x=1";
const ES: &str = "https://es.example.com/out";

/// `web-app` asks for `iss` and `sid`, `es-app` does not.
async fn realm(world: &World) -> RealmUnderTest {
    let shop = format!("logout: {{frontchannel_uri: \"{SHOP}\", frontchannel_session_required: true}}");
    let document = realms::with_members(&realms::alpha(), "web-app", &shop);
    let es = format!("logout: {{frontchannel_uri: \"{ES}\"}}");
    world.apply(&realms::with_members(&document, "es-app", &es)).await;
    world.alpha()
}

/// What the frame of `web-app` loads.
fn shop_frame(realm: &RealmUnderTest, tokens: &Tokens) -> String {
    let claims = tokens.id_claims();
    format!("{SHOP}&{}", form_body(&[("iss", &realm.issuer()), ("sid", claims["sid"].as_str().unwrap())]))
}

fn frames(page: &Page) -> Vec<String> {
    page.attributes("iframe[hidden]", "src")
}

async fn sign_out(browser: &mut Browser, realm: &RealmUnderTest, params: &[(&str, &str)]) -> Visit {
    browser.open(&format!("{}?{}", realm.url(Endpoint::EndSession), form_body(params))).await
}

async fn both(browser: &mut Browser, realm: &RealmUnderTest) -> (App, Tokens) {
    let app = realm.web_app();
    let tokens = app.sign_in(browser, &realm.ada()).await;
    realm.es_app().sign_in(browser, &realm.ada()).await;
    (app, tokens)
}

on_every_backend! {
    async fn the_page_after_sign_out_loads_a_frame_of_each_client_and_leads_on(world) {
        let realm = realm(world).await;
        let mut browser = realm.browser();
        let (_, tokens) = both(&mut browser, &realm).await;
        let params = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BYE), ("state", "a b")];
        let visit = sign_out(&mut browser, &realm, &params).await;
        visit.last().assert_page(200, "You are signed out");
        assert_eq!(frames(visit.page()), [ES.to_owned(), shop_frame(&realm, &tokens)]);
        assert_eq!(visit.page().attributes("a[data-continue]", "href"), [format!("{BYE}?state=a%20b")]);
        let policy = visit.last().header("content-security-policy").unwrap().to_owned();
        assert!(policy.ends_with("; frame-src https://es.example.com https://shop.example.com"), "{policy}");
        assert_eq!(visit.last().header("cache-control"), Some("no-store"));
        assert!(browser.cookie("pal_session").is_none() && browser.cookie("pal_state").is_none());
        // Asked again there is nobody left to tell.
        assert_eq!(sign_out(&mut browser, &realm, &params).await.left(), format!("{BYE}?state=a%20b"));
    }
}

on_sqlite! {
    async fn a_client_that_was_not_in_the_session_has_no_frame(world) {
        let realm = realm(world).await;
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let visit = sign_out(&mut browser, &realm, &[("id_token_hint", tokens.id())]).await;
        assert_eq!(frames(visit.page()), [shop_frame(&realm, &tokens)]);
        assert!(visit.page().attributes("a[data-continue]", "href").is_empty(), "there is nowhere to go on to");
    }

    async fn without_frames_the_browser_goes_on_at_once(world) {
        let realm = realm(world).await;
        let mut browser = realm.browser();
        let tokens = realm.spa_app().sign_in(&mut browser, &realm.ada()).await;
        let params = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", "https://spa.example.com/bye")];
        assert_eq!(sign_out(&mut browser, &realm, &params).await.left(), "https://spa.example.com/bye");
    }

    async fn who_was_asked_first_and_who_signs_out_in_the_account_gets_the_frames_too(world) {
        let realm = realm(world).await;
        let mut browser = realm.browser();
        let (_, tokens) = both(&mut browser, &realm).await;
        let question = sign_out(&mut browser, &realm, &[]).await;
        let visit = browser.submit(&question.page().form(), "logout").await;
        assert_eq!(frames(visit.page()), [ES.to_owned(), shop_frame(&realm, &tokens)]);
        let (_, tokens) = both(&mut browser, &realm).await;
        let page = browser.open(&realm.account("/sessions")).await;
        let visit = browser.submit(&page.page().form_with("end_everywhere"), "end_everywhere").await;
        assert_eq!(frames(visit.page()), [ES.to_owned(), shop_frame(&realm, &tokens)]);
        assert!(browser.cookie("pal_session").is_none());
    }
}
