//! The start page of `palatine dev`, and a small test client that signs in with code and PKCE and shows what it got.
//!
//! The test client is a client like any other: it sends the browser to the realm's authorization endpoint and checks
//! what comes back. Only its token requests stay in the process. It exists where `dev::configure` is called, and works
//! where `token_service::built_in::BuiltInClients::with_dev` was given [`callback_url`] and [`start_url`].

mod answer;
mod desk;
mod flow;
mod realms;
mod refusal;
mod report;
mod start;
mod tokens;
mod visit;

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig};
use palatine_tenant_routing::surface;
use url::Url;

pub use realms::{DevClientInfo, DevRealmInfo, DevSite, DevUserInfo};

/// Where the pages are, below the public URL's path prefix.
const START: &str = "/";
const SIGN_IN: &str = "/dev/sign-in";
const CALLBACK: &str = "/dev/callback";
const TOKENS: &str = "/dev/tokens";
const REFRESH: &str = "/dev/refresh";

/// The path of the test client's cookie, below the public URL's path prefix.
const COOKIE_PATH: &str = "/dev";

/// Registers the start page and the test client, relative to the public URL's path prefix. They need `Data` of
/// [`DevSite`], `TokenService` and `Resolver`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(page(START).route(web::get().to(start::show)))
        .service(page(SIGN_IN).route(web::get().to(flow::begin)))
        .service(page(CALLBACK).route(web::get().to(flow::callback)))
        .service(page(TOKENS).route(web::get().to(tokens::show)))
        .service(page(REFRESH).route(web::post().to(flow::refresh)));
}

fn page(path: &str) -> Resource {
    web::resource(path).default_service(web::to(surface::method_not_allowed))
}

/// The redirect URI of the test client under a public URL.
pub fn callback_url(public_url: &Url) -> String {
    below(public_url, CALLBACK)
}

/// The start page under a public URL: where the test client leads after sign-out.
pub fn start_url(public_url: &Url) -> String {
    below(public_url, START)
}

fn below(public_url: &Url, path: &str) -> String {
    format!("{}{}{path}", public_url.origin().ascii_serialization(), public_url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_lie_below_the_public_url() {
        for (public_url, start, callback) in [
            ("http://localhost:8080", "http://localhost:8080/", "http://localhost:8080/dev/callback"),
            ("http://localhost:8080/", "http://localhost:8080/", "http://localhost:8080/dev/callback"),
            ("https://id.example/auth/", "https://id.example/auth/", "https://id.example/auth/dev/callback"),
        ] {
            let public_url = public_url.parse().unwrap();
            assert_eq!(start_url(&public_url), start);
            assert_eq!(callback_url(&public_url), callback);
        }
    }
}
