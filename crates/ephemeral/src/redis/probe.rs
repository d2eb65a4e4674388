//! Which run of Redis a connection leads to, and since when that run remembers everything.

use std::sync::Arc;

use palatine_domain::Instant;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::link::Live;
use super::scripts::Scripts;

/// How long the key outlives its last use: longer than any assertion that is accepted at all (24 hours), so that
/// losing it loses nothing.
const KEPT_MILLIS: u64 = 30 * 24 * 3_600 * 1_000;

/// Asks since when Redis remembers everything, and says "since now" if it does not know. It is a write, so it also
/// shows whether Redis accepts any.
pub(super) async fn known_since(live: &mut Live, scripts: &Scripts, now: Instant) -> RedisResult<Instant> {
    let mut ask = scripts.known_since.key(&*live.known_since);
    ask.arg(now.as_micros()).arg(KEPT_MILLIS);
    ask.invoke_async(&mut live.connection).await.map(Instant::from_micros)
}

/// Names the key for this run of Redis.
///
/// A Redis that was restarted from a snapshot, or a replica that took over, has the old run's keys but not its last
/// marks. Its `run_id` differs, so it looks under another name, finds nothing, and remembers everything since now.
pub(super) async fn known_since_key(connection: &mut MultiplexedConnection, base: &str) -> Arc<str> {
    let info: RedisResult<String> = redis::cmd("INFO").query_async(connection).await;
    let info = info.unwrap_or_default();
    warn_of_eviction(&info);
    let Some(run_id) = field(&info, "run_id") else {
        tracing::warn!("Redis does not tell its run_id (is INFO forbidden?): a restart from a snapshot goes unnoticed");
        return base.into();
    };
    format!("{base}:{run_id}").into()
}

fn warn_of_eviction(info: &str) {
    let bounded = field(info, "maxmemory").is_some_and(|bytes| bytes != "0");
    let policy = field(info, "maxmemory_policy").unwrap_or("noeviction");
    if bounded && policy != "noeviction" {
        tracing::warn!(policy, "Redis may evict one-time marks and tombstones: set maxmemory-policy to noeviction");
    }
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_of_info_is_found_by_its_whole_name() {
        let info = "# Server\r\nrun_id_old:x\r\nrun_id:abc\r\nmaxmemory_policy:noeviction\r\nmaxmemory:0\r\n";
        assert_eq!(field(info, "run_id"), Some("abc"));
        assert_eq!(field(info, "maxmemory"), Some("0"));
        assert_eq!(field(info, "absent"), None);
    }
}
