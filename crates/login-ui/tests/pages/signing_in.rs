//! The login page.

use std::time::Duration;

use actix_web::http::header;
use actix_web::test::init_service;
use serde_json::json;

use crate::browser::{Browser, Shown, authorization};
use crate::site::{ACME, ORIGIN, PASSWORD, Site};

#[tokio::test]
async fn signing_in_leads_back_to_the_application_with_a_code() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let page = browser.begin("app", "&login_hint=ann%40acme.test").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Sign in to Acme"));
    assert!(page.body.contains("to continue to The app"));
    assert_eq!(page.form().value("username"), "ann@acme.test");
    let answer = browser.submit(&page.form().with("username", "Ann").with("password", PASSWORD)).await;
    assert!(answer.sent_to().as_str().starts_with("https://app.example.com/cb?"));
    assert!(answer.answered("code").is_some());
    assert_eq!(answer.answered("state").as_deref(), Some("s"));
    let left: Vec<String> = browser.cookies.borrow().keys().cloned().collect();
    assert_eq!(left, ["pal_device", "pal_session", "pal_state"]);
}

/// A page without its nonce and the name that was typed.
fn without_what_differs(shown: &Shown, name: &str) -> String {
    shown.body.replace(&shown.nonce(), "").replace(&format!("value=\"{name}\""), "")
}

#[tokio::test]
async fn wrong_unknown_and_locked_are_one_answer() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form();
    let mut answers = Vec::new();
    for (name, password) in [("ann", "wrong"), ("eve", "wrong")] {
        let shown = browser.submit(&form.clone().with("username", name).with("password", password)).await;
        answers.push((shown.status, without_what_differs(&shown, name)));
    }
    for _ in 0..5 {
        browser.submit(&form.clone().with("username", "ann").with("password", "wrong")).await;
    }
    let locked = browser.submit(&form.clone().with("username", "ann").with("password", PASSWORD)).await;
    answers.push((locked.status, without_what_differs(&locked, "ann")));
    assert_eq!(answers[0].0, 422);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    site.db.clock.advance(Duration::from_mins(2));
    let answer = browser.submit(&form.with("username", "ann").with("password", PASSWORD)).await;
    assert!(answer.answered("code").is_some());
}

#[tokio::test]
async fn what_was_typed_stays_but_for_the_password() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form();
    let typed = form.clone().with("username", "ann\"<b>").with("password", "canary").with("remember_me", "on");
    let shown = browser.submit(&typed).await;
    assert_eq!(shown.form().value("username"), "ann\"<b>");
    assert_eq!(shown.form().value("remember_me"), "on");
    assert!(!shown.body.contains("canary") && !shown.body.contains("ann\"<b>"));
    for (username, password) in [("", ""), ("ann", ""), ("", "x")] {
        let shown = browser.submit(&form.clone().with("username", username).with("password", password)).await;
        assert_eq!(shown.status, 422, "{username} {password}");
        assert_eq!(shown.form().value("username"), username);
    }
}

#[tokio::test]
async fn a_stale_form_is_shown_anew_and_then_works() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form().with("username", "ann").with("password", PASSWORD);
    let shown = browser.submit(&form.with("csrf", "stale")).await;
    assert_eq!((shown.status, shown.form().value("username")), (400, "ann"));
    let answer = browser.submit(&shown.form().with("password", PASSWORD)).await;
    assert!(answer.answered("code").is_some());
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form().with("username", "ann").with("password", PASSWORD);
    let shown = browser.submit_from(&form, "https://evil.example").await;
    assert_eq!((shown.status, shown.heading().as_str()), (403, "The form came from another site"));
    assert!(!browser.cookies.borrow().contains_key("pal_session"));
}

#[tokio::test]
async fn another_browser_cannot_go_on() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form().with("username", "ann").with("password", PASSWORD);
    let other = Browser::new(&app);
    assert_eq!(other.submit(&form).await.heading(), "Cookies are turned off");
    assert_eq!(other.open(&form.action).await.heading(), "Cookies are turned off");
    other.cookies.borrow_mut().insert("pal_theme".to_owned(), "dark".to_owned());
    assert_eq!(other.submit(&form).await.heading(), "This sign-in has expired");
    let name = browser.cookies.borrow().keys().next().unwrap().clone();
    other.cookies.borrow_mut().insert(name, "forged".to_owned());
    assert_eq!(other.submit(&form).await.heading(), "This sign-in has expired");
    assert!(!other.cookies.borrow().contains_key("pal_session"));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_says_that_it_is_done() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form().with("username", "ann").with("password", PASSWORD);
    assert!(browser.submit(&form).await.answered("code").is_some());
    let again = browser.submit(&form).await;
    assert_eq!((again.status, again.heading().as_str()), (400, "This step is already done"));
    assert_eq!(browser.open(&form.action).await.heading(), "This step is already done");
}

#[tokio::test]
async fn an_interaction_that_is_over_or_never_was_has_expired() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form();
    site.db.clock.advance(Duration::from_mins(10));
    let ids = ["no-uuid", "00000000-0000-0000-0000-000000000000", "%00", "018f2f9e-0000-7000-8000-0000000000ff"];
    let paths = ids.iter().flat_map(|id| ["login", "consent"].map(|page| format!("{ACME}/{page}/{id}")));
    for path in paths.chain([form.action]) {
        let shown = browser.open(&path).await;
        assert_eq!((shown.status, shown.heading().as_str()), (400, "This sign-in has expired"), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_waits_goes_on_when_another_tab_has_signed_in() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let waiting = browser.begin("app", "").await.form();
    assert!(browser.sign_in("app", "").await.answered("code").is_some());
    let answer = browser.open(&waiting.action).await;
    assert!(answer.answered("code").is_some());
    assert!(!browser.cookies.borrow().keys().any(|name| name.starts_with("pal_ix_")));
}

#[tokio::test]
async fn prompt_login_is_satisfied_by_a_sign_in_for_this_request_alone() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    assert!(browser.sign_in("app", "").await.answered("code").is_some());
    let waiting = browser.begin("app", "&prompt=login").await;
    assert!(waiting.body.contains("Please sign in again"));
    assert!(browser.sign_in("app", "&prompt=login").await.answered("code").is_some());
    let still = browser.open(&waiting.form().action).await;
    assert_eq!((still.status, still.heading().as_str()), (200, "Sign in to Acme"));
    let answer = browser.submit(&still.form().with("username", "ann").with("password", PASSWORD)).await;
    assert!(answer.answered("code").is_some());
}

#[tokio::test]
async fn attempts_above_the_limit_say_when_to_come_back() {
    let site = Site::with_policy(json!({ "rate_limits": { "login_per_minute": 2 } })).await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form().with("username", "ann").with("password", "wrong");
    for _ in 0..2 {
        assert_eq!(browser.submit(&form).await.status, 422);
    }
    let limited = browser.submit(&form.with("password", PASSWORD)).await;
    assert_eq!((limited.status, limited.form().value("username")), (429, "ann"));
    let seconds: u64 = limited.headers.get(header::RETRY_AFTER).unwrap().to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&seconds));
}

#[tokio::test]
async fn a_body_that_is_no_form_is_a_page_with_the_right_status() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form();
    let urlencoded = "application/x-www-form-urlencoded";
    let huge = format!("username={}", "a".repeat(10_000_000));
    for (media_type, body, status) in [
        (urlencoded, huge, 413),
        ("application/json", "{}".to_owned(), 415),
        (urlencoded, "username=a&username=b".to_owned(), 400),
        (urlencoded, "username=%ff".to_owned(), 400),
        (urlencoded, "a=b&".repeat(10_000), 400),
    ] {
        let shown = browser.post(&form.action, media_type, body, ORIGIN).await;
        assert_eq!((shown.status, shown.heading().is_empty()), (status, false), "{media_type}");
    }
}

#[tokio::test]
async fn the_language_is_the_request_s_then_the_browser_s() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    assert_eq!(browser.begin("app", "").await.heading(), "Sign in to Acme");
    assert_ne!(browser.begin("app", "&ui_locales=de").await.heading(), "Sign in to Acme");
}

#[tokio::test]
async fn a_client_that_was_turned_off_meanwhile_is_a_page() {
    let site = Site::new().await;
    let app = init_service(site.app()).await;
    let browser = Browser::new(&app);
    let form = browser.begin("app", "").await.form();
    let tx = site.rows().await;
    let id = palatine_domain::client::ClientId::parse("app").unwrap();
    let mut client = tx.clients().by_client_id(&id).await.unwrap().unwrap();
    client.enabled = false;
    assert!(tx.clients().update(&client).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(browser.open(&form.action).await.heading(), "Unknown application");
    let shown = browser.submit(&form.with("username", "ann").with("password", PASSWORD)).await;
    assert!(shown.status >= 400 && !shown.heading().is_empty());
    assert_eq!(browser.open(&authorization("app", "")).await.heading(), "Unknown application");
}
