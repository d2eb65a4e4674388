//! A server from its sockets to its end. The binary runs one; tests run as many as they like, on free ports.
//!
//! ```no_run
//! # async fn example() -> Result<(), palatine_server::refusal::Refusal> {
//! use palatine_server::{Config, Profile, Server};
//! let config = Config::parse("[server]\nlisten = '127.0.0.1:0'\nmanagement = '127.0.0.1:0'")?;
//! let server = Server::bind(config, Profile::Production, palatine_domain::Ambient::system()).await?;
//! let running = server.start()?;
//! println!("{} {}", running.main_addr, running.management_addr);
//! running.stop().await;
//! # Ok(())
//! # }
//! ```

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use palatine_domain::Ambient;
use palatine_store::StoreError;
use palatine_tenant_routing::observe;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::config::{Config, ConfigError, Problem, ServerSettings};
use crate::http::{Shared, connection, front, trace};
use crate::refusal::Refusal;
use crate::services::{Services, insecure_settings};
use crate::sockets::{Addresses, Sockets};
use crate::tls::{self, Certificates, Pair, ReloadRequest, Reloader};
use crate::workers::{self, Workers};

/// How often a server that is being stopped looks whether requests are still under way.
const LOOK: Duration = Duration::from_millis(20);

/// How long answers that are finished may take to leave.
const LAST_BYTES: Duration = Duration::from_millis(100);

/// How long the database's connections may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `palatine dev`: the start page, its test client, and only requests for this machine.
    Development,
    /// `palatine serve`: refuses what is not fit for production.
    Production,
}

/// A server that has its ports and its services and does not serve yet.
#[derive(Debug)]
pub struct Server {
    config: Config,
    profile: Profile,
    sockets: Sockets,
    addresses: Addresses,
    main_addr: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    services: Services,
}

impl Server {
    /// Takes the ports and opens the services.
    ///
    /// Call it on the main, multi-threaded runtime, which has to outlive the server: connections, background work and
    /// key generation belong to it.
    pub async fn bind(config: Config, profile: Profile, ambient: Ambient) -> Result<Self, Refusal> {
        let sockets = Sockets::bind(&config.server)?;
        Self::open(sockets, config, profile, ambient).await
    }

    /// Opens the services for ports that are taken.
    ///
    /// # Errors
    ///
    /// In [`Profile::Production`], everything that is not fit for production, together.
    pub async fn open(sockets: Sockets, config: Config, profile: Profile, ambient: Ambient) -> Result<Self, Refusal> {
        if profile == Profile::Production {
            refuse_if_any(insecure_settings(&config))?;
        }
        let masters = config
            .master_keys()
            .map_err(|error| Refusal::Setting { section: "master_key", what: format!("key: {error}") })?;
        let addresses = sockets.addresses()?;
        let Some(main_addr) = addresses.main() else {
            return Err(unusable(Problem::about("server.listen", "nothing says where realms are served")));
        };
        let public_url = public_url(&config.server, addresses)?;
        let certificates = certificates(&config.server, &public_url, &ambient)?;
        let services = Services::open(&config, masters, public_url, profile, ambient).await?;
        if profile == Profile::Production {
            refuse_if_any(services.insecurities().await?)?;
        }
        Ok(Self { config, profile, sockets, addresses, main_addr, certificates, services })
    }

    /// The services, also for work that has to be done before the first request.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Begins to serve. Background work runs on the runtime that this is called on.
    pub fn start(self) -> Result<RunningServer, Refusal> {
        let shared = Shared::new(&self.services, &self.config, self.profile, self.certificates.clone())?;
        let settings = &self.config.server;
        let broken = |error| Refusal::System("the HTTP server could not be started", error);
        let tls = match (self.sockets.tls, &self.certificates) {
            (Some(socket), Some(certificates)) => Some((socket, tls_config(settings, certificates)?)),
            _ => None,
        };
        let main = main_server(shared.clone(), settings, self.sockets.plain, tls).map_err(broken)?;
        let management = management_server(shared.clone(), self.sockets.management).map_err(broken)?;
        let mut workers = Workers::start(&self.services, &self.config);
        let reload = ReloadRequest::default();
        if let (Some(certificates), Some(files)) = (self.certificates, settings.tls.files()) {
            workers.watch_certificate(Reloader {
                files,
                certificates,
                public_url: self.services.resolver.public_url().clone(),
                every: Duration::from_secs(settings.tls.reload_check_seconds),
                request: reload.clone(),
                ambient: self.services.ambient.clone(),
            });
        }
        Ok(RunningServer {
            main_addr: self.main_addr,
            tls_addr: self.addresses.tls,
            management_addr: self.addresses.management,
            reload,
            services: self.services,
            delay: Duration::from_secs(settings.shutdown_delay_seconds),
            grace: Duration::from_secs(settings.shutdown_grace_seconds),
            main: Listening::spawn(main),
            management: Listening::spawn(management),
            shared,
            workers,
        })
    }
}

fn refuse_if_any(insecurities: Vec<crate::refusal::Insecurity>) -> Result<(), Refusal> {
    if insecurities.is_empty() { Ok(()) } else { Err(Refusal::Insecure(insecurities)) }
}

fn unusable(problem: Problem) -> Refusal {
    Refusal::Config(ConfigError(vec![problem]))
}

/// The configured one, or this machine under the port that was bound, over TLS if that is spoken.
fn public_url(settings: &ServerSettings, addresses: Addresses) -> Result<Url, Refusal> {
    if let Some(url) = &settings.public_url {
        return Ok(url.clone());
    }
    let (scheme, address) = match (addresses.tls, addresses.plain) {
        (Some(address), _) => ("https", address),
        (None, Some(address)) => ("http", address),
        (None, None) => ("http", addresses.management),
    };
    Url::parse(&format!("{scheme}://localhost:{}", address.port()))
        .map_err(|error| unusable(Problem::about("server.public_url", error.to_string())))
}

/// The certificate of the TLS listener, if there is one. What is doubtful about it is said and does not keep anybody
/// from starting.
fn certificates(
    settings: &ServerSettings,
    public_url: &Url,
    ambient: &Ambient,
) -> Result<Option<Arc<Certificates>>, Refusal> {
    if settings.tls.listen.is_none() {
        return Ok(None);
    }
    let Some(files) = settings.tls.files() else {
        return Err(unusable(Problem::about("server.tls", "the listener needs `certificate_file` and `key_file`")));
    };
    let pair = Pair::load(&files).map_err(|error| unusable(error.into()))?;
    for concern in tls::concerns(&pair, Some(public_url), ambient.now()) {
        tracing::warn!("{concern}");
    }
    Ok(Some(Arc::new(Certificates::new(pair))))
}

fn tls_config(settings: &ServerSettings, certificates: &Arc<Certificates>) -> Result<rustls::ServerConfig, Refusal> {
    tls::server_config(Arc::clone(certificates), settings.tls.minimum_version)
        .map_err(|error| unusable(Problem::about("server.tls", error.to_string())))
}

fn main_server(
    shared: Shared,
    settings: &ServerSettings,
    plain: Option<TcpListener>,
    tls: Option<(TcpListener, rustls::ServerConfig)>,
) -> std::io::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let shared = shared.clone();
        App::new()
            .configure(|config| shared.configure_main(config))
            // The last one is the first that a request meets.
            .wrap(from_fn(front::guard))
            .wrap(from_fn(front::deadline))
            .wrap(from_fn(observe::observe))
            .wrap(from_fn(trace::continue_trace))
    });
    let mut server = server
        .workers(settings.worker_count())
        .worker_max_blocking_threads(1)
        .max_connections(settings.max_connections_per_worker)
        // Handshakes are bounded as connections are. A smaller bound would let few clients that begin one and fall silent
        // keep all others out, those of the plain port too: a worker accepts on all of its sockets or on none.
        .max_connection_rate(settings.max_connections_per_worker)
        .tls_handshake_timeout(Duration::from_secs(settings.tls.handshake_timeout_seconds))
        .on_connect(connection::begin)
        .keep_alive(Duration::from_secs(settings.keep_alive_seconds))
        .client_request_timeout(Duration::from_secs(settings.head_timeout_seconds))
        .client_disconnect_timeout(Duration::from_secs(settings.disconnect_timeout_seconds))
        .tcp_nodelay(true)
        .disable_signals();
    if let Some(socket) = plain {
        server = server.listen(socket)?;
    }
    if let Some((socket, config)) = tls {
        server = server.listen_rustls_0_23(socket, config)?;
    }
    Ok(server.run())
}

fn management_server(shared: Shared, socket: TcpListener) -> std::io::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let shared = shared.clone();
        App::new().configure(|config| shared.configure_management(config))
    });
    Ok(server.workers(1).worker_max_blocking_threads(1).disable_signals().listen(socket)?.run())
}

/// An HTTP server that runs.
#[derive(Debug)]
struct Listening {
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Listening {
    fn spawn(server: actix_web::dev::Server) -> Self {
        Self { handle: server.handle(), task: tokio::spawn(server) }
    }

    /// Closes every connection.
    async fn end(self) {
        self.handle.stop(false).await;
        if let Ok(Err(error)) = self.task.await {
            tracing::error!(%error, "the HTTP server had failed");
        }
    }
}

/// A server that serves.
pub struct RunningServer {
    /// Where realms are served, over plain HTTP or else over TLS; the port that was bound if 0 was asked for.
    pub main_addr: SocketAddr,
    /// Where realms are served over TLS.
    pub tls_addr: Option<SocketAddr>,
    /// Where health and metrics are.
    pub management_addr: SocketAddr,
    /// The services, for tests that look at rows or move what the server does not do by itself.
    pub services: Services,
    delay: Duration,
    grace: Duration,
    main: Listening,
    management: Listening,
    shared: Shared,
    workers: Workers,
    reload: ReloadRequest,
}

impl std::fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningServer")
            .field("main_addr", &self.main_addr)
            .field("tls_addr", &self.tls_addr)
            .field("management_addr", &self.management_addr)
            .finish_non_exhaustive()
    }
}

impl RunningServer {
    /// What clients and browsers see; issuers begin with it.
    pub fn public_url(&self) -> &Url {
        self.services.resolver.public_url()
    }

    /// Has the files of the TLS certificate looked at now.
    pub fn reload_certificate(&self) {
        self.reload.ask();
    }

    /// Fetches the logos of clients that are due now; gives how many there are more to show.
    pub async fn fetch_logos(&self) -> Result<u64, StoreError> {
        workers::fetch_logos(&self.services).await
    }

    /// Writes down now how much was used; gives how many counts there were.
    pub async fn write_usage(&self) -> Result<usize, StoreError> {
        workers::write_usage(&self.services).await
    }

    /// Stops without losing a request: readiness says no first; then no further connection is taken, and requests under
    /// way are finished; then background work ends, and last the connections to the database.
    pub async fn stop(self) {
        self.shared.readiness.drain();
        sleep(self.delay).await;
        self.main.handle.pause().await;
        let deadline = Instant::now() + self.grace;
        while self.shared.front.in_flight() > 0 && Instant::now() < deadline {
            sleep(LOOK).await;
        }
        match self.shared.front.in_flight() {
            0 => sleep(LAST_BYTES).await,
            left => tracing::warn!(left, "requests were still under way when their time was over"),
        }
        self.main.end().await;
        self.workers.stop().await;
        self.management.end().await;
        if timeout(CLOSING, self.services.store.close()).await.is_err() {
            tracing::warn!("connections to the database were still in use at the end");
        }
    }
}
