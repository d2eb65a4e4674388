//! Sessions as their owner sees and ends them.

use palatine_domain::audit::{Actor, AuditKind};
use palatine_e2e::{Browser, Tokens, minutes, on_every_backend, on_sqlite};

use super::{notice, opened, press};

fn sid(tokens: &Tokens) -> String {
    tokens.id_claims()["sid"].as_str().unwrap().to_owned()
}

async fn is_signed_in(browser: &mut Browser, realm: &palatine_e2e::RealmUnderTest) -> bool {
    browser.open(&realm.account("")).await.page().heading() == "Your profile"
}

on_every_backend! {
    async fn a_person_sees_their_sessions_and_ends_one(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut here, mut elsewhere, mut graces) = (realm.browser(), realm.browser(), realm.browser());
        let theirs = app.sign_in(&mut elsewhere, &realm.ada()).await;
        realm.spa_app().sign_in(&mut elsewhere, &realm.ada()).await;
        let grace = app.sign_in(&mut graces, &realm.grace()).await;
        world.pass(minutes(3));
        let mine = app.sign_in(&mut here, &realm.ada()).await;

        let page = opened(&mut here, &realm, "/sessions").await;
        let rows = page.texts("li.row");
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows[0].contains("This device") && rows[0].contains("just now"), "{}", rows[0]);
        assert!(rows[1].contains("127.0.0.1") && rows[1].contains("3 minutes ago"), "{}", rows[1]);
        assert!(rows[1].contains("Web shop") && rows[1].contains("Browser shop"), "{}", rows[1]);
        assert!(!page.html.contains(&sid(&grace)), "nobody else's");
        let form = page.form_with("end");
        assert_eq!(form.value("session"), sid(&theirs));

        let visit = here.submit(&form, "end").await;
        assert_eq!(notice(visit.page()), "That browser is signed out.");
        assert!(!is_signed_in(&mut elsewhere, &realm).await);
        app.refresh(theirs.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(is_signed_in(&mut here, &realm).await);
        Tokens::of(&app.refresh(mine.refresh()).await);
        let events = world.audit("alpha", AuditKind::SessionEnded).await;
        assert_eq!(events.len(), 1);
        assert!(matches!(events[0].actor, Actor::User(_)) && events[0].address.is_some(), "{events:?}");
        assert_eq!(here.submit(&form, "end").await.last().status, 404, "it is over already");
    }

    async fn signing_out_everywhere_ends_offline_access_too(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut here, mut elsewhere) = (realm.browser(), realm.browser());
        let offline = app.sign_in_for(&mut elsewhere, &realm.ada(), "openid offline_access").await;
        let grace = app.sign_in_for(&mut realm.browser(), &realm.grace(), "openid offline_access").await;
        let page = opened(&mut here, &realm, "/sessions").await;
        let visit = press(&mut here, &page, "end_everywhere").await;
        assert_eq!(visit.page().heading(), "You are signed out");
        assert!(here.cookie("pal_session").is_none(), "the cookie is gone");
        assert!(!is_signed_in(&mut here, &realm).await && !is_signed_in(&mut elsewhere, &realm).await);
        app.refresh(offline.refresh()).await.assert_refused(400, "invalid_grant");
        Tokens::of(&app.refresh(grace.refresh()).await);
        assert_eq!(world.audit("alpha", AuditKind::SignedOutEverywhere).await.len(), 1);
        assert_eq!(world.audit("alpha", AuditKind::SessionEnded).await.len(), 2);
    }

    async fn signing_out_all_others_leaves_this_session_and_offline_access(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut here, mut second, mut third) = (realm.browser(), realm.browser(), realm.browser());
        let offline = app.sign_in_for(&mut second, &realm.ada(), "openid offline_access").await;
        let online = app.sign_in(&mut third, &realm.ada()).await;
        let page = opened(&mut here, &realm, "/sessions").await;
        let visit = press(&mut here, &page, "end_others").await;
        assert_eq!(notice(visit.page()), "All other browsers are signed out.");
        assert!(visit.page().forms_with("end_others").is_empty(), "there are none any more");
        assert!(is_signed_in(&mut here, &realm).await);
        assert!(!is_signed_in(&mut second, &realm).await && !is_signed_in(&mut third, &realm).await);
        app.refresh(online.refresh()).await.assert_refused(400, "invalid_grant");
        Tokens::of(&app.refresh(offline.refresh()).await);
    }
}

on_sqlite! {
    async fn nobody_ends_another_persons_session(world) {
        let realm = world.alpha();
        let (mut adas, mut graces) = (realm.browser(), realm.browser());
        let grace = realm.web_app().sign_in(&mut graces, &realm.grace()).await;
        let page = opened(&mut adas, &realm, "/sessions").await;
        let csrf = page.form_with("end_everywhere").value("csrf").to_owned();
        for id in [sid(&grace).as_str(), "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "nonsense", ""] {
            let visit = adas.post(&realm.account("/sessions"), &[("csrf", &csrf), ("session", id), ("end", "1")]).await;
            assert_eq!((visit.last().status, visit.page().heading().as_str()), (404, "Page not found"), "{id}");
        }
        assert!(is_signed_in(&mut graces, &realm).await);
    }

    async fn a_session_that_expired_is_not_listed(world) {
        let realm = world.alpha();
        realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        world.pass(minutes(31));
        let page = opened(&mut realm.browser(), &realm, "/sessions").await;
        assert_eq!(page.texts("li.row").len(), 1);
    }

    async fn looking_after_the_account_is_using_the_session(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        opened(&mut browser, &realm, "").await;
        for _ in 0..4 {
            world.pass(minutes(20));
            assert!(is_signed_in(&mut browser, &realm).await);
        }
    }

    async fn ending_this_very_session_by_its_id_signs_out(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let page = opened(&mut browser, &realm, "/sessions").await;
        let csrf = page.form_with("end_everywhere").value("csrf").to_owned();
        let own = sid(&tokens);
        let visit = browser.post(&realm.account("/sessions"), &[("csrf", &csrf), ("session", &own), ("end", "1")]).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        assert!(!is_signed_in(&mut browser, &realm).await);
    }
}
