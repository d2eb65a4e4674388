//! One installation: a database, perhaps a Redis, a clock, and the nodes that serve it.

use std::sync::Arc;
use std::time::Duration;

use palatine_domain::audit::{AuditEvent, AuditKind};
use palatine_domain::entropy::SystemEntropy;
use palatine_domain::tenant::TenantState;
use palatine_domain::time::OffsetClock;
use palatine_domain::{Ambient, Instant};
use palatine_server::Config;
use palatine_store::{AuditFilter, OperatorProof, TenantScope, TenantWrite};

use crate::database::TestDatabase;
use crate::node::{Node, Place};
use crate::realm::RealmUnderTest;
use crate::realms;
use crate::redis_place::RedisPlace;

/// Where an installation keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// An SQLite file, and memory.
    Sqlite,
    /// PostgreSQL, and memory.
    Postgres,
    /// PostgreSQL and Redis, so that several nodes can serve it.
    PostgresAndRedis,
}

/// An installation.
pub struct World {
    node: Option<Node>,
    place: Place,
    clock: Arc<OffsetClock>,
}

type Configure = Arc<dyn Fn(&mut Config) + Send + Sync>;

/// How an installation is to be.
pub struct WorldBuilder {
    backend: Backend,
    public_url: String,
    documents: Vec<String>,
    configure: Configure,
    private_redis: bool,
}

impl World {
    /// On this backend, with the realms `alpha` and `beta`.
    pub async fn on(backend: Backend) -> Self {
        Self::builder(backend).realm(realms::alpha()).realm(realms::beta()).start().await
    }

    /// On this backend, with no realm yet.
    pub fn builder(backend: Backend) -> WorldBuilder {
        WorldBuilder {
            backend,
            public_url: "http://localhost:8080".to_owned(),
            documents: Vec::new(),
            configure: Arc::new(|_| {}),
            private_redis: false,
        }
    }

    /// The node.
    pub fn node(&self) -> &Node {
        self.node.as_ref().expect("a running node")
    }

    /// A further node over the same database and Redis. It hears of changes as another process would.
    pub async fn second_node(&self) -> Node {
        Node::start(&self.place, &self.ambient()).await
    }

    /// Stops the node and starts it again on the same database.
    pub async fn restart(&mut self) {
        let old = self.node.take().expect("a running node");
        let wire = old.wire().clone();
        old.stop().await;
        let mut new = Node::start(&self.place, &self.ambient()).await;
        wire.moved_to(new.address());
        new.take_wire(wire);
        self.node = Some(new);
    }

    /// Stops the node for good.
    pub async fn stop(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop().await;
        }
    }

    /// Lets time pass for the server, the browsers and the tests, without waiting.
    pub fn pass(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Stops the clock, so that only [`Self::pass`] moves it: for a test that looks at both sides of a limit.
    pub fn holds_its_time(&self) {
        self.clock.hold();
    }

    /// The world's time and randomness.
    pub fn ambient(&self) -> Ambient {
        Ambient::new(Arc::clone(&self.clock) as Arc<_>, Arc::new(SystemEntropy))
    }

    /// The world's time.
    pub fn now(&self) -> Instant {
        self.ambient().now()
    }

    /// A realm, as its applications and people see it.
    pub fn realm(&self, slug: &str) -> RealmUnderTest {
        RealmUnderTest::new(slug, self.node().wire().clone(), self.ambient())
    }

    /// The realm of most tests.
    pub fn alpha(&self) -> RealmUnderTest {
        self.realm("alpha")
    }

    /// The other realm, which has the same names in it.
    pub fn beta(&self) -> RealmUnderTest {
        self.realm("beta")
    }

    /// Applies a realm document on the first node.
    pub async fn apply(&self, document: &str) {
        self.node().apply(document).await;
    }

    /// Suspends a realm, or lets it serve again.
    pub async fn set_state(&self, slug: &str, state: TenantState) {
        let (_, tenant) = self.node().tenant(slug).await;
        let operator = self.node().store().as_operator(OperatorProof::command("test")).await.unwrap();
        assert!(operator.set_state(tenant.id, state).await.unwrap());
        operator.commit().await.unwrap();
    }

    /// The rows of a realm.
    pub async fn rows(&self, slug: &str) -> TenantWrite {
        let scope = self.scope(slug).await;
        self.node().store().write(&scope).await.unwrap()
    }

    /// The scope of a realm.
    pub async fn scope(&self, slug: &str) -> TenantScope {
        self.node().tenant(slug).await.0
    }

    /// The realm's audit events of this kind, newest first.
    pub async fn audit(&self, slug: &str, kind: AuditKind) -> Vec<AuditEvent> {
        let filter = AuditFilter { kinds: vec![kind], ..AuditFilter::default() };
        let rows = self.node().store().read(&self.scope(slug).await).await.unwrap();
        let events = rows.audit().list(&filter, None, 1_000).await.unwrap();
        rows.finish().await.unwrap();
        events
    }

    /// The Redis that its nodes share.
    pub fn redis(&self) -> &RedisPlace {
        self.place.redis.as_ref().expect("a world with Redis")
    }

    /// The same, to stop and start it.
    pub fn redis_mut(&mut self) -> &mut RedisPlace {
        self.place.redis.as_mut().expect("a world with Redis")
    }

    /// The database.
    pub(crate) fn database(&self) -> &TestDatabase {
        &self.place.database
    }
}

impl WorldBuilder {
    /// What clients and browsers see.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.public_url);
        self
    }

    /// With this realm.
    #[must_use]
    pub fn realm(mut self, document: impl Into<String>) -> Self {
        self.documents.push(document.into());
        self
    }

    /// With a Redis that the test may stop.
    #[must_use]
    pub fn private_redis(mut self) -> Self {
        self.private_redis = true;
        self
    }

    /// With other settings.
    #[must_use]
    pub fn configure(mut self, configure: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        self.configure = Arc::new(configure);
        self
    }

    /// Starts it.
    pub async fn start(self) -> World {
        let clock = Arc::new(OffsetClock::default());
        let ambient = Ambient::new(Arc::clone(&clock) as Arc<_>, Arc::new(SystemEntropy));
        let redis = match self.backend {
            _ if self.private_redis => Some(RedisPlace::private().await),
            Backend::PostgresAndRedis => Some(RedisPlace::open().await),
            Backend::Sqlite | Backend::Postgres => None,
        };
        let database = match self.backend {
            Backend::Sqlite => TestDatabase::sqlite().await,
            Backend::Postgres | Backend::PostgresAndRedis => TestDatabase::postgres().await,
        };
        let place = Place { database, redis, public_url: self.public_url, configure: self.configure };
        let node = Node::start(&place, &ambient).await;
        for document in &self.documents {
            node.apply(document).await;
        }
        World { node: Some(node), place, clock }
    }
}

/// So many seconds.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many minutes.
pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Asks again and again, for `within` at most: for what another process is to hear of.
pub async fn eventually(what: &str, within: Duration, mut reached: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(within, asking).await.unwrap_or_else(|_| panic!("not within {within:?}: {what}"));
}
