//! A login form that was sent: from what was typed to a session.

use actix_web::HttpResponse;
use palatine_authn::{Authenticator, Proved, SignInAttempt, SignInError, SignInOutcome};
use palatine_pages::views::LoginProblem;
use palatine_store::{Store, StoreError};
use palatine_tenant_routing::limits::{self, Bucket, TooMany};
use palatine_tenant_routing::{ClientAddress, cookies, csrf};
use palatine_token_service::http::render::add_cookie;
use palatine_token_service::interact::{InteractionError, OpenInteraction, SignedIn};
use palatine_token_service::{AuthorizeError, ServiceError};

use super::LOGIN_FORM;
use super::form::{LoginForm, offers_remember_me};
use super::typed::Typed;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// When to try again after a database that did not answer, in seconds.
const STORE_RETRY_SECONDS: u64 = 2;

/// The form, with the request that waits for it.
pub(super) struct Submission<'a> {
    pub(super) visit: &'a Visit,
    pub(super) authenticator: &'a Authenticator,
    pub(super) store: &'a Store,
    pub(super) open: OpenInteraction,
    pub(super) typed: Typed,
}

/// Why it led to no session.
enum Stop {
    /// The form is shown again.
    Again { problem: LoginProblem, retry_after: Option<u64> },
    /// Something else is shown.
    Refused(Refusal),
}

impl Submission<'_> {
    /// What the browser gets.
    pub(super) async fn answer(self) -> Result<HttpResponse, Refusal> {
        match self.sign_in().await {
            Ok(response) => Ok(response),
            Err(Stop::Again { problem, retry_after }) => {
                LoginForm::again(self.visit, &self.open, &self.typed, problem, retry_after).answer().await
            }
            Err(Stop::Refused(refusal)) => Err(refusal),
        }
    }

    async fn sign_in(&self) -> Result<HttpResponse, Stop> {
        self.check_token()?;
        self.typed.complete()?;
        self.take_from_limit().await?;
        let proved = self.prove().await?;
        let begun = self.begin_session(&proved).await?;
        Ok(self.go_on(&begun).await)
    }

    fn check_token(&self) -> Result<(), LoginProblem> {
        let genuine = csrf::matches(&self.visit.realm, self.open.cookie(), LOGIN_FORM, &self.typed.csrf);
        if genuine { Ok(()) } else { Err(LoginProblem::StaleForm) }
    }

    async fn take_from_limit(&self) -> Result<(), TooMany> {
        let prefix = ClientAddress::current(&self.visit.request).prefix();
        limits::take(&self.visit.realm, Bucket::Login, &prefix).await
    }

    /// Compares what was typed with the realm's people. Refused and locked are one answer.
    async fn prove(&self) -> Result<Box<Proved>, Stop> {
        let realm = &self.visit.realm;
        let context = self.visit.sign_in_context(None, false);
        let client = self.visit.service.interaction_client(realm, self.open.interaction()).await;
        let attempt = SignInAttempt {
            identifier: &self.typed.identifier,
            password: self.typed.password.clone(),
            address: &context.address,
            device: context.device,
            request_id: &context.request_id,
            user_agent: &context.user_agent,
            client: client.map_err(SignInError::from)?.map(|client| client.key),
        };
        match self.authenticator.sign_in(self.store, realm.scope(), realm.policy(), attempt).await? {
            SignInOutcome::Proved(proved) => Ok(proved),
            SignInOutcome::Refused | SignInOutcome::Locked => Err(LoginProblem::WrongCredentials.into()),
        }
    }

    async fn begin_session(&self, proved: &Proved) -> Result<SignedIn, Stop> {
        let Self { visit, authenticator, open, .. } = self;
        let before = visit.browser().await.map_err(Stop::Refused)?;
        let remembered = self.typed.remember_me && offers_remember_me(&visit.realm);
        let context = visit.sign_in_context(before.as_ref(), remembered);
        let begun = visit.service.signed_in(&visit.realm, authenticator, open.interaction(), proved, context).await;
        begun.map_err(|error| match error {
            InteractionError::Withdrawn => LoginProblem::WrongCredentials.into(),
            error => Stop::Refused(visit.why_closed(open.interaction().id, error)),
        })
    }

    /// Goes on with the request that waited. Whatever comes of it, the person is signed in.
    async fn go_on(&self, begun: &SignedIn) -> HttpResponse {
        let Visit { realm, service, .. } = self.visit;
        let mut interaction = self.open.interaction().clone();
        interaction.authenticated_in = Some(begun.session.id);
        let cookie = begun.session.secret.to_wire();
        let resumed = match service.browser_session(realm, Some(&cookie)).await {
            Ok(browser) => service.resume(realm, &interaction, browser.as_ref(), None).await,
            Err(error) => Err(AuthorizeError::from(error)),
        };
        let mut response = self.visit.finish(interaction.id, resumed);
        self.set_cookies(begun, &mut response);
        response
    }

    fn set_cookies(&self, begun: &SignedIn, response: &mut HttpResponse) {
        let realm = &self.visit.realm;
        let session = &begun.session;
        for cookie in cookies::session(realm, &session.secret, session.id, session.remembered) {
            add_cookie(response, &cookie);
        }
        if let Some(device) = &begun.device {
            add_cookie(response, &cookies::device(realm, device));
        }
    }
}

impl From<LoginProblem> for Stop {
    fn from(problem: LoginProblem) -> Self {
        Self::Again { problem, retry_after: None }
    }
}

impl From<TooMany> for Stop {
    fn from(too_many: TooMany) -> Self {
        let retry_after = too_many.retry_after_seconds;
        Self::Again { problem: LoginProblem::TooManyAttempts { retry_after }, retry_after: Some(retry_after) }
    }
}

impl From<SignInError> for Stop {
    fn from(error: SignInError) -> Self {
        let unavailable = |seconds| Self::Again { problem: LoginProblem::Unavailable, retry_after: Some(seconds) };
        match error {
            SignInError::Busy { retry_after } => unavailable(retry_after.as_secs().max(1)),
            SignInError::Store(StoreError::Unavailable { reason }) => {
                tracing::warn!(reason, "a password could not be checked");
                unavailable(STORE_RETRY_SECONDS)
            }
            SignInError::Store(error) => Self::Refused(error.into()),
            SignInError::Hashing(error) => Self::Refused(ServiceError::from(error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn again(stop: impl Into<Stop>) -> Option<(LoginProblem, Option<u64>)> {
        match stop.into() {
            Stop::Again { problem, retry_after } => Some((problem, retry_after)),
            Stop::Refused(_) => None,
        }
    }

    #[test]
    fn a_password_that_cannot_be_checked_now_is_asked_for_again() {
        let busy = SignInError::Busy { retry_after: Duration::from_secs(7) };
        assert_eq!(again(busy), Some((LoginProblem::Unavailable, Some(7))));
        let down = SignInError::Store(StoreError::Unavailable { reason: "x".to_owned() });
        assert_eq!(again(down), Some((LoginProblem::Unavailable, Some(STORE_RETRY_SECONDS))));
    }

    #[test]
    fn what_will_not_pass_by_itself_is_no_reason_to_try_again() {
        assert_eq!(again(SignInError::Store(StoreError::Conflict { what: "session" })), None);
        assert_eq!(again(SignInError::Hashing(palatine_authn::HashError::Stopped)), None);
    }

    #[test]
    fn a_limit_says_when_it_takes_the_next() {
        let (problem, retry_after) = again(TooMany { retry_after_seconds: 9 }).unwrap();
        assert_eq!((problem, retry_after), (LoginProblem::TooManyAttempts { retry_after: 9 }, Some(9)));
    }
}
