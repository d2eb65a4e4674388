//! The page where a person says which account to go on with (`prompt=select_account`).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_domain::interaction::AccountChoice;
use palatine_pages::views::{ErrorKind, SelectAccountPage};
use palatine_protocol::params::Params;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{csrf, page};
use palatine_token_service::interact::OpenInteraction;
use palatine_token_service::outcome::Step;
use palatine_token_service::{BrowserSession, Outcome};

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The page.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

/// The form.
pub(crate) async fn submit(visit: Visit, payload: Payload) -> HttpResponse {
    visit.answered(submitted(&visit, payload).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let open = visit.open().await?;
    let Some(browser) = visit.browser().await? else { return Ok(visit.back_to_login(&open)) };
    let interaction = open.interaction();
    match visit.service.resume(&visit.realm, interaction, Some(&browser), None).await {
        Ok(Outcome::Interact { step: Step::SelectAccount, .. }) => ask(visit, &open, &browser).await,
        resumed => Ok(visit.finish(interaction.id, resumed)),
    }
}

async fn ask(visit: &Visit, open: &OpenInteraction, browser: &BrowserSession) -> Result<HttpResponse, Refusal> {
    let Visit { realm, service, .. } = visit;
    let interaction = open.interaction();
    let Some(user) = service.user_of(realm, browser).await? else { return Err(Refusal::Page(ErrorKind::StaleForm)) };
    let client = service.interaction_client(realm, interaction).await?;
    let context = visit.context(&interaction.request.ui_locales);
    let view = SelectAccountPage {
        ctx: &context,
        application: client.as_ref().map(|client| client.name.as_str()),
        user: &user.username,
        action: &realm.page_path(Page::SelectAccount(interaction.id)),
        csrf: &csrf::token(realm, open.cookie(), &purpose(browser)),
    };
    Ok(page::html(200, PageKind::Interaction, &context.csp_nonce, view.render()))
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let form = visit.own_form(payload).await?;
    let open = visit.open().await?;
    let Some(browser) = visit.browser().await? else { return Ok(visit.back_to_login(&open)) };
    let presented = form.one("csrf")?.unwrap_or_default();
    if !csrf::matches(&visit.realm, open.cookie(), &purpose(&browser), presented) {
        return Err(Refusal::Page(ErrorKind::StaleForm));
    }
    let id = open.interaction().id;
    let choice = chosen(&form, &browser)?;
    let chosen = visit.service.account_chosen(&visit.realm, open.interaction(), choice).await;
    let interaction = chosen.map_err(|error| visit.why_closed(id, error))?;
    let resumed = visit.service.resume(&visit.realm, &interaction, Some(&browser), None).await;
    Ok(visit.finish(id, resumed))
}

/// What the form's token is for: the choice of the person who was asked, not of one who signed in since.
fn purpose(browser: &BrowserSession) -> String {
    format!("select account {}", browser.session().id)
}

/// The button that was pressed.
fn chosen(form: &Params, browser: &BrowserSession) -> Result<AccountChoice, Refusal> {
    match (form.one("continue")?.is_some(), form.one("another")?.is_some()) {
        (true, false) => Ok(AccountChoice::Present(browser.session().id)),
        (false, true) => Ok(AccountChoice::Another),
        _ => Err(Refusal::Page(ErrorKind::InvalidRequest)),
    }
}
