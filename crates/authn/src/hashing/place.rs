//! A place in the queue, held from before the work is known until its answer.

use std::sync::Arc;

use palatine_domain::SecretText;
use palatine_domain::ids::TenantId;
use tokio::sync::oneshot;

use super::argon::{self, ArgonHash};
use super::pool::{Answer, Job, Shared, Work};
use super::{HashError, Lane, Stored, Verdict};
use crate::telemetry;

/// A place in the queue. Whoever holds one will be served; dropping it gives it back, and takes out the job that it
/// held if that still waits.
///
/// A caller that must do something before it hashes (count an attempt, say) takes its place first, so that a full
/// queue refuses before anything is done.
pub struct Place {
    shared: Arc<Shared>,
    lane: Lane,
    tenant: TenantId,
    ticket: Option<u64>,
}

impl Place {
    pub(super) fn new(shared: Arc<Shared>, tenant: TenantId, lane: Lane) -> Self {
        Self { shared, lane, tenant, ticket: None }
    }

    /// Hashes a secret for storing: a PHC string with a fresh salt and today's parameters.
    pub async fn hash(self, secret: SecretText) -> Result<String, HashError> {
        let salt = self.shared.ambient.bytes();
        match self.run(secret, Work::Hash(salt)).await? {
            Answer::Hashed(phc) => Ok(phc),
            Answer::Verified(_) => Err(HashError::Stopped),
        }
    }

    /// Compares a secret with a stored hash.
    pub async fn verify(self, secret: SecretText, phc: &str) -> Result<Verdict, HashError> {
        let stored = Stored::parse(phc)?;
        self.verdict(secret, Work::Verify(stored)).await
    }

    /// Costs what a comparison costs, and matches nothing: for accounts that are not there or not to be tried.
    pub async fn verify_nothing(self, secret: SecretText) -> Result<(), HashError> {
        let decoy = ArgonHash::decoy(&self.shared.params, self.shared.ambient.bytes(), self.shared.ambient.bytes())?;
        self.verdict(secret, Work::Decoy(Stored::Argon(decoy))).await.map(drop)
    }

    async fn verdict(self, secret: SecretText, work: Work) -> Result<Verdict, HashError> {
        match self.run(secret, work).await? {
            Answer::Verified(verdict) => Ok(verdict),
            Answer::Hashed(_) => Err(HashError::Stopped),
        }
    }

    async fn run(mut self, secret: SecretText, work: Work) -> Result<Answer, HashError> {
        if secret.expose().len() > super::MAX_SECRET_BYTES {
            return Err(HashError::TooLong);
        }
        let cost = match &work {
            Work::Hash(_) => argon::cost(&self.shared.params),
            Work::Verify(stored) | Work::Decoy(stored) => stored.cost(),
        };
        let (sender, answer) = oneshot::channel();
        let job = Job { lane: self.lane, secret, work, sender, since: self.shared.ambient.now() };
        self.ticket = Some(self.shared.submit(self.lane, self.tenant, cost, job));
        match tokio::time::timeout(self.shared.longest_wait, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(HashError::Stopped),
            Err(_) => {
                telemetry::refused(self.lane.as_str());
                Err(HashError::Busy { retry_after: self.shared.retry_after() })
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.leave(self.lane, self.tenant, self.ticket);
    }
}
