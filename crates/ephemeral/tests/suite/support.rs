//! Places to test on: the memory of the process, and a real Redis that the test may stop and start.
//!
//! Redis is the one that `PALATINE_TEST_REDIS_URL` names, or else a private one started from the installed
//! `redis-server`. If there is neither, the tests fail and say what to install: they never skip.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use palatine_domain::entropy::FakeEntropy;
use palatine_domain::ids::{TenantId, TenantScoped};
use palatine_domain::time::FakeClock;
use palatine_domain::{Ambient, Instant, SecretText, TokenHash};
use palatine_ephemeral::{Ephemeral, EphemeralSettings};
use tempfile::TempDir;

/// A tenant that these tests made up. Outside tests, only `store` makes one.
#[derive(Clone, Copy)]
pub(crate) struct Tenant(TenantId);

impl TenantScoped for Tenant {
    fn tenant_id(&self) -> TenantId {
        self.0
    }
}

/// Two tenants that share every name and identifier.
pub(crate) fn tenants() -> (Tenant, Tenant) {
    let ambient = Ambient::system();
    (Tenant(ambient.id()), Tenant(ambient.id()))
}

pub(crate) fn hash(name: &str) -> TokenHash {
    TokenHash::of(name)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A place, a clock that only the test moves, and what is needed to grow old.
pub(crate) struct Fixture {
    pub(crate) ephemeral: Ephemeral,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) settings: EphemeralSettings,
    server: Option<RedisServer>,
}

impl Fixture {
    pub(crate) async fn memory() -> Self {
        Self::open(EphemeralSettings::default(), None).await
    }

    /// On the Redis that the environment names, or on a private one.
    pub(crate) async fn redis() -> Self {
        #[expect(clippy::disallowed_methods, reason = "which Redis to test on is the tester's choice")]
        let named = std::env::var("PALATINE_TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
        match named {
            Some(url) => Self::open(redis_settings(&url), None).await,
            None => Self::private_redis().await,
        }
    }

    /// On a Redis that the test may stop.
    pub(crate) async fn private_redis() -> Self {
        let server = RedisServer::start().await;
        Self::open(redis_settings(&server.url()), Some(server)).await
    }

    async fn open(settings: EphemeralSettings, server: Option<RedisServer>) -> Self {
        let clock = Arc::new(FakeClock::at(Instant::from_seconds(1_750_000_000)));
        let ephemeral = Ephemeral::start(settings.clone(), ambient(&clock)).await.unwrap();
        assert!(ephemeral.health().reachable, "the place answers");
        Self { ephemeral, clock, settings, server }
    }

    /// Another process on the same place, with the same clock.
    pub(crate) async fn another_node(&self) -> Ephemeral {
        Ephemeral::start(self.settings.clone(), ambient(&self.clock)).await.unwrap()
    }

    pub(crate) fn now(&self) -> Instant {
        Ambient::new(self.clock.clone(), Arc::new(FakeEntropy::default())).now()
    }

    /// Lets time pass without waiting: moves the clock, and makes what Redis keeps as much older.
    pub(crate) async fn pass(&self, by: Duration) {
        self.clock.advance(by);
        if self.settings.redis_url.is_some() {
            let mut connection = self.connection().await;
            let age = redis::Script::new(AGE);
            let mut age = age.arg(format!("{}:*", self.settings.namespace));
            let () = age.arg(u64::try_from(by.as_millis()).unwrap()).invoke_async(&mut connection).await.unwrap();
        }
    }

    /// The names of all keys of this fixture in Redis.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let pattern = format!("{}:*", self.settings.namespace);
        redis::cmd("KEYS").arg(pattern).query_async(&mut self.connection().await).await.unwrap()
    }

    /// Runs one command on a connection of its own.
    pub(crate) async fn command(&self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(word);
        });
        let _: redis::Value = command.query_async(&mut self.connection().await).await.unwrap();
    }

    /// A section of what Redis tells about itself.
    pub(crate) async fn info(&self, section: &str) -> String {
        redis::cmd("INFO").arg(section).query_async(&mut self.connection().await).await.unwrap()
    }

    pub(crate) fn server(&mut self) -> &mut RedisServer {
        self.server.as_mut().expect("a fixture with a private Redis")
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let url = self.settings.redis_url.as_ref().expect("a fixture on Redis").expose();
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
    }
}

impl Drop for Fixture {
    /// Leaves nothing behind in a Redis that is not ours.
    fn drop(&mut self) {
        let (None, Some(url)) = (&self.server, &self.settings.redis_url) else { return };
        let mut connection = redis::Client::open(url.expose()).unwrap().get_connection().unwrap();
        let pattern = format!("{}:*", self.settings.namespace);
        let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query(&mut connection).unwrap();
        if !keys.is_empty() {
            let _: u64 = redis::cmd("DEL").arg(keys).query(&mut connection).unwrap();
        }
    }
}

/// Shortens every life by ARGV[2] ms, and moves the buckets of rate limits, which hold an instant, as far back.
const AGE: &str = r"
local by = tonumber(ARGV[2])
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= by then
    redis.call('DEL', key)
  elseif left > by then
    if string.find(key, ':limit:', 1, true) then
      redis.call('SET', key, string.format('%.0f', redis.call('GET', key) - by * 1000))
    end
    redis.call('PEXPIRE', key, left - by)
  end
end";

pub(crate) fn ambient(clock: &Arc<FakeClock>) -> Ambient {
    Ambient::new(clock.clone(), Arc::new(FakeEntropy::default()))
}

/// Settings for a Redis, in a namespace of the test's own, and quick to notice that it is back.
pub(crate) fn redis_settings(url: &str) -> EphemeralSettings {
    EphemeralSettings {
        redis_url: Some(SecretText::new(url)),
        namespace: format!("t{}", &Ambient::system().random_uuid().simple().to_string()[..24]),
        probe_every_ms: 50,
        // A test machine may be busy; what is tested is that a call ends, not how soon.
        call_timeout_ms: 1_000,
        ..EphemeralSettings::default()
    }
}

/// A private `redis-server` on a socket in a folder of its own.
pub(crate) struct RedisServer {
    folder: TempDir,
    process: Option<Child>,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let mut server = Self::stopped();
        server.start_again().await;
        server
    }

    /// A place where a Redis will be, but is not yet.
    pub(crate) fn stopped() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), process: None }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Starts it, from its snapshot if there is one, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        let folder = self.folder.path();
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "no Redis to test on ({error}): install one with `apt-get install redis-server`, or set \
                     PALATINE_TEST_REDIS_URL"
                )
            });
        self.process = Some(process);
        let client = redis::Client::open(self.url()).unwrap();
        eventually("redis-server answers", async || match client.get_multiplexed_async_connection().await {
            Ok(mut connection) => redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok(),
            Err(_) => false,
        })
        .await;
    }

    /// Kills it: what it has not saved is lost.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Makes it hang: connections stay, nothing answers.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    /// Ends [`Self::pause`].
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("a running redis-server").id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for another process to get somewhere. Asks again and again; gives up after twenty seconds.
pub(crate) async fn eventually(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap_or_else(|_| panic!("never came: {what}"));
}
