//! The checks of an authorization request against its client, one a function.

use palatine_domain::client::Client;
use palatine_domain::policy::ForeignScopes;
use palatine_protocol::authorization::AuthorizationRequest;
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::claims_request::ClaimsRequest;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::scope::{self, Scope, ScopeSet};
use palatine_realm::Realm;

use super::callback::CheckedRedirectUri;
use super::{AuthorizeError, Unredirectable};
use crate::targets;

/// OpenID Connect Core, section 3.1.2.1: `redirect_uri` is "REQUIRED". In OAuth alone, without the scope `openid`, a
/// client may leave it out that registered a single one.
pub(super) fn redirect_uri_given(client: &Client, asked: Option<&str>, params: &Params) -> Result<(), AuthorizeError> {
    let scope = params.one("scope").ok().flatten().unwrap_or_default();
    let is_openid = scope.split(' ').any(|word| word == scope::OPENID);
    if asked.is_none() && is_openid { Err(invalid_redirect_uri(client, None)) } else { Ok(()) }
}

/// RFC 6749, section 3.1.2.3: "the authorization server MUST compare and match the value received against at least one
/// of the registered redirection URIs". Left out, it is the only one registered.
pub(super) fn redirect_uri(client: &Client, asked: Option<&str>) -> Result<CheckedRedirectUri, AuthorizeError> {
    let registered = &client.settings.redirect_uris;
    let found = match (asked, registered.as_slice()) {
        (Some(asked), _) if client.redirect_uri_matches(asked) => Some(asked),
        (None, [only]) => Some(only.as_str()),
        _ => None,
    };
    found.map(CheckedRedirectUri::checked).ok_or_else(|| invalid_redirect_uri(client, asked))
}

fn invalid_redirect_uri(client: &Client, asked: Option<&str>) -> AuthorizeError {
    AuthorizeError::Unredirectable(Unredirectable::InvalidRedirectUri {
        client_id: client.client_id.as_str().to_owned(),
        redirect_uri: asked.map(str::to_owned),
    })
}

/// RFC 6749, sections 4.1.2.1 and 4.2.2.1: "The client is not authorized to request an authorization code [an access
/// token] using this method."
pub(super) fn response_type(client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let asked = request.response_type;
    let is_listed = client.settings.response_types.contains(&asked);
    if is_listed && asked.grant_types().iter().all(|&grant| client.may_use(grant)) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, format!("the client may not use response_type={asked}")))
    }
}

/// OpenID Connect Core, section 5.5.1.1: "If this is an Essential Claim and the requirement cannot be met, then the
/// Authorization Server MUST treat that outcome as a failed authentication attempt." What no sign-in here can meet is
/// refused before anybody signs in.
pub(super) fn acr(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let asked = request.claims.as_ref().and_then(ClaimsRequest::essential_acr);
    if asked.is_none_or(|asked| SUPPORTED.acr_values.iter().any(|acr| asked.admits(acr))) {
        Ok(())
    } else {
        let words = "no sign-in of this realm meets the essential acr";
        Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, words))
    }
}

/// OpenID Connect Core, section 3.1.2.1: "OpenID Connect requests MUST contain the `openid` scope value." Without it
/// there is nothing that an ID token could answer.
pub(super) fn id_token_scope(request: &AuthorizationRequest, scope: &ScopeSet) -> Result<(), OAuthError> {
    if request.response_type.has_id_token() && !scope.contains(scope::OPENID) {
        Err(OAuthError::invalid_request("an ID token needs the scope openid"))
    } else {
        Ok(())
    }
}

/// RFC 9700, section 2.1.1: "Public clients MUST use PKCE", wherever there is a code to protect.
pub(super) fn pkce(client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    if client.is_public() && request.response_type.has_code() && request.code_challenge.is_none() {
        Err(OAuthError::invalid_request("code_challenge is missing; public clients must use PKCE with S256"))
    } else {
        Ok(())
    }
}

/// What the request may be granted: what it asked, or the client's default scopes (RFC 6749, section 3.3).
pub(super) fn scope(realm: &Realm, client: &Client, request: &AuthorizationRequest) -> Result<ScopeSet, OAuthError> {
    let allowed = allowed_scope(realm, client, &request.scope)?;
    Ok(if request.response_type.has_code() { allowed } else { without_offline_access(&allowed) })
}

/// OpenID Connect Core, section 11: "MUST ignore the `offline_access` request unless the Client is using a
/// `response_type` value that would result in an Authorization Code being returned".
fn without_offline_access(scope: &ScopeSet) -> ScopeSet {
    scope.filtered(|scope| scope.as_str() != scope::OFFLINE_ACCESS)
}

/// The scopes asked for, refused or narrowed where the client may not have them.
pub(crate) fn allowed_scope(realm: &Realm, client: &Client, asked: &ScopeSet) -> Result<ScopeSet, OAuthError> {
    if asked.is_empty() {
        return Ok(client.default_scopes());
    }
    let foreign = asked.filtered(|scope| !may_have(client, scope));
    if foreign.is_empty() {
        return Ok(asked.clone());
    }
    let narrowed = asked.difference(&foreign);
    match realm.policy().foreign_scopes {
        ForeignScopes::Narrow if !narrowed.is_empty() => Ok(narrowed),
        // Of a request of which nothing remains nothing was granted: that is no narrower answer, but a refusal.
        ForeignScopes::Narrow | ForeignScopes::Refuse => {
            let words = format!("these scopes do not exist or are not allowed to the client: {foreign}");
            Err(OAuthError::new(ErrorCode::InvalidScope, words))
        }
    }
}

/// Whether the client may have a scope at all.
pub(crate) fn may_have(client: &Client, scope: &Scope) -> bool {
    client.scopes.iter().any(|allowed| allowed.scope == *scope)
}

/// RFC 8707, section 2: `invalid_target` is answered here already, not only at the token endpoint.
pub(super) fn resources(
    realm: &Realm,
    client: &Client,
    scope: &ScopeSet,
    request: &AuthorizationRequest,
) -> Result<(), OAuthError> {
    if request.response_type.has_token() {
        targets::plan(realm, client, scope, scope, &request.resources)?;
    }
    // APIs that disagree on the kind of token may be named together for a code, since the token request can narrow.
    for resource in &request.resources {
        targets::plan(realm, client, scope, scope, std::slice::from_ref(resource))?;
    }
    Ok(())
}
