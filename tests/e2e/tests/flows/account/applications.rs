//! What applications may do, and how it is taken back.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Landing, Tokens, on_every_backend, on_sqlite, realms};

use super::{notice, opened, press};

on_every_backend! {
    async fn what_was_allowed_is_listed_and_taken_back_at_once(world) {
        let realm = world.alpha();
        let app = realm.partner_app();
        let mut browser = realm.browser();
        let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid profile offline_access orders:read").await;
        let house = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let grace = app.sign_in_for(&mut realm.browser(), &realm.grace(), "openid profile").await;

        let page = opened(&mut browser, &realm, "/applications").await;
        let rows = page.texts("li.row");
        assert_eq!(rows.len(), 1, "an application of the house without lasting access is none: {rows:?}");
        for words in ["Partner reports", "See your name and profile", "See your orders", "while you are not there", "just now"] {
            assert!(rows[0].contains(words), "{words}: {}", rows[0]);
        }
        let visit = press(&mut browser, &page, "remove").await;
        assert!(notice(visit.page()).contains("no access"), "{}", notice(visit.page()));
        assert!(visit.page().texts("li.row").is_empty());

        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(realm.userinfo(&tokens.access).await.status, 401);
        assert!(!app.finds_active(&tokens.access).await);
        Tokens::of(&app.refresh(grace.refresh()).await);
        Tokens::of(&realm.web_app().refresh(house.refresh()).await);
        let events = world.audit("alpha", AuditKind::ConsentWithdrawn).await;
        assert_eq!(events.len(), 1);
        assert!(events[0].client.is_some() && events[0].details["scope"].to_string().contains("orders:read"));

        let visit = browser.open(&app.ask().scope("openid profile").url()).await;
        assert!(visit.page().form().has_button("accept"), "it is asked for again");
        let silent = app.ask().scope("openid").with("prompt", "none");
        assert!(browser.open(&silent.url()).await.left().contains("error=consent_required"));
    }

    async fn lasting_access_of_the_house_is_listed_and_removed_too(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let mut browser = realm.browser();
        let offline = app.sign_in_for(&mut browser, &realm.ada(), "openid email offline_access").await;
        let page = opened(&mut browser, &realm, "/applications").await;
        let rows = page.texts("li.row");
        assert!(rows.len() == 1 && rows[0].contains("Web shop") && rows[0].contains("while you are not there"), "{rows:?}");
        press(&mut browser, &page, "remove").await;
        app.refresh(offline.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(opened(&mut browser, &realm, "/applications").await.text().contains("No application has lasting access"));
    }
}

on_sqlite! {
    async fn an_application_that_was_allowed_nothing_is_not_found(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = opened(&mut browser, &realm, "").await;
        let csrf = page.form_with("save").value("csrf").to_owned();
        realm.partner_app().sign_in_for(&mut realm.browser(), &realm.grace(), "openid profile").await;
        for client in ["partner-app", "web-app", "nobody", "palatine-account", "palatine-dev", "", "a b"] {
            let form = [("csrf", csrf.as_str()), ("client", client), ("remove", "1")];
            let visit = browser.post(&realm.account("/applications"), &form).await;
            assert_eq!((visit.last().status, visit.page().heading().as_str()), (404, "Page not found"), "{client}");
        }
    }

    async fn lasting_access_that_ran_out_is_not_listed(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid offline_access").await;
        world.pass(palatine_e2e::minutes(31 * 24 * 60));
        let page = opened(&mut realm.browser(), &realm, "/applications").await;
        assert!(page.texts("li.row").is_empty());
    }

    async fn an_application_is_linked_where_it_says_that_it_begins(world) {
        let about = "  partner-app:
    about: {policy_uri: \"https://partner.example.com/privacy\", tos_uri: \"https://partner.example.com/terms\"}
    sign_in: {initiate_login_uri: \"https://partner.example.com/begin?from=account\"}
";
        world.apply(&realms::changed(&realms::alpha(), "  partner-app:\n", about)).await;
        let realm = world.alpha();
        let app = realm.partner_app();
        let mut browser = realm.browser();
        let login = browser.open(&app.ask().scope("openid profile").url()).await;
        assert!(login.page().html.contains("href=\"https://partner.example.com/privacy\""), "on the sign-in page");
        let visit = browser.type_credentials(login.page(), &realm.ada()).await;
        assert!(visit.page().html.contains("href=\"https://partner.example.com/terms\""), "on the consent page");
        assert!(matches!(browser.consent_if_asked(visit).await.landing, Landing::Left(_)));
        let page = opened(&mut browser, &realm, "/applications").await;
        let begin = "https://partner.example.com/begin?from=account&#38;iss=http%3A%2F%2Flocalhost%3A8080%2Frealms%2Falpha";
        assert!(page.html.contains(begin), "{}", page.html);
        assert!(page.html.contains("https://partner.example.com/privacy"));
    }
}
