//! The pages on which a person signs in, allows an application, looks after their account, and signs out; and the start
//! page of `palatine dev`.
//!
//! **Owns** the handlers behind [`palatine_realm::routes::PageRoute`]: the login page, the consent page, the answer to
//! the sign-out question and the page after it; the account pages; the logos of clients; and [`dev`], the start page
//! with its small test client. A page resumes the authorization request that waits for it, and `token-service` says what
//! happens next.
//!
//! **Must not know** how a password is checked (`authn`), what may be issued (`token-service`), how a page looks
//! (`pages`), or anything that an admin does.
//!
//! **Refusals.** A form that is shown again says what went wrong and keeps what was typed, never the password. Its
//! status is 422 for a missing field and for wrong credentials, whichever way they are wrong; 400 for a stale form; 429
//! above the limit and 503 when nothing could be checked, both with `Retry-After`. An error status, because a browser's
//! password manager does not offer to save what was answered with one; not 401, which would need a challenge (RFC 9110,
//! section 15.5.2). Whatever cannot go on is a page that says what happened and what to do next.
//!
//! **To add a page**: a variant of `PageRoute`, a view in `pages`, and a file here whose handlers take a `Visit`: parse,
//! call a service, render. A step of a sign-in is a variant of `token_service::outcome::Step`, and its page does what
//! the login and the consent page do: it shows itself if the request still waits for it, and renders what
//! `token-service` says otherwise.

pub mod dev;

mod account;
mod consent;
mod device;
mod login;
mod logo;
mod logout;
mod picture;
mod refusal;
mod select_account;
mod visit;

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig};
use palatine_realm::routes::PageRoute;
use palatine_tenant_routing::surface;

/// Registers the pages of a realm, relative to its path. They need `Data` of `TokenService`,
/// `Authenticator` and `Store`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(page(PageRoute::Login).route(web::get().to(login::show)).route(web::post().to(login::submit)))
        .service(
            page(PageRoute::SelectAccount)
                .route(web::get().to(select_account::show))
                .route(web::post().to(select_account::submit)),
        )
        .service(page(PageRoute::Consent).route(web::get().to(consent::show)).route(web::post().to(consent::submit)))
        .service(
            page(PageRoute::Device)
                .route(web::get().to(device::entry::show))
                .route(web::post().to(device::entry::submit)),
        )
        .service(
            page(PageRoute::DeviceConfirm)
                .route(web::get().to(device::confirm::show))
                .route(web::post().to(device::confirm::submit)),
        )
        .service(page(PageRoute::DeviceQr).route(web::get().to(device::qr::show)))
        .service(page(PageRoute::ClientLogo).route(web::get().to(logo::show)))
        .service(page(PageRoute::Picture).route(web::get().to(picture::show)))
        .service(page(PageRoute::LogoutConfirm).route(web::post().to(logout::confirm)))
        .service(page(PageRoute::SignedOut).route(web::get().to(logout::signed_out)));
    account::configure(config);
}

fn page(route: PageRoute) -> Resource {
    web::resource(route.patterns().to_vec()).default_service(web::to(surface::method_not_allowed))
}
