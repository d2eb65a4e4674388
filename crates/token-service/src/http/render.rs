//! How outcomes travel: redirects, the `form_post` page, pages of our own. Shared with `login-ui`, which resumes
//! authorization requests.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::views::{ErrorKind, FormPostPage};
use palatine_protocol::redirect_uri::origin_of;
use palatine_realm::Realm;
use palatine_realm::routes::Page;
use palatine_store::StoreError;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{cookies, page, surface};

use crate::authorize::{AuthorizeError, Unredirectable};
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{ServiceError, TokenService};

/// The live session that the request's cookie proves.
pub async fn browser_session(
    service: &TokenService,
    request: &HttpRequest,
    realm: &Realm,
) -> Result<Option<BrowserSession>, StoreError> {
    service.browser_session(realm, cookies::value(request, cookies::SESSION).as_deref()).await
}

/// Renders what happens next.
pub fn render_outcome(request: &HttpRequest, realm: &Realm, outcome: Outcome) -> HttpResponse {
    match outcome {
        Outcome::Redirect(location) => page::see_other(&location),
        Outcome::FormPost { action, parameters } => form_post(request, realm, &action, &parameters),
        Outcome::Interact { id, step, begun } => {
            let next = match step {
                Step::Login { .. } => Page::Login(id),
                Step::SelectAccount => Page::SelectAccount(id),
                Step::Consent => Page::Consent(id),
                Step::Device => Page::DeviceConfirm(id),
            };
            let mut response = page::see_other(&realm.page_path(next));
            if let Some(secret) = begun {
                add_cookie(&mut response, &cookies::interaction(realm, id, &secret));
                for old in cookies::crowded_out(request) {
                    add_cookie(&mut response, &cookies::end_interaction(realm, old));
                }
            }
            response
        }
    }
}

/// Renders why a request was not answered as asked.
pub fn render_authorize_error(request: &HttpRequest, realm: &Realm, error: AuthorizeError) -> HttpResponse {
    match error {
        AuthorizeError::Redirectable { to, error } => render_outcome(request, realm, to.error(&error)),
        AuthorizeError::Unredirectable(problem) => unredirectable(request, &problem),
        AuthorizeError::Failed(error) => failure_page(request, &error),
    }
}

fn unredirectable(request: &HttpRequest, problem: &Unredirectable) -> HttpResponse {
    match problem {
        Unredirectable::MissingClient => surface::error_page(request, ErrorKind::MissingClient, None, &[]),
        Unredirectable::Malformed => surface::error_page(request, ErrorKind::InvalidRequest, None, &[]),
        Unredirectable::AlreadyAnswered => surface::error_page(request, ErrorKind::AlreadyDone, None, &[]),
        Unredirectable::DeviceGone => surface::error_page(request, ErrorKind::ExpiredDevice, None, &[]),
        Unredirectable::UnknownClient { client_id } => {
            surface::error_page(request, ErrorKind::UnknownClient, None, &[("client_id", client_id)])
        }
        Unredirectable::InvalidRedirectUri { client_id, redirect_uri } => {
            let asked = redirect_uri.as_deref().unwrap_or_default();
            let details = [("client_id", client_id.as_str()), ("redirect_uri", asked)];
            surface::error_page(request, ErrorKind::InvalidRedirectUri, None, &details)
        }
    }
}

/// Something inside did not work: logged here, a page that says so outside.
pub fn failure_page(request: &HttpRequest, error: &ServiceError) -> HttpResponse {
    if error.is_temporary() {
        tracing::warn!(%error, "temporarily unable to answer");
        surface::error_page(request, ErrorKind::Unavailable, Some(1), &[])
    } else {
        tracing::error!(%error, "failed to answer");
        surface::error_page(request, ErrorKind::ServerError, None, &[])
    }
}

/// Adds a cookie to an answer. Our cookies are built from our own values, so none is refused.
pub fn add_cookie(response: &mut HttpResponse, cookie: &Cookie<'_>) {
    if let Err(error) = response.add_cookie(cookie) {
        tracing::error!(%error, "a cookie could not be set");
    }
}

fn form_post(
    request: &HttpRequest,
    realm: &Realm,
    action: &str,
    parameters: &[(&'static str, String)],
) -> HttpResponse {
    let context = page::context(request, Some(realm), None);
    let view = FormPostPage {
        locale: context.locale,
        csp_nonce: &context.csp_nonce,
        action,
        parameters: parameters.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    };
    let to = origin_of(action);
    page::html(200, PageKind::FormPost { to: to.as_deref() }, &context.csp_nonce, view.render())
}
