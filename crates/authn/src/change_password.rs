//! Another password for somebody who has just proved the old one.

use palatine_domain::SecretText;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::{SessionId, TenantScoped as _};
use palatine_domain::policy::PasswordPolicy;
use palatine_domain::user::User;
use palatine_store::{StoreError, TenantScope, TenantWrite};
use serde_json::json;

use crate::hashing::Lane;
use crate::password_policy::{self, PasswordProblem};
use crate::sign_in::{Authenticator, Conclusion, Proved, SignInError};

/// A chosen password, checked and hashed: had from [`Authenticator::new_password`] alone.
pub struct NewPassword {
    phc: String,
}

impl Authenticator {
    /// Checks a password that a person chose for themselves. Their names count as known words.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, never an empty list.
    pub fn check_choice(policy: &PasswordPolicy, user: &User, chosen: &SecretText) -> Result<(), Vec<PasswordProblem>> {
        let names = [Some(user.username.as_str()), user.email.as_deref()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        password_policy::check(policy, chosen.expose(), &names)
    }

    /// Hashes a password that [`Authenticator::check_choice`] let pass. No transaction may be open around it.
    ///
    /// # Errors
    ///
    /// [`SignInError::Busy`] if the queue is full.
    pub async fn new_password(&self, scope: &TenantScope, chosen: SecretText) -> Result<NewPassword, SignInError> {
        let phc = self.pool.hash(scope.tenant_id(), Lane::People, chosen).await?;
        Ok(NewPassword { phc })
    }

    /// Stores another password in the caller's transaction, the one in which it ends what the old one had opened:
    /// forgets the failures and appends `PasswordChanged`.
    ///
    /// Asks once more whether user and password are still the same: hashing takes time.
    pub async fn conclude_password_change(
        &self,
        tx: &TenantWrite,
        proved: &Proved,
        new: &NewPassword,
        session: SessionId,
    ) -> Result<Conclusion, StoreError> {
        let evidence = &proved.evidence;
        if !proved.still_holds(tx).await? || !tx.credentials().set_password(proved.user.id, &new.phc).await? {
            return Ok(Conclusion::Withdrawn);
        }
        tx.lockouts().release(&evidence.counters.account, &evidence.counters.counted_on).await?;
        let event = AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind: AuditKind::PasswordChanged,
            actor: Actor::User(proved.user.id),
            user: Some(proved.user.id),
            client: None,
            session: Some(session),
            address: Some(evidence.origin.address.clone()),
            request_id: Some(evidence.origin.request_id.clone()),
            details: json!({ "user_agent": evidence.origin.user_agent }),
        };
        tx.audit().append(&event).await?;
        Ok(Conclusion::Concluded)
    }
}
