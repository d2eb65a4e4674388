//! Another password, and what it closes.

use palatine_domain::audit::AuditKind;
use palatine_domain::grant::EndReason;
use palatine_e2e::{
    Browser, Form, Person, RealmUnderTest, Tokens, Visit, on_every_backend, on_sqlite, realms, seconds,
};

use super::{notice, opened};

const NEW: &str = "gravel oboe marmalade";

fn filled(form: Form, current: &str, new: &str, repeat: &str) -> Form {
    form.fill("current", current).fill("new", new).fill("repeat", repeat)
}

async fn change(browser: &mut Browser, realm: &RealmUnderTest, current: &str, new: &str) -> Visit {
    let form = opened(browser, realm, "/password").await.form_with("change");
    browser.submit(&filled(form, current, new, new), "change").await
}

/// Whether somebody with that password gets in.
async fn signs_in(realm: &RealmUnderTest, password: &str) -> bool {
    let mut browser = realm.browser();
    let visit = browser.open(&realm.account("")).await;
    let visit = browser.type_credentials(visit.page(), &Person::new("ada", password)).await;
    visit.page().heading() == "Your profile"
}

on_every_backend! {
    async fn a_new_password_ends_what_the_old_one_had_opened_and_this_session_goes_on(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut here, mut elsewhere) = (realm.browser(), realm.browser());
        let mine = app.sign_in(&mut here, &realm.ada()).await;
        let offline = app.sign_in_for(&mut here, &realm.ada(), "openid offline_access").await;
        let theirs = app.sign_in(&mut elsewhere, &realm.ada()).await;
        let graces = app.sign_in(&mut realm.browser(), &realm.grace()).await;
        let old_cookie = here.cookie("pal_session").unwrap();

        let visit = change(&mut here, &realm, &realm.ada().password, NEW).await;
        assert_eq!(notice(visit.page()), "Your password was changed. You are signed out everywhere else.");

        for tokens in [&mine, &offline, &theirs] {
            app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
            assert_eq!(realm.userinfo(&tokens.access).await.status, 401);
            assert!(!app.finds_active(&tokens.access).await);
        }
        Tokens::of(&app.refresh(graces.refresh()).await);
        assert_eq!(elsewhere.open(&realm.account("")).await.page().heading(), "Sign in to Alpha");
        assert_eq!(here.open(&realm.account("")).await.page().heading(), "Your profile");
        let again = app.sign_in(&mut here, &realm.ada()).await;
        assert_eq!(again.id_claims()["sid"], mine.id_claims()["sid"], "the same session");
        assert_ne!(here.cookie("pal_session").unwrap().value, old_cookie.value);
        let mut thief = realm.browser();
        thief.plant(old_cookie);
        assert_eq!(thief.open(&realm.account("")).await.page().heading(), "Sign in to Alpha");

        assert!(!signs_in(&realm, &realm.ada().password).await);
        assert!(signs_in(&realm, NEW).await);
        assert_eq!(world.audit("alpha", AuditKind::PasswordChanged).await.len(), 1);
        let ended = world.audit("alpha", AuditKind::SessionEnded).await;
        let reasons: Vec<_> = ended.iter().map(|event| event.details["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, [EndReason::PasswordChanged.as_str()]);
    }

    async fn a_wrong_current_password_counts_towards_the_lockout_of_the_login_page(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        opened(&mut browser, &realm, "/password").await;
        // A browser that the account does not know.
        let mut stranger = realm.browser();
        stranger.plant(browser.cookie("pal_session").unwrap());
        for _ in 0..5 {
            let visit = change(&mut stranger, &realm, "wrong", NEW).await;
            assert_eq!(visit.last().status, 422);
            assert_eq!(visit.page().texts("#error-current").len(), 1);
        }
        let visit = change(&mut stranger, &realm, &realm.ada().password, NEW).await;
        assert_eq!(visit.last().status, 422, "locked, in the words of a wrong one");
        assert!(!signs_in(&realm, &realm.ada().password).await, "at the login page, too");
        assert_eq!(world.audit("alpha", AuditKind::LoginFailed).await.len(), 5);
        world.pass(seconds(61));
        assert_eq!(change(&mut stranger, &realm, &realm.ada().password, NEW).await.last().status, 200);
    }
}

on_sqlite! {
    async fn a_password_that_will_not_do_is_refused_with_the_reason_and_nothing_changes(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let old = realm.ada().password;
        for (current, new, repeat, words) in [
            ("", "", "", "Enter your current password"),
            (&*old, "", "", "Enter a new password"),
            (&old, &old, &old, "not the current one"),
            (&old, NEW, "gravel", "not the same"),
            (&old, "short", "short", "at least 8 characters"),
            (&old, "ada@example.com", "ada@example.com", "not your username or email"),
            (&old, "password1", "password1", "easy to guess"),
        ] {
            let form = opened(&mut browser, &realm, "/password").await.form_with("change");
            let visit = browser.submit(&filled(form, current, new, repeat), "change").await;
            let page = visit.page();
            assert_eq!(page.status, 422, "{words}");
            assert!(page.alert().contains(words), "{words}: {}", page.alert());
            for typed in [old.as_str(), NEW, "password1"] {
                assert!(!page.html.contains(typed), "no password is shown again");
            }
        }
        let long = "é".repeat(129);
        assert!(change(&mut browser, &realm, &old, &long).await.page().alert().contains("at most 128"));
        assert!(world.audit("alpha", AuditKind::LoginFailed).await.is_empty(), "nothing was compared");
        assert!(signs_in(&realm, &old).await);
    }

    async fn tries_are_limited_like_those_of_the_login_page(world) {
        let limited = "  rate_limits:\n    enabled: true\n    login_per_minute: 3\n";
        let off = "  rate_limits:\n    enabled: false\n";
        world.apply(&realms::changed(&realms::alpha(), off, limited)).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        opened(&mut browser, &realm, "/password").await;
        let mut last = None;
        for _ in 0..3 {
            last = Some(change(&mut browser, &realm, "wrong", NEW).await);
        }
        let last = last.unwrap();
        assert_eq!(last.last().status, 429);
        assert!(last.last().header("retry-after").is_some());
        assert!(last.page().alert().contains("too many tries"), "{}", last.page().alert());
    }

    async fn of_two_who_change_it_at_once_one_does(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let old = realm.ada().password;
        let form = opened(&mut browser, &realm, "/password").await.form_with("change");
        let cookie = format!("pal_session={}", browser.cookie("pal_session").unwrap().value);
        let changes = ["marmalade gravel oboe", "lantern kettle sonnet"].map(|new| {
            let fields = [("csrf", form.value("csrf")), ("current", &*old), ("new", new), ("repeat", new)];
            palatine_e2e::Answer::of(realm.wire().post_request(form.action(), &fields).header("cookie", &cookie))
        });
        let answers = futures_util::future::join_all(changes).await;
        assert_eq!(answers.iter().filter(|answer| answer.header("location").is_some_and(|to| to.contains("done="))).count(), 1);
        assert_eq!(world.audit("alpha", AuditKind::PasswordChanged).await.len(), 1);
    }
}
