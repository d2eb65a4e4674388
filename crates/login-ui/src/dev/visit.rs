//! One request to a page of the test client, and what each asks of it.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::Payload as RawPayload;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use palatine_domain::{Instant, SecretToken, TokenHash};
use palatine_pages::PageContext;
use palatine_pages::views::{Detail, ErrorKind, ErrorPage};
use palatine_protocol::client_auth::PresentedCredentials;
use palatine_protocol::params::Params;
use palatine_protocol::token::{GrantRequest, TokenRequest, TokenResponse};
use palatine_realm::{Realm, Resolver};
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{ClientAddress, cookies, page};
use palatine_token_service::TokenService;
use palatine_token_service::built_in::DEV_CLIENT_ID;
use palatine_token_service::http::caller;
use palatine_token_service::http::render::{add_cookie, failure_page};

use super::realms::DevSite;
use super::refusal::Refusal;
use super::{COOKIE_PATH, START};

/// The test client's only cookie: a secret by which its desk finds the browser.
const COOKIE: &str = "pal_dev";

/// A request to a page of the test client.
pub(super) struct DevVisit {
    pub(super) request: HttpRequest,
    pub(super) site: Data<DevSite>,
    pub(super) resolver: Data<Resolver>,
    pub(super) service: Data<TokenService>,
}

impl FromRequest for DevVisit {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut RawPayload) -> Self::Future {
        let wired = (|| {
            Some(Self {
                request: request.clone(),
                site: request.app_data::<Data<DevSite>>()?.clone(),
                resolver: request.app_data::<Data<Resolver>>()?.clone(),
                service: request.app_data::<Data<TokenService>>()?.clone(),
            })
        })();
        ready(wired.ok_or_else(|| {
            actix_web::error::ErrorInternalServerError("the server was wired without what the start page needs")
        }))
    }
}

impl DevVisit {
    pub(super) fn now(&self) -> Instant {
        self.service.ambient().now()
    }

    pub(super) fn context(&self) -> PageContext {
        page::context(&self.request, None, None)
    }

    /// The path of one of the test client's pages.
    pub(super) fn path(&self, below_prefix: &str) -> String {
        format!("{}{below_prefix}", self.resolver.path_prefix())
    }

    pub(super) fn query(&self) -> Result<Params, Refusal> {
        Ok(Params::parse(self.request.query_string().as_bytes())?)
    }

    pub(super) async fn realm(&self, slug: &str) -> Result<Realm, Refusal> {
        Ok(self.resolver.by_slug(slug).await?)
    }

    /// The cookie's secret, or the page for a browser that brought none.
    pub(super) fn cookie(&self) -> Result<String, Refusal> {
        let brought_any = self.request.cookies().is_ok_and(|cookies| !cookies.is_empty());
        let missing = if brought_any { ErrorKind::ExpiredInteraction } else { ErrorKind::CookiesOff };
        cookies::value(&self.request, COOKIE).ok_or_else(|| Refusal::page(missing))
    }

    /// Gives the browser a new secret.
    pub(super) fn set_cookie(&self, response: &mut HttpResponse, secret: &SecretToken, life: Duration) {
        let seconds = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let cookie = Cookie::build(COOKIE, secret.to_wire())
            .path(self.path(COOKIE_PATH))
            .http_only(true)
            .secure(self.resolver.origin().starts_with("https://"))
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(seconds))
            .finish();
        add_cookie(response, &cookie);
    }

    /// A token request of the test client: authenticated and answered like any other.
    pub(super) async fn request_tokens(&self, realm: &Realm, grant: GrantRequest) -> Result<TokenResponse, Refusal> {
        let presented = PresentedCredentials::Public { client_id: DEV_CLIENT_ID.to_owned() };
        let claimed = self.service.claimed_client(realm, presented).await?;
        let prefix = ClientAddress::current(&self.request).prefix();
        let client = self.service.authenticate(realm, claimed, &prefix).await?;
        let asked = TokenRequest { grant, resources: Vec::new() };
        Ok(self.service.token(realm, &client, asked, &caller(&self.request)).await?)
    }

    /// The answer, or the page that stands in for it and leads back to the start page.
    pub(super) fn answered(&self, answer: Result<HttpResponse, Refusal>) -> HttpResponse {
        match answer {
            Ok(response) => response,
            Err(Refusal::Failed(error)) => failure_page(&self.request, &error),
            Err(Refusal::Page { kind, retry_after, details }) => self.error_page(kind, retry_after, &details),
        }
    }

    fn error_page(
        &self,
        kind: ErrorKind,
        retry_after: Option<u64>,
        details: &[(&'static str, String)],
    ) -> HttpResponse {
        let context = self.context();
        let start = self.path(START);
        let view = ErrorPage {
            retry_after,
            start_again: Some(&start),
            details: details.iter().map(|(name, value)| Detail { name, value }).collect(),
            ..ErrorPage::new(&context, kind)
        };
        let mut response = page::html(kind.status(), PageKind::Plain, &context.csp_nonce, view.render());
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What the desk knows a browser by.
pub(super) fn browser(cookie: &str) -> TokenHash {
    TokenHash::of(cookie)
}
