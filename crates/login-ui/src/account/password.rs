//! The password page. The current password is asked for each time: a browser that was left open changes none.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Payload};
use palatine_authn::{Authenticator, PasswordProblem, Proved, SignInAttempt, SignInError, SignInOutcome};
use palatine_domain::SecretText;
use palatine_pages::views::{AccountNotice, AccountPasswordPage, AccountSection, PasswordTrouble};
use palatine_protocol::params::{Params, Repeated};
use palatine_realm::routes::Page;
use palatine_store::{Store, StoreError};
use palatine_tenant_routing::limits::{self, Bucket, TooMany};
use palatine_tenant_routing::{ClientAddress, cookies};
use palatine_token_service::ServiceError;
use palatine_token_service::account::{ChangedPassword, PasswordChange};
use palatine_token_service::http::render::add_cookie;
use palatine_token_service::session::BegunSession;

use super::person::{Frame, Person, done};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// When to try again after a database that did not answer, in seconds.
const STORE_RETRY_SECONDS: u64 = 2;

/// The page.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let person = Person::at(visit, Page::AccountPassword).await?;
    Ok(form(visit, &person, 200, Vec::new()))
}

/// The form.
pub(super) async fn submit(
    visit: Visit,
    authenticator: Data<Authenticator>,
    store: Data<Store>,
    payload: Payload,
) -> HttpResponse {
    visit.answered(submitted(&visit, &authenticator, &store, payload).await)
}

async fn submitted(
    visit: &Visit,
    authenticator: &Authenticator,
    store: &Store,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (person, sent) = Person::form(visit, Page::AccountPassword, payload).await?;
    let typed = Typed::read(&sent)?;
    match (Submission { visit, authenticator, store, person: &person, typed }.change().await) {
        Ok(begun) => Ok(changed(visit, &begun)),
        Err(Stop::Again { troubles, status, retry_after }) => {
            let mut response = form(visit, &person, status, troubles);
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

fn form(visit: &Visit, person: &Person, status: u16, troubles: Vec<PasswordTrouble>) -> HttpResponse {
    let frame = Frame::of(visit, person);
    let view = AccountPasswordPage {
        ctx: frame.context(),
        frame: frame.around(person, AccountSection::Password),
        username: &person.holder.user().username,
        least_characters: visit.realm.policy().passwords.min_length,
        troubles,
    };
    frame.answer(status, view.render())
}

/// The session goes on with another secret.
fn changed(visit: &Visit, begun: &BegunSession) -> HttpResponse {
    let realm = &visit.realm;
    let mut response = done(realm, Page::AccountPassword, AccountNotice::PasswordChanged);
    for cookie in cookies::session(realm, &begun.secret, begun.id, begun.remembered) {
        add_cookie(&mut response, &cookie);
    }
    response
}

/// What was typed.
struct Typed {
    current: SecretText,
    new: SecretText,
    repeat: SecretText,
}

impl Typed {
    fn read(form: &Params) -> Result<Self, Repeated> {
        let field = |name| Ok(SecretText::new(form.one(name)?.unwrap_or_default()));
        Ok(Self { current: field("current")?, new: field("new")?, repeat: field("repeat")? })
    }

    /// What can be told without knowing the account.
    fn troubles(&self) -> Vec<PasswordTrouble> {
        let (current, new, repeat) = (self.current.expose(), self.new.expose(), self.repeat.expose());
        let troubles = [
            current.is_empty().then_some(PasswordTrouble::CurrentMissing),
            new.is_empty().then_some(PasswordTrouble::NewMissing),
            (!new.is_empty() && new == current).then_some(PasswordTrouble::Unchanged),
            (!new.is_empty() && new != repeat).then_some(PasswordTrouble::RepeatedDifferently),
        ];
        troubles.into_iter().flatten().collect()
    }
}

/// The form, with who sent it.
struct Submission<'a> {
    visit: &'a Visit,
    authenticator: &'a Authenticator,
    store: &'a Store,
    person: &'a Person,
    typed: Typed,
}

/// Why the password is still the old one.
enum Stop {
    /// The form is shown again.
    Again { troubles: Vec<PasswordTrouble>, status: u16, retry_after: Option<u64> },
    /// Something else is shown.
    Refused(Refusal),
}

impl Submission<'_> {
    async fn change(&self) -> Result<BegunSession, Stop> {
        refuse_if(self.typed.troubles())?;
        self.check_choice()?;
        self.take_from_limit().await?;
        let proved = self.prove().await?;
        let Visit { realm, service, .. } = self.visit;
        let new = self.authenticator.new_password(realm.scope(), self.typed.new.clone()).await?;
        let change = PasswordChange { proved: &proved, new: &new };
        match service.change_password(realm, self.authenticator, &self.person.holder, change).await? {
            ChangedPassword::Changed(begun) => Ok(begun),
            ChangedPassword::Withdrawn => Err(PasswordTrouble::CurrentWrong.into()),
        }
    }

    fn check_choice(&self) -> Result<(), Stop> {
        let policy = &self.visit.realm.policy().passwords;
        let chosen = Authenticator::check_choice(policy, self.person.holder.user(), &self.typed.new);
        refuse_if(chosen.err().unwrap_or_default().into_iter().map(trouble).collect())
    }

    async fn take_from_limit(&self) -> Result<(), TooMany> {
        let prefix = ClientAddress::current(&self.visit.request).prefix();
        limits::take(&self.visit.realm, Bucket::Login, &prefix).await
    }

    /// The same pipeline as the login page: a wrong password counts towards the lockout.
    async fn prove(&self) -> Result<Box<Proved>, Stop> {
        let realm = &self.visit.realm;
        let context = self.visit.sign_in_context(None, false);
        let attempt = SignInAttempt {
            identifier: &self.person.holder.user().username,
            password: self.typed.current.clone(),
            address: &context.address,
            device: context.device,
            request_id: &context.request_id,
            user_agent: &context.user_agent,
            client: None,
        };
        match self.authenticator.sign_in(self.store, realm.scope(), realm.policy(), attempt).await? {
            SignInOutcome::Proved(proved) => Ok(proved),
            SignInOutcome::Refused | SignInOutcome::Locked => Err(PasswordTrouble::CurrentWrong.into()),
        }
    }
}

fn refuse_if(troubles: Vec<PasswordTrouble>) -> Result<(), Stop> {
    if troubles.is_empty() { Ok(()) } else { Err(Stop::Again { troubles, status: 422, retry_after: None }) }
}

fn trouble(problem: PasswordProblem) -> PasswordTrouble {
    match problem {
        PasswordProblem::TooShort { least } => PasswordTrouble::TooShort { least },
        PasswordProblem::TooLong => PasswordTrouble::TooLong,
        PasswordProblem::IsIdentifier => PasswordTrouble::IsIdentifier,
        PasswordProblem::TooEasy => PasswordTrouble::TooEasy,
    }
}

impl From<PasswordTrouble> for Stop {
    fn from(trouble: PasswordTrouble) -> Self {
        Self::Again { troubles: vec![trouble], status: 422, retry_after: None }
    }
}

impl From<TooMany> for Stop {
    fn from(too_many: TooMany) -> Self {
        let retry_after = too_many.retry_after_seconds;
        let troubles = vec![PasswordTrouble::TooManyAttempts { retry_after }];
        Self::Again { troubles, status: 429, retry_after: Some(retry_after) }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        SignInError::Store(error).into()
    }
}

impl From<SignInError> for Stop {
    fn from(error: SignInError) -> Self {
        let unavailable = |seconds| Self::Again {
            troubles: vec![PasswordTrouble::Unavailable],
            status: 503,
            retry_after: Some(seconds),
        };
        match error {
            SignInError::Busy { retry_after } => unavailable(retry_after.as_secs().max(1)),
            SignInError::Store(StoreError::Unavailable { reason }) => {
                tracing::warn!(reason, "a password could not be changed");
                unavailable(STORE_RETRY_SECONDS)
            }
            SignInError::Store(error) => Self::Refused(error.into()),
            SignInError::Hashing(error) => Self::Refused(ServiceError::from(error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubles(form: &str) -> Vec<PasswordTrouble> {
        Typed::read(&Params::parse(form.as_bytes()).unwrap()).unwrap().troubles()
    }

    #[test]
    fn what_is_missing_or_mistyped_is_told_before_anything_is_compared() {
        assert_eq!(troubles("current=a&new=b&repeat=b"), []);
        assert_eq!(troubles(""), [PasswordTrouble::CurrentMissing, PasswordTrouble::NewMissing]);
        assert_eq!(troubles("current=a&new=b"), [PasswordTrouble::RepeatedDifferently]);
        assert_eq!(troubles("current=a&new=a&repeat=a"), [PasswordTrouble::Unchanged]);
    }

    #[test]
    fn a_password_that_comes_twice_is_refused() {
        for form in ["current=a&current=b", "new=a&new=a", "repeat=a&repeat="] {
            assert!(Typed::read(&Params::parse(form.as_bytes()).unwrap()).is_err(), "{form}");
        }
    }
}
