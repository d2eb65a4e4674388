//! The page of applications.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_domain::client::Client;
use palatine_pages::views::{
    AccountApplicationsPage, AccountNotice, AccountSection, AllowedScope, ApplicationShown, ErrorKind, Moment,
};
use palatine_realm::Realm;
use palatine_realm::routes::Page;
use palatine_token_service::account::{AllowedApplication, Withdrawal};
use url::Url;

use super::person::{Frame, Person, done};
use crate::login::links;
use crate::logo;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The page.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

/// Its forms.
pub(super) async fn submit(visit: Visit, payload: Payload) -> HttpResponse {
    visit.answered(submitted(&visit, payload).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let person = Person::at(visit, Page::AccountApplications).await?;
    let allowed = visit.service.allowed_applications(&visit.realm, &person.holder).await?;
    let open_urls: Vec<Option<String>> = allowed.iter().map(|found| open_url(&visit.realm, &found.client)).collect();
    let clients: Vec<&Client> = allowed.iter().map(|found| &*found.client).collect();
    let logos = logo::paths(&visit.realm, &clients).await;
    let entries = allowed.iter().zip(&open_urls).map(|(found, open)| ApplicationShown {
        logo: logos.get(&found.client.key).map(String::as_str),
        ..entry(visit, found, open.as_deref())
    });
    let frame = Frame::of(visit, &person);
    let view = AccountApplicationsPage {
        ctx: frame.context(),
        frame: frame.around(&person, AccountSection::Applications),
        applications: entries.collect(),
    };
    Ok(frame.answer(200, view.render()))
}

fn entry<'a>(visit: &'a Visit, allowed: &'a AllowedApplication, open_url: Option<&'a str>) -> ApplicationShown<'a> {
    let scopes = allowed.scope.iter().map(|scope| {
        let definition = visit.realm.catalogue().scope(scope);
        AllowedScope { name: scope.as_str(), description: definition.map(|known| known.description.as_str()) }
    });
    ApplicationShown {
        client_id: allowed.client.client_id.as_str(),
        name: &allowed.client.name,
        open_url,
        links: links(&allowed.client),
        logo: None,
        since: Moment { at: allowed.since, now: visit.service.ambient().now() },
        scopes: scopes.collect(),
        offline: allowed.offline,
    }
}

/// Where an application is opened: where it begins a sign-in with this issuer (OpenID Connect Core, section 4), else its
/// home page.
fn open_url(realm: &Realm, client: &Client) -> Option<String> {
    let settings = &client.settings;
    if !client.enabled {
        return None;
    }
    let initiated =
        settings.sign_in.initiate_login_uri.as_deref().and_then(|uri| Url::parse(uri).ok()).map(|mut uri| {
            uri.query_pairs_mut().append_pair("iss", realm.issuer());
            uri.into()
        });
    initiated.or_else(|| settings.about.client_uri.clone())
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (person, form) = Person::form(visit, Page::AccountApplications, payload).await?;
    let client_id = form.one("client")?.unwrap_or_default();
    let from = visit.provenance();
    match visit.service.withdraw_consent(&visit.realm, &person.holder, client_id, &from).await? {
        Withdrawal::Done => Ok(done(&visit.realm, Page::AccountApplications, AccountNotice::AccessRemoved)),
        Withdrawal::NothingAllowed => Err(Refusal::Page(ErrorKind::NotFound)),
    }
}
