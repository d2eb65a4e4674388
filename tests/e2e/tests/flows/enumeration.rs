//! Guessing who and what there is: what does not exist is answered as what does (docs/THREAT-MODEL.md, class 17).
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palatine_authn::HashSettings;
use palatine_e2e::{Answer, App, Backend, Browser, Page, Person, World, minutes, on_sqlite, realms};

/// Everything of an answer that somebody sees, without what differs between any two: the nonce, the request id, the
/// token of the form, the date, and what was asked for.
fn seen(answer: &Answer, asked: &str) -> String {
    let id = answer.header("x-request-id").unwrap_or_default();
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let nonce = policy.split_once("'nonce-").map_or("", |(_, rest)| rest.split('\'').next().unwrap());
    let after =
        |text: &str, mark: &str| text.split_once(mark).map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
    let csrf = after(&answer.body, "name=\"csrf\" value=\"").unwrap_or_default();
    let told = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let mut headers: Vec<String> = told.map(|(name, value)| format!("{name}: {value:?}")).collect();
    // Their order is drawn anew for each answer.
    headers.sort_unstable();
    let mut all = format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.body);
    for noise in [id, nonce, &csrf, asked].into_iter().filter(|noise| !noise.is_empty()) {
        all = all.replace(noise, "…");
    }
    all
}

/// Tries once, on one page that is never left.
async fn attempt(browser: &mut Browser, page: &Page, username: &str, password: &str) -> Answer {
    browser.type_credentials(page, &Person::new(username, password)).await.last().clone()
}

async fn login_page(world: &World) -> (Browser, Page) {
    let mut browser = world.alpha().browser();
    let visit = browser.open(&world.alpha().web_app().ask().url()).await;
    let page = visit.page().clone();
    (browser, page)
}

on_sqlite! {
    async fn unknown_wrong_and_locked_are_one_answer_to_the_byte(world) {
        let (mut browser, page) = login_page(world).await;
        // As long as one another, because a page's length is seen too.
        let unknown = seen(&attempt(&mut browser, &page, "eve@example.com", "wrong-password").await, "eve@example.com");
        assert!(unknown.starts_with("422"), "{unknown}");
        for _ in 0..7 {
            let wrong = attempt(&mut browser, &page, "ada@example.com", "wrong-password").await;
            assert_eq!(seen(&wrong, "ada@example.com"), unknown);
        }
        // Locked by now: the right password is no longer told from a wrong one.
        let right = attempt(&mut browser, &page, "ada@example.com", &world.alpha().ada().password).await;
        assert_eq!(right.status, 422);
        assert_eq!(seen(&right, "ada@example.com"), unknown);
        world.pass(minutes(9));
        let right = attempt(&mut browser, &page, "ada@example.com", &world.alpha().ada().password).await;
        assert_eq!(right.status, 303);
    }

    async fn an_unknown_name_locks_no_sooner_and_no_later_than_a_known_one(world) {
        let (mut browser, page) = login_page(world).await;
        for _ in 0..12 {
            let unknown = attempt(&mut browser, &page, "eve@example.com", "wrong-password").await;
            let known = attempt(&mut browser, &page, "ada@example.com", "wrong-password").await;
            assert_eq!(seen(&unknown, "eve@example.com"), seen(&known, "ada@example.com"));
        }
    }

    async fn an_unknown_client_is_answered_as_a_disabled_one_and_as_a_wrong_secret(world) {
        let document = realms::changed(&realms::alpha(), "  es-app:\n", "  es-app:\n    enabled: false\n");
        world.apply(&document).await;
        let realm = world.alpha();
        let app = |id: &str, secret: &str| realm.app(id, secret, "https://es.example.com/callback");
        let by = [app("no-app", "alpha-es-new"), app("es-app", "alpha-es-new"), app("es-app", "wrong"), app("web-app", "wrong")];
        let mut answers = Vec::new();
        for app in by {
            let answer = app.refresh("x").await;
            answer.assert_refused(401, "invalid_client");
            answers.push(seen(&answer, &app.client_id));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");

        let page = async |app: App| seen(&realm.browser().get(&app.ask().url()).await, &app.client_id);
        let disabled = page(app("es-app", "")).await;
        assert!(disabled.contains("Unknown application"), "{disabled}");
        assert_eq!(page(app("no-app", "")).await, disabled);
    }

    async fn a_realm_that_is_reserved_or_malformed_is_answered_as_an_unknown_one(world) {
        let wire = world.alpha().wire().clone();
        for path in ["/oauth/authorize", "/oauth/token", "/.well-known/openid-configuration", ""] {
            let answer = async |slug: &str| seen(&wire.get(&format!("/realms/{slug}{path}")).await, slug);
            let unknown = answer("tulip").await;
            assert!(unknown.starts_with("404"), "{unknown}");
            for slug in ["aster", "admin", "UPPER", "x--y-"] {
                assert_eq!(answer(slug).await, unknown, "{slug}{path}");
            }
        }
    }
}

/// How often each arm is tried (SECURITY.md, class 17).
const ATTEMPTS: usize = 400;

/// People who may each be guessed at four times before a wait begins.
const PEOPLE: usize = ATTEMPTS / 4;

fn with_many_people() -> String {
    let mut document = realms::alpha();
    for number in 0..PEOPLE {
        write!(document, "  user-{number:02}:\n    initial_password: \"kettle-orchid-lantern-{number:02}\"\n").unwrap();
    }
    document
}

/// What an answer cost: statements, hashes, and time.
struct Cost {
    statements: u64,
    hashes: u64,
    time: Duration,
}

async fn cost(world: &World, status: u16, attempt: impl Future<Output = Answer>) -> Cost {
    let hashes = || {
        let counts = world.node().hash_counts();
        counts.hashed + counts.verified + counts.decoys
    };
    let (statements, before, began) = (world.node().store().statements(), hashes(), Instant::now());
    let answer = attempt.await;
    let time = began.elapsed();
    assert_eq!(answer.status, status, "{}", answer.body);
    Cost { statements: world.node().store().statements() - statements, hashes: hashes() - before, time }
}

fn median(costs: &[Cost]) -> Duration {
    let mut times: Vec<Duration> = costs.iter().map(|cost| cost.time).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// What an answer of this arm took but for a handful, into which work of the background may have fallen: statements and
/// hashes.
#[track_caller]
fn work(costs: &[Cost]) -> (u64, u64) {
    let found = costs.iter().fold(BTreeMap::new(), |mut found, cost| {
        *found.entry((cost.statements, cost.hashes)).or_insert(0) += 1;
        found
    });
    let (work, times) = found.iter().max_by_key(|(_, times)| **times).expect("attempts");
    assert!(*times > costs.len() - costs.len() / 20, "one amount of work: {found:?}");
    *work
}

/// Both arms alternate, so that whatever else the machine does falls on both. What is done must be the same number
/// of statements and hashes; how long it takes, by the median and to a tenth. Only the time is asked for again, in up to three rounds:
/// a difference in what is done shows every time, a busy machine does not.
async fn assert_as_long(world: &World, attempt: impl AsyncFn(&str) -> Cost) {
    // The first one finds the caches empty, and the client's secret unproved.
    attempt("none-at-all").await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
        for number in 0..ATTEMPTS {
            unknown.push(attempt(&format!("none-{:02}", number % PEOPLE)).await);
            wrong.push(attempt(&format!("user-{:02}", number % PEOPLE)).await);
        }
        assert_eq!(work(&unknown), work(&wrong), "statements, hashes");
        assert!(unknown.iter().chain(&wrong).all(|cost| cost.hashes == 1), "one hash each time");
        let (unknown, wrong) = (median(&unknown), median(&wrong));
        if unknown.abs_diff(wrong).as_secs_f64() < 0.1 * wrong.as_secs_f64() {
            return;
        }
        seen.push((unknown, wrong));
        // Forgotten after twelve hours: nobody waits in the next round.
        world.pass(minutes(13 * 60));
    }
    panic!("{seen:?}");
}

async fn slow_world() -> World {
    // A hash that is most of an answer, as the real one is.
    let hashing = HashSettings { memory_kib: 4_096, iterations: 2, threads: Some(1), ..HashSettings::default() };
    let world = World::builder(Backend::Sqlite).realm(with_many_people()).configure(move |config| {
        config.hashing = hashing.clone();
        // Nothing but the requests is counted.
        config.realms.poll_interval_millis = 3_600_000;
        config.jobs.sealed_successors_seconds = 3_600;
        config.jobs.expired_rows_seconds = 3_600;
        config.courier.poll_millis = 3_600_000;
    });
    world.start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let mut world = slow_world().await;
    assert_as_long(&world, async |name: &str| {
        let (mut browser, page) = login_page(&world).await;
        cost(&world, 422, attempt(&mut browser, &page, name, "wrong-password")).await
    })
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_takes_as_long_as_a_wrong_password_at_the_token_endpoint() {
    let mut world = slow_world().await;
    let app = world.alpha().direct_app();
    assert_as_long(&world, async |name: &str| {
        cost(&world, 400, app.password(&Person::new(name, "wrong-password"), &[])).await
    })
    .await;
    world.stop().await;
}
