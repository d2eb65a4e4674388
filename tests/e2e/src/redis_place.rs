//! A Redis for a test: the one that `PALATINE_TEST_REDIS_URL` names, or a private one, in a namespace of its own.

use std::process::{Child, Command, Stdio};

use palatine_domain::{Ambient, SecretText};
use palatine_ephemeral::EphemeralSettings;
use tempfile::TempDir;

use crate::world::{eventually, seconds};

/// A Redis, or a part of one.
pub struct RedisPlace {
    url: String,
    namespace: String,
    server: Option<PrivateRedis>,
}

/// A `redis-server` on a socket in a folder of its own.
struct PrivateRedis {
    folder: TempDir,
    process: Option<Child>,
}

impl RedisPlace {
    /// On the Redis that the environment names, or on a private one.
    pub async fn open() -> Self {
        #[expect(clippy::disallowed_methods, reason = "which Redis to test on is the tester's choice")]
        let named = std::env::var("PALATINE_TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
        match named {
            Some(url) => Self { url, namespace: namespace(), server: None },
            None => Self::private().await,
        }
    }

    /// On a Redis that the test may stop.
    pub async fn private() -> Self {
        let server = PrivateRedis { folder: tempfile::tempdir().unwrap(), process: None };
        let url = format!("redis+unix://{}/redis.sock", server.folder.path().display());
        let mut place = Self { url, namespace: namespace(), server: Some(server) };
        place.start_again().await;
        place
    }

    /// What a node is told about it.
    pub fn settings(&self) -> EphemeralSettings {
        EphemeralSettings {
            redis_url: Some(SecretText::new(self.url.as_str())),
            namespace: self.namespace.clone(),
            // A test machine may be busy; what is tested is that a call ends, not how soon.
            call_timeout_ms: 1_000,
            probe_every_ms: 50,
            ..EphemeralSettings::default()
        }
    }

    /// Starts the private server, empty, and waits until it answers.
    pub async fn start_again(&mut self) {
        let server = self.server.as_mut().expect("a private Redis");
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket", "redis.sock"])
            .current_dir(server.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "no Redis to test on ({error}): install one with `apt-get install redis-server`, or set \
                     PALATINE_TEST_REDIS_URL"
                )
            });
        server.process = Some(process);
        let client = redis::Client::open(self.url.as_str()).unwrap();
        eventually("redis-server answers", seconds(20), async || {
            match client.get_multiplexed_async_connection().await {
                Ok(mut connection) => redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok(),
                Err(_) => false,
            }
        })
        .await;
    }

    /// Kills the private server: all it held is lost.
    pub fn kill(&mut self) {
        self.server.as_mut().expect("a private Redis").kill();
    }

    /// Lets the private server answer nothing, and forget nothing.
    pub fn pause(&self) {
        self.server.as_ref().expect("a private Redis").signal("STOP");
    }

    /// Lets a paused server go on where it was.
    pub fn resume(&self) {
        self.server.as_ref().expect("a private Redis").signal("CONT");
    }

    /// Empties this test's part.
    pub async fn flush(&self) {
        let keys = self.keys().await;
        if !keys.is_empty() {
            let _: u64 = redis::cmd("DEL").arg(keys).query_async(&mut self.connection().await).await.unwrap();
        }
    }

    /// The names of all keys in this test's part.
    pub async fn keys(&self) -> Vec<String> {
        let pattern = format!("{}:*", self.namespace);
        redis::cmd("KEYS").arg(pattern).query_async(&mut self.connection().await).await.unwrap()
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }
}

impl PrivateRedis {
    fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("a running Redis");
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", process.id())]).status().unwrap();
        assert!(sent.success());
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Drop for RedisPlace {
    /// Leaves nothing behind in a Redis that is not ours.
    fn drop(&mut self) {
        if self.server.is_some() {
            return;
        }
        let Ok(client) = redis::Client::open(self.url.as_str()) else { return };
        let Ok(mut connection) = client.get_connection() else { return };
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{}:*", self.namespace)).query(&mut connection).unwrap_or_default();
        if !keys.is_empty() {
            let _: Result<u64, _> = redis::cmd("DEL").arg(keys).query(&mut connection);
        }
    }
}

fn namespace() -> String {
    format!("e{}", &Ambient::system().random_uuid().simple().to_string()[..24])
}
