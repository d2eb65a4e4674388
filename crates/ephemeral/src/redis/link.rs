//! The connection to Redis, the task that watches over it, and the circuit that opens when it fails.
//!
//! Not the client library's own connection manager: that one reconnects on whichever runtime noticed the loss, and a
//! connection made on a request thread dies or stalls with it. Here one task, on the runtime that started it, makes
//! every connection. Callers only borrow the live one, or fail at once when there is none: the circuit is open, and
//! the task's probe is what closes it again. No caller ever waits for a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use palatine_domain::Ambient;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::ends::PendingEnds;
use super::probe;
use super::scripts::Scripts;
use crate::EphemeralError;
use crate::key::Key;
use crate::settings::EphemeralSettings;
use crate::telemetry;

/// Commands that may wait to be written; more wait in their callers.
const QUEUE: usize = 1024;

/// A connection that has answered a probe.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// The key under which this run of Redis says since when it remembers everything.
    pub(super) known_since: Arc<str>,
    generation: u64,
}

/// The way to Redis.
pub(super) struct Link {
    shared: Arc<Shared>,
    supervisor: JoinHandle<()>,
}

struct Shared {
    live: watch::Sender<Option<Live>>,
    lost: Notify,
    call_timeout: Duration,
    ambient: Ambient,
}

impl Link {
    /// Tries to connect once, and from then on keeps trying in a task of the current runtime.
    pub(super) async fn start(connector: Connector) -> Self {
        let shared = Arc::new(Shared {
            live: watch::Sender::new(None),
            lost: Notify::new(),
            call_timeout: connector.call_timeout,
            ambient: connector.ambient.clone(),
        });
        telemetry::redis_up(false);
        let first = connector.connect().await;
        match first {
            Ok(live) => shared.found(live),
            Err(error) => {
                tracing::warn!(error = %Cause(&error), "Redis cannot be reached: {}", WITHOUT_REDIS);
            }
        }
        let supervisor = tokio::spawn(supervise(connector, Arc::clone(&shared)));
        Self { shared, supervisor }
    }

    /// Whether the circuit is closed.
    pub(super) fn is_up(&self) -> bool {
        self.shared.live.borrow().is_some()
    }

    /// Does `work` with the live connection, for at most the configured time. Fails at once while the circuit is
    /// open, and opens it when the failure is Redis's.
    pub(super) async fn call<T, F>(
        &self,
        operation: &'static str,
        work: impl FnOnce(Live) -> F,
    ) -> Result<T, EphemeralError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let Some(live) = self.shared.live.borrow().clone() else {
            return Err(EphemeralError::Unavailable);
        };
        let generation = live.generation;
        let began = self.shared.ambient.now();
        let answer = tokio::time::timeout(self.shared.call_timeout, work(live)).await;
        telemetry::call(operation, self.shared.ambient.now().since(began));
        match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) if !is_outage(&error) => {
                tracing::error!(operation, error = %Cause(&error), "Redis refused a command");
            }
            Ok(Err(error)) => self.shared.lose(generation, operation, &Cause(&error)),
            Err(_elapsed) => self.shared.lose(generation, operation, &"no answer in time"),
        }
        telemetry::failure(operation);
        Err(EphemeralError::Unavailable)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

const WITHOUT_REDIS: &str = "one-time marks are refused, rate limits are enforced by this node alone, sessions are \
                             read from the database";

impl Shared {
    fn found(&self, live: Live) {
        self.live.send_replace(Some(live));
        telemetry::redis_up(true);
    }

    /// Opens the circuit, if nobody else has done so for this connection.
    fn lose(&self, generation: u64, operation: &'static str, cause: &dyn std::fmt::Display) {
        let opened = self.live.send_if_modified(|live| {
            let current = live.as_ref().is_some_and(|live| live.generation == generation);
            if current {
                *live = None;
            }
            current
        });
        if opened {
            telemetry::redis_up(false);
            tracing::warn!(operation, error = %cause, "Redis is lost: {}", WITHOUT_REDIS);
            self.lost.notify_one();
        }
    }
}

/// Makes connections and probes them.
pub(super) struct Connector {
    client: Client,
    config: AsyncConnectionConfig,
    call_timeout: Duration,
    probe_every: Duration,
    ambient: Ambient,
    known_since: Key,
    scripts: Arc<Scripts>,
    ends: Arc<PendingEnds>,
    generations: AtomicU64,
}

impl Connector {
    pub(super) fn new(
        client: Client,
        settings: &EphemeralSettings,
        ambient: Ambient,
        known_since: Key,
        scripts: Arc<Scripts>,
        ends: Arc<PendingEnds>,
    ) -> Self {
        Self {
            client,
            config: AsyncConnectionConfig::new()
                .set_connection_timeout(Some(settings.connect_timeout()))
                .set_response_timeout(Some(settings.call_timeout()))
                .set_pipeline_buffer_size(QUEUE),
            call_timeout: settings.call_timeout(),
            probe_every: settings.probe_every(),
            ambient,
            known_since,
            scripts,
            ends,
            generations: AtomicU64::new(0),
        }
    }

    async fn connect(&self) -> RedisResult<Live> {
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&self.config).await?;
        let known_since = probe::known_since_key(&mut connection, self.known_since.as_str()).await;
        let generation = self.generations.fetch_add(1, Ordering::SeqCst);
        let mut live = Live { connection, known_since, generation };
        self.probe(&mut live).await?;
        Ok(live)
    }

    /// Says whether Redis takes writes, and tells it which sessions ended while it was away.
    async fn probe(&self, live: &mut Live) -> RedisResult<()> {
        probe::known_since(live, &self.scripts, self.ambient.now()).await?;
        self.ends.write_all(&mut live.connection, &self.scripts).await
    }
}

/// Keeps the circuit's state: probes a live connection, and looks for a new one when it is lost.
///
/// Waits by the runtime's timer, not by the clock that is handed in: it paces attempts, and decides nothing.
async fn supervise(connector: Connector, shared: Arc<Shared>) {
    loop {
        let current = shared.live.borrow().clone();
        let Some(mut live) = current else {
            // Also before the first attempt: what connects and then fails is not tried in a tight loop.
            tokio::time::sleep(connector.probe_every).await;
            match connector.connect().await {
                Ok(live) => {
                    tracing::info!("Redis answers: marks, rate limits and sessions are shared again");
                    shared.found(live);
                }
                Err(error) => tracing::debug!(error = %Cause(&error), "Redis still cannot be reached"),
            }
            continue;
        };
        tokio::select! {
            () = shared.lost.notified() => {}
            () = tokio::time::sleep(connector.probe_every) => {
                if let Err(error) = connector.probe(&mut live).await {
                    shared.lose(live.generation, "probe", &Cause(&error));
                }
            }
        }
    }
}

/// Whether Redis as a whole cannot be used, rather than one command being wrong.
fn is_outage(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io | ErrorKind::AuthenticationFailed | ErrorKind::Parse => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain
        ),
        _ => matches!(error.code(), Some("OOM" | "MISCONF" | "NOREPLICAS" | "NOAUTH" | "NOPROTO")),
    }
}

/// An error for the log: what happened, without the arguments that some messages of the server repeat.
struct Cause<'a>(&'a RedisError);

impl std::fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.is_io_error(), self.0.code()) {
            (true, _) => self.0.fmt(f),
            (false, Some(code)) => f.write_str(code),
            (false, None) => f.write_str(self.0.category()),
        }
    }
}
