//! Another password: the new one is stored, and all that the old one had opened is closed, in one transaction.

use palatine_authn::{Authenticator, Conclusion, NewPassword, Proved};
use palatine_domain::grant::EndReason;
use palatine_realm::Realm;
use palatine_store::StoreError;

use super::AccountHolder;
use crate::TokenService;
use crate::session::{BegunSession, SignIn};

/// What is needed to change a password.
#[derive(Clone, Copy)]
pub struct PasswordChange<'a> {
    /// The proof of the old one.
    pub proved: &'a Proved,
    /// The new one.
    pub new: &'a NewPassword,
}

/// What became of it.
#[derive(Debug)]
pub enum ChangedPassword {
    /// It is stored. The session goes on with a new cookie secret.
    Changed(BegunSession),
    /// User or password were changed while it was compared, or the session was ended: answered like a wrong password.
    Withdrawn,
}

impl TokenService {
    /// Stores the new password, ends every other session and every grant with its refresh families, offline ones too, and
    /// gives this session a new secret ("password change … end offline families too", PROTOCOL.md section 4).
    pub async fn change_password(
        &self,
        realm: &Realm,
        authenticator: &Authenticator,
        holder: &AccountHolder,
        change: PasswordChange<'_>,
    ) -> Result<ChangedPassword, StoreError> {
        let PasswordChange { proved, new } = change;
        let session = &holder.session;
        if proved.user.id != holder.user.id {
            return Ok(ChangedPassword::Withdrawn);
        }
        let tx = realm.write().await?;
        match authenticator.conclude_password_change(&tx, proved, new, session.id).await? {
            Conclusion::Concluded => {}
            Conclusion::Withdrawn => return Ok(ChangedPassword::Withdrawn),
        }
        let again = SignIn {
            user: holder.user.id,
            acr: proved.acr.max(session.acr),
            amr: session.amr.clone(),
            remembered: session.remembered,
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
        };
        let Some(begun) = self.renew_session(&tx, realm, session, &again).await? else {
            return Ok(ChangedPassword::Withdrawn);
        };
        let retired = self.end_sessions_but(&tx, holder, Some(session.id), EndReason::PasswordChanged).await?;
        tx.grants().end_all_of_user(holder.user.id, EndReason::PasswordChanged, tx.now()).await?;
        tx.commit().await?;
        self.session_begun(realm, &begun).await;
        self.entomb_all(realm, &retired).await;
        Ok(ChangedPassword::Changed(begun))
    }
}
