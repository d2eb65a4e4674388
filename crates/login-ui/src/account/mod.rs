//! A person's own account: profile, password, sessions, applications.
//!
//! Whoever is not signed in is sent to the login page and comes back. Each form carries the account's token, which is
//! bound to the session's cookie, and is answered by a redirect to its page when it was taken.

mod applications;
mod password;
mod person;
mod profile;
mod sessions;
mod user_agent;

use actix_web::web::{self, ServiceConfig};
use palatine_realm::routes::PageRoute;

use crate::page;

/// What the token of every form here is for.
const ACCOUNT_FORM: &str = "account";

/// Registers the pages, relative to the realm's path. The password page needs `Data` of `Authenticator` and `Store`.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(page(PageRoute::Account).route(web::get().to(profile::show)).route(web::post().to(profile::submit)))
        .service(
            page(PageRoute::AccountPassword)
                .route(web::get().to(password::show))
                .route(web::post().to(password::submit)),
        )
        .service(
            page(PageRoute::AccountSessions)
                .route(web::get().to(sessions::show))
                .route(web::post().to(sessions::submit)),
        )
        .service(
            page(PageRoute::AccountApplications)
                .route(web::get().to(applications::show))
                .route(web::post().to(applications::submit)),
        );
}
