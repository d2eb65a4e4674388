//! The authorization request, in two stages: whom to answer ([`Target`]), how ([`AnswerContext`]), and only then what
//! was asked ([`AuthorizationRequest`]). The first failing is a page, never a redirect; the last failing is a redirect.

use crate::capabilities::SUPPORTED;
use crate::claims_request::ClaimsRequest;
use crate::error::{ErrorCode, OAuthError};
use crate::params::{Params, Repeated};
use crate::pkce::CodeChallenge;
use crate::prompt::PromptSet;
use crate::resource;
use crate::response::{ResponseMode, ResponseType};
use crate::scope::ScopeSet;
use serde::{Deserialize, Serialize};

/// Longest `nonce`, in bytes: it travels in every ID token.
pub const MAX_NONCE_BYTES: usize = 1024;
/// Longest `login_hint`, in bytes.
pub const MAX_LOGIN_HINT_BYTES: usize = 512;
/// Most values of `acr_values` and `ui_locales` that are kept; the lists are in order of preference.
pub const MAX_PREFERENCES: usize = 20;

/// Whom a request claims to come from, and where it asks to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The `client_id`, not yet known to exist.
    pub client_id: String,
    /// The `redirect_uri`, not yet known to be registered.
    pub redirect_uri: Option<String>,
}

/// Why there is nobody to answer. Each is a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetProblem {
    /// No `client_id`.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// More than one `client_id`.
    #[error("client_id is repeated")]
    ClientIdRepeated,
    /// More than one `redirect_uri`.
    #[error("redirect_uri is repeated")]
    RedirectUriRepeated,
}

impl Target {
    /// Reads `client_id` and `redirect_uri`, and nothing else.
    pub fn read(params: &Params) -> Result<Self, TargetProblem> {
        let client_id = params.one("client_id").map_err(|_| TargetProblem::ClientIdRepeated)?;
        let redirect_uri = params.one("redirect_uri").map_err(|_| TargetProblem::RedirectUriRepeated)?;
        Ok(Self {
            client_id: client_id.ok_or(TargetProblem::ClientIdMissing)?.to_owned(),
            redirect_uri: redirect_uri.map(str::to_owned),
        })
    }
}

/// How an answer, also an error about the request itself, reaches the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerContext {
    /// The `state`, if it came exactly once and is not empty.
    pub state: Option<String>,
    /// The mode the answer would use if all else were well.
    pub response_mode: ResponseMode,
}

impl AnswerContext {
    /// Reads leniently: what is broken counts as absent, so that the error about it can still be answered.
    pub fn read(params: &Params) -> Self {
        let once = |name| params.one(name).unwrap_or_default();
        let response_type = once("response_type").unwrap_or_default();
        let default = match ResponseType::parse(response_type) {
            Some(known) => ResponseMode::default_for(known),
            None => ResponseMode::default_for_unknown(response_type),
        };
        let asked = once("response_mode").and_then(ResponseMode::from_wire);
        Self {
            state: once("state").map(str::to_owned),
            response_mode: asked.filter(|&mode| allows(default, mode)).unwrap_or(default),
        }
    }
}

/// A token never travels in a query (OAuth 2.0 Multiple Response Type Encoding Practices section 3): what is answered
/// in the fragment by default may be posted, but not be put there.
fn allows(default: ResponseMode, asked: ResponseMode) -> bool {
    default == ResponseMode::Query || asked != ResponseMode::Query
}

/// What was asked, beside or inside a request object ([`crate::request_object`]), checked as far as it can be without knowing the client. It is stored while a person signs in.
/// `display`, `claims_locales` and unknown parameters are ignored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// What to answer with.
    pub response_type: ResponseType,
    /// How to answer.
    pub response_mode: ResponseMode,
    /// Scopes asked for; empty if none were.
    pub scope: ScopeSet,
    /// Given back unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Goes into the ID token unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What to show, or that nothing may be shown.
    #[serde(default, skip_serializing_if = "PromptSet::is_empty")]
    pub prompt: PromptSet,
    /// Greatest age of the sign-in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// Authentication contexts, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// What to fill into the login form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// An ID token of the person who is meant, not yet verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
    /// Languages (BCP 47), best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// The `claims` parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsRequest>,
    /// APIs the tokens are for (`resource`, `audience`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The S256 challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
}

impl AuthorizationRequest {
    /// Reads the request. Every error is one that is answered at the redirect URI.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&resource::REPEATABLE)?;
        refuse_registration(params)?;
        let response_type = read_response_type(params)?;
        let request = Self {
            response_type,
            response_mode: read_response_mode(params.one("response_mode")?, response_type)?,
            scope: ScopeSet::parse(params.one("scope")?.unwrap_or_default())?,
            state: owned(params.one("state"))?,
            nonce: bounded(params, "nonce", MAX_NONCE_BYTES)?,
            prompt: PromptSet::parse(params.one("prompt")?.unwrap_or_default())?,
            max_age: params.one("max_age")?.map(read_max_age).transpose()?,
            acr_values: preferences(params.one("acr_values")?),
            login_hint: bounded(params, "login_hint", MAX_LOGIN_HINT_BYTES)?,
            id_token_hint: owned(params.one("id_token_hint"))?,
            ui_locales: preferences(params.one("ui_locales")?),
            claims: params.one("claims")?.map(ClaimsRequest::read).transpose()?,
            resources: resource::read(params)?,
            code_challenge: CodeChallenge::read(params.one("code_challenge")?, params.one("code_challenge_method")?)?,
        };
        require_nonce(&request)?;
        Ok(request)
    }
}

impl std::fmt::Debug for AuthorizationRequest {
    /// Shows what decides the flow, not what names the person or is given back.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("response_type", &self.response_type)
            .field("response_mode", &self.response_mode)
            .field("scope", &self.scope)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

/// OpenID Connect Core section 7.2.1: self-issued providers have it, and nobody else.
fn refuse_registration(params: &Params) -> Result<(), OAuthError> {
    match params.one("registration")? {
        None => Ok(()),
        Some(_) => {
            Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "the parameter registration is not supported"))
        }
    }
}

fn read_response_type(params: &Params) -> Result<ResponseType, OAuthError> {
    let text = params.one("response_type")?.ok_or_else(|| OAuthError::invalid_request("response_type is missing"))?;
    ResponseType::parse(text)
        .filter(|response_type| SUPPORTED.response_types.contains(response_type))
        .ok_or_else(|| OAuthError::new(ErrorCode::UnsupportedResponseType, "this response_type is not supported"))
}

fn read_response_mode(asked: Option<&str>, response_type: ResponseType) -> Result<ResponseMode, OAuthError> {
    let default = ResponseMode::default_for(response_type);
    let Some(asked) = asked else { return Ok(default) };
    let mode = ResponseMode::from_wire(asked)
        .filter(|mode| SUPPORTED.response_modes.contains(mode))
        .ok_or_else(|| OAuthError::invalid_request("this response_mode is not supported"))?;
    if allows(default, mode) {
        Ok(mode)
    } else {
        Err(OAuthError::invalid_request("response_mode=query is not allowed with this response_type"))
    }
}

/// OpenID Connect Core section 3.2.2.1: "REQUIRED" where the response itself carries the ID token.
fn require_nonce(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    if request.response_type.has_id_token() && request.nonce.is_none() {
        return Err(OAuthError::invalid_request("nonce is missing"));
    }
    Ok(())
}

fn read_max_age(text: &str) -> Result<u64, OAuthError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| OAuthError::invalid_request("max_age is not a number of seconds"))
}

fn owned(value: Result<Option<&str>, Repeated>) -> Result<Option<String>, OAuthError> {
    Ok(value?.map(str::to_owned))
}

fn bounded(params: &Params, name: &str, max_bytes: usize) -> Result<Option<String>, OAuthError> {
    match params.one(name)? {
        Some(value) if value.len() > max_bytes => {
            Err(OAuthError::invalid_request(format!("{name} is longer than {max_bytes} bytes")))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

fn preferences(value: Option<&str>) -> Vec<String> {
    let words = value.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    words.take(MAX_PREFERENCES).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
