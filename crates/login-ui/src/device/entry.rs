//! The page on which a device's code is typed.
//!
//! It needs no token in its form: whoever makes somebody send it has done no more than sending them the address with the
//! code in it, and the page after it shows the code and asks. Forms of other sites are refused all the same.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::Payload;
use palatine_pages::views::{DevicePage, DeviceProblem};
use palatine_protocol::device::UserCode;
use palatine_protocol::params::Params;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::limits::{self, Bucket, TooMany};
use palatine_tenant_routing::{ClientAddress, page};
use palatine_token_service::device::Typed;
use palatine_token_service::http::render::render_outcome;
use palatine_token_service::{Outcome, ServiceError};

use crate::refusal::Refusal;
use crate::visit::Visit;

/// When to try again after a store that did not answer, in seconds.
const STORE_RETRY_SECONDS: u64 = 2;

/// Why it goes no further.
enum Stop {
    /// The form is shown again.
    Again(DeviceProblem),
    /// Something else is shown.
    Refused(Refusal),
}

/// The page, filled in with the code of the address: nothing is looked up before the button is pressed.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    let query = Params::parse(visit.request.query_string().as_bytes()).unwrap_or_default();
    let typed = query.one("user_code").ok().flatten().unwrap_or_default();
    // What is no code is not shown: an address may say anything.
    let shown = UserCode::parse(typed).map(|code| code.to_string()).unwrap_or_default();
    form(&visit, &shown, None)
}

/// The form.
pub(crate) async fn submit(visit: Visit, payload: Payload) -> HttpResponse {
    let form = match visit.own_form(payload).await {
        Ok(form) => form,
        Err(refusal) => return visit.answered(Err(refusal)),
    };
    let typed = match form.one("user_code") {
        Ok(typed) => typed.unwrap_or_default(),
        Err(repeated) => return visit.answered(Err(repeated.into())),
    };
    match go_on(&visit, typed).await {
        Ok(outcome) => render_outcome(&visit.request, &visit.realm, outcome),
        Err(Stop::Again(problem)) => self::form(&visit, typed, Some(problem)),
        Err(Stop::Refused(refusal)) => visit.answered(Err(refusal)),
    }
}

async fn go_on(visit: &Visit, typed: &str) -> Result<Outcome, Stop> {
    if typed.trim().is_empty() {
        return Err(Stop::Again(DeviceProblem::CodeMissing));
    }
    let prefix = ClientAddress::current(&visit.request).prefix();
    limits::take(&visit.realm, Bucket::UserCodes, &prefix).await?;
    limits::take(&visit.realm, Bucket::UserCodesOfRealm, "all").await?;
    // Charged beforehand and given back: guesses that run side by side cannot outrun it.
    limits::take(&visit.realm, Bucket::UserCodeFailures, &prefix).await?;
    let Ok(code) = UserCode::parse(typed) else { return Err(Stop::Again(DeviceProblem::CodeUnknown)) };
    let browser = visit.browser().await.map_err(Stop::Refused)?;
    let found = visit.service.begin_device_interaction(&visit.realm, &code, browser.as_ref()).await;
    if !matches!(found, Ok(Typed::Unknown)) {
        limits::refund(&visit.realm, Bucket::UserCodeFailures, &prefix).await;
    }
    match found? {
        Typed::Found(outcome) => Ok(outcome),
        Typed::Unknown => Err(Stop::Again(DeviceProblem::CodeUnknown)),
    }
}

fn form(visit: &Visit, typed: &str, problem: Option<DeviceProblem>) -> HttpResponse {
    let context = visit.context(&[]);
    let shown: String = typed.chars().take(64).collect();
    let view = DevicePage { ctx: &context, action: &visit.realm.page_path(Page::Device), user_code: &shown, problem };
    let status = problem.map_or(200, status);
    let mut response = page::html(status, PageKind::Plain, &context.csp_nonce, view.render());
    if let Some(seconds) = problem.and_then(retry_after) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The status of a form that is shown again; the crate's documentation says why these.
fn status(problem: DeviceProblem) -> u16 {
    match problem {
        DeviceProblem::CodeMissing | DeviceProblem::CodeUnknown => 422,
        DeviceProblem::TooManyAttempts { .. } => 429,
        DeviceProblem::Unavailable => 503,
    }
}

fn retry_after(problem: DeviceProblem) -> Option<u64> {
    match problem {
        DeviceProblem::TooManyAttempts { retry_after } => Some(retry_after),
        DeviceProblem::Unavailable => Some(STORE_RETRY_SECONDS),
        DeviceProblem::CodeMissing | DeviceProblem::CodeUnknown => None,
    }
}

impl From<TooMany> for Stop {
    fn from(too_many: TooMany) -> Self {
        Self::Again(DeviceProblem::TooManyAttempts { retry_after: too_many.retry_after_seconds })
    }
}

impl From<ServiceError> for Stop {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Ephemeral(error) => {
                tracing::warn!(%error, "a waiting device could not be looked for");
                Self::Again(DeviceProblem::Unavailable)
            }
            error => Self::Refused(error.into()),
        }
    }
}
