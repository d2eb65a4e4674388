//! Whether a person must be asked: to prove who they are, or to allow the client.

use std::time::Duration;

use palatine_domain::interaction::AccountChoice;
use palatine_domain::session::Session;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::prompt::Prompt;
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use palatine_store::Consent;

use super::{Asked, AuthorizeError, Progress};
use crate::session::BrowserSession;
use crate::{TokenService, consent};

/// Whether a person must prove who they are.
#[derive(Debug)]
pub enum PersonNeed {
    /// Somebody fitting is signed in.
    Present(Box<BrowserSession>),
    /// Nobody is, or not freshly enough, or somebody else.
    SignIn {
        /// Although a session exists.
        again: bool,
    },
    /// Somebody is signed in, and is to say whether to go on as that.
    SelectAccount,
}

/// Whether a person must allow the client.
#[derive(Debug)]
pub enum ConsentNeed {
    /// No: this is what the client gets.
    Given(ScopeSet),
    /// Yes, for this.
    Ask(ScopeSet),
}

impl TokenService {
    /// OpenID Connect Core, section 3.1.2.3, with `prompt`, `max_age`, `id_token_hint`, and `sub` in `claims`.
    pub(super) async fn person_needed(
        &self,
        realm: &Realm,
        asked: &Asked,
        browser: Option<&BrowserSession>,
        progress: &Progress,
    ) -> Result<PersonNeed, AuthorizeError> {
        let hinted = self.hinted_subject(realm, asked).await?;
        let Some(browser) = browser else { return Ok(PersonNeed::SignIn { again: false }) };
        let session = browser.session();
        let just_signed_in = progress.authenticated_in == Some(session.id);
        let is_the_one = self.is_the_one_meant(realm, asked, hinted.as_deref(), session).await?;
        match (is_the_one, just_signed_in) {
            (true, true) => Ok(PersonNeed::Present(Box::new(browser.clone()))),
            (true, false) => Ok(self.more_needed(asked, browser, progress)),
            (false, false) => Ok(PersonNeed::SignIn { again: true }),
            // Asking once more would go on for ever: the person who is meant may not even exist any more.
            (false, true) => {
                let words = "somebody else signed in than the one that the request names";
                Err(asked.callback.refuse(OAuthError::new(ErrorCode::LoginRequired, words)))
            }
        }
    }

    /// What somebody must do who was signed in before the request came.
    fn more_needed(&self, asked: &Asked, browser: &BrowserSession, progress: &Progress) -> PersonNeed {
        let session = browser.session();
        if asked.request.prompt.contains(Prompt::SelectAccount) {
            match progress.account_choice {
                Some(AccountChoice::Present(chosen)) if chosen == session.id => {}
                Some(AccountChoice::Another) => return PersonNeed::SignIn { again: false },
                Some(AccountChoice::Present(_)) | None => return PersonNeed::SelectAccount,
            }
        }
        if self.is_fresh_enough(asked, session) {
            PersonNeed::Present(Box::new(browser.clone()))
        } else {
            PersonNeed::SignIn { again: true }
        }
    }

    /// Section 3.1.2.1: "`max_age=0` is equivalent to `prompt=login`"; without `max_age` the client's `default_max_age`.
    fn is_fresh_enough(&self, asked: &Asked, session: &Session) -> bool {
        if asked.request.prompt.contains(Prompt::Login) {
            return false;
        }
        let age = self.ambient.now().since(session.authenticated_at);
        match asked.request.max_age.or(asked.client.settings.sign_in.default_max_age) {
            None => true,
            Some(0) => false,
            Some(seconds) => age <= Duration::from_secs(seconds),
        }
    }

    /// Where consent is needed, a person is asked for what they have not answered yet, and with `prompt=consent` for
    /// everything. What they allowed before belongs to the answer.
    pub(crate) async fn consent_needed(
        &self,
        realm: &Realm,
        asked: &Asked,
        session: &Session,
        scope: &ScopeSet,
        progress: &Progress,
    ) -> Result<ConsentNeed, AuthorizeError> {
        let asks_anew = asked.request.prompt.contains(Prompt::Consent);
        if !asks_anew && !consent::is_needed(&asked.client, scope) {
            return Ok(ConsentNeed::Given(scope.clone()));
        }
        let remembered = if asks_anew { None } else { self.remembered_consent(realm, asked, session).await? };
        let before = consent::allowed_before(scope, remembered.as_ref());
        if let Some(consented) = &progress.consented {
            return Ok(ConsentNeed::Given(before.union(&scope.intersection(&consented.scope))));
        }
        let unanswered = consent::unanswered(&asked.client, scope, remembered.as_ref());
        Ok(if unanswered.is_empty() { ConsentNeed::Given(before) } else { ConsentNeed::Ask(unanswered) })
    }

    async fn remembered_consent(
        &self,
        realm: &Realm,
        asked: &Asked,
        session: &Session,
    ) -> Result<Option<Consent>, AuthorizeError> {
        let tx = realm.read().await?;
        let remembered = tx.consents().answered(session.user, asked.client.key).await?;
        tx.finish().await?;
        Ok(remembered)
    }
}
