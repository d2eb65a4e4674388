//! The pipeline against a real database.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test's helpers fail loudly")]

#[path = "../../store/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use palatine_authn::{
    Authenticator, Conclusion, HashCounts, HashPool, HashSettings, Lane, Proved, SignInAttempt, SignInError,
    SignInOutcome, imported,
};
use palatine_domain::audit::{AuditEvent, AuditKind};
use palatine_domain::credential::{CredentialKind, KnownDevice};
use palatine_domain::ids::{TenantScoped, UserId};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::user::User;
use palatine_domain::{Ambient, SecretText, TokenHash};
use palatine_store::{AuditFilter, TenantScope};
use support::{TestStore, on_both_databases};

const PASSWORD: &str = "lantern gravel oboe";
const HOME: &str = "192.0.2.1";
const STRANGER: &str = "198.51.100.7";

/// Hashes of [`PASSWORD`] by other programs: Python's hashlib, the Python packages bcrypt 5.0.0 and argon2-cffi 25.1.0.
const IMPORTED: [&str; 9] = [
    "$pbkdf2$i=20000,l=20$AAECAwQFBgcICQoLDA0ODw$jawNccQ7QwSohD4iRrPj87L6XRg",
    "$pbkdf2-sha256$i=27500,l=32$AAECAwQFBgcICQoLDA0ODw$dp8ccAS90jWM1U7aQQGIb+P3ll40YGB1tzGCpBPdQro",
    "$pbkdf2-sha512$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw$4qMtiwabXgM5T/Vdl1MtJNha5mF79UH9nVrgbjCJ9/he+fGTHSllg8QWxawlopHO1FarbzNol9C1BMADu1arRA",
    "$2a$04$QF0pQPneIhEx.w/kiSqRAeUKZPrU8GDCivrNMUHjWYXj0LFq1DjY6",
    "$2b$05$OcSkTe0XWHS/vvQPa//RauPQ6HHrDZLu7cpyz9HDzAjbbCijJTOpq",
    "$2y$05$OcSkTe0XWHS/vvQPa//RauPQ6HHrDZLu7cpyz9HDzAjbbCijJTOpq",
    "$argon2i$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$owBYe2WC7y3lrHzKU92eJiMEv+xGyhsAGtweeG60rco",
    "$argon2d$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$UiGQ9e0lEPqq/x+f3xPxsI9w7EW7bgnDSjtAwZTfGHM",
    "$argon2id$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$AEYgdZ14EuqzGkY/H99QV9KBJNdjqNsVcxxeRLDirdM",
];

/// What an attempt came to, as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Proved,
    Refused,
    Locked,
}
use Answer::{Locked, Refused};

struct World {
    db: TestStore,
    scope: TenantScope,
    pool: HashPool,
    authenticator: Authenticator,
    policy: RealmPolicy,
    john: UserId,
}

/// Who tries, and from where.
#[derive(Clone, Copy)]
struct From<'a> {
    address: &'a str,
    device: Option<&'a str>,
}

fn at(address: &str) -> From<'_> {
    From { address, device: None }
}

fn cheap() -> HashSettings {
    HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() }
}

impl World {
    async fn new(db: TestStore) -> Self {
        Self::with(db, cheap()).await
    }

    async fn with(db: TestStore, settings: HashSettings) -> Self {
        let ambient = db.store.ambient().clone();
        let scope = db.tenant("acme").await;
        let pool = HashPool::start(&settings, ambient.clone()).unwrap();
        let authenticator = Authenticator::new(pool.clone(), ambient);
        let john = user(1);
        let world = Self { db, scope, pool, authenticator, policy: RealmPolicy::default(), john };
        world.insert(john, "john", Some(PASSWORD)).await;
        world
    }

    async fn insert(&self, id: UserId, username: &str, password: Option<&str>) {
        let now = self.db.store.ambient().now();
        let user = User {
            id,
            subject: format!("sub-{username}"),
            enabled: true,
            username: username.to_owned(),
            email: Some(format!("{username}@acme.test")),
            email_verified: true,
            profile: palatine_domain::user::UserProfile::default(),
            custom: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        };
        let tx = self.db.store.write(&self.scope).await.unwrap();
        tx.users().insert(&user).await.unwrap();
        tx.commit().await.unwrap();
        if let Some(password) = password {
            self.set_password(id, &hash_with(&cheap(), password).await).await;
        }
    }

    async fn set_password(&self, user: UserId, phc: &str) {
        let tx = self.db.store.write(&self.scope).await.unwrap();
        assert!(tx.credentials().set_password(user, phc).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn set_enabled(&self, user: UserId, enabled: bool) {
        let tx = self.db.store.write(&self.scope).await.unwrap();
        assert!(tx.users().set_enabled(user, enabled).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn remember_device(&self, user: UserId, cookie: &str) {
        let ambient = self.db.store.ambient();
        let device = KnownDevice { id: ambient.id(), user, secret: TokenHash::of(cookie), last_used_at: ambient.now() };
        let tx = self.db.store.write(&self.scope).await.unwrap();
        tx.devices().remember(&device).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn attempt(&self, name: &str, password: &str, from: From<'_>) -> Result<SignInOutcome, SignInError> {
        let attempt = SignInAttempt {
            identifier: name,
            password: SecretText::new(password),
            address: from.address,
            device: from.device.map(TokenHash::of),
            request_id: "req-1",
            user_agent: "Browser/1",
            client: None,
        };
        self.authenticator.sign_in(&self.db.store, &self.scope, &self.policy, attempt).await
    }

    /// An attempt, concluded as the login page would.
    async fn sign_in(&self, name: &str, password: &str, from: From<'_>) -> Answer {
        match self.attempt(name, password, from).await.unwrap() {
            SignInOutcome::Proved(proved) => {
                assert_eq!(self.conclude(&proved).await, Conclusion::Concluded);
                Answer::Proved
            }
            SignInOutcome::Refused => Refused,
            SignInOutcome::Locked => Locked,
        }
    }

    async fn proved(&self, name: &str, password: &str) -> Box<Proved> {
        match self.attempt(name, password, at(HOME)).await.unwrap() {
            SignInOutcome::Proved(proved) => proved,
            other => panic!("{other:?}"),
        }
    }

    async fn conclude(&self, proved: &Proved) -> Conclusion {
        let tx = self.db.store.write(&self.scope).await.unwrap();
        let session = self.db.store.ambient().id();
        let conclusion = self.authenticator.conclude_success(&tx, proved, session).await.unwrap();
        tx.commit().await.unwrap();
        conclusion
    }

    async fn fail(&self, times: usize, name: &str, from: From<'_>) -> Vec<Answer> {
        let mut answers = Vec::new();
        for _ in 0..times {
            answers.push(self.sign_in(name, "wrong", from).await);
        }
        answers
    }

    async fn events(&self) -> Vec<AuditEvent> {
        let tx = self.db.store.read(&self.scope).await.unwrap();
        let mut events = tx.audit().list(&AuditFilter::default(), None, 1_000).await.unwrap();
        events.reverse();
        events
    }

    async fn stored_password(&self) -> String {
        let tx = self.db.store.read(&self.scope).await.unwrap();
        let CredentialKind::Password(phc) = tx.credentials().password_of(self.john).await.unwrap().unwrap().kind;
        phc
    }

    fn minutes_pass(&self, minutes: u64) {
        self.db.clock.advance(Duration::from_secs(60 * minutes));
    }
}

fn user(number: u8) -> UserId {
    format!("018f2f9e-0000-7000-8000-0000000000{number:02x}").parse().unwrap()
}

/// A hash that another pool makes, so that the one under test counts none of it.
async fn hash_with(settings: &HashSettings, password: &str) -> String {
    let pool = HashPool::start(settings, Ambient::system()).unwrap();
    let tenant = "018f2f9e-0000-7000-8000-0000000000ff".parse().unwrap();
    pool.hash(tenant, Lane::People, SecretText::new(password)).await.unwrap()
}

on_both_databases! {
    async fn the_right_password_proves_whoever_has_the_name(db) {
        let world = World::new(db).await;
        for name in ["john", " JOHN ", "John@Acme.test"] {
            let proved = world.proved(name, PASSWORD).await;
            assert_eq!((proved.user.id, proved.known_device, proved.amr), (world.john, false, "pwd"));
            assert_eq!(world.conclude(&proved).await, Conclusion::Concluded);
        }
        assert_eq!(world.sign_in("john", "Lantern gravel oboe", at(HOME)).await, Refused);
    }

    async fn after_five_failures_even_the_right_password_waits_a_minute(db) {
        let world = World::new(db).await;
        assert_eq!(world.fail(5, "john", at(STRANGER)).await, [Refused; 5]);
        assert_eq!(world.sign_in("john", PASSWORD, at(STRANGER)).await, Locked);
        assert_eq!(world.sign_in("john@acme.test", PASSWORD, at(STRANGER)).await, Locked, "one account, two names");
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved, "another address");
        world.minutes_pass(1);
        assert_eq!(world.sign_in("john", PASSWORD, at(STRANGER)).await, Answer::Proved);
    }

    async fn a_network_of_ipv6_addresses_counts_as_one(db) {
        let world = World::new(db).await;
        for host in 1..=5 {
            assert_eq!(world.fail(1, "john", at(&format!("2001:db8:0:1::{host}"))).await, [Refused]);
        }
        assert_eq!(world.sign_in("john", PASSWORD, at("2001:db8:0:1::6")).await, Locked);
        assert_eq!(world.sign_in("john", PASSWORD, at("2001:db8:0:2::6")).await, Answer::Proved);
    }

    async fn a_success_forgets_the_failures_before_it(db) {
        let world = World::new(db).await;
        for _ in 0..3 {
            assert_eq!(world.fail(4, "john", at(HOME)).await, [Refused; 4]);
            assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved);
        }
    }

    async fn strangers_cannot_keep_an_owner_out_of_a_browser_that_the_account_knows(db) {
        let world = World::new(db).await;
        world.remember_device(world.john, "cookie").await;
        let own = From { address: STRANGER, device: Some("cookie") };
        for host in 0..55 {
            world.fail(1, "john", at(&format!("203.0.113.{host}"))).await;
        }
        world.fail(5, "john", at(STRANGER)).await;
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Locked, "the account waits everywhere else");
        match world.attempt("john", PASSWORD, own).await.unwrap() {
            SignInOutcome::Proved(proved) => assert!(proved.known_device),
            other => panic!("{other:?}"),
        }
    }

    async fn a_known_browser_has_a_limit_of_its_own(db) {
        let world = World::new(db).await;
        world.remember_device(world.john, "cookie").await;
        let stolen = From { address: STRANGER, device: Some("cookie") };
        assert_eq!(world.fail(5, "john", stolen).await, [Refused; 5]);
        assert_eq!(world.sign_in("john", PASSWORD, stolen).await, Locked);
        let elsewhere = From { address: HOME, device: Some("cookie") };
        assert_eq!(world.sign_in("john", PASSWORD, elsewhere).await, Locked, "wherever it is");
    }

    async fn a_browser_is_known_to_its_own_account_alone(db) {
        let world = World::new(db).await;
        let mary = user(2);
        world.insert(mary, "mary", Some(PASSWORD)).await;
        world.remember_device(mary, "cookie").await;
        world.fail(5, "john", at(STRANGER)).await;
        let hers = From { address: STRANGER, device: Some("cookie") };
        assert_eq!(world.sign_in("john", PASSWORD, hers).await, Locked);
        assert_eq!(world.sign_in("mary", PASSWORD, hers).await, Answer::Proved);
    }

    async fn of_64_parallel_guesses_five_are_compared(db) {
        let world = World::new(db).await;
        let guesses = (0..64).map(|number| {
            let name = if number % 2 == 0 { "john" } else { "john@acme.test" };
            world.sign_in(name, "wrong", at(STRANGER))
        });
        let answers = join_all(guesses).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Refused).count(), 5);
        assert_eq!(answers.iter().filter(|answer| **answer == Locked).count(), 59);
        assert_eq!(world.pool.counts(), HashCounts { hashed: 0, verified: 5, decoys: 59 });
    }

    async fn a_name_that_nobody_has_is_answered_counted_and_charged_like_a_user(db) {
        let world = World::new(db).await;
        let mut runs = Vec::new();
        for name in ["john", "nobody"] {
            let (before, statements) = (world.pool.counts(), world.db.store.statements());
            let own = From { address: STRANGER, device: Some("cookie") };
            let answers = world.fail(7, name, own).await;
            let after = world.pool.counts();
            let hashed = after.verified + after.decoys - before.verified - before.decoys;
            runs.push((answers, hashed, world.db.store.statements() - statements));
        }
        assert_eq!(runs[0].0, [Refused, Refused, Refused, Refused, Refused, Locked, Locked]);
        assert_eq!(runs[0].1, 7, "one hash each, also of those that were locked");
        assert_eq!(runs[0], runs[1]);
    }

    async fn a_name_of_no_possible_shape_still_costs_a_hash(db) {
        let world = World::new(db).await;
        for name in ["", "   ", "a\u{0}b", &"x".repeat(2_000)] {
            assert_eq!(world.sign_in(name, PASSWORD, at(HOME)).await, Refused);
        }
        assert_eq!(world.pool.counts(), HashCounts { hashed: 0, verified: 0, decoys: 4 });
    }

    async fn a_password_of_more_than_512_bytes_costs_nothing(db) {
        let world = World::new(db).await;
        let statements = world.db.store.statements();
        assert_eq!(world.sign_in("john", &"x".repeat(513), at(HOME)).await, Refused);
        assert_eq!(world.pool.counts(), HashCounts::default());
        assert_eq!(world.db.store.statements(), statements);
    }

    async fn a_disabled_user_is_refused_and_compared_like_any_other(db) {
        let world = World::new(db).await;
        world.set_enabled(world.john, false).await;
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Refused);
        assert_eq!(world.pool.counts(), HashCounts { hashed: 0, verified: 1, decoys: 0 });
        world.fail(4, "john", at(HOME)).await;
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Locked, "the right password resets nothing");
    }

    async fn a_user_without_a_password_is_refused(db) {
        let world = World::new(db).await;
        let mary = user(2);
        world.insert(mary, "mary", None).await;
        assert_eq!(world.sign_in("mary", "", at(HOME)).await, Refused);
        world.set_password(mary, "no hash").await;
        assert_eq!(world.sign_in("mary", "no hash", at(HOME)).await, Refused);
        assert_eq!(world.pool.counts(), HashCounts { hashed: 0, verified: 0, decoys: 2 });
    }

    async fn a_success_counts_only_if_user_and_password_are_still_the_same(db) {
        let world = World::new(db).await;
        let proved = world.proved("john", PASSWORD).await;
        world.set_enabled(world.john, false).await;
        assert_eq!(world.conclude(&proved).await, Conclusion::Withdrawn);
        world.set_enabled(world.john, true).await;
        assert_eq!(world.conclude(&proved).await, Conclusion::Concluded);
        world.set_password(world.john, &hash_with(&cheap(), "another").await).await;
        assert_eq!(world.conclude(&proved).await, Conclusion::Withdrawn);
        let succeeded = |event: &AuditEvent| event.kind == AuditKind::LoginSucceeded;
        assert_eq!(world.events().await.iter().filter(|event| succeeded(event)).count(), 1);
    }

    async fn an_outdated_hash_is_replaced_by_a_success_alone(db) {
        let world = World::new(db).await;
        let old = hash_with(&HashSettings { memory_kib: 128, ..cheap() }, PASSWORD).await;
        world.set_password(world.john, &old).await;
        world.fail(1, "john", at(HOME)).await;
        let proved = world.proved("john", PASSWORD).await;
        assert_eq!(world.stored_password().await, old, "nothing is written before the conclusion");
        assert_eq!(world.conclude(&proved).await, Conclusion::Concluded);
        assert!(world.stored_password().await.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        let hashed = world.pool.counts().hashed;
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved);
        assert_eq!(world.pool.counts().hashed, hashed, "once is enough");
    }

    async fn an_imported_hash_lets_its_owner_in_once_and_becomes_one_of_ours(db) {
        let world = World::new(db).await;
        for imported in IMPORTED {
            let hash = imported::parse(imported).unwrap();
            world.set_password(world.john, hash.as_str()).await;
            world.fail(1, "john", at(HOME)).await;
            assert_eq!(world.stored_password().await, hash.as_str(), "a wrong password changes nothing");
            assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved, "{imported}");
            let ours = world.stored_password().await;
            assert!(ours.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{imported}: {ours}");
            assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved, "{imported}");
            assert_eq!(world.stored_password().await, ours, "{imported}");
        }
        let verified = 3 * IMPORTED.len() as u64;
        assert_eq!(world.pool.counts(), HashCounts { hashed: verified / 3, verified, decoys: 0 });
    }

    async fn a_full_queue_refuses_before_anything_is_counted(db) {
        let world = World::with(db, HashSettings { queue_per_tenant: 1, ..cheap() }).await;
        let place = world.pool.enter(world.scope.tenant_id(), Lane::People).unwrap();
        let statements = world.db.store.statements();
        for _ in 0..10 {
            let refused = world.attempt("john", PASSWORD, at(HOME)).await;
            assert!(matches!(refused, Err(SignInError::Busy { .. })));
        }
        assert_eq!(world.db.store.statements(), statements);
        drop(place);
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved);
    }

    async fn a_realm_may_switch_lockout_off(db) {
        let mut world = World::new(db).await;
        world.policy.lockout.enabled = false;
        assert_eq!(world.fail(8, "john", at(HOME)).await, [Refused; 8]);
        assert_eq!(world.sign_in("john", PASSWORD, at(HOME)).await, Answer::Proved);
    }

    async fn the_audit_log_tells_why_and_repeats_nothing_that_was_typed(db) {
        let world = World::new(db).await;
        let typed = ["hunter2-typed", "secret-in-the-name-field"];
        world.sign_in("john", typed[0], at(HOME)).await;
        world.sign_in(typed[1], typed[0], at(HOME)).await;
        world.sign_in("\u{7}", typed[0], at(HOME)).await;
        world.fail(4, "john", at(HOME)).await;
        world.sign_in("john", PASSWORD, at(HOME)).await;
        world.minutes_pass(1);
        world.sign_in("john", PASSWORD, at(HOME)).await;

        let events = world.events().await;
        let mut told: Vec<_> =
            events.iter().map(|event| (event.kind, event.details["reason"].as_str(), event.user)).collect();
        let john = Some(world.john);
        assert_eq!(told.pop(), Some((AuditKind::LoginSucceeded, None, john)));
        for expected in [
            (AuditKind::LoginFailed, Some("wrong_password"), john),
            (AuditKind::LoginFailed, Some("unknown_user"), None),
            (AuditKind::LoginFailed, Some("malformed_identifier"), None),
            (AuditKind::LoginLocked, Some("locked"), john),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {told:?}");
        }
        assert_eq!(told.len(), 8);
        let shown = format!("{events:?}");
        assert!(typed.iter().chain(&[PASSWORD, "argon2id"]).all(|secret| !shown.contains(secret)), "{shown}");
        assert!(events.iter().all(|event| event.address.as_deref() == Some(HOME)));
        assert!(events.iter().all(|event| event.request_id.as_deref() == Some("req-1")));
    }

    async fn a_proof_of_one_realm_concludes_nothing_in_another(db) {
        let world = World::new(db).await;
        let proved = world.proved("john", PASSWORD).await;
        let other = world.db.tenant("other").await;
        let tx = world.db.store.write(&other).await.unwrap();
        let session = world.db.store.ambient().id();
        let conclusion = world.authenticator.conclude_success(&tx, &proved, session).await.unwrap();
        assert_eq!(conclusion, Conclusion::Withdrawn);
    }
}
