//! What settings must be beyond their types, one by one and together.

use std::net::SocketAddr;

use palatine_outbound::SetupError;
use palatine_realm::MasterKeys;
use palatine_store::Backend;
use tracing_subscriber::EnvFilter;

use super::Config;
use super::problem::Problem;
use crate::tls;

/// How loud the log may be.
const LOG_LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Everything that is wrong whatever the configuration is for.
pub(super) fn check(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    positive(config, &mut problems);
    addresses(config, &mut problems);
    public_url(config, &mut problems);
    tls_files(config, &mut problems);
    places(config, &mut problems);
    outbound(config, &mut problems);
    telemetry(config, &mut problems);
    replicas(config, &mut problems);
    problems
}

fn positive(config: &Config, problems: &mut Vec<Problem>) {
    let server = &config.server;
    let numbers = [
        ("server.workers", server.workers.unwrap_or(1) as u64),
        ("server.replicas", server.replicas.into()),
        ("server.head_timeout_seconds", server.head_timeout_seconds),
        ("server.request_timeout_seconds", server.request_timeout_seconds),
        ("server.max_connections_per_worker", server.max_connections_per_worker as u64),
        ("server.max_requests_per_connection", server.max_requests_per_connection as u64),
        ("server.tls.handshake_timeout_seconds", server.tls.handshake_timeout_seconds),
        ("server.tls.reload_check_seconds", server.tls.reload_check_seconds),
        ("server.backlog", server.backlog.into()),
        ("database.max_connections", config.database.max_connections.into()),
        ("database.sqlite_readers", config.database.sqlite_readers.into()),
        ("database.acquire_timeout_seconds", config.database.acquire_timeout_seconds),
        ("jobs.sealed_successors_seconds", config.jobs.sealed_successors_seconds),
        ("jobs.expired_rows_seconds", config.jobs.expired_rows_seconds),
        ("jobs.audit_parts_seconds", config.jobs.audit_parts_seconds),
        ("jobs.expired_rows_budget", config.jobs.expired_rows_budget),
        ("jobs.key_rotation_seconds", config.jobs.key_rotation_seconds),
        ("jobs.key_rotation_budget", config.jobs.key_rotation_budget as u64),
        ("jobs.client_logos_seconds", config.jobs.client_logos_seconds),
        ("jobs.client_logos_budget", config.jobs.client_logos_budget as u64),
        ("jobs.user_imports_seconds", config.jobs.user_imports_seconds),
        ("jobs.user_imports_budget", config.jobs.user_imports_budget as u64),
        ("jobs.audit_retention_seconds", config.jobs.audit_retention_seconds),
        ("jobs.audit_retention_budget", config.jobs.audit_retention_budget),
        ("jobs.deleted_realms_seconds", config.jobs.deleted_realms_seconds),
        ("jobs.deleted_realms_budget", config.jobs.deleted_realms_budget),
        ("jobs.usage_retention_seconds", config.jobs.usage_retention_seconds),
        ("jobs.usage_retention_budget", config.jobs.usage_retention_budget),
        ("usage.flush_seconds", config.usage.flush_seconds),
        ("usage.keep_days", config.usage.keep_days),
        ("usage.max_waiting", config.usage.max_waiting as u64),
        ("courier.poll_millis", config.courier.poll_millis),
        ("courier.concurrency", config.courier.concurrency as u64),
        ("courier.timeout_seconds", config.courier.timeout_seconds),
        ("courier.first_retry_seconds", config.courier.first_retry_seconds),
        ("courier.longest_retry_seconds", config.courier.longest_retry_seconds),
        ("courier.give_up_after_seconds", config.courier.give_up_after_seconds),
    ];
    for (key, _) in numbers.iter().filter(|(_, number)| *number == 0) {
        problems.push(Problem::about(key, "0 cannot be used: expected at least 1"));
    }
    for (key, bytes, least) in [
        ("server.max_header_bytes", server.max_header_bytes, 4_096),
        // A form of the protocol must fit.
        ("server.max_body_bytes", server.max_body_bytes, palatine_protocol::params::MAX_FORM_BYTES),
        ("server.max_admin_body_bytes", server.max_admin_body_bytes, palatine_admin_api::http::MAX_BODY_BYTES),
    ] {
        if bytes < least {
            problems.push(Problem::about(key, format!("{bytes} cannot be used: expected at least {least}")));
        }
    }
}

fn addresses(config: &Config, problems: &mut Vec<Problem>) {
    let server = &config.server;
    let same = |one: SocketAddr, other: Option<SocketAddr>| Some(one) == other && one.port() != 0;
    for (other, setting) in [(server.listen, "server.listen"), (server.tls.listen, "server.tls.listen")] {
        if same(server.management, other) {
            let address = server.management;
            let what = format!("{address} is `{setting}` too; health and metrics need a port of their own");
            problems.push(Problem::about("server.management", what));
        }
    }
    match server.tls.listen {
        Some(address) if same(address, server.listen) => {
            let what = format!("{address} is `server.listen` too; TLS and plain HTTP need a port each");
            problems.push(Problem::about("server.tls.listen", what));
        }
        None if server.listen.is_none() => {
            let what = "neither this nor `server.tls.listen` says where realms are served";
            problems.push(Problem::about("server.listen", what));
        }
        Some(_) | None => {}
    }
}

/// The listener needs both files, and what is in them is read here, so that `palatine config check` sees it.
fn tls_files(config: &Config, problems: &mut Vec<Problem>) {
    let tls = &config.server.tls;
    let files = [("server.tls.certificate_file", &tls.certificate_file), ("server.tls.key_file", &tls.key_file)];
    if tls.listen.is_none() {
        for (key, _) in files.iter().filter(|(_, file)| file.is_some()) {
            problems
                .push(Problem::about(key, "nothing is served over TLS: set `server.tls.listen` too, or remove this"));
        }
        return;
    }
    for (key, _) in files.iter().filter(|(_, file)| file.is_none()) {
        problems.push(Problem::about(key, "`server.tls.listen` needs this: name the file, in PEM"));
    }
    if let Some(Err(error)) = tls.files().map(|files| tls::Pair::load(&files)) {
        problems.push(Problem::from(error));
    }
}

fn public_url(config: &Config, problems: &mut Vec<Problem>) {
    if let Some(url) = &config.server.public_url {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            let what = "expected http or https, a host, and no query, fragment or credentials";
            problems.push(Problem::about("server.public_url", what));
        }
    }
}

fn places(config: &Config, problems: &mut Vec<Problem>) {
    if config.database.backend().is_none() {
        let what = "this cannot be used: expected sqlite://path/to/file.db or postgres://user:password@host/database";
        problems.push(Problem::about("database.url", what));
    }
    let redis = config.redis_url();
    let known = ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| redis.starts_with(scheme));
    if !redis.is_empty() && !known {
        let what = "this cannot be used: expected redis://, rediss:// or redis+unix://, or nothing for memory";
        problems.push(Problem::about("redis.url", what));
    }
    if config.master_key.key.is_some() || !config.master_key.previous.is_empty() {
        if config.master_key.key.is_none() {
            problems.push(Problem::about("master_key.key", "`master_key.previous` is given without a current key"));
        } else if let Err(error) = MasterKeys::parse(config.master_key_texts()) {
            problems.push(Problem::about("master_key", format!("{error} (1 is `key`, the others are `previous`)")));
        }
    }
}

fn outbound(config: &Config, problems: &mut Vec<Problem>) {
    match config.outbound.check() {
        Ok(()) => {}
        Err(SetupError::Setting { setting, what }) => {
            problems.push(Problem::about(&format!("outbound.{setting}"), what));
        }
        Err(other) => problems.push(Problem::about("outbound", other.to_string())),
    }
}

fn telemetry(config: &Config, problems: &mut Vec<Problem>) {
    if let Err(what) = log_level(&config.log.level) {
        problems.push(Problem::about("log.level", what));
    }
    let ratio = config.telemetry.sample_ratio;
    if !(0.0..=1.0).contains(&ratio) {
        let what = format!("{ratio} cannot be used: expected a number from 0.0 to 1.0");
        problems.push(Problem::about("telemetry.sample_ratio", what));
    }
    if config.telemetry.otlp_endpoint.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
        problems.push(Problem::about("telemetry.otlp_endpoint", "expected an http or https URL"));
    }
}

/// A word that stands alone has to be a level, and a module's name has no spaces: the filter would take either for the
/// name of a module that does not exist, and silence all the rest.
fn log_level(level: &str) -> Result<(), String> {
    let is_level = |word: &str| LOG_LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    let is_known = |directive: &str| match directive.split_once(['=', '[']) {
        None => is_level(directive),
        Some((module, _)) => !module.contains(char::is_whitespace),
    };
    let wrong = match level.split(',').find(|directive| !is_known(directive)) {
        Some(directive) => format!("{directive:?} is neither a level nor a module with one"),
        None => match EnvFilter::try_new(level) {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        },
    };
    Err(format!(
        "{level:?} cannot be used: {wrong}; expected {}, or levels by module such as info,palatine_store=debug",
        LOG_LEVELS.join(", ")
    ))
}

/// Nodes that do not share what they must share would each believe something else.
fn replicas(config: &Config, problems: &mut Vec<Problem>) {
    let replicas = config.server.replicas;
    if replicas <= 1 {
        return;
    }
    if config.database.backend() == Some(Backend::Sqlite) {
        let what =
            format!("{replicas} nodes cannot share an SQLite file: use postgres:// in `database.url`, or 1 node");
        problems.push(Problem::about("server.replicas", what));
    }
    if config.redis_url().is_empty() {
        let what = format!(
            "{replicas} nodes need a Redis to share rate limits and one-time marks: set `redis.url`, or use 1 node"
        );
        problems.push(Problem::about("server.replicas", what));
    }
}
