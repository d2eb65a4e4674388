//! What is measured when somebody asks, instead of when it changes.

use std::sync::Arc;

use actix_web::web::Data;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

use super::front::Front;
use crate::readiness::Readiness;
use crate::services::Services;
use crate::tls::Certificates;

/// Sets the gauges of the whole process.
pub(crate) struct Gauges {
    services: Services,
    front: Data<Front>,
    readiness: Data<Readiness>,
    certificates: Option<Arc<Certificates>>,
}

impl Gauges {
    pub(crate) fn new(
        services: Services,
        front: Data<Front>,
        readiness: Data<Readiness>,
        certificates: Option<Arc<Certificates>>,
    ) -> Self {
        describe();
        Self { services, front, readiness, certificates }
    }

    /// Sets them to what is now.
    pub(crate) fn set(&self) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        gauge!("palatine_http_requests_in_flight").set(self.front.in_flight() as f64);
        gauge!("palatine_draining").set(if self.readiness.is_draining() { 1.0 } else { 0.0 });
        // What the poll itself reports is always fresh: when it hangs, nobody else would say.
        gauge!("palatine_realm_poll_age_seconds").set(self.services.resolver.freshness().age.as_secs_f64());
        counter!("palatine_database_statements_total").absolute(self.services.store.statements());
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        gauge!("palatine_usage_waiting").set(self.services.usage.waiting() as f64);
        counter!("palatine_usage_lost_total").absolute(self.services.usage.lost());
        for state in self.services.store.connections() {
            gauge!("palatine_database_pool_max_connections", "pool" => state.pool).set(state.most);
            gauge!("palatine_database_pool_connections", "pool" => state.pool).set(state.open);
            gauge!("palatine_database_pool_idle_connections", "pool" => state.pool).set(state.idle);
            gauge!("palatine_database_pool_used_connections", "pool" => state.pool).set(state.in_use());
        }
        if let Some(certificates) = &self.certificates {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let seconds = certificates.not_after().as_seconds() as f64;
            gauge!("palatine_tls_certificate_expires_timestamp_seconds").set(seconds);
        }
        gauge!("palatine_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    }
}

/// Says what each metric of this crate, and of requests in general, means.
fn describe() {
    describe_gauge!("palatine_build_info", "Always 1; the label says which version runs.");
    describe_gauge!("palatine_draining", "1 while the node is being stopped.");
    describe_gauge!("palatine_http_requests_in_flight", "Requests under way.");
    describe_gauge!(
        "palatine_tls_certificate_expires_timestamp_seconds",
        Unit::Seconds,
        "Until when the TLS listener's certificate is valid, since the Unix epoch."
    );
    describe_counter!(
        "palatine_tls_certificate_reloads_total",
        "Changes of the TLS certificate's files, by outcome: loaded, or refused, which keeps the previous certificate."
    );
    describe_counter!(
        "palatine_http_connection_full_total",
        "Requests refused because too many of their HTTP/2 connection were under way."
    );
    describe_counter!("palatine_http_timeouts_total", "Requests that took too long and were ended.");
    describe_histogram!("palatine_http_request_seconds", Unit::Seconds, "Time a request took, by route and status.");
    describe_counter!(
        "palatine_realm_requests_total",
        "Requests by realm (the first to be seen; all others as `other`) and class."
    );
    describe_counter!("palatine_rate_limited_total", "Requests refused by a realm's rate limit, by bucket.");
    describe_counter!("palatine_database_statements_total", "Statements sent to the database.");
    describe_gauge!(
        "palatine_database_pool_max_connections",
        "Connections to the database that there may be, by pool."
    );
    describe_gauge!("palatine_database_pool_connections", "Connections to the database that are open, by pool.");
    describe_gauge!("palatine_database_pool_idle_connections", "Open connections that wait for work, by pool.");
    describe_gauge!("palatine_database_pool_used_connections", "Open connections that are at work, by pool.");
    describe_gauge!(
        "palatine_signing_key_age_seconds",
        Unit::Seconds,
        "How long the oldest signing key without a successor has signed, of all realms."
    );
    describe_gauge!("palatine_courier_waiting", "Deliveries that have not been made yet, of all realms.");
    describe_counter!("palatine_courier_deliveries_total", "Attempts to deliver, by kind and outcome.");
    describe_counter!(
        "palatine_job_runs_total",
        "Runs of background work, by job and outcome: done, elsewhere, failed."
    );
    describe_gauge!("palatine_usage_waiting", "Counts of usage that are in memory and not written down yet.");
    describe_counter!("palatine_usage_lost_total", "Requests that usage lacks, because it had no room in memory.");
    describe_counter!("palatine_usage_writes_total", "Times that usage was written down, by outcome: done, failed.");
    describe_counter!("palatine_job_rows_total", "Rows that background work touched, by job.");
}

/// Realms that have a label of their own; bounded, so that a thousand realms do not make a thousand time series each.
pub(crate) struct RealmLabels {
    most: usize,
    taken: std::sync::RwLock<std::collections::HashSet<Arc<str>>>,
}

impl RealmLabels {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: std::sync::RwLock::default() }
    }

    /// The label of a realm. First come, first served: a counter must never change its label.
    pub(crate) fn of(&self, slug: &str) -> Arc<str> {
        use std::sync::PoisonError;
        let taken = self.taken.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = taken.get(slug) {
            return Arc::clone(label);
        }
        let is_full = taken.len() >= self.most;
        drop(taken);
        if is_full {
            return Arc::from("other");
        }
        let mut taken = self.taken.write().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.most && !taken.contains(slug) {
            return Arc::from("other");
        }
        let label: Arc<str> = Arc::from(slug);
        taken.insert(Arc::clone(&label));
        label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_beyond_the_bound_share_a_label_and_the_others_keep_theirs() {
        let labels = RealmLabels::new(2);
        let seen = ["a", "b", "c", "a", "d", "b"].map(|slug| labels.of(slug).to_string());
        assert_eq!(seen, ["a", "b", "other", "a", "other", "b"]);
    }
}
