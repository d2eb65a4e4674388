//! The one pipeline by which a name and a password become a proved user.
//!
//! Outside there are two answers, yes and no. Unknown name, wrong password, locked, disabled: each costs a
//! transaction that counts the attempt, one hash, and a transaction that writes it down; only the audit log tells
//! them apart.

mod lookup;
mod refusal;

use std::time::Duration;

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::credential::Credential;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{ClientKey, CredentialId, SessionId, TenantScoped};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::session::Acr;
use palatine_domain::user::User;
use palatine_domain::{Ambient, SecretText, TokenHash};
use palatine_store::{Store, StoreError, TenantScope, TenantWrite};
use serde_json::json;

use crate::hashing::{HashError, HashPool, Lane, MAX_SECRET_BYTES, Place, Verdict};
use crate::lockout::Counters;
use crate::telemetry;
use lookup::{Candidate, Lookup};
use refusal::{Refusal, Refused};

/// What somebody presented to sign in.
#[derive(Clone, Debug)]
pub struct SignInAttempt<'a> {
    /// The name, as typed.
    pub identifier: &'a str,
    /// The password, as typed.
    pub password: SecretText,
    /// The client's address, without what proxies made of it.
    pub address: &'a str,
    /// The hash of the `pal_device` cookie, if there was one.
    pub device: Option<TokenHash>,
    /// The request, as in the log.
    pub request_id: &'a str,
    /// The browser's `User-Agent`.
    pub user_agent: &'a str,
    /// The client that they sign in to.
    pub client: Option<ClientKey>,
}

/// What came of an attempt. The last two are one answer outside.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The person is who they say. Nothing is written until [`Authenticator::conclude_success`].
    Proved(Box<Proved>),
    /// No.
    Refused,
    /// No, because of earlier failures. To be answered exactly like `Refused`.
    Locked,
}

/// A person who has proved who they are: had from [`Authenticator::sign_in`] alone.
#[derive(Debug)]
pub struct Proved {
    /// Who.
    pub user: User,
    /// Whether the browser was known to the account already.
    pub known_device: bool,
    /// How strongly: one factor.
    pub acr: Acr,
    /// By what means (RFC 8176): `pwd`.
    pub amr: &'static str,
    pub(crate) evidence: Evidence,
}

/// What the conclusion needs of the attempt.
#[derive(Debug)]
pub(crate) struct Evidence {
    identifier: NormalisedIdentifier,
    credential: CredentialId,
    /// The stored hash, and the one to put in its place.
    upgrade: Option<(String, String)>,
    pub(crate) counters: Counters,
    pub(crate) origin: Origin,
}

/// Where an attempt came from, for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) address: String,
    pub(crate) request_id: String,
    pub(crate) user_agent: String,
    client: Option<ClientKey>,
}

/// Whether a success could be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Conclusion {
    /// It is part of the caller's transaction now.
    Concluded,
    /// The user was disabled or removed, or the password changed, since it was compared. Nothing was written: the
    /// caller lets its transaction go and answers as if refused.
    Withdrawn,
}

/// Why there is neither yes nor no.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many passwords wait to be hashed.
    #[error("too many people sign in at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: whole seconds.
        retry_after: Duration,
    },
    /// Hashing is not to be had.
    #[error(transparent)]
    Hashing(HashError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy { retry_after } => Self::Busy { retry_after },
            HashError::TooLong | HashError::Corrupt(_) | HashError::Stopped => Self::Hashing(error),
        }
    }
}

/// Proves people. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    pub(crate) pool: HashPool,
    pub(crate) ambient: Ambient,
}

impl Authenticator {
    /// Over a pool of hashing threads.
    pub fn new(pool: HashPool, ambient: Ambient) -> Self {
        Self { pool, ambient }
    }

    /// Compares a name and a password with the realm's people.
    ///
    /// Rate limits come before this; whoever calls it opens no transaction around it, since it opens its own and
    /// none of them during the hash. Dropped half-way, the attempt stays counted as a failure.
    ///
    /// # Errors
    ///
    /// [`SignInError::Busy`] before anything is counted if the queue is full, and after it if the wait grew too long.
    pub async fn sign_in(
        &self,
        store: &Store,
        scope: &TenantScope,
        policy: &RealmPolicy,
        attempt: SignInAttempt<'_>,
    ) -> Result<SignInOutcome, SignInError> {
        // No password is that long, so this tells nothing and needs no counting.
        if attempt.password.expose().len() > MAX_SECRET_BYTES {
            telemetry::sign_in("refused");
            return Ok(SignInOutcome::Refused);
        }
        let place = self.pool.enter(scope.tenant_id(), Lane::People)?;
        let lookup = Lookup { store, scope, policy: &policy.lockout, ambient: &self.ambient };
        let judged = match lookup.reserve(&attempt).await? {
            Ok(candidate) => self.compare(scope, place, candidate, &attempt).await?,
            Err(refused) => {
                place.verify_nothing(attempt.password.clone()).await?;
                Err(refused)
            }
        };
        match judged {
            Ok(proved) => {
                telemetry::sign_in("proved");
                Ok(SignInOutcome::Proved(Box::new(proved)))
            }
            Err(refused) => {
                let tx = store.write(scope).await?;
                tx.audit().append(&refused.event(self.ambient.id(), tx.now(), Origin::of(&attempt))).await?;
                tx.commit().await?;
                Ok(refused.outcome())
            }
        }
    }

    /// Writes a success down in the caller's transaction, the one in which it inserts the session: forgets the
    /// failures, appends `LoginSucceeded`, and stores a stronger hash if today's parameters ask for one.
    ///
    /// Asks once more whether user and password are still the same: hashing takes time.
    pub async fn conclude_success(
        &self,
        tx: &TenantWrite,
        proved: &Proved,
        session: SessionId,
    ) -> Result<Conclusion, StoreError> {
        let evidence = &proved.evidence;
        if !proved.still_holds(tx).await? {
            return Ok(Conclusion::Withdrawn);
        }
        tx.lockouts().release(&evidence.counters.account, &evidence.counters.counted_on).await?;
        if let Some((old, new)) = &evidence.upgrade {
            // Another sign-in may have been first; then its hash is as good.
            tx.credentials().upgrade_password(evidence.credential, old, new).await?;
        }
        let event = AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind: AuditKind::LoginSucceeded,
            actor: Actor::User(proved.user.id),
            user: Some(proved.user.id),
            client: evidence.origin.client,
            session: Some(session),
            address: Some(evidence.origin.address.clone()),
            request_id: Some(evidence.origin.request_id.clone()),
            details: json!({ "amr": proved.amr, "user_agent": evidence.origin.user_agent }),
        };
        tx.audit().append(&event).await?;
        Ok(Conclusion::Concluded)
    }

    /// Writes down, in the caller's transaction, that somebody who proved who they are gets nothing, because they have
    /// never allowed the client. The password was right: the failures before are forgotten all the same.
    pub async fn conclude_without_consent(&self, tx: &TenantWrite, proved: &Proved) -> Result<(), StoreError> {
        let evidence = &proved.evidence;
        tx.lockouts().release(&evidence.counters.account, &evidence.counters.counted_on).await?;
        let refused = Refused { refusal: Refusal::ConsentMissing, user: Some(proved.user.id) };
        tx.audit().append(&refused.event(self.ambient.id(), tx.now(), evidence.origin.clone())).await
    }

    /// Compares the password with the candidate's, at the cost of one hash in any case.
    async fn compare(
        &self,
        scope: &TenantScope,
        place: Place,
        candidate: Candidate,
        attempt: &SignInAttempt<'_>,
    ) -> Result<Result<Proved, Refused>, SignInError> {
        let refused = |refusal| Ok(Err(Refused { refusal, user: Some(candidate.user.id) }));
        let verdict = match place.verify(attempt.password.clone(), &candidate.phc).await {
            Ok(verdict) => verdict,
            Err(HashError::Corrupt(reason)) => {
                tracing::error!(tenant = %scope.tenant_id(), credential = %candidate.credential, reason,
                    "a stored password cannot be used");
                let place = self.pool.enter(scope.tenant_id(), Lane::People)?;
                place.verify_nothing(attempt.password.clone()).await?;
                return refused(Refusal::UnreadablePassword);
            }
            Err(error) => return Err(error.into()),
        };
        match verdict {
            Verdict::Mismatch => return refused(Refusal::WrongPassword),
            Verdict::Match | Verdict::MatchOutdated if !candidate.user.enabled => {
                return refused(Refusal::UserDisabled);
            }
            Verdict::Match | Verdict::MatchOutdated => {}
        }
        let upgrade = match verdict {
            Verdict::MatchOutdated => self.rehash(scope, attempt).await.map(|new| (candidate.phc, new)),
            Verdict::Match | Verdict::Mismatch => None,
        };
        let evidence = Evidence {
            identifier: candidate.identifier,
            credential: candidate.credential,
            upgrade,
            counters: candidate.counters,
            origin: Origin::of(attempt),
        };
        Ok(Ok(Proved {
            user: candidate.user,
            known_device: candidate.known_device,
            acr: Acr::OneFactor,
            amr: "pwd",
            evidence,
        }))
    }

    /// A hash with today's parameters, unless threads are short: then the next sign-in makes it.
    async fn rehash(&self, scope: &TenantScope, attempt: &SignInAttempt<'_>) -> Option<String> {
        let new = self.pool.hash(scope.tenant_id(), Lane::People, attempt.password.clone()).await;
        new.inspect_err(|error| tracing::debug!(%error, "an outdated password hash stays for now")).ok()
    }
}

impl Proved {
    /// Whether user and password are still those that were compared.
    pub(crate) async fn still_holds(&self, tx: &TenantWrite) -> Result<bool, StoreError> {
        let now_stored = tx.users().for_sign_in(&self.evidence.identifier).await?;
        Ok(now_stored.is_some_and(|(user, credential)| {
            let is_the_same = |now: Credential| now.id == self.evidence.credential;
            user.id == self.user.id && user.enabled && credential.is_some_and(is_the_same)
        }))
    }
}

impl Origin {
    fn of(attempt: &SignInAttempt<'_>) -> Self {
        Self {
            address: attempt.address.to_owned(),
            request_id: attempt.request_id.to_owned(),
            user_agent: attempt.user_agent.chars().take(255).collect(),
            client: attempt.client,
        }
    }
}
