//! The URIs that a client registers: where browsers are sent, what the server fetches, what people are shown.

use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::logout::check_logout_uri;
use palatine_protocol::redirect_uri::{self, ApplicationType, MAX_REDIRECT_URI_BYTES, RegisteredRedirectUri};
use palatine_protocol::registration::ClientMetadata;
use palatine_protocol::token::GrantType;
use url::Url;

use super::metadata::{check_length, needs_redirect};

fn bad_redirect(words: impl Into<String>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRedirectUri, words.into())
}

fn refused(member: &str, words: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, format!("{member} {words}"))
}

/// "`redirect_uris` needed only for redirect grants."
pub(super) fn redirect_uris(
    metadata: &ClientMetadata,
    application: ApplicationType,
    grants: &[GrantType],
) -> Result<Vec<String>, OAuthError> {
    let uris = metadata.redirect_uris.clone().unwrap_or_default();
    check_length("redirect_uris", uris.len())?;
    if uris.is_empty() && grants.iter().any(|grant| needs_redirect(*grant)) {
        return Err(bad_redirect("redirect_uris is missing"));
    }
    for uri in &uris {
        check_registered(uri, application)?;
        match application {
            ApplicationType::Web => check_web(uri, grants)?,
            ApplicationType::Native => check_native(uri)?,
        }
    }
    Ok(uris)
}

pub(super) fn post_logout_redirect_uris(
    metadata: &ClientMetadata,
    application: ApplicationType,
) -> Result<Vec<String>, OAuthError> {
    let uris = metadata.post_logout_redirect_uris.clone().unwrap_or_default();
    check_length("post_logout_redirect_uris", uris.len())?;
    for uri in &uris {
        check_registered(uri, application)?;
    }
    Ok(uris)
}

fn check_registered(uri: &str, application: ApplicationType) -> Result<(), OAuthError> {
    RegisteredRedirectUri::parse(uri, application).map(drop).map_err(|error| bad_redirect(format!("{uri}: {error}")))
}

/// "Web Clients using the OAuth Implicit Grant Type MUST only register URLs using the https scheme as `redirect_uris`;
/// they MUST NOT use localhost as the hostname."
fn check_web(uri: &str, grants: &[GrantType]) -> Result<(), OAuthError> {
    if !grants.contains(&GrantType::Implicit) {
        return Ok(());
    }
    let parsed = Url::parse(uri).map_err(|_| bad_redirect("the redirect URI is no URL"))?;
    if parsed.scheme() == "https" && parsed.host_str() != Some("localhost") {
        Ok(())
    } else {
        Err(bad_redirect(format!(
            "{uri}: with the implicit grant a web client has https and another host than localhost"
        )))
    }
}

/// "Native Clients MUST only register `redirect_uris` using custom URI schemes or loopback URLs using the http
/// scheme."
fn check_native(uri: &str) -> Result<(), OAuthError> {
    if uri.starts_with("https:") {
        Err(bad_redirect(format!("{uri}: a native client has a custom scheme, or http on a loopback host")))
    } else {
        Ok(())
    }
}

/// A URL without credentials, as it was written.
fn plain_url(member: &str, uri: &str) -> Result<Url, OAuthError> {
    let wrong = || refused(member, "is no URL without credentials");
    if uri.len() > MAX_REDIRECT_URI_BYTES || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong());
    }
    let url = Url::parse(uri).map_err(|_| wrong())?;
    let plain = url.has_host() && url.username().is_empty() && url.password().is_none();
    if plain { Ok(url) } else { Err(wrong()) }
}

/// What the server itself asks: https, or http on this machine, which the operator must have allowed
/// (`[outbound]`). No fragment, which would not be sent.
pub(super) fn fetched(member: &str, uri: Option<&String>) -> Result<Option<String>, OAuthError> {
    let Some(uri) = uri else { return Ok(None) };
    let url = plain_url(member, uri)?;
    let fits = url.fragment().is_none()
        && (url.scheme() == "https" || url.scheme() == "http" && redirect_uri::is_loopback(&url));
    if fits { Ok(Some(uri.clone())) } else { Err(refused(member, "must begin with https:// and have no fragment")) }
}

pub(super) fn https(member: &str, uri: Option<&String>) -> Result<Option<String>, OAuthError> {
    let Some(uri) = uri else { return Ok(None) };
    let url = plain_url(member, uri)?;
    if url.scheme() == "https" { Ok(Some(uri.clone())) } else { Err(refused(member, "must begin with https://")) }
}

/// A page or an image that people are shown a link to: never a scheme that could act.
pub(super) fn page(member: &str, uri: Option<&String>) -> Result<Option<String>, OAuthError> {
    let Some(uri) = uri else { return Ok(None) };
    let url = plain_url(member, uri)?;
    if matches!(url.scheme(), "https" | "http") {
        Ok(Some(uri.clone()))
    } else {
        Err(refused(member, "must begin with https:// or http://"))
    }
}

/// "These URLs MUST use the https scheme unless the target Request Object is signed"; here they are fetched by https, or
/// from this machine. A fragment may hold the hash of the content.
pub(super) fn request_uris(metadata: &ClientMetadata) -> Result<Vec<String>, OAuthError> {
    let uris = metadata.request_uris.clone().unwrap_or_default();
    check_length("request_uris", uris.len())?;
    for uri in &uris {
        let without_fragment = uri.split('#').next().unwrap_or_default().to_owned();
        fetched("request_uris", Some(&without_fragment))?;
    }
    Ok(uris)
}

/// Where the client hears of the end of a session.
pub(super) fn logout(member: &str, uri: Option<&String>) -> Result<Option<String>, OAuthError> {
    let Some(uri) = uri else { return Ok(None) };
    check_logout_uri(uri).map_err(|error| refused(member, &error.to_string()))?;
    Ok(Some(uri.clone()))
}

/// "The domain, port, and scheme of this URL MUST be the same as that of a registered Redirection URI value."
pub(super) fn front_channel_logout(metadata: &ClientMetadata) -> Result<Option<String>, OAuthError> {
    let member = "frontchannel_logout_uri";
    let Some(uri) = logout(member, metadata.frontchannel_logout_uri.as_ref())? else { return Ok(None) };
    let origin = redirect_uri::origin_of(&uri);
    let mut registered = metadata.redirect_uris.iter().flatten();
    if registered.any(|redirect| redirect_uri::origin_of(redirect) == origin) {
        Ok(Some(uri))
    } else {
        Err(refused(member, "must have scheme, host and port of a redirect URI"))
    }
}
