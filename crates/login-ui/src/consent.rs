//! The consent page: what an application asks for, and what the person answers.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_domain::client::Client;
use palatine_pages::views::{ConsentPage, ErrorKind, RequestedScope, ScopeChoice};
use palatine_protocol::params::Params;
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{csrf, page};
use palatine_token_service::authorize::Consented;
use palatine_token_service::consent::is_optional;
use palatine_token_service::interact::{ConsentQuestion, OpenInteraction};
use palatine_token_service::outcome::Step;
use palatine_token_service::{BrowserSession, Outcome};

use crate::login::links;
use crate::logo;
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
        Ok(Outcome::Interact { step: Step::Consent, .. }) => {}
        resumed => return Ok(visit.finish(interaction.id, resumed)),
    }
    match visit.service.consent_question(&visit.realm, interaction, &browser).await? {
        Some(question) => {
            let logo = logo::path(&visit.realm, &question.client).await;
            Ok(ask(visit, &open, &browser, &question, logo.as_deref()))
        }
        // Answered between the two looks, or the account is gone.
        None => Err(Refusal::Page(ErrorKind::StaleForm)),
    }
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let form = visit.own_form(payload).await?;
    let open = visit.open().await?;
    let Some(browser) = visit.browser().await? else { return Ok(visit.back_to_login(&open)) };
    let presented = form.one("csrf")?.unwrap_or_default();
    let asked = visit.service.consent_question(&visit.realm, open.interaction(), &browser).await?;
    let is_answered = |question: &ConsentQuestion| {
        csrf::matches(&visit.realm, open.cookie(), &purpose(&browser, &question.scope), presented)
    };
    let Some(question) = asked.filter(is_answered) else { return Err(Refusal::Page(ErrorKind::StaleForm)) };
    match Decision::read(&form)? {
        Decision::Accept { ticked } => Ok(accepted(visit, &open, &browser, &question, &ticked).await),
        Decision::Cancel => Ok(cancelled(visit, &open, &browser).await),
    }
}

/// What the form's token is for: the answer of the person who was asked, not of one who signed in since, to the question
/// that they read, not to one that grew since.
fn purpose(browser: &BrowserSession, asked: &ScopeSet) -> String {
    format!("consent {} {asked}", browser.session().id)
}

fn ask(
    visit: &Visit,
    open: &OpenInteraction,
    browser: &BrowserSession,
    question: &ConsentQuestion,
    logo: Option<&str>,
) -> HttpResponse {
    let interaction = open.interaction();
    let context = visit.context(&interaction.request.ui_locales);
    let view = ConsentPage {
        ctx: &context,
        application: &question.client.name,
        user: &question.user.username,
        action: &visit.realm.page_path(Page::Consent(interaction.id)),
        csrf: &csrf::token(&visit.realm, open.cookie(), &purpose(browser, &question.scope)),
        links: links(&question.client),
        logo,
        scopes: question.scope.iter().map(|scope| requested(visit, &question.client, scope)).collect(),
    };
    page::html(200, PageKind::Interaction, &context.csp_nonce, view.render())
}

pub(crate) fn requested<'a>(visit: &'a Visit, client: &Client, scope: &'a Scope) -> RequestedScope<'a> {
    let definition = visit.realm.catalogue().scope(scope);
    RequestedScope {
        name: scope.as_str(),
        description: definition.map(|definition| definition.description.as_str()),
        choice: if is_optional(client, scope) { ScopeChoice::Ticked } else { ScopeChoice::Required },
    }
}

/// Of what was asked: what belongs to accepting, and what was left ticked. What was not asked is not given.
fn consented(asked: &ScopeSet, client: &Client, ticked: &[String]) -> ScopeSet {
    asked.filtered(|scope| !is_optional(client, scope) || ticked.iter().any(|name| name == scope.as_str()))
}

async fn accepted(
    visit: &Visit,
    open: &OpenInteraction,
    browser: &BrowserSession,
    question: &ConsentQuestion,
    ticked: &[String],
) -> HttpResponse {
    let scope = consented(&question.scope, &question.client, ticked);
    let given = Some(Consented { scope, from: visit.provenance() });
    let resumed = visit.service.resume(&visit.realm, open.interaction(), Some(browser), given).await;
    visit.finish(open.interaction().id, resumed)
}

async fn cancelled(visit: &Visit, open: &OpenInteraction, browser: &BrowserSession) -> HttpResponse {
    let refused = visit.service.refuse(&visit.realm, open.interaction(), browser, &visit.provenance()).await;
    visit.finish(open.interaction().id, refused)
}

/// The button that was pressed.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Accept { ticked: Vec<String> },
    Cancel,
}

impl Decision {
    fn read(form: &Params) -> Result<Self, Refusal> {
        match (form.one("accept")?.is_some(), form.one("cancel")?.is_some()) {
            (true, false) => Ok(Self::Accept { ticked: form.all("scope").into_iter().map(str::to_owned).collect() }),
            (false, true) => Ok(Self::Cancel),
            _ => Err(Refusal::Page(ErrorKind::InvalidRequest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use palatine_domain::client::{ClientAuthMethod, ClientId, ClientKind, ClientScope, ClientSettings};
    use palatine_domain::ids::ClientKey;

    use super::*;

    fn given(asked: &str, defaults: &str, ticked: &[&str]) -> String {
        let set = |text| ScopeSet::parse(text).unwrap();
        let client = Client {
            key: "6ba7b810-9dad-41d1-80b4-00c04fd430c8".parse::<ClientKey>().unwrap(),
            client_id: ClientId::parse("app").unwrap(),
            name: "App".to_owned(),
            enabled: true,
            settings: ClientSettings::new(ClientKind::Web, ClientAuthMethod::None, Vec::new()),
            scopes: set(defaults).iter().map(|scope| ClientScope { scope: scope.clone(), default: true }).collect(),
            linked_apis: Vec::new(),
            secrets: Vec::new(),
        };
        let ticked: Vec<String> = ticked.iter().map(|&name| name.to_owned()).collect();
        consented(&set(asked), &client, &ticked).to_string()
    }

    #[test]
    fn what_is_unticked_is_not_given() {
        assert_eq!(given("openid email read", "", &["read"]), "openid read");
        assert_eq!(given("openid email", "", &[]), "openid");
    }

    #[test]
    fn the_clients_default_scopes_belong_to_accepting() {
        assert_eq!(given("openid email read", "email", &[]), "openid email");
    }

    #[test]
    fn what_was_not_asked_is_not_given() {
        assert_eq!(given("openid", "email", &["admin", "email", "openid "]), "openid");
    }

    #[test]
    fn exactly_one_button_decides() {
        let read = |form: &str| Decision::read(&Params::parse(form.as_bytes()).unwrap());
        assert_eq!(
            read("accept=1&scope=a&scope=b").unwrap(),
            Decision::Accept { ticked: vec!["a".to_owned(), "b".to_owned()] }
        );
        assert_eq!(read("cancel=1&scope=a").unwrap(), Decision::Cancel);
        for neither in ["", "accept=1&cancel=1", "accept=", "accept=1&accept=1"] {
            assert!(read(neither).is_err(), "{neither}");
        }
    }
}
