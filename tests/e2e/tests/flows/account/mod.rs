//! The pages of a person's own account.

mod applications;
mod password;
mod profile;
mod sessions;

use palatine_e2e::{Browser, Cookie, Page, RealmUnderTest, Visit, on_every_backend, on_sqlite};

/// Opens an account page, signing Ada in on the way if the browser does not know her.
async fn opened(browser: &mut Browser, realm: &RealmUnderTest, page: &str) -> Page {
    let visit = browser.open(&realm.account(page)).await;
    browser.sign_in_if_asked(visit, &realm.ada()).await.page().clone()
}

/// Sends the form with that button.
async fn press(browser: &mut Browser, page: &Page, button: &str) -> Visit {
    browser.submit(&page.form_with(button), button).await
}

/// What the page says was done.
fn notice(page: &Page) -> String {
    page.texts("[role=status]").join(" ")
}

const PAGES: [&str; 4] = ["", "/password", "/sessions", "/applications"];

on_every_backend! {
    async fn whoever_is_not_signed_in_signs_in_and_comes_back_to_the_page(world) {
        let realm = world.alpha();
        for page in PAGES {
            let mut browser = realm.browser();
            let visit = browser.open(&realm.account(page)).await;
            assert_eq!(visit.page().heading(), "Sign in to Alpha");
            assert!(visit.page().text().contains("to manage your account"), "{}", visit.page().text());
            let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
            assert_eq!((visit.last().status, visit.page().url.as_str()), (200, &*format!("/realms/alpha/account{page}")));
            assert!(browser.cookies().iter().all(|cookie| !cookie.name.starts_with("pal_ix_")), "the step is over");
        }
    }
}

on_sqlite! {
    async fn one_sign_in_is_for_the_applications_and_for_the_account(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let visit = browser.open(&realm.account("")).await;
        assert_eq!(visit.page().heading(), "Your profile");
        let mut another = realm.browser();
        opened(&mut another, &realm, "/sessions").await;
        let ask = realm.web_app().ask().with("prompt", "none");
        assert!(another.open(&ask.url()).await.left().contains("code="), "no second sign-in");
    }

    async fn the_address_with_a_slash_at_its_end_is_the_same_page(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        opened(&mut browser, &realm, "").await;
        assert_eq!(browser.open(&realm.account("/")).await.page().heading(), "Your profile");
    }

    async fn the_account_is_no_application_that_could_ask_for_anything(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let app = realm.app("palatine-account", "", "/account");
        for redirect_uri in ["/account", "https://evil.example/", &realm.account("")] {
            let visit = browser.open(&app.ask().with("redirect_uri", redirect_uri).url()).await;
            assert_eq!(visit.last().status, 400, "{redirect_uri}");
        }
        let public = app.authenticating(palatine_e2e::ClientAuth::Public);
        public.client_credentials(&[]).await.assert_refused(400, "unauthorized_client");
        public.refresh("x").await.assert_refused(400, "unauthorized_client");
    }

    async fn a_disabled_person_has_no_account_page_left(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = opened(&mut browser, &realm, "").await;
        let rows = world.rows("alpha").await;
        let name = palatine_domain::identifier::NormalisedIdentifier::parse("ada").unwrap();
        let ada = rows.users().by_identifier(&name).await.unwrap().unwrap();
        rows.users().set_enabled(ada.id, false).await.unwrap();
        rows.commit().await.unwrap();
        for path in PAGES {
            assert_eq!(browser.open(&realm.account(path)).await.page().heading(), "Sign in to Alpha", "{path}");
        }
        let visit = press(&mut browser, &page, "save").await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
    }

    async fn a_form_is_taken_from_our_own_page_and_the_session_that_it_was_made_for(world) {
        let realm = world.alpha();
        let (mut browser, mut another) = (realm.browser(), realm.browser());
        for (path, button) in [("", "save"), ("/password", "change"), ("/sessions", "end_everywhere")] {
            let form = opened(&mut browser, &realm, path).await.form_with(button);
            let csrf = form.value("csrf").to_owned();
            let visit = browser.post_from_elsewhere(form.action(), &[("csrf", &csrf), (button, "1")]).await;
            assert_eq!((visit.last().status, visit.page().heading().as_str()), (403, "The form came from another site"));
            opened(&mut another, &realm, path).await;
            for stale in ["", "forged", &csrf] {
                let visit = another.post(form.action(), &[("csrf", stale), (button, "1")]).await;
                assert_eq!((visit.last().status, visit.page().heading().as_str()), (400, "This form is out of date"));
            }
        }
    }

    async fn another_realms_session_is_nobody_here(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let (mut here, mut there) = (alpha.browser(), beta.browser());
        opened(&mut there, &beta, "").await;
        let stolen = there.cookie("pal_session").unwrap();
        here.plant(Cookie { path: "/realms/alpha".into(), ..stolen });
        assert_eq!(here.open(&alpha.account("")).await.page().heading(), "Sign in to Alpha");
    }

    async fn the_button_in_the_corner_signs_out(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = opened(&mut browser, &realm, "/applications").await;
        let visit = press(&mut browser, &page, "logout").await;
        assert_eq!(visit.page().heading(), "You are signed out");
        assert_eq!(browser.open(&realm.account("")).await.page().heading(), "Sign in to Alpha");
    }

    async fn the_pages_are_kept_by_nobody_and_framed_by_nobody(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        for path in PAGES {
            opened(&mut browser, &realm, path).await;
            let answer = browser.get(&realm.account(path)).await;
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{policy}");
        }
    }
}
