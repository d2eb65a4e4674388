//! The question about a device, and what is shown when it has been answered.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_pages::views::{DeviceConfirmPage, DeviceDonePage, DeviceEnd, ErrorKind};
use palatine_protocol::params::Params;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{cookies, csrf, page};
use palatine_token_service::device::{Decided, DeviceQuestion};
use palatine_token_service::http::render::add_cookie;
use palatine_token_service::interact::OpenInteraction;
use palatine_token_service::outcome::Step;
use palatine_token_service::{BrowserSession, Outcome};

use crate::consent::requested;
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
    let Some(browser) = visit.browser().await? else { return Ok(back_to_login(visit, &open)) };
    match visit.service.resume(&visit.realm, open.interaction(), Some(&browser), None).await {
        Ok(Outcome::Interact { step: Step::Device, .. }) => {}
        resumed => return Ok(visit.finish(open.interaction().id, resumed)),
    }
    let question = visit.service.device_question(&visit.realm, open.interaction(), &browser).await?;
    Ok(ask(visit, &open, &browser, &question))
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let form = visit.own_form(payload).await?;
    let open = visit.open().await?;
    let Some(browser) = visit.browser().await? else { return Ok(back_to_login(visit, &open)) };
    let presented = form.one("csrf")?.unwrap_or_default();
    if !csrf::matches(&visit.realm, open.cookie(), &purpose(&browser), presented) {
        return Err(Refusal::Page(ErrorKind::StaleForm));
    }
    let (service, realm, interaction) = (&visit.service, &visit.realm, open.interaction());
    let client = service.interaction_client(realm, interaction).await?;
    let from = visit.provenance();
    let (end, decided) = match Answer::read(&form)? {
        Answer::Connect => (DeviceEnd::Connected, service.allow_device(realm, interaction, &browser, &from).await?),
        Answer::Cancel => (DeviceEnd::Cancelled, service.refuse_device(realm, interaction, &browser, &from).await?),
    };
    match decided {
        Decided::Told => {
            let application = client.as_ref().map_or(interaction.client_id.as_str(), |client| client.name.as_str());
            Ok(done(visit, &open, application, end))
        }
        Decided::SignInAgain => Ok(back_to_login(visit, &open)),
    }
}

/// What the form's token is for: the answer of the person who was asked, not of one who signed in since.
fn purpose(browser: &BrowserSession) -> String {
    format!("device {}", browser.session().id)
}

/// Nobody is signed in any more, or nobody was.
fn back_to_login(visit: &Visit, open: &OpenInteraction) -> HttpResponse {
    page::see_other(&visit.realm.page_path(Page::Login(open.interaction().id)))
}

fn ask(visit: &Visit, open: &OpenInteraction, browser: &BrowserSession, question: &DeviceQuestion) -> HttpResponse {
    let context = visit.context(&[]);
    let view = DeviceConfirmPage {
        ctx: &context,
        application: &question.client.name,
        user: &question.user.username,
        user_code: &question.user_code.to_string(),
        action: &visit.realm.page_path(Page::DeviceConfirm(open.interaction().id)),
        csrf: &csrf::token(&visit.realm, open.cookie(), &purpose(browser)),
        // All or nothing: what is listed belongs to connecting.
        scopes: question.scope.iter().map(|scope| requested(visit, &question.client, scope)).collect(),
    };
    page::html(200, PageKind::Plain, &context.csp_nonce, view.render())
}

fn done(visit: &Visit, open: &OpenInteraction, application: &str, end: DeviceEnd) -> HttpResponse {
    let context = visit.context(&[]);
    let view = DeviceDonePage { ctx: &context, application, end };
    let mut response = page::html(200, PageKind::Plain, &context.csp_nonce, view.render());
    add_cookie(&mut response, &cookies::end_interaction(&visit.realm, open.interaction().id));
    response
}

/// The button that was pressed.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Connect,
    Cancel,
}

impl Answer {
    fn read(form: &Params) -> Result<Self, Refusal> {
        match (form.one("accept")?.is_some(), form.one("cancel")?.is_some()) {
            (true, false) => Ok(Self::Connect),
            (false, true) => Ok(Self::Cancel),
            _ => Err(Refusal::Page(ErrorKind::InvalidRequest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_button_decides() {
        let read = |form: &str| Answer::read(&Params::parse(form.as_bytes()).unwrap());
        assert_eq!(read("accept=1").unwrap(), Answer::Connect);
        assert_eq!(read("cancel=1").unwrap(), Answer::Cancel);
        for neither in ["", "accept=1&cancel=1", "accept=", "cancel=1&cancel=1"] {
            assert!(read(neither).is_err(), "{neither}");
        }
    }
}
