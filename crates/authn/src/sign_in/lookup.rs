//! The first transaction: who is meant, and may an attempt be made.

use palatine_domain::credential::CredentialKind;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::CredentialId;
use palatine_domain::policy::LockoutPolicy;
use palatine_domain::user::User;
use palatine_domain::{Ambient, TokenHash};
use palatine_store::{Store, StoreError, TenantScope, TenantWrite};

use super::SignInAttempt;
use super::refusal::{Refusal, Refused};
use crate::lockout::{Counters, account_of_nobody, account_of_user};

/// Someone whose password may be compared.
pub(super) struct Candidate {
    pub(super) identifier: NormalisedIdentifier,
    pub(super) user: User,
    pub(super) credential: CredentialId,
    pub(super) phc: String,
    pub(super) known_device: bool,
    pub(super) counters: Counters,
}

/// What the first transaction needs.
pub(super) struct Lookup<'a> {
    pub(super) store: &'a Store,
    pub(super) scope: &'a TenantScope,
    pub(super) policy: &'a LockoutPolicy,
    pub(super) ambient: &'a Ambient,
}

impl Lookup<'_> {
    /// Finds who is meant and counts the attempt as failed before it is made, so that parallel guesses count too.
    /// Runs the same statements whether there is such a user or not.
    pub(super) async fn reserve(&self, attempt: &SignInAttempt<'_>) -> Result<Result<Candidate, Refused>, StoreError> {
        let Ok(identifier) = NormalisedIdentifier::parse(attempt.identifier) else {
            return Ok(Err(Refused { refusal: Refusal::MalformedIdentifier, user: None }));
        };
        let tx = self.store.write(self.scope).await?;
        let found = tx.users().for_sign_in(&identifier).await?;
        let user = found.as_ref().map(|(user, _)| user);
        let account = user.map_or_else(|| account_of_nobody(&identifier), |user| account_of_user(user.id));
        let known_device = self.known_device(&tx, user, attempt.device).await?;
        let counters = match known_device {
            Some(device) => Counters::of_device(account, &device),
            None => Counters::of_address(account, attempt.address),
        };
        let user_id = user.map(|user| user.id);
        let reserved = tx.lockouts().reserve(&counters.account, &counters.counted_on, self.policy, tx.now()).await?;
        tx.commit().await?;

        let refused = |refusal| Ok(Err(Refused { refusal, user: user_id }));
        match (reserved, found) {
            (Err(_locked_until), _) => refused(Refusal::Locked),
            (Ok(()), None) => refused(Refusal::UnknownUser),
            (Ok(()), Some((_, None))) => refused(Refusal::NoPassword),
            (Ok(()), Some((user, Some(credential)))) => {
                let CredentialKind::Password(phc) = credential.kind;
                let (credential, known_device) = (credential.id, known_device.is_some());
                Ok(Ok(Candidate { identifier, user, credential, phc, known_device, counters }))
            }
        }
    }

    /// The presented browser, if the account knows it. Nobody's account knows none, but is asked all the same.
    async fn known_device(
        &self,
        tx: &TenantWrite,
        user: Option<&User>,
        device: Option<TokenHash>,
    ) -> Result<Option<TokenHash>, StoreError> {
        let Some(device) = device else { return Ok(None) };
        let user = user.map_or_else(|| self.ambient.id(), |user| user.id);
        Ok(tx.devices().find(user, &device).await?.map(|known| known.secret))
    }
}
