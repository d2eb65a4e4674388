//! The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0, section 2), and its backend form.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::views::{ErrorKind, LogoutConfirmPage, LogoutFramesPage};
use palatine_protocol::end_session::EndSessionRequest;
use palatine_protocol::params::Params;
use palatine_realm::Realm;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{CurrentRealm, body, cookies, csrf, page, surface};

use super::render::{add_cookie, browser_session, failure_page};
use super::{authenticated, token_error};
use crate::TokenService;
use crate::end_session::{AfterSignOut, EndSession, LOGOUT_FORM};

pub(super) async fn by_get(request: HttpRequest, realm: CurrentRealm, service: Data<TokenService>) -> HttpResponse {
    match Params::parse(request.query_string().as_bytes()) {
        Ok(params) => in_browser(&request, &realm.0, &service, &params).await,
        Err(_) => surface::error_page(&request, ErrorKind::InvalidRequest, None, &[]),
    }
}

pub(super) async fn by_post(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::error_page(&request, surface::body_error_kind(&error), None, &[]),
    };
    // With a refresh token it comes from a client's backend.
    if params.all("refresh_token").is_empty() {
        in_browser(&request, &realm.0, &service, &params).await
    } else {
        from_backend(&request, &realm.0, &service, &params).await
    }
}

async fn in_browser(
    request: &HttpRequest,
    realm: &Realm,
    service: &Data<TokenService>,
    params: &Params,
) -> HttpResponse {
    let Ok(asked) = EndSessionRequest::read(params) else {
        return surface::error_page(request, ErrorKind::InvalidRequest, None, &[]);
    };
    let browser = match browser_session(service, request, realm).await {
        Ok(browser) => browser,
        Err(error) => return failure_page(request, &error.into()),
    };
    match service.end_session_request(realm, &asked, browser.as_ref(), false).await {
        Ok(EndSession::Ask { client, .. }) if browser.is_some() => {
            let application = client.as_ref().map(|client| client.name.as_str());
            question(request, realm, &asked, application)
        }
        Ok(outcome) => render_end_session(request, realm, outcome),
        Err(error) => failure_page(request, &error),
    }
}

/// "Do you want to sign out?"
fn question(
    request: &HttpRequest,
    realm: &Realm,
    asked: &EndSessionRequest,
    application: Option<&str>,
) -> HttpResponse {
    let context = page::context(request, Some(realm), Some(&asked.ui_locales.join(" ")));
    let cookie = cookies::value(request, cookies::SESSION).unwrap_or_default();
    let csrf = csrf::token(realm, &cookie, LOGOUT_FORM);
    let action = realm.page_path(Page::LogoutConfirm);
    let fields = [
        ("id_token_hint", &asked.id_token_hint),
        ("client_id", &asked.client_id),
        ("post_logout_redirect_uri", &asked.post_logout_redirect_uri),
        ("state", &asked.state),
    ];
    let view = LogoutConfirmPage {
        ctx: &context,
        application,
        user: None,
        action: &action,
        csrf: &csrf,
        hidden: fields.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect(),
    };
    page::html(200, PageKind::Interaction, &context.csp_nonce, view.render())
}

/// Renders the end of a session; asked without one, there is nothing left to ask about. Shared with the page that
/// confirms.
pub fn render_end_session(request: &HttpRequest, realm: &Realm, outcome: EndSession) -> HttpResponse {
    let after = match outcome {
        EndSession::Done(after) => after,
        EndSession::Ask { after, .. } => AfterSignOut { location: after, ..AfterSignOut::default() },
        EndSession::InvalidRedirectUri { asked } => {
            let details = [("post_logout_redirect_uri", asked.as_str())];
            return surface::error_page(request, ErrorKind::InvalidPostLogoutRedirectUri, None, &details);
        }
        EndSession::ClientMismatch => {
            return surface::error_page(request, ErrorKind::InvalidRequest, None, &[]);
        }
    };
    render_signed_out(request, realm, &after)
}

/// Sends a browser that is signed out on its way, without its cookies; through a page with the frames of the clients that
/// are to be told, if there are any.
pub fn render_signed_out(request: &HttpRequest, realm: &Realm, after: &AfterSignOut) -> HttpResponse {
    let mut response = if after.frames.is_empty() {
        let own = || realm.page_path(Page::SignedOut);
        page::see_other(&after.location.clone().unwrap_or_else(own))
    } else {
        frames_page(request, realm, after)
    };
    for cookie in cookies::end_session(realm) {
        add_cookie(&mut response, &cookie);
    }
    response
}

/// OpenID Connect Front-Channel Logout 1.0, section 3: "the OP […] renders […] `<iframe src="frontchannel_logout_uri">`".
fn frames_page(request: &HttpRequest, realm: &Realm, after: &AfterSignOut) -> HttpResponse {
    let context = page::context(request, Some(realm), None);
    let origins = after.frames.origins();
    let view = LogoutFramesPage { ctx: &context, frames: after.frames.urls(), after: after.location.as_deref() };
    page::html(200, PageKind::LogoutFrames { of: &origins }, &context.csp_nonce, view.render())
}

/// Keycloak's form: `refresh_token` and client authentication; 204, no cookie is read.
async fn from_backend(
    request: &HttpRequest,
    realm: &Realm,
    service: &Data<TokenService>,
    params: &Params,
) -> HttpResponse {
    let client = match authenticated(request, service, realm, params).await {
        Ok(client) => client,
        Err(refusal) => return refusal.answer,
    };
    let asked = match EndSessionRequest::read(params) {
        Ok(asked) => asked,
        Err(error) => return surface::oauth_error(&error),
    };
    let Some(token) = asked.refresh_token else {
        return surface::oauth_error(&palatine_protocol::error::OAuthError::invalid_request(
            "refresh_token is missing",
        ));
    };
    match service.end_session_by_refresh_token(realm, &client, &token).await {
        Ok(()) => surface::no_store(&mut HttpResponse::NoContent()).finish(),
        Err(error) => token_error(&error),
    }
}
