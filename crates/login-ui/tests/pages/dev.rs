//! The start page and its test client.

use std::time::Duration;

use actix_web::test::init_service;

use crate::browser::{Browser, Shown};
use crate::site::{PASSWORD, Site};

fn failed_checks(shown: &Shown) -> usize {
    shown.body.matches("<li class=\"failed\">").count()
}

#[tokio::test]
async fn the_test_client_signs_in_refreshes_and_signs_out() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let start = browser.open("/").await;
    assert!(start.body.contains("http://localhost:8080/realms/acme") && start.body.contains(PASSWORD));
    let login = browser.visit("/dev/sign-in?realm=acme").await;
    let answer = browser.submit(&login.form().with("username", "ann").with("password", PASSWORD)).await;
    let tokens = browser.visit(&answer.location().unwrap()).await;
    assert_eq!((tokens.status, tokens.heading().as_str()), (200, "Signed in as Ann"));
    assert!(tokens.body.contains("<li class=\"passed\">"));
    assert_eq!(failed_checks(&tokens), 0, "{}", tokens.body);
    site.db.clock.advance(Duration::from_mins(1));
    let refreshed = browser.submit(&tokens.form()).await;
    let refreshed = browser.visit(&refreshed.location().unwrap()).await;
    assert_eq!((refreshed.heading().as_str(), failed_checks(&refreshed)), ("Signed in as Ann", 0));
    let old = browser.submit(&tokens.form()).await;
    assert_eq!(old.heading(), "This form is out of date");
    let sign_out = refreshed.body.split("href=\"").find(|rest| rest.contains("/logout?")).unwrap();
    let sign_out = sign_out.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(browser.open(&sign_out).await.location().as_deref(), Some("http://localhost:8080/"));
}

#[tokio::test]
async fn tokens_whose_time_is_over_are_said_to_have_expired() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let login = browser.visit("/dev/sign-in?realm=acme").await;
    let answer = browser.submit(&login.form().with("username", "ann").with("password", PASSWORD)).await;
    browser.visit(&answer.location().unwrap()).await;
    site.db.clock.advance(Duration::from_mins(5));
    let shown = browser.open("/dev/tokens").await;
    assert_eq!((shown.status, failed_checks(&shown)), (200, 2));
    assert!(shown.body.contains("invalid_token"));
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_a_page() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    assert_eq!(browser.open("/dev/callback?code=c&state=s").await.heading(), "Cookies are turned off");
    let login = browser.visit("/dev/sign-in?realm=acme").await;
    assert_eq!(browser.open("/dev/callback?code=c&state=s").await.heading(), "This sign-in has expired");
    // The sign-in that is under way is none the worse for it.
    let answer = browser.submit(&login.form().with("username", "ann").with("password", PASSWORD)).await;
    let location = answer.location().unwrap();
    let foreign =
        location.replace("iss=http%3A%2F%2Flocalhost%3A8080%2Frealms%2Facme", "iss=https%3A%2F%2Fevil.example");
    assert_ne!(location, foreign);
    let shown = browser.open(&foreign).await;
    assert_eq!(shown.status, 400);
    assert!(shown.body.contains("evil.example"));
}

#[tokio::test]
async fn what_the_authorization_endpoint_refuses_is_shown() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let to_realm = browser.open("/dev/sign-in?realm=acme").await.location().unwrap();
    let refused = browser.open(&format!("{to_realm}&prompt=none")).await.location().unwrap();
    let shown = browser.open(&refused).await;
    assert!(shown.status >= 400 && shown.body.contains("login_required"), "{}", shown.body);
}

#[tokio::test]
async fn a_realm_that_does_not_exist_is_a_page() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    for path in ["/dev/sign-in?realm=nope", "/dev/sign-in", "/dev/sign-in?realm=%00"] {
        let shown = browser.open(path).await;
        assert!(shown.status >= 400 && shown.status < 500 && !shown.heading().is_empty(), "{path}");
    }
}
