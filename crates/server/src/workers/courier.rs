//! The courier: delivers what the outbox holds, from every node at once. An entry is claimed for a while, delivered
//! without a transaction being open, and then finished or put off; whatever a node that dies had claimed comes back.
//!
//! To deliver another kind of effect: an arm in [`Courier::deliver`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use palatine_domain::audit::OutboxEntry;
use palatine_domain::ids::{ClientKey, TenantId, TenantScoped as _};
use palatine_domain::logout::BackChannelLogout;
use palatine_domain::{Ambient, Instant};
use palatine_protocol::logout::LOGOUT_TOKEN_PARAMETER;
use palatine_realm::{Realm, ResolveError, Resolver};
use palatine_store::{ClaimedEntry, OperatorProof, Store, StoreError};
use palatine_token_service::TokenService;
use tokio::task::{JoinError, JoinSet};

use crate::config::CourierSettings;
use crate::services::Services;

/// Who asks for entries of all tenants.
const PROOF: OperatorProof = OperatorProof::job("courier");

/// How much longer than any attempt an entry is claimed.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// Delivers for one process.
pub(super) struct Courier {
    store: Store,
    resolver: Resolver,
    tokens: TokenService,
    ambient: Ambient,
    settings: CourierSettings,
    /// The longest that the way out lets anything take.
    longest_attempt: Duration,
    resting: Mutex<HashMap<Recipient, Instant>>,
}

type Recipient = (TenantId, ClientKey);

/// What became of one attempt.
enum Attempt {
    Delivered,
    /// There is nobody left to deliver it to.
    Pointless,
    /// Tried again later, for this reason.
    Failed(String),
    /// Not even tried: the recipient could not be reached a moment ago.
    Resting,
}

impl Courier {
    pub(super) fn new(services: &Services, settings: CourierSettings, longest_attempt: Duration) -> Self {
        Self {
            store: services.store.clone(),
            resolver: services.resolver.clone(),
            tokens: services.tokens.clone(),
            ambient: services.ambient.clone(),
            settings,
            longest_attempt,
            resting: Mutex::default(),
        }
    }

    pub(super) async fn work_for_ever(self: Arc<Self>) {
        let pause = Duration::from_millis(self.settings.poll_millis);
        let mut under_way = JoinSet::new();
        let mut failing = false;
        loop {
            let free = self.settings.concurrency.saturating_sub(under_way.len());
            let claimed = self.claim(free).await;
            if let Err(error) = &claimed
                && !failing
            {
                tracing::warn!(%error, "the outbox cannot be read; deliveries wait");
            }
            failing = claimed.is_err();
            for claimed in claimed.into_iter().flatten() {
                let courier = Arc::clone(&self);
                under_way.spawn(async move { courier.carry(claimed).await });
            }
            let is_full = under_way.len() == self.settings.concurrency;
            tokio::select! {
                Some(ended) = under_way.join_next() => look_at(ended),
                () = tokio::time::sleep(pause) => {}
                () = self.store.outbox_filled(), if !failing && !is_full => {}
            }
            while let Some(ended) = under_way.try_join_next() {
                look_at(ended);
            }
        }
    }

    /// Claims at most so many entries that are due.
    async fn claim(&self, most: usize) -> Result<Vec<ClaimedEntry>, StoreError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let tx = self.store.as_operator(PROOF).await?;
        let lease = self.longest_attempt + LEASE_MARGIN;
        let claimed = tx.claim_outbox(tx.now(), most as u64, lease).await?;
        let waiting = tx.waiting_deliveries().await?;
        tx.commit().await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("palatine_courier_waiting").set(waiting as f64);
        Ok(claimed)
    }

    async fn carry(&self, claimed: ClaimedEntry) {
        let attempt = self.deliver(&claimed).await;
        if let Err(error) = self.settle(&claimed, attempt).await {
            tracing::warn!(%error, id = %claimed.entry.id, "an attempt could not be noted down; it is made again");
        }
    }

    async fn deliver(&self, ClaimedEntry { scope, realm, entry }: &ClaimedEntry) -> Attempt {
        let Some(slug) = realm else { return Attempt::Pointless };
        let realm = match self.resolver.by_slug(slug.as_str()).await {
            Ok(realm) => realm,
            Err(ResolveError::Unknown) => return Attempt::Pointless,
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        match (entry.kind.as_str(), serde_json::from_value(entry.payload.clone())) {
            (BackChannelLogout::KIND, Ok(notice)) => self.post_logout_token(&realm, scope.tenant_id(), &notice).await,
            (kind, _) => Attempt::Failed(format!("nobody here knows how to deliver this {kind}")),
        }
    }

    async fn post_logout_token(&self, realm: &Realm, tenant: TenantId, notice: &BackChannelLogout) -> Attempt {
        let recipient = (tenant, notice.client);
        if self.rests(&recipient) {
            return Attempt::Resting;
        }
        let addressed = match self.tokens.logout_token(realm, notice).await {
            Ok(Some(addressed)) => addressed,
            Ok(None) => return Attempt::Pointless,
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        let timeout = addressed.timeout.unwrap_or(Duration::from_secs(self.settings.timeout_seconds));
        let form = [(LOGOUT_TOKEN_PARAMETER, addressed.token.as_str())];
        let reason = match self.tokens.outbound().post_form(&addressed.uri, &form, timeout).await {
            // Back-Channel Logout, section 2.8: "If the logout succeeded, the RP MUST respond with HTTP 200 OK"; some
            // frameworks answer 204 in its place.
            Ok(200 | 204) => return Attempt::Delivered,
            Ok(status) => format!("it answers with status {status}"),
            Err(error) => {
                self.rest(recipient);
                error.to_string()
            }
        };
        Attempt::Failed(format!("client {}: {reason}", addressed.client_id))
    }

    /// Who could not be reached is left alone for a moment, so that nobody else waits for what is written to them.
    fn rest(&self, recipient: Recipient) {
        let now = self.ambient.now();
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| now < *until);
        resting.insert(recipient, now.plus(self.settings.wait_after(1)));
    }

    fn rests(&self, recipient: &Recipient) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(recipient).is_some_and(|until| self.ambient.now() < *until)
    }

    async fn settle(&self, claimed: &ClaimedEntry, attempt: Attempt) -> Result<(), StoreError> {
        let ClaimedEntry { scope, entry, .. } = claimed;
        let tx = self.store.as_operator(PROOF).await?;
        let (outcome, again) = self.fate(claimed, attempt, tx.now());
        match again {
            None => tx.finish_outbox(scope, entry.id, tx.now()).await?,
            Some(due_at) => tx.postpone_outbox(scope, entry.id, due_at).await?,
        };
        tx.commit().await?;
        metrics::counter!("palatine_courier_deliveries_total", "kind" => entry.kind.clone(), "outcome" => outcome)
            .increment(1);
        Ok(())
    }

    /// What an attempt counts as, and when the next one is due, if there is one.
    fn fate(&self, claimed: &ClaimedEntry, attempt: Attempt, now: Instant) -> (&'static str, Option<Instant>) {
        let ClaimedEntry { realm, entry, .. } = claimed;
        let (outcome, reason) = match attempt {
            Attempt::Delivered => return ("delivered", None),
            Attempt::Pointless => return ("pointless", None),
            Attempt::Resting => ("put_off", "it could not be reached a moment ago".to_owned()),
            Attempt::Failed(reason) => ("failed", reason),
        };
        let again = self.next_attempt(entry, now);
        let realm = realm.as_ref().map(ToString::to_string).unwrap_or_default();
        let OutboxEntry { kind, attempts, .. } = entry;
        if again.is_some() {
            tracing::warn!(%realm, %kind, attempts, reason, "a delivery failed; it is tried again");
            (outcome, again)
        } else {
            tracing::error!(%realm, %kind, attempts, reason, "a delivery failed too long and is given up");
            ("given_up", None)
        }
    }

    /// After a pause that doubles, and once more when the time is over.
    fn next_attempt(&self, entry: &OutboxEntry, now: Instant) -> Option<Instant> {
        let last = entry.created_at.plus(Duration::from_secs(self.settings.give_up_after_seconds));
        (now < last).then(|| now.plus(self.settings.wait_after(entry.attempts)).min(last))
    }
}

fn look_at(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a delivery had ended by itself; it is made again");
    }
}
