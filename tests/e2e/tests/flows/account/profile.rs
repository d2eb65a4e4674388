//! The profile: what a person may write, and what is done with it.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{on_every_backend, on_sqlite, realms};

use super::{notice, opened, press};

const HOSTILE: &str = r#"<script>alert("xss")</script>'"><img src=x onerror=alert(1)>"#;

on_every_backend! {
    async fn what_a_person_writes_reaches_the_applications_that_may_see_it(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let app = realm.web_app();
        let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid profile phone address").await;
        let before = realm.userinfo(&tokens.access).await.success();
        world.pass(palatine_e2e::seconds(5));
        let form = opened(&mut browser, &realm, "").await.form_with("save");
        assert_eq!((form.value("name"), form.value("given_name")), ("Ada Byron", "Ada"));
        let form = form
            .fill("name", "Ada Lovelace")
            .fill("family_name", "Lovelace")
            .fill("zoneinfo", "Europe/London")
            .fill("locale", "en_GB")
            .fill("phone_number", "+44 20 7946 0000")
            .fill("street_address", "12 St James's Square\nSecond floor")
            .fill("locality", "London");
        let visit = browser.submit(&form, "save").await;
        assert_eq!(notice(visit.page()), "Your profile was saved.");
        let info = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&info["name"], &info["given_name"]), (&"Ada Lovelace".into(), &"Ada".into()));
        assert_eq!((&info["zoneinfo"], &info["locale"]), (&"Europe/London".into(), &"en-GB".into()));
        assert_eq!(info["phone_number"], "+442079460000");
        assert_ne!(info["phone_number_verified"], true);
        assert_eq!(info["address"]["street_address"], "12 St James's Square\nSecond floor");
        assert!(info["updated_at"].as_i64() > before["updated_at"].as_i64(), "{info}");
        let events = world.audit("alpha", AuditKind::ProfileChanged).await;
        assert_eq!(events.len(), 1);
        let fields = ["name", "family_name", "locale", "zoneinfo", "phone_number", "street_address", "locality"];
        assert_eq!(events[0].details, serde_json::json!({ "fields": fields }), "the names, and not what stands in them");
    }

    async fn a_form_from_before_another_change_overwrites_nothing_and_keeps_what_was_typed(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let old = opened(&mut browser, &realm, "").await.form_with("save");
        let new = old.clone().fill("nickname", "Countess");
        browser.submit(&new, "save").await;
        let visit = browser.submit(&old.fill("nickname", "Ada B."), "save").await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (409, "Your profile"));
        assert!(visit.page().alert().contains("changed in the meantime"), "{}", visit.page().alert());
        let again = visit.page().form_with("save");
        assert_eq!(again.value("nickname"), "Ada B.");
        let stored = async |browser: &mut palatine_e2e::Browser| {
            browser.open(&realm.account("")).await.page().form_with("save").value("nickname").to_owned()
        };
        assert_eq!(stored(&mut browser).await, "Countess");
        browser.submit(&again, "save").await;
        assert_eq!(stored(&mut browser).await, "Ada B.", "saved again on purpose");
    }
}

on_sqlite! {
    async fn what_cannot_be_taken_is_told_beside_its_field_and_nothing_is_stored(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = opened(&mut browser, &realm, "").await.form_with("save");
        let form = form.fill("website", "javascript:alert(1)").fill("birthdate", "yesterday").fill("nickname", "Addie");
        let visit = browser.submit(&form, "save").await;
        let page = visit.page();
        assert_eq!(page.status, 422);
        assert!(page.alert().contains("Website: enter a web address"), "{}", page.alert());
        assert!(page.alert().contains("Birthday: enter a date"), "{}", page.alert());
        assert_eq!(page.texts("#error-website").len(), 1);
        let again = page.form_with("save");
        assert_eq!((again.value("website"), again.value("nickname")), ("javascript:alert(1)", "Addie"));
        let stored = browser.open(&realm.account("")).await.page().form_with("save");
        assert_eq!((stored.value("website"), stored.value("nickname")), ("", ""));
        assert!(world.audit("alpha", AuditKind::ProfileChanged).await.is_empty());
    }

    async fn the_name_and_address_to_sign_in_with_are_shown_and_not_changed(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let page = opened(&mut browser, &realm, "").await;
        assert!(page.text().contains("ada@example.com"));
        let form = page.form_with("save");
        let forged = [
            ("csrf", form.value("csrf")),
            ("version", form.value("version")),
            ("save", "1"),
            ("email", "root@example.com"),
            ("email_verified", "true"),
            ("username", "root"),
            ("preferred_username", "root"),
            ("phone_number_verified", "true"),
            ("custom.department", "board"),
            ("custom.customer_id", "cust-0"),
        ];
        let visit = browser.post(form.action(), &forged).await;
        assert_eq!(visit.last().status, 200);
        let info = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&info["email"], &info["preferred_username"]), (&"ada@example.com".into(), &"ada".into()));
        assert_eq!((&info["department"], &info["customerId"]), (&"engineering of alpha".into(), &"cust-alpha-1".into()));
        assert!(world.audit("alpha", AuditKind::ProfileChanged).await.is_empty());
    }

    async fn a_custom_field_is_written_by_its_person_where_the_realm_says_so(world) {
        let realm = world.alpha();
        let fields = "custom_fields:
  motto: {type: string, claim: custom_motto, writable_by: user}
  team: {type: enum, values: [red, blue], claim: custom_team, writable_by: user}
  height: {type: number, claim: custom_height, writable_by: user}
  newsletter: {type: boolean, claim: custom_newsletter, writable_by: user}
";
        world.apply(&realms::changed(&realms::alpha(), "custom_fields:\n", fields)).await;
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let form = opened(&mut browser, &realm, "").await.form_with("save");
        let wrong = form.clone().fill("custom.height", "tall").fill("custom.team", "green");
        let visit = browser.submit(&wrong, "save").await;
        assert_eq!(visit.last().status, 422);
        assert_eq!(visit.page().texts(".field .error").len(), 2);
        let right = form
            .fill("custom.motto", HOSTILE)
            .fill("custom.team", "blue")
            .fill("custom.height", "1.7")
            .fill("custom.newsletter", "false");
        assert_eq!(browser.submit(&right, "save").await.last().status, 200);
        let info = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&info["custom_motto"], &info["custom_team"]), (&HOSTILE.into(), &"blue".into()));
        assert_eq!((&info["custom_height"], &info["custom_newsletter"]), (&1.7.into(), &false.into()));
    }

    async fn hostile_words_are_words_on_every_page(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = opened(&mut browser, &realm, "").await.form_with("save");
        let texts = ["name", "nickname", "gender", "street_address", "locality", "country"];
        let form = texts.iter().fold(form, |form, name| form.fill(name, HOSTILE));
        assert_eq!(browser.submit(&form, "save").await.last().status, 200);
        let page = opened(&mut browser, &realm, "").await;
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img src=x"), "{}", page.html);
        for name in texts {
            assert_eq!(page.form_with("save").value(name), HOSTILE, "{name}");
        }
    }

    async fn a_field_that_comes_twice_or_without_an_end_is_refused(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = opened(&mut browser, &realm, "").await;
        let form = page.form_with("save");
        let (csrf, version) = (form.value("csrf"), form.value("version"));
        let twice = [("csrf", csrf), ("version", version), ("name", "a"), ("name", "b")];
        assert_eq!(browser.post(form.action(), &twice).await.last().status, 400);
        let long = "a".repeat(30_000);
        let visit = browser.post(form.action(), &[("csrf", csrf), ("version", version), ("name", &long)]).await;
        assert_eq!(visit.last().status, 422);
        for version in ["", "0", "-1", "x", "99999999999999999999"] {
            let visit = browser.post(form.action(), &[("csrf", csrf), ("version", version), ("name", "a")]).await;
            assert_eq!(visit.last().status, 409, "{version}");
        }
        let stored = press(&mut browser, &page, "save").await;
        assert_eq!(stored.page().form_with("save").value("name"), "Ada Byron");
    }

    async fn of_many_who_save_the_same_form_at_once_one_is_first(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = opened(&mut browser, &realm, "").await.form_with("save");
        let cookie = format!("pal_session={}", browser.cookie("pal_session").unwrap().value);
        let saves = (0..16).map(|number| {
            let name = format!("Ada {number}");
            let fields = [("csrf", form.value("csrf")), ("version", form.value("version")), ("name", name.as_str())];
            let request = realm.wire().post_request(form.action(), &fields).header("cookie", &cookie);
            palatine_e2e::Answer::of(request)
        });
        let answers = futures_util::future::join_all(saves).await;
        let saved = answers.iter().filter(|answer| answer.status == 303).count();
        assert_eq!((saved, answers.iter().filter(|answer| answer.status == 409).count()), (1, 15));
        assert_eq!(world.audit("alpha", AuditKind::ProfileChanged).await.len(), 1);
    }
}
