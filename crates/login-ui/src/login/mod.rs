//! The login page: shown while the request waits for a person, and left as soon as it does not.

mod form;
mod submission;
mod typed;

use actix_web::HttpResponse;
use actix_web::web::{Data, Payload};
use palatine_authn::Authenticator;
use palatine_store::Store;
use palatine_token_service::Outcome;
use palatine_token_service::outcome::Step;

use crate::refusal::Refusal;
use crate::visit::Visit;
use form::LoginForm;
pub(crate) use form::links;
use submission::Submission;
use typed::Typed;

/// What the form's token is for.
const LOGIN_FORM: &str = "login";

/// The page.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let open = visit.open().await?;
    let browser = visit.browser().await?;
    // Somebody may have signed in meanwhile, in another tab.
    match visit.service.resume(&visit.realm, open.interaction(), browser.as_ref(), None).await {
        Ok(Outcome::Interact { step: Step::Login { again }, .. }) => {
            LoginForm::first(visit, &open, again).answer().await
        }
        resumed => Ok(visit.finish(open.interaction().id, resumed)),
    }
}

/// The form.
pub(crate) async fn submit(
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
    let form = visit.own_form(payload).await?;
    let open = visit.open().await?;
    let typed = Typed::read(&form)?;
    Submission { visit, authenticator, store, open, typed }.answer().await
}
