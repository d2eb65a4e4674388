//! A running server, on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::ops::apply::{Apply, Reason};
use palatine_authn::{HashCounts, HashPool, HashSettings};
use palatine_domain::tenant::Tenant;
use palatine_domain::usage::UsageTally;
use palatine_domain::{Ambient, RealmSlug};
use palatine_outbound::AllowedPlace;
use palatine_realm::{DemoRealms, Resolver};
use palatine_server::{Config, Profile, RunningServer, Server};
use palatine_store::{Store, StoreError, TenantScope};

use crate::database::TestDatabase;
use crate::redis_place::RedisPlace;
use crate::wire::{Answer, Wire};

/// Where nodes find what they share, and how they are set.
pub(crate) struct Place {
    pub(crate) database: TestDatabase,
    pub(crate) redis: Option<RedisPlace>,
    pub(crate) public_url: String,
    pub(crate) configure: Arc<dyn Fn(&mut Config) + Send + Sync>,
}

/// A running server.
pub struct Node {
    server: RunningServer,
    wire: Wire,
    ambient: Ambient,
    hashing: HashSettings,
}

/// The installation's master key: the same for all nodes, and after a restart.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Hashes that cost next to nothing: no test is about how slow they are.
fn cheap_hashing() -> HashSettings {
    HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() }
}

impl Place {
    fn config(&self) -> Config {
        // A proxy in front says from where a request comes, so that browsers can have addresses.
        let toml = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nmanagement = \"127.0.0.1:0\"\npublic_url = \"{}\"\n\
             trusted_proxies = [\"127.0.0.0/8\"]\nworkers = 2\nshutdown_delay_seconds = 0\nshutdown_grace_seconds = 2\n\
             [master_key]\nkey = \"{MASTER_KEY}\"\n[log]\nlevel = \"warn\"\n\
             [jobs]\nclient_logos_seconds = 86400\nuser_imports_seconds = 1\n[usage]\nflush_seconds = 86400\n",
            self.public_url
        );
        let mut config = Config::parse(&toml).unwrap_or_else(|problem| panic!("{problem}"));
        config.database = self.database.settings();
        config.hashing = cheap_hashing();
        // The applications of the tests answer on this machine.
        config.outbound.allowed = AllowedPlace::loopback().into();
        // Among their realms are those that `palatine dev` and outside suites are given.
        config.realms.demo_realms = DemoRealms::Served;
        if let Some(redis) = &self.redis {
            config.redis = redis.settings();
        }
        (self.configure)(&mut config);
        config
    }
}

impl Node {
    pub(crate) async fn start(place: &Place, ambient: &Ambient) -> Self {
        let config = place.config();
        let hashing = config.hashing.clone();
        let server = Server::bind(config, Profile::Production, ambient.clone()).await;
        let server = server.and_then(Server::start).unwrap_or_else(|refusal| panic!("{refusal}"));
        let wire = Wire::new(place.public_url.parse().unwrap(), server.main_addr);
        Self { server, wire, ambient: ambient.clone(), hashing }
    }

    /// Stops it, without losing a request.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    pub(crate) fn take_wire(&mut self, wire: Wire) {
        self.wire = wire;
    }

    /// Where it serves realms.
    pub fn address(&self) -> SocketAddr {
        self.server.main_addr
    }

    /// Where it serves realms over TLS.
    pub fn tls_address(&self) -> SocketAddr {
        self.server.tls_addr.expect("a TLS listener")
    }

    /// Has it look at its certificate's files.
    pub fn reload_certificate(&self) {
        self.server.reload_certificate();
    }

    /// Has it fetch the logos that are due; gives how many there are more to show.
    pub async fn fetch_logos(&self) -> u64 {
        self.server.fetch_logos().await.unwrap()
    }

    /// Has it write down how much was used; gives how many counts there were.
    ///
    /// # Errors
    ///
    /// The database did not take it; the counts are kept.
    pub async fn write_usage(&self) -> Result<usize, StoreError> {
        self.server.write_usage().await
    }

    /// What it counted and has not written down yet.
    pub fn usage(&self) -> &UsageTally {
        &self.server.services.usage
    }

    /// The way to it.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.server.services.store
    }

    /// How many hashes it has computed.
    pub fn hash_counts(&self) -> HashCounts {
        self.server.services.hashing.counts()
    }

    /// Where it finds realms.
    pub fn resolver(&self) -> &Resolver {
        &self.server.services.resolver
    }

    /// A page of the management port.
    pub async fn management(&self, path: &str) -> Answer {
        let address = self.server.management_addr;
        let here = format!("http://{address}").parse().unwrap();
        Wire::new(here, address).get(path).await
    }

    /// Makes realms what their documents say, as `palatine apply` does, through this node's own store.
    pub async fn apply(&self, document: &str) {
        let hashing = HashPool::start(&self.hashing, self.ambient.clone()).expect("hashing");
        let apply = Apply::new(self.store().clone(), hashing, self.ambient.clone(), SecretSources::default());
        // The realm of operators is described by the binary alone; here the tests are its place.
        let is_system = document.lines().any(|line| line == "realm: system");
        let file =
            if is_system { SourceFile::embedded("test.yaml", document) } else { SourceFile::at("test.yaml", document) };
        let outcomes = apply.run(&[file], &Reason::parse("a test").unwrap()).await;
        assert!(!outcomes.is_empty(), "the document describes no realm");
        for outcome in outcomes {
            outcome.unwrap_or_else(|failure| panic!("{failure}"));
        }
    }

    pub(crate) async fn tenant(&self, slug: &str) -> (TenantScope, Tenant) {
        let slug = RealmSlug::parse(slug).unwrap();
        self.store().tenant_by_slug(&slug).await.unwrap().expect("the realm exists")
    }
}
