//! The test client's way: to the authorization endpoint, back with a code, and on with a refresh token.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_domain::{Ambient, RealmSlug};
use palatine_pages::views::ErrorKind;
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::pkce::{CodeChallenge, CodeVerifier, PkceError};
use palatine_protocol::secret::Secret;
use palatine_protocol::token::{GrantRequest, TokenResponse};
use palatine_realm::Realm;
use palatine_tenant_routing::csrf::{self, FormOrigin};
use palatine_tenant_routing::{body, page};
use palatine_token_service::built_in::DEV_CLIENT_ID;
use url::form_urlencoded;

use super::answer::{self, Answer};
use super::desk::{PENDING_LIFE, Pending, SignedIn, TOKENS_LIFE};
use super::refusal::Refusal;
use super::visit::{DevVisit, browser};
use super::{TOKENS, callback_url};

/// What the test client asks for.
const SCOPE: &str = "openid profile email offline_access";

/// What the token of the refresh form is for.
pub(super) const REFRESH_FORM: &str = "dev refresh";

/// Sends the browser to a realm's authorization endpoint.
pub(super) async fn begin(visit: DevVisit) -> HttpResponse {
    visit.answered(begun(&visit).await)
}

async fn begun(visit: &DevVisit) -> Result<HttpResponse, Refusal> {
    let query = visit.query()?;
    let realm = visit.realm(query.one("realm")?.unwrap_or_default()).await?;
    let ambient = visit.service.ambient();
    let pending = Pending::new(realm.slug(), ambient);
    let location = authorization_url(&realm, &pending, &callback_url(visit.resolver.public_url()))
        .map_err(|error| Refusal::with_detail(ErrorKind::ServerError, "error_description", error.to_string()))?;
    let secret = ambient.secret();
    visit.site.desk().begin(secret.hash(), pending, visit.now());
    let mut response = page::see_other(&location);
    visit.set_cookie(&mut response, &secret, PENDING_LIFE);
    Ok(response)
}

impl Pending {
    fn new(realm: &RealmSlug, ambient: &Ambient) -> Self {
        Self {
            realm: realm.clone(),
            state: ambient.secret().to_wire(),
            nonce: ambient.secret().to_wire(),
            verifier: ambient.secret().to_wire(),
        }
    }
}

fn authorization_url(realm: &Realm, pending: &Pending, redirect_uri: &str) -> Result<String, PkceError> {
    let challenge = CodeChallenge::of(&CodeVerifier::parse(&pending.verifier)?);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", DEV_CLIENT_ID),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPE),
            ("state", &pending.state),
            ("nonce", &pending.nonce),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    Ok(format!("{}?{query}", realm.url(Endpoint::Authorization)))
}

/// The redirect URI: takes the answer, trades the code, and shows the tokens at an address without it.
pub(super) async fn callback(visit: DevVisit) -> HttpResponse {
    visit.answered(returned(&visit).await)
}

async fn returned(visit: &DevVisit) -> Result<HttpResponse, Refusal> {
    let cookie = visit.cookie()?;
    let query = visit.query()?;
    let state = query.one("state")?.unwrap_or_default();
    let pending = visit.site.desk().take_pending(&browser(&cookie), state, visit.now());
    let pending = pending.ok_or_else(|| Refusal::page(ErrorKind::ExpiredInteraction))?;
    let realm = visit.realm(pending.realm.as_str()).await?;
    let code = match answer::read(&query, realm.issuer())? {
        Answer::Code(code) => code,
        Answer::Error { error, description } => return Err(Refusal::oauth(error, description)),
        Answer::ForeignIssuer(iss) => return Err(Refusal::with_detail(ErrorKind::InvalidRequest, "iss", iss)),
        Answer::Nothing => return Err(Refusal::page(ErrorKind::InvalidRequest)),
    };
    let grant = GrantRequest::AuthorizationCode {
        code: Secret::new(code),
        redirect_uri: Some(callback_url(visit.resolver.public_url())),
        code_verifier: Some(Secret::new(pending.verifier)),
    };
    let tokens = visit.request_tokens(&realm, grant).await?;
    let signed_in = SignedIn { realm: pending.realm, nonce: pending.nonce, refreshed: false, tokens };
    Ok(show_tokens(visit, signed_in))
}

/// Keeps the tokens under a new secret, and leads to them.
fn show_tokens(visit: &DevVisit, signed_in: SignedIn) -> HttpResponse {
    let secret = visit.service.ambient().secret();
    visit.site.desk().keep(secret.hash(), signed_in, visit.now());
    let mut response = page::see_other(&visit.path(TOKENS));
    visit.set_cookie(&mut response, &secret, TOKENS_LIFE);
    response
}

/// Uses the refresh token, and shows what came.
pub(super) async fn refresh(visit: DevVisit, payload: Payload) -> HttpResponse {
    visit.answered(refreshed(&visit, payload).await)
}

async fn refreshed(visit: &DevVisit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let form = body::read_form(&visit.request, payload).await?;
    if csrf::form_origin(&visit.request, visit.resolver.origin()) == FormOrigin::Foreign {
        return Err(Refusal::page(ErrorKind::ForeignForm));
    }
    let cookie = visit.cookie()?;
    let held = visit.site.desk().signed_in(&browser(&cookie), visit.now());
    let held = held.ok_or_else(|| Refusal::page(ErrorKind::ExpiredInteraction))?;
    let realm = visit.realm(held.realm.as_str()).await?;
    if !csrf::matches(&realm, &cookie, REFRESH_FORM, form.one("csrf")?.unwrap_or_default()) {
        return Err(Refusal::page(ErrorKind::StaleForm));
    }
    let token = held.tokens.refresh_token.as_deref().ok_or_else(|| Refusal::page(ErrorKind::InvalidRequest))?;
    let grant = GrantRequest::RefreshToken { refresh_token: Secret::new(token), scope: None };
    let fresh = visit.request_tokens(&realm, grant).await?;
    let tokens = TokenResponse { refresh_token: fresh.refresh_token.or(held.tokens.refresh_token), ..fresh };
    Ok(show_tokens(visit, SignedIn { refreshed: true, tokens, ..held }))
}
