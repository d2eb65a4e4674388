//! Guessing passwords: one answer for everything that is not right, and a wait that does not keep owners out.

use futures_util::future::join_all;
use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Browser, Page, Person, RealmUnderTest, Visit, minutes, on_every_backend, on_sqlite, realms, seconds,
};

/// Opens the sign-in page.
async fn page(browser: &mut Browser, realm: &RealmUnderTest) -> Page {
    browser.open(&realm.web_app().ask().url()).await.page().clone()
}

/// Tries once, on a fresh page.
async fn attempt(browser: &mut Browser, realm: &RealmUnderTest, person: &Person) -> Visit {
    let ask = realm.web_app().ask().with("prompt", "login");
    let visit = browser.open(&ask.url()).await;
    browser.type_credentials(visit.page(), person).await
}

async fn succeeds(browser: &mut Browser, realm: &RealmUnderTest, person: &Person) -> bool {
    let visit = attempt(browser, realm, person).await;
    matches!(visit.landing, palatine_e2e::Landing::Left(_))
}

async fn fail(times: u32, browser: &mut Browser, realm: &RealmUnderTest, username: &str) {
    for _ in 0..times {
        let visit = attempt(browser, realm, &Person::new(username, "wrong-password")).await;
        assert_eq!(visit.last().status, 422);
    }
}

/// What somebody sees of a refusal, apart from what differs between any two pages.
fn seen(visit: &Visit) -> (u16, String, String, Vec<String>) {
    let mut headers: Vec<String> = visit.last().headers.keys().map(|name| name.as_str().to_owned()).collect();
    headers.sort_unstable();
    (visit.last().status, visit.page().alert(), visit.page().heading(), headers)
}

on_every_backend! {
    async fn unknown_wrong_disabled_and_locked_are_one_answer(world) {
        let disabled = realms::changed(&realms::alpha(), "  grace:\n", "  grace:\n    enabled: false\n");
        world.apply(&disabled).await;
        let realm = world.alpha();
        let address = |last: u8| realm.browser().from_address(&format!("192.0.2.{last}"));
        let unknown = attempt(&mut address(1), &realm, &Person::new("nobody", "wrong-password")).await;
        let wrong = attempt(&mut address(2), &realm, &Person::new("ada", "wrong-password")).await;
        let off = attempt(&mut address(3), &realm, &realm.grace()).await;
        let mut guesser = address(4);
        fail(5, &mut guesser, &realm, "ada").await;
        let locked = attempt(&mut guesser, &realm, &realm.ada()).await;
        for visit in [&wrong, &off, &locked] {
            assert_eq!(seen(visit), seen(&unknown));
        }
        assert_eq!(world.audit("alpha", AuditKind::LoginLocked).await.len(), 1, "the audit log tells them apart");
        assert_eq!(world.audit("alpha", AuditKind::LoginFailed).await.len(), 8);
    }

    async fn the_fifth_failure_locks_for_a_minute(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let mut browser = realm.browser();
        fail(4, &mut browser, &realm, "ada").await;
        assert!(succeeds(&mut browser, &realm, &realm.ada()).await, "four failures lock nothing");
        // The browser is known now; another one at the same address is not.
        let mut stranger = realm.browser();
        fail(5, &mut stranger, &realm, "ada").await;
        assert!(!succeeds(&mut stranger, &realm, &realm.ada()).await);
        world.pass(seconds(59));
        assert!(!succeeds(&mut stranger, &realm, &realm.ada()).await);
        world.pass(seconds(2));
        assert!(succeeds(&mut stranger, &realm, &realm.ada()).await);
    }

    async fn each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let mut browser = realm.browser();
        fail(5, &mut browser, &realm, "ada").await;
        for wait in [60, 120, 240, 480, 900, 900] {
            world.pass(seconds(wait - 1));
            assert!(!succeeds(&mut browser, &realm, &realm.ada()).await, "after {} s", wait - 1);
            world.pass(seconds(2));
            fail(1, &mut browser, &realm, "ada").await;
        }
        world.pass(minutes(16));
        assert!(succeeds(&mut browser, &realm, &realm.ada()).await);
    }

    async fn a_browser_that_the_account_knows_has_a_counter_of_its_own(world) {
        let realm = world.alpha();
        let mut own = realm.browser();
        realm.web_app().sign_in(&mut own, &realm.ada()).await;
        let mut stranger = realm.browser();
        fail(5, &mut stranger, &realm, "ada").await;
        assert!(!succeeds(&mut stranger, &realm, &realm.ada()).await);
        assert!(succeeds(&mut own, &realm, &realm.ada()).await, "the owner gets in from the same address");
        // But the owner's browser is no way to guess either.
        fail(5, &mut own, &realm, "ada").await;
        assert!(!succeeds(&mut own, &realm, &realm.ada()).await);
    }

    async fn parallel_guesses_count_like_any_others(world) {
        let realm = world.alpha();
        let mut browsers: Vec<Browser> = (0..20).map(|_| realm.browser()).collect();
        let guesses = browsers.iter_mut().map(|browser| async {
            let page = page(browser, &realm).await;
            browser.type_credentials(&page, &Person::new("ada", "wrong-password")).await
        });
        for visit in join_all(guesses).await {
            assert_eq!(visit.last().status, 422);
        }
        assert!(!succeeds(&mut realm.browser(), &realm, &realm.ada()).await);
        let tried = world.audit("alpha", AuditKind::LoginFailed).await.len();
        assert_eq!(tried, 5, "the others were not even compared");
    }
}

on_sqlite! {
    async fn another_address_and_another_account_are_not_locked(world) {
        let realm = world.alpha();
        let mut guesser = realm.browser().from_address("192.0.2.1");
        fail(5, &mut guesser, &realm, "ada").await;
        assert!(succeeds(&mut realm.browser().from_address("192.0.2.2"), &realm, &realm.ada()).await);
        assert!(succeeds(&mut guesser, &realm, &realm.grace()).await);
        let mut neighbour = realm.browser().from_address("2001:db8:1:2::1");
        fail(5, &mut neighbour, &realm, "grace").await;
        let mut same_network = realm.browser().from_address("2001:db8:1:2:ffff::9");
        assert!(!succeeds(&mut same_network, &realm, &realm.grace()).await);
        let mut next_network = realm.browser().from_address("2001:db8:1:3::1");
        assert!(succeeds(&mut next_network, &realm, &realm.grace()).await);
    }

    async fn username_and_email_are_one_account(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        fail(3, &mut browser, &realm, "ada").await;
        fail(2, &mut browser, &realm, "ADA@example.com").await;
        assert!(!succeeds(&mut browser, &realm, &realm.ada()).await);
    }

    async fn many_addresses_together_lock_the_account_for_strangers_alone(world) {
        let policy = "policy:\n  lockout: {account_threshold: 6}\n";
        world.apply(&realms::changed(&realms::alpha(), "policy:\n", policy)).await;
        let realm = world.alpha();
        let mut own = realm.browser().from_address("198.51.100.1");
        realm.web_app().sign_in(&mut own, &realm.ada()).await;
        for last in 1..=6 {
            fail(1, &mut realm.browser().from_address(&format!("192.0.2.{last}")), &realm, "ada").await;
        }
        let mut fresh = realm.browser().from_address("203.0.113.1");
        assert!(!succeeds(&mut fresh, &realm, &realm.ada()).await);
        assert!(succeeds(&mut own, &realm, &realm.ada()).await);
        world.pass(seconds(61));
        assert!(succeeds(&mut fresh, &realm, &realm.ada()).await);
    }

    async fn an_address_that_a_client_wrote_itself_counts_only_from_a_trusted_proxy(world) {
        // The harness is the proxy: what it appends is believed, what came before is not.
        let realm = world.alpha();
        for made_up in 1..=5 {
            let mut browser = realm.browser().from_address(&format!("10.0.0.{made_up}, 192.0.2.1"));
            fail(1, &mut browser, &realm, "ada").await;
        }
        assert!(!succeeds(&mut realm.browser().from_address("10.0.0.9, 192.0.2.1"), &realm, &realm.ada()).await);
    }

    async fn a_lock_outlives_a_restart(world) {
        let realm = world.alpha();
        fail(5, &mut realm.browser(), &realm, "ada").await;
        world.restart().await;
        assert!(!succeeds(&mut realm.browser(), &realm, &realm.ada()).await);
    }

    async fn a_realm_may_turn_it_off(world) {
        let policy = "policy:\n  lockout: {enabled: false}\n";
        world.apply(&realms::changed(&realms::alpha(), "policy:\n", policy)).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        fail(8, &mut browser, &realm, "ada").await;
        assert!(succeeds(&mut browser, &realm, &realm.ada()).await);
    }
}
