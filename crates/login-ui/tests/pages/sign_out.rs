//! Signing out.

use actix_web::test::init_service;

use crate::browser::Browser;
use crate::site::{ACME, Site};

const LOGOUT: &str = "/realms/acme/protocol/openid-connect/logout";

#[tokio::test]
async fn whoever_confirms_is_signed_out_and_led_back() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    browser.sign_in("app", "").await;
    let query = "client_id=app&state=x&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fbye";
    let question = browser.visit(&format!("{LOGOUT}?{query}")).await;
    assert_eq!(question.heading(), "Do you want to sign out?");
    let form = question.form().with("logout", "1");
    let answer = browser.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some("https://app.example.com/bye?state=x"));
    assert!(!browser.cookies.borrow().contains_key("pal_session"));
    assert_eq!(browser.begin("app", "").await.heading(), "Sign in to Acme");
    // Sent twice, or from a tab that did not hear of it: nothing is left to do.
    assert_eq!(browser.submit(&form).await.location().as_deref(), Some("https://app.example.com/bye?state=x"));
}

#[tokio::test]
async fn without_a_place_to_go_a_page_says_that_it_is_done() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    browser.sign_in("app", "").await;
    let form = browser.visit(LOGOUT).await.form().with("logout", "1");
    let answer = browser.submit(&form).await;
    let page = browser.visit(&answer.location().unwrap()).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "You are signed out"));
}

#[tokio::test]
async fn a_form_that_is_not_ours_or_out_of_date_signs_nobody_out() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    browser.sign_in("app", "").await;
    let form = browser.visit(LOGOUT).await.form().with("logout", "1");
    assert_eq!(browser.submit(&form.clone().with("csrf", "x")).await.heading(), "This form is out of date");
    assert_eq!(browser.submit_from(&form, "https://evil.example").await.status, 403);
    let foreign = form.clone().with("post_logout_redirect_uri", "https://evil.example/");
    assert_eq!(browser.submit(&foreign.with("client_id", "app")).await.status, 400);
    assert!(browser.begin("app", "").await.answered("code").is_some());
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_told_that_they_are_not() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    browser.sign_in("app", "").await;
    let shown = browser.visit(&format!("{ACME}/logout/done")).await;
    assert_eq!(shown.heading(), "Do you want to sign out?");
}
