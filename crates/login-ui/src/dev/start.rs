//! The start page: the realms, with who can sign in and which clients there are.

use actix_web::HttpResponse;
use palatine_pages::views::{DevClient, DevRealm, DevStartPage, DevUser};
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::page;

use super::SIGN_IN;
use super::realms::DevRealmInfo;
use super::visit::DevVisit;

/// The page.
pub(super) async fn show(visit: DevVisit) -> HttpResponse {
    let context = visit.context();
    let links: Vec<(String, String)> = visit.site.realms().iter().map(|realm| links(&visit, realm)).collect();
    let realms = visit.site.realms().iter().zip(&links).map(|(realm, (issuer, sign_in_url))| DevRealm {
        display_name: &realm.display_name,
        slug: realm.slug.as_str(),
        issuer,
        sign_in_url,
        users: users(realm),
        clients: clients(realm),
    });
    let view = DevStartPage { ctx: &context, realms: realms.collect() };
    page::html(200, PageKind::Plain, &context.csp_nonce, view.render())
}

/// A realm's issuer, and where its button leads.
fn links(visit: &DevVisit, realm: &DevRealmInfo) -> (String, String) {
    // A slug is made of characters that need no encoding.
    let sign_in = format!("{}?realm={}", visit.path(SIGN_IN), realm.slug);
    (visit.resolver.issuer_of(&realm.slug), sign_in)
}

fn users(realm: &DevRealmInfo) -> Vec<DevUser<'_>> {
    let shown = realm.users.iter();
    shown.map(|user| DevUser { identifier: &user.identifier, password: user.password.as_deref() }).collect()
}

fn clients(realm: &DevRealmInfo) -> Vec<DevClient<'_>> {
    let shown = realm.clients.iter().map(|client| DevClient {
        client_id: &client.client_id,
        kind: &client.kind,
        secret: client.secret.as_deref(),
        scope: &client.scope,
    });
    shown.collect()
}
