//! One request to a page of a sign-in, and what every such page asks of it.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload as RawPayload;
use actix_web::http::header::USER_AGENT;
use actix_web::web::{Data, Payload};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use palatine_domain::ids::{InteractionId, RowId as _};
use palatine_domain::{Instant, TokenHash};
use palatine_pages::PageContext;
use palatine_pages::views::ErrorKind;
use palatine_protocol::params::Params;
use palatine_realm::Realm;
use palatine_realm::routes::{INTERACTION_PARAMETER, Page};
use palatine_tenant_routing::csrf::{self, FormOrigin};
use palatine_tenant_routing::{ClientAddress, CurrentRealm, RequestId, body, cookies, page};
use palatine_token_service::authorize::Provenance;
use palatine_token_service::http::render::{self, add_cookie};
use palatine_token_service::interact::{InteractionError, OpenInteraction, SignInContext};
use palatine_token_service::{AuthorizeError, BrowserSession, Outcome, TokenService};

use crate::refusal::Refusal;

/// A request to a page of a realm, with the service that answers it.
pub(crate) struct Visit {
    pub(crate) request: HttpRequest,
    pub(crate) realm: Realm,
    pub(crate) service: Data<TokenService>,
}

impl FromRequest for Visit {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let realm = CurrentRealm::from_request(request, payload).into_inner();
        let service = request
            .app_data::<Data<TokenService>>()
            .cloned()
            .ok_or_else(|| actix_web::error::ErrorInternalServerError("the server was wired without a token service"));
        ready(realm.and_then(|CurrentRealm(realm)| Ok(Self { request: request.clone(), realm, service: service? })))
    }
}

impl Visit {
    /// The answer, or the page that stands in for it.
    pub(crate) fn answered(&self, answer: Result<HttpResponse, Refusal>) -> HttpResponse {
        answer.unwrap_or_else(|refusal| refusal.answer(&self.request, &self.realm))
    }

    /// What a page is given. `ui_locales` is the wish of the authorization request.
    pub(crate) fn context(&self, ui_locales: &[String]) -> PageContext {
        page::context(&self.request, Some(&self.realm), Some(&ui_locales.join(" ")))
    }

    /// Reads one of our own forms, sent from one of our own pages.
    pub(crate) async fn own_form(&self, payload: Payload) -> Result<Params, Refusal> {
        let form = body::read_form(&self.request, payload).await?;
        match csrf::form_origin(&self.request, self.realm.origin()) {
            FormOrigin::Acceptable => Ok(form),
            FormOrigin::Foreign => Err(Refusal::Page(ErrorKind::ForeignForm)),
        }
    }

    /// Opens the interaction that the path names, for the browser that began it.
    pub(crate) async fn open(&self) -> Result<OpenInteraction, Refusal> {
        let named = self.request.match_info().get(INTERACTION_PARAMETER).unwrap_or_default();
        let id: InteractionId = named.parse().map_err(|_| Refusal::Page(ErrorKind::ExpiredInteraction))?;
        let cookie = cookies::interaction_value(&self.request, id);
        let opened = self.service.open_interaction(&self.realm, id, cookie).await;
        opened.map_err(|error| self.why_closed(id, error))
    }

    /// What is shown for an interaction that cannot go on.
    pub(crate) fn why_closed(&self, id: InteractionId, error: InteractionError) -> Refusal {
        match error {
            InteractionError::Gone => {
                let life = self.realm.policy().lifetimes.interaction();
                Refusal::Page(gone(id, self.service.ambient().now(), life))
            }
            InteractionError::NotThisBrowser if !self.brought_any_cookie() => Refusal::Page(ErrorKind::CookiesOff),
            InteractionError::NotThisBrowser => Refusal::Page(ErrorKind::ExpiredInteraction),
            InteractionError::UnknownClient => Refusal::Page(ErrorKind::UnknownClient),
            // Only a sign-in is withdrawn, and it shows its form again; elsewhere the step is over.
            InteractionError::Withdrawn => Refusal::Page(ErrorKind::AlreadyDone),
            InteractionError::Store(error) => error.into(),
        }
    }

    fn brought_any_cookie(&self) -> bool {
        self.request.cookies().is_ok_and(|cookies| !cookies.is_empty())
    }

    /// The live session of the browser.
    pub(crate) async fn browser(&self) -> Result<Option<BrowserSession>, Refusal> {
        Ok(render::browser_session(&self.service, &self.request, &self.realm).await?)
    }

    /// What is remembered of a request that decides something.
    pub(crate) fn sign_in_context<'a>(
        &self,
        before: Option<&'a BrowserSession>,
        remembered: bool,
    ) -> SignInContext<'a> {
        let user_agent = self.request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        SignInContext {
            before,
            remembered,
            device: self.device(),
            address: ClientAddress::current(&self.request).to_string(),
            user_agent: user_agent.unwrap_or_default().to_owned(),
            request_id: RequestId::current(&self.request).to_string(),
        }
    }

    /// Where a decision on a page came from.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance {
            address: ClientAddress::current(&self.request).to_string(),
            request_id: RequestId::current(&self.request).to_string(),
        }
    }

    /// The hash of the cookie by which an account may know the browser.
    pub(crate) fn device(&self) -> Option<TokenHash> {
        cookies::value(&self.request, cookies::DEVICE).map(|secret| TokenHash::of(&secret))
    }

    /// Nobody is signed in any more, or nobody was.
    pub(crate) fn back_to_login(&self, open: &OpenInteraction) -> HttpResponse {
        page::see_other(&self.realm.page_path(Page::Login(open.interaction().id)))
    }

    /// Renders what happens next; an interaction that is over takes its cookie along.
    pub(crate) fn finish(&self, id: InteractionId, resumed: Result<Outcome, AuthorizeError>) -> HttpResponse {
        let goes_on = matches!(resumed, Ok(Outcome::Interact { .. }) | Err(AuthorizeError::Failed(_)));
        let mut response = match resumed {
            Ok(outcome) => render::render_outcome(&self.request, &self.realm, outcome),
            Err(error) => render::render_authorize_error(&self.request, &self.realm, error),
        };
        if !goes_on {
            add_cookie(&mut response, &cookies::end_interaction(&self.realm, id));
        }
        response
    }
}

/// Why there is no such interaction: within its time it was finished, after it it expired. Its id tells when it began
/// (RFC 9562, section 5.7); an id that somebody made up chooses between two pages and nothing else.
fn gone(id: InteractionId, now: Instant, life: Duration) -> ErrorKind {
    let began = id.as_uuid().get_timestamp().map(|timestamp| timestamp.to_unix().0);
    let began = began.and_then(|seconds| i64::try_from(seconds).ok()).map(Instant::from_seconds);
    match began {
        Some(began) if began <= now && now < began.plus(life) => ErrorKind::AlreadyDone,
        _ => ErrorKind::ExpiredInteraction,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use palatine_domain::Ambient;
    use palatine_domain::entropy::FakeEntropy;
    use palatine_domain::time::FakeClock;

    use super::*;

    const LIFE: Duration = Duration::from_mins(10);

    #[test]
    fn an_interaction_that_vanished_before_its_time_was_finished() {
        let began = Instant::from_micros(1_700_000_000_123_456);
        let ambient = Ambient::new(Arc::new(FakeClock::at(began)), Arc::new(FakeEntropy::default()));
        let id: InteractionId = ambient.id();
        assert_eq!(gone(id, began, LIFE), ErrorKind::AlreadyDone);
        assert_eq!(gone(id, began.plus(LIFE / 2), LIFE), ErrorKind::AlreadyDone);
        assert_eq!(gone(id, began.plus(LIFE), LIFE), ErrorKind::ExpiredInteraction);
    }

    #[test]
    fn an_interaction_that_never_was_has_expired() {
        let now = Instant::from_seconds(1_700_000_000);
        let made_up = ["00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"];
        for id in made_up.map(|text| text.parse::<InteractionId>().unwrap()) {
            assert_eq!(gone(id, now, LIFE), ErrorKind::ExpiredInteraction, "{id}");
        }
        let later = Ambient::new(Arc::new(FakeClock::at(now.plus(LIFE))), Arc::new(FakeEntropy::default()));
        assert_eq!(gone(later.id(), now, LIFE), ErrorKind::ExpiredInteraction);
    }
}
