//! Background work, on the main runtime. Set-based and leased: no job walks tenants, none is done by two nodes at once.
//!
//! To add a job: a variant of [`Job`] with its name, its interval and its work.

use std::sync::Arc;
use std::time::Duration;

use palatine_domain::Ambient;
use palatine_outbound::Outbound;
use palatine_realm::Resolver;
use palatine_store::{OperatorProof, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Config, JobSettings};
use crate::services::Services;
use crate::telemetry;
use crate::tls::Reloader;

mod client_logos;
mod courier;
mod key_rotation;
mod usage;
mod user_imports;

use courier::Courier;
use usage::UsageWriter;

/// How often a job goes on at once while there is more to do than its budget.
const ROUNDS: usize = 20;

/// How soon after the start what cannot wait is done.
const SOON: Duration = Duration::from_secs(5);

/// How often old samples of histograms are let go.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A piece of work that one node does, again and again.
#[derive(Clone, Copy, Debug)]
enum Job {
    /// Forgets sealed successors of refresh tokens whose window is over.
    SealedSuccessors,
    /// Removes what has long expired.
    ExpiredRows,
    /// Makes the parts of the audit log for the coming weeks (PostgreSQL).
    AuditParts,
    /// Gives signing keys their successors, and destroys those that are good for nothing any more.
    KeyRotation,
    /// Fetches the logos that clients named.
    ClientLogos,
    /// Takes people who are imported.
    UserImports,
    /// Removes audit events that their realm keeps no longer.
    AuditRetention,
    /// Removes realms whose grace is over.
    DeletedRealms,
    /// Removes usage of hours that are kept no longer.
    UsageRetention,
}

impl Job {
    const ALL: [Self; 9] = [
        Self::SealedSuccessors,
        Self::ExpiredRows,
        Self::AuditParts,
        Self::KeyRotation,
        Self::ClientLogos,
        Self::UserImports,
        Self::AuditRetention,
        Self::DeletedRealms,
        Self::UsageRetention,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::SealedSuccessors => "sealed-successors",
            Self::ExpiredRows => "expired-rows",
            Self::AuditParts => "audit-parts",
            Self::KeyRotation => "key-rotation",
            Self::ClientLogos => "client-logos",
            Self::UserImports => "user-imports",
            Self::AuditRetention => "audit-retention",
            Self::DeletedRealms => "deleted-realms",
            Self::UsageRetention => "usage-retention",
        }
    }

    const fn interval(self, settings: &JobSettings) -> Duration {
        Duration::from_secs(match self {
            Self::SealedSuccessors => settings.sealed_successors_seconds,
            Self::ExpiredRows => settings.expired_rows_seconds,
            Self::AuditParts => settings.audit_parts_seconds,
            Self::KeyRotation => settings.key_rotation_seconds,
            Self::ClientLogos => settings.client_logos_seconds,
            Self::UserImports => settings.user_imports_seconds,
            Self::AuditRetention => settings.audit_retention_seconds,
            Self::DeletedRealms => settings.deleted_realms_seconds,
            Self::UsageRetention => settings.usage_retention_seconds,
        })
    }

    /// How long after the start the job is done first.
    fn first_wait(self, settings: &JobSettings) -> Duration {
        match self {
            // A new database has no parts yet, and each event that comes before them has to be moved; keys may have
            // become due while no node ran.
            Self::AuditParts | Self::KeyRotation => self.interval(settings).min(SOON),
            Self::SealedSuccessors
            | Self::ExpiredRows
            | Self::ClientLogos
            | Self::UserImports
            | Self::AuditRetention
            | Self::DeletedRealms
            | Self::UsageRetention => self.interval(settings),
        }
    }

    /// Does the work, and gives how many rows it touched.
    async fn run(self, worker: &Worker) -> Result<u64, StoreError> {
        let Worker { store, resolver, outbound, settings, .. } = worker;
        match self {
            Self::SealedSuccessors
            | Self::ExpiredRows
            | Self::AuditParts
            | Self::DeletedRealms
            | Self::UsageRetention => self.tidy(worker).await,
            Self::AuditRetention => {
                let dropped = drop_audit_parts(store, self.proof()).await?;
                Ok(dropped + self.tidy(worker).await?)
            }
            Self::KeyRotation => {
                let destroyed = self.tidy(worker).await?;
                let budget = settings.key_rotation_budget;
                Ok(destroyed + key_rotation::rotate_due(store, resolver, self.proof(), budget).await?)
            }
            Self::ClientLogos => {
                client_logos::fetch_due(store, outbound, self.proof(), settings.client_logos_budget).await
            }
            Self::UserImports => {
                user_imports::take_due(store, resolver, self.proof(), settings.user_imports_budget).await
            }
        }
    }

    /// What is done in transactions across tenants, each within its budget.
    async fn tidy(self, worker: &Worker) -> Result<u64, StoreError> {
        let settings = &worker.settings;
        let mut done = 0;
        for _ in 0..ROUNDS {
            let tx = worker.store.as_operator(self.proof()).await?;
            let rows = match self {
                Self::SealedSuccessors => tx.sweep_sealed_successors(tx.now()).await?,
                Self::ExpiredRows => tx.sweep_expired(tx.now(), settings.expired_rows_budget).await?,
                Self::AuditParts => tx.make_audit_parts().await?,
                Self::KeyRotation => tx.destroy_ended_keys().await?,
                Self::AuditRetention => tx.sweep_audit(tx.now(), settings.audit_retention_budget).await?,
                Self::DeletedRealms => tx.purge_deleted(tx.now(), settings.deleted_realms_budget).await?,
                Self::UsageRetention => {
                    tx.sweep_usage(tx.now().minus(worker.usage_kept), settings.usage_retention_budget).await?
                }
                // Nothing is fetched while a transaction is open, and people are taken in their own realm's.
                Self::ClientLogos | Self::UserImports => 0,
            };
            tx.commit().await?;
            done += rows;
            let more = match self {
                // The first has a budget of its own, which it uses up only when something was left lying for long.
                Self::SealedSuccessors
                | Self::AuditParts
                | Self::KeyRotation
                | Self::ClientLogos
                | Self::UserImports => false,
                Self::ExpiredRows => rows >= settings.expired_rows_budget,
                Self::AuditRetention => rows >= settings.audit_retention_budget,
                Self::UsageRetention => rows >= settings.usage_retention_budget,
                // Less than the budget is all that a call found; there may be more realms than it looks at.
                Self::DeletedRealms => rows > 0,
            };
            if !more {
                break;
            }
        }
        Ok(done)
    }

    const fn proof(self) -> OperatorProof {
        OperatorProof::job(self.name())
    }
}

/// Drops the months that no realm keeps any more: what is left to the rows' own sweep is then little.
async fn drop_audit_parts(store: &Store, proof: OperatorProof) -> Result<u64, StoreError> {
    let tx = store.as_operator(proof).await?;
    let kept = tx.longest_audit_retention().await?;
    let dropped = tx.drop_audit_parts(tx.now().minus(kept)).await?;
    tx.commit().await?;
    Ok(dropped)
}

/// Fetches the logos that are due, without waiting for the job's turn; gives how many there are more to show.
pub(crate) async fn fetch_logos(services: &Services) -> Result<u64, StoreError> {
    let job = Job::ClientLogos.proof();
    client_logos::fetch_due(&services.store, services.tokens.outbound(), job, usize::MAX).await
}

/// Writes down how much was used, without waiting for its time; gives how many counts.
pub(crate) async fn write_usage(services: &Services) -> Result<usize, StoreError> {
    usage::write(&services.store, &services.usage).await
}

/// The running background work of one server.
#[derive(Debug)]
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts all of it.
    pub(crate) fn start(services: &Services, config: &Config) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let resolver = services.resolver.clone();
        let end = until(stopped.clone());
        tasks.spawn(async move { resolver.run_invalidation(end).await });
        let resolver = services.resolver.clone();
        let end = until(stopped.clone());
        tasks.spawn(async move { resolver.run_key_pool(end).await });
        // One name a process, so that a node finds its own lease again.
        let holder = services.ambient.random_uuid().to_string();
        for job in Job::ALL {
            let end = until(stopped.clone());
            let worker = Worker {
                job,
                store: services.store.clone(),
                resolver: services.resolver.clone(),
                outbound: services.tokens.outbound().clone(),
                ambient: services.ambient.clone(),
                settings: config.jobs.clone(),
                usage_kept: config.usage.kept(),
                holder: holder.clone(),
            };
            tasks.spawn(async move {
                tokio::select! {
                    () = end => {}
                    () = worker.work_for_ever() => {}
                }
            });
        }
        let longest_attempt = Duration::from_secs(config.outbound.timeout_seconds);
        let courier = Arc::new(Courier::new(services, config.courier.clone(), longest_attempt));
        let end = until(stopped.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = end => {}
                () = courier.work_for_ever() => {}
            }
        });
        let usage = UsageWriter::new(services, Duration::from_secs(config.usage.flush_seconds));
        let end = until(stopped.clone());
        tasks.spawn(async move { usage.write_until(end).await });
        let end = until(stopped);
        tasks.spawn(async move {
            tokio::select! {
                () = end => {}
                () = keep_metrics_small() => {}
            }
        });
        Self { stop, tasks }
    }

    /// Looks after the TLS listener's certificate too.
    pub(crate) fn watch_certificate(&mut self, reloader: Reloader) {
        let end = until(self.stop.subscribe());
        self.tasks.spawn(async move {
            tokio::select! {
                () = end => {}
                () = reloader.watch() => {}
            }
        });
    }

    /// Stops all of it. A transaction under way is rolled back; usage is written down once more.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "background work had ended by itself");
            }
        }
    }
}

/// Resolves when the server stops.
async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the sender is gone, and the server with it.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn keep_metrics_small() {
    let mut every = tokio::time::interval(METRICS_UPKEEP);
    loop {
        every.tick().await;
        telemetry::metrics().run_upkeep();
    }
}

struct Worker {
    job: Job,
    store: Store,
    resolver: Resolver,
    outbound: Outbound,
    ambient: Ambient,
    settings: JobSettings,
    usage_kept: Duration,
    holder: String,
}

impl Worker {
    async fn work_for_ever(&self) {
        let interval = self.job.interval(&self.settings);
        let mut failing = false;
        let mut wait = self.job.first_wait(&self.settings);
        loop {
            tokio::time::sleep(jittered(wait, &self.ambient)).await;
            wait = interval;
            match self.work_once(interval).await {
                Ok(outcome) => {
                    count(self.job, outcome);
                    failing = false;
                }
                Err(error) => {
                    count(self.job, "failed");
                    if !failing {
                        tracing::warn!(%error, job = self.job.name(), "background work failed; it goes on trying");
                    }
                    failing = true;
                }
            }
        }
    }

    async fn work_once(&self, interval: Duration) -> Result<&'static str, StoreError> {
        // A transaction of its own: the lease must not stay locked while the work is done.
        let tx = self.store.as_operator(self.job.proof()).await?;
        let held = tx.lease_job(self.job.name(), &self.holder, interval * 3).await?;
        tx.commit().await?;
        if !held {
            return Ok("elsewhere");
        }
        let rows = self.job.run(self).await?;
        if rows > 0 {
            tracing::debug!(job = self.job.name(), rows, "tidied up");
            metrics::counter!("palatine_job_rows_total", "job" => self.job.name()).increment(rows);
        }
        Ok("done")
    }
}

fn count(job: Job, outcome: &'static str) {
    metrics::counter!("palatine_job_runs_total", "job" => job.name(), "outcome" => outcome).increment(1);
}

/// The interval, a tenth shorter to a tenth longer, so that nodes that started together do not work together.
fn jittered(interval: Duration, ambient: &Ambient) -> Duration {
    let [byte] = ambient.bytes::<1>();
    interval.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_tenth() {
        let ambient = Ambient::system();
        for _ in 0..200 {
            let wait = jittered(Duration::from_mins(1), &ambient);
            assert!((Duration::from_secs(54)..=Duration::from_secs(66)).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn every_job_has_a_name_and_an_interval_of_its_own() {
        let settings = crate::config::Config::parse("").unwrap().jobs;
        let names: std::collections::HashSet<_> = Job::ALL.iter().map(|job| job.name()).collect();
        assert_eq!(names.len(), Job::ALL.len());
        assert!(Job::ALL.iter().all(|job| job.interval(&settings) > Duration::ZERO));
    }
}
