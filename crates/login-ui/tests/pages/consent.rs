//! The consent page.

use actix_web::test::init_service;
use palatine_protocol::scope::ScopeSet;

use crate::browser::Browser;
use crate::site::{PASSWORD, Site};

const ASKED: &str = "&scope=openid%20profile%20email%20read";

#[tokio::test]
async fn what_is_left_ticked_is_given_and_remembered() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_consent = browser.sign_in("asking", ASKED).await;
    let page = browser.visit(&to_consent.location().unwrap()).await;
    assert_eq!(page.status, 200);
    assert!(page.heading().contains("The asking") && page.body.contains("What read allows"));
    let form = page.form();
    let ticked: Vec<&str> = form.fields.iter().filter(|(name, _)| name == "scope").map(|(_, v)| v.as_str()).collect();
    assert_eq!(ticked, ["email", "read"]);
    let answer = browser.submit(&form.without("scope", "email").with("accept", "1")).await;
    assert!(answer.answered("code").is_some());
    assert_eq!(site.consent().await, Some(ScopeSet::parse("openid profile read").unwrap()));
    assert!(browser.visit(&crate::browser::authorization("asking", "")).await.answered("code").is_some());
}

#[tokio::test]
async fn cancel_tells_the_application_and_gives_nothing() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_consent = browser.sign_in("asking", ASKED).await;
    let form = browser.visit(&to_consent.location().unwrap()).await.form();
    let answer = browser.submit(&form.with("cancel", "1")).await;
    assert_eq!(answer.answered("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.answered("state").as_deref(), Some("s"));
    assert_eq!(site.consent().await, None);
}

#[tokio::test]
async fn a_form_without_its_token_or_its_button_gives_nothing() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_consent = browser.sign_in("asking", ASKED).await;
    let form = browser.visit(&to_consent.location().unwrap()).await.form();
    let stale = browser.submit(&form.clone().with("csrf", "x").with("accept", "1")).await;
    assert_eq!((stale.status, stale.heading().as_str()), (400, "This form is out of date"));
    assert_eq!(browser.submit(&form).await.status, 400);
    assert_eq!(browser.submit_from(&form.with("accept", "1"), "https://evil.example").await.status, 403);
    assert_eq!(site.consent().await, None);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_says_that_it_is_done() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_consent = browser.sign_in("asking", ASKED).await;
    let form = browser.visit(&to_consent.location().unwrap()).await.form().with("accept", "1");
    assert!(browser.submit(&form).await.answered("code").is_some());
    assert_eq!(browser.submit(&form).await.heading(), "This step is already done");
}

#[tokio::test]
async fn after_a_sign_out_in_another_tab_the_person_signs_in_again() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_consent = browser.sign_in("asking", ASKED).await;
    let form = browser.visit(&to_consent.location().unwrap()).await.form().with("accept", "1");
    browser.cookies.borrow_mut().remove("pal_session");
    let answer = browser.submit(&form).await;
    assert!(answer.location().unwrap().contains("/login/"));
    let login = browser.visit(&answer.location().unwrap()).await;
    assert_eq!(login.heading(), "Sign in to Acme");
    // Whoever signs in now is asked anew: the old form was another session's.
    let to_consent = browser.submit(&login.form().with("username", "ann").with("password", PASSWORD)).await;
    assert_eq!(browser.submit(&form).await.heading(), "This form is out of date");
    let fresh = browser.visit(&to_consent.location().unwrap()).await.form().with("accept", "1");
    assert!(browser.submit(&fresh).await.answered("code").is_some());
}
