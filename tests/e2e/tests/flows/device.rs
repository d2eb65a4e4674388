//! The device authorization grant (RFC 8628): a television without a keyboard, and a person with a phone.

use futures_util::future::join_all;
use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Answer, App, Backend, Browser, Endpoint, Page, RealmUnderTest, Tokens, Visit, World, minutes, on_every_backend,
    on_sqlite, realms, seconds,
};
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device that has asked and waits.
struct Device {
    app: App,
    told: Value,
}

impl Device {
    async fn begin(realm: &RealmUnderTest) -> Self {
        Self::asking(realm.tv_app(), "openid profile offline_access").await
    }

    async fn asking(app: App, scope: &str) -> Self {
        let answer = app.post(Endpoint::DeviceAuthorization, &[("scope", scope)]).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let told = answer.success();
        Self { app, told }
    }

    fn told(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.told))
    }

    async fn poll(&self) -> Answer {
        self.poll_as(&self.app).await
    }

    async fn poll_as(&self, app: &App) -> Answer {
        app.post(Endpoint::Token, &[("grant_type", GRANT), ("device_code", self.told("device_code"))]).await
    }
}

/// Types a code on the page of this realm.
async fn types(browser: &mut Browser, realm: &RealmUnderTest, code: &str) -> Visit {
    let page = browser.open(&format!("{}/device", realm.issuer())).await;
    browser.submit(&page.page().form().fill("user_code", code), "continue").await
}

/// Types the device's code, signs in if asked, and stands before the question.
async fn question(browser: &mut Browser, realm: &RealmUnderTest, device: &Device) -> Page {
    let visit = types(browser, realm, device.told("user_code")).await;
    let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
    visit.page().clone()
}

async fn answer(browser: &mut Browser, question: &Page, button: &str) -> Visit {
    browser.submit(&question.form(), button).await
}

async fn connect(browser: &mut Browser, realm: &RealmUnderTest, device: &Device) {
    let question = question(browser, realm, device).await;
    assert_eq!(question.heading(), "Connect Living room on your device?");
    let done = answer(browser, &question, "accept").await;
    assert_eq!(done.page().heading(), "Your device is connected");
}

on_every_backend! {
    async fn a_device_gets_tokens_when_its_person_has_allowed_it(world) {
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        assert_eq!((&device.told["expires_in"], &device.told["interval"]), (&json!(600), &json!(5)));
        let page = format!("{}/device", realm.issuer());
        assert_eq!(device.told("verification_uri"), page);
        let complete = format!("{page}?user_code={}", device.told("user_code"));
        assert_eq!(device.told("verification_uri_complete"), complete);
        device.poll().await.assert_refused(400, "authorization_pending");

        let mut phone = realm.browser();
        let question = question(&mut phone, &realm, &device).await;
        let text = question.text();
        for needed in ["Living room", device.told("user_code"), "ada", "See your name and profile"] {
            assert!(text.contains(needed), "{needed} in {text}");
        }
        world.pass(seconds(5));
        device.poll().await.assert_refused(400, "authorization_pending");
        assert_eq!(answer(&mut phone, &question, "accept").await.page().heading(), "Your device is connected");

        let tokens = Tokens::of(&device.poll().await);
        assert_eq!(tokens.scopes(), ["offline_access", "openid", "profile"]);
        assert_eq!(tokens.id_claims()["aud"], "tv-app");
        assert_eq!(realm.userinfo(&tokens.access).await.success()["name"], "Ada Byron");
        let renewed = Tokens::of(&device.app.refresh(tokens.refresh()).await);
        assert_eq!(renewed.access_claims()["sid"], tokens.access_claims()["sid"]);
        let event = world.audit("alpha", AuditKind::DeviceAllowed).await.remove(0);
        assert!(event.user.is_some() && event.client.is_some() && event.session.is_some() && event.address.is_some());
        device.poll().await.assert_refused(400, "invalid_grant");
        assert_eq!(realm.userinfo(&tokens.access).await.status, 200, "a further poll takes nothing away");
    }

    async fn a_device_whose_person_refuses_is_told(world) {
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        let mut phone = realm.browser();
        let question = question(&mut phone, &realm, &device).await;
        let done = answer(&mut phone, &question, "cancel").await;
        assert_eq!(done.page().heading(), "Your device was not connected");
        device.poll().await.assert_refused(400, "access_denied");
        assert_eq!(world.audit("alpha", AuditKind::DeviceRefused).await.len(), 1);
        // The code is used up.
        let again = types(&mut phone, &realm, device.told("user_code")).await;
        assert_eq!(again.last().status, 422);
        answer(&mut phone, &question, "accept").await.last().assert_page(400, "already done");
    }

    async fn of_64_polls_at_once_one_gets_the_tokens(world) {
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        connect(&mut realm.browser(), &realm, &device).await;
        let answers = join_all((0..64).map(|_| device.poll())).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        for answer in &lost {
            answer.assert_refused(400, "invalid_grant");
        }
        Tokens::of(&device.app.refresh(Tokens::of(&won[0]).refresh()).await);
    }

    async fn of_two_people_who_answer_at_once_one_decides(world) {
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        let (mut one, mut two) = (realm.browser(), realm.browser());
        let first = question(&mut one, &realm, &device).await;
        let second = question(&mut two, &realm, &device).await;
        let (a, b) = tokio::join!(answer(&mut one, &first, "accept"), answer(&mut two, &second, "accept"));
        let done = [a, b].iter().filter(|visit| visit.last().status == 200).count();
        assert_eq!(done, 1);
        Tokens::of(&device.poll().await);
    }

    async fn what_happens_between_the_answer_and_the_poll_counts(world) {
        let realm = world.alpha();
        let (ended, disabled, client) =
            (Device::begin(&realm).await, Device::begin(&realm).await, Device::begin(&realm).await);
        let mut phone = realm.browser();
        connect(&mut phone, &realm, &ended).await;
        // Signing out ends what was allowed, and a device that comes for it afterwards gets nothing.
        let sign_out = phone.open(&realm.url(Endpoint::EndSession)).await;
        phone.submit(&sign_out.page().form(), "logout").await;
        ended.poll().await.assert_refused(400, "invalid_grant");

        connect(&mut realm.browser(), &realm, &client).await;
        let off = |what: &str| realms::changed(&realms::alpha(), &format!("  {what}:\n"), &format!("  {what}:\n    enabled: false\n"));
        world.apply(&off("tv-app")).await;
        client.poll().await.assert_refused(401, "invalid_client");
        world.apply(&realms::alpha()).await;

        connect(&mut realm.browser(), &realm, &disabled).await;
        world.apply(&off("ada")).await;
        disabled.poll().await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn a_device_that_asks_too_often_is_slowed_down_for_good(world) {
        world.holds_its_time();
        let device = Device::begin(&world.alpha()).await;
        device.poll().await.assert_refused(400, "authorization_pending");
        world.pass(seconds(2));
        device.poll().await.assert_refused(400, "slow_down");
        world.pass(seconds(5));
        device.poll().await.assert_refused(400, "slow_down");
        world.pass(seconds(16));
        device.poll().await.assert_refused(400, "authorization_pending");
    }

    async fn codes_end_with_their_time(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        let mut phone = realm.browser();
        let question = question(&mut phone, &realm, &device).await;
        world.pass(seconds(590));
        let late = Device::begin(&realm).await;
        connect(&mut realm.browser(), &realm, &late).await;
        world.pass(seconds(11));
        device.poll().await.assert_refused(400, "expired_token");
        assert_eq!(types(&mut realm.browser(), &realm, device.told("user_code")).await.last().status, 422);
        answer(&mut phone, &question, "accept").await.last().assert_page(400, "");
        Tokens::of(&late.poll().await);
        world.pass(minutes(20));
        device.poll().await.assert_refused(400, "invalid_grant");
    }

    async fn a_device_code_is_good_for_its_own_client_its_own_grant_and_its_own_realm_alone(world) {
        let realm = world.alpha();
        let more = "  radio-app:\n    kind: native\n    grants: [\"urn:ietf:params:oauth:grant-type:device_code\"]\n    \
                    scopes: {default: [openid]}\n  # Services.\n";
        world.apply(&realms::changed(&realms::alpha(), "  # Services.\n", more)).await;
        let device = Device::begin(&realm).await;
        let radio = App { client_id: "radio-app".to_owned(), ..realm.tv_app() };
        device.poll_as(&radio).await.assert_refused(400, "invalid_grant");
        device.poll_as(&world.beta().tv_app()).await.assert_refused(400, "invalid_grant");
        // Not even the time of its next poll was touched.
        device.poll().await.assert_refused(400, "authorization_pending");
        let elsewhere = types(&mut realm.browser(), &world.beta(), device.told("user_code")).await;
        assert_eq!(elsewhere.last().status, 422);
        connect(&mut realm.browser(), &realm, &device).await;
        device.poll_as(&radio).await.assert_refused(400, "invalid_grant");
        device.poll_as(&world.beta().tv_app()).await.assert_refused(400, "invalid_grant");
        let as_code = [("grant_type", "authorization_code"), ("code", device.told("device_code"))];
        realm.web_app().post(Endpoint::Token, &as_code).await.assert_refused(400, "invalid_grant");
        Tokens::of(&device.poll().await);
        // And an authorization code is no device code.
        let ask = realm.web_app().ask();
        let code = realm.web_app().authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let as_device = [("grant_type", GRANT), ("device_code", code.as_str())];
        realm.tv_app().post(Endpoint::Token, &as_device).await.assert_refused(400, "invalid_grant");
        Tokens::of(&realm.web_app().redeem(&code, &ask).await);
    }

    async fn only_clients_that_an_admin_made_devices_may_ask(world) {
        let realm = world.alpha();
        for app in [realm.web_app(), realm.native_app()] {
            app.post(Endpoint::DeviceAuthorization, &[]).await.assert_refused(400, "unauthorized_client");
        }
        let tv = realm.tv_app();
        for (more, code) in [
            (("scope", "openid nonsense"), "invalid_scope"),
            (("scope", "orders:read"), "invalid_scope"),
            (("resource", "billing-api"), "invalid_target"),
        ] {
            tv.post(Endpoint::DeviceAuthorization, &[more]).await.assert_refused(400, code);
        }
        let twice = [("scope", "openid"), ("scope", "openid")];
        tv.post(Endpoint::DeviceAuthorization, &twice).await.assert_refused(400, "invalid_request");
        for url in realm.urls(Endpoint::DeviceAuthorization) {
            assert_eq!(tv.post_to(&url, &[]).await.status, 200, "{url}");
        }
    }

    async fn the_code_may_be_typed_as_people_type(world) {
        let realm = world.alpha();
        let device = Device::begin(&realm).await;
        let letters = device.told("user_code").replace('-', "").to_lowercase();
        for typed in [letters.clone(), format!(" {} {} ", &letters[..4], &letters[4..])] {
            let visit = types(&mut realm.browser(), &realm, &typed).await;
            assert_eq!(visit.page().heading(), "Sign in to Alpha", "{typed}");
        }
        let mut phone = realm.browser();
        let empty = types(&mut phone, &realm, " ").await;
        assert_eq!((empty.last().status, empty.page().alert().contains("Enter the code")), (422, true));
        // The address with the code fills it in and decides nothing.
        let filled = phone.open(device.told("verification_uri_complete")).await;
        assert_eq!(filled.page().form().value("user_code"), device.told("user_code"));
        let strange = phone.open(&format!("{}/device?user_code=%3Cscript%3E", realm.issuer())).await;
        assert_eq!(strange.page().form().value("user_code"), "");
    }

    async fn whoever_is_signed_in_is_asked_all_the_same(world) {
        let realm = world.alpha();
        let mut phone = realm.browser();
        realm.web_app().sign_in(&mut phone, &realm.ada()).await;
        let device = Device::begin(&realm).await;
        let visit = types(&mut phone, &realm, device.told("user_code")).await;
        assert_eq!(visit.page().heading(), "Connect Living room on your device?");
        device.poll().await.assert_refused(400, "authorization_pending");
        // The question belongs to the browser that typed the code, and to its form.
        let path = visit.page().url.clone();
        realm.browser().open(&path).await.last().assert_page(400, "Cookies are turned off");
        let forged = visit.page().form().fill("csrf", "nonsense");
        phone.submit(&forged, "accept").await.last().assert_page(400, "out of date");
        device.poll().await.assert_refused(400, "slow_down");
    }

    async fn guesses_of_user_codes_are_limited_and_then_locked_out(world) {
        let limits = "enabled: true\n    user_codes_per_minute: 5\n    user_code_failures_per_hour: 6";
        world.apply(&realms::changed(&realms::alpha(), "enabled: false", limits)).await;
        let realm = world.alpha();
        let from = |last: u8| realm.browser().from_address(&format!("192.0.2.{last}"));
        let mut guesser = from(1);
        for _ in 0..5 {
            assert_eq!(types(&mut guesser, &realm, "BBBB-BBBB").await.last().status, 422);
        }
        let refused = types(&mut guesser, &realm, "BBBB-BBBB").await;
        assert_eq!(refused.last().status, 429);
        assert!(refused.last().header("retry-after").is_some());
        // Minutes later the pace is allowed again, but there were too many wrong ones.
        world.pass(seconds(61));
        assert_eq!(types(&mut guesser, &realm, "BBBB-BBBB").await.last().status, 422);
        let device = Device::begin(&realm).await;
        assert_eq!(types(&mut guesser, &realm, device.told("user_code")).await.last().status, 429);
        connect(&mut from(2), &realm, &device).await;
    }

    async fn a_realm_has_a_ceiling_for_user_codes(world) {
        let limits = "enabled: true\n    user_codes_of_realm_per_minute: 3";
        world.apply(&realms::changed(&realms::alpha(), "enabled: false", limits)).await;
        let realm = world.alpha();
        for last in 1..=3 {
            let mut guesser = realm.browser().from_address(&format!("192.0.2.{last}"));
            assert_eq!(types(&mut guesser, &realm, "BBBB-BBBB").await.last().status, 422);
        }
        let mut next = realm.browser().from_address("192.0.2.9");
        assert_eq!(types(&mut next, &realm, "BBBB-BBBB").await.last().status, 429);
        assert_eq!(types(&mut world.beta().browser(), &world.beta(), "BBBB-BBBB").await.last().status, 422);
    }

    async fn the_picture_of_the_address_is_an_image_of_ours_that_any_page_may_show(world) {
        let realm = world.alpha();
        let answer = realm.wire().get(&format!("{}/device/qr?user_code=bcdf-ghjk", realm.issuer())).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/svg+xml")));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'"));
        assert!(answer.body.contains("<svg"));
        for wrong in ["", "?user_code=AAAA-AAAA", "?user_code=%3Csvg%3E"] {
            let answer = realm.wire().get(&format!("{}/device/qr{wrong}", realm.issuer())).await;
            answer.assert_page(400, "could not be read");
        }
    }

    async fn the_lives_of_codes_are_the_realms_choice(world) {
        let chosen = "policy:\n  lifetimes: {device_code_seconds: 90, device_interval_seconds: 2}\n";
        world.apply(&realms::changed(&realms::alpha(), "policy:\n", chosen)).await;
        let device = Device::begin(&world.alpha()).await;
        assert_eq!((&device.told["expires_in"], &device.told["interval"]), (&json!(90), &json!(2)));
        world.pass(seconds(91));
        device.poll().await.assert_refused(400, "expired_token");
    }

    async fn a_script_of_the_devices_origin_reads_the_answer(world) {
        let origins = "  tv-app:\n    web_origins: [\"https://tv.example.com\"]\n";
        world.apply(&realms::changed(&realms::alpha(), "  tv-app:\n", origins)).await;
        let realm = world.alpha();
        for (origin, readable) in [("https://tv.example.com", true), ("https://evil.example.com", false)] {
            let request = realm.tv_app().request(&realm.url(Endpoint::DeviceAuthorization), &[]);
            let answer = Answer::of(request.header("origin", origin)).await;
            assert_eq!(answer.header("access-control-allow-origin").is_some(), readable, "{origin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_begins_on_one_node_and_is_allowed_on_another() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let node = world.second_node().await;
    let realm = world.alpha();
    let device = Device::begin(&realm).await;
    connect(&mut realm.at(&node).browser(), &realm.at(&node), &device).await;
    Tokens::of(&device.poll_as(&device.app.at(&node)).await);
    device.poll().await.assert_refused(400, "invalid_grant");
    node.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_device_is_told_to_come_back() {
    let mut world = World::builder(Backend::Postgres).private_redis().realm(realms::alpha()).start().await;
    let realm = world.alpha();
    let device = Device::begin(&realm).await;
    world.redis_mut().kill();
    let unavailable = |answer: &Answer| {
        answer.assert_refused(503, "temporarily_unavailable");
        assert!(answer.header("retry-after").is_some());
    };
    unavailable(&device.poll().await);
    unavailable(&device.app.post(Endpoint::DeviceAuthorization, &[]).await);
    let typed = types(&mut realm.browser(), &realm, device.told("user_code")).await;
    assert_eq!(typed.last().status, 503);
    assert!(typed.last().header("retry-after").is_some());
    world.stop().await;
}
