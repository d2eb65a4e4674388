//! Signing out: the answer to the question that the end-session endpoint asks, and the page afterwards.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_pages::views::{ErrorKind, SignedOutPage};
use palatine_protocol::end_session::EndSessionRequest;
use palatine_protocol::endpoints::Endpoint;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{cookies, csrf, page};
use palatine_token_service::end_session::LOGOUT_FORM;
use palatine_token_service::http::end_session::render_end_session;

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The form of "Do you want to sign out?".
pub(crate) async fn confirm(visit: Visit, payload: Payload) -> HttpResponse {
    visit.answered(confirmed(&visit, payload).await)
}

async fn confirmed(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let form = visit.own_form(payload).await?;
    let presented = form.one("csrf")?.unwrap_or_default();
    // Without the cookie nobody is signed in here any more, and there is nothing that a forged form could end.
    if let Some(cookie) = cookies::value(&visit.request, cookies::SESSION)
        && !csrf::matches(&visit.realm, &cookie, LOGOUT_FORM, presented)
    {
        return Err(Refusal::Page(ErrorKind::StaleForm));
    }
    let asked = EndSessionRequest::read(&form).map_err(|_| Refusal::Page(ErrorKind::InvalidRequest))?;
    let browser = visit.browser().await?;
    let outcome = visit.service.end_session_request(&visit.realm, &asked, browser.as_ref(), true).await?;
    Ok(render_end_session(&visit.request, &visit.realm, outcome))
}

/// "You are signed out".
pub(crate) async fn signed_out(visit: Visit) -> HttpResponse {
    let browser = match visit.browser().await {
        Ok(browser) => browser,
        Err(refusal) => return visit.answered(Err(refusal)),
    };
    // Whoever signed in again since, and goes back, is not told otherwise, but asked.
    if browser.is_some() {
        let end_session = Endpoint::EndSession.canonical();
        return page::see_other(&format!("{}{end_session}", visit.realm.path()));
    }
    let context = visit.context(&[]);
    let view = SignedOutPage { ctx: &context, back: None };
    page::html(200, PageKind::Plain, &context.csp_nonce, view.render())
}
