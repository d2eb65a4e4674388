//! How clients hear of the end of a session (OpenID Connect Back-Channel Logout 1.0, OpenID Connect Front-Channel
//! Logout 1.0).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::claims::Audience;
use crate::encoding::append_query;
use crate::redirect_uri::{MAX_REDIRECT_URI_BYTES, is_loopback};
use crate::wire_enum::wire_enum;

/// `typ` of logout tokens (Back-Channel Logout section 2.4: "explicitly typed").
pub const TYP_LOGOUT_TOKEN: &str = "logout+jwt";

/// The parameter that carries the token (Back-Channel Logout section 2.5).
pub const LOGOUT_TOKEN_PARAMETER: &str = "logout_token";

wire_enum! {
    /// By which way a client hears of the end of a session; each names that session by `sid`.
    pub enum LogoutChannel {
        /// The server posts a token.
        BackChannel = "backchannel",
        /// The browser loads a hidden frame.
        FrontChannel = "frontchannel",
    }
}

/// `events` of a logout token: one member, which makes it one, and whose value is an empty object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutEvents {
    /// Says that somebody was signed out.
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Map<String, Value>,
}

impl LogoutEvents {
    /// The only value.
    pub fn logout() -> Self {
        Self { logout: Map::new() }
    }
}

/// Claims of a logout token (Back-Channel Logout section 2.4). It has no `nonce`: "A nonce Claim MUST NOT be present",
/// so that it can never pass for an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutTokenClaims {
    /// The issuer of the realm.
    pub iss: String,
    /// The subject that was signed out, as the client knows it.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// Issue, in seconds since the epoch.
    pub iat: i64,
    /// Expiry, in seconds since the epoch.
    pub exp: i64,
    /// Its own name: no two have the same.
    pub jti: String,
    /// What happened.
    pub events: LogoutEvents,
    /// The session that ended.
    pub sid: String,
}

/// Why a URI cannot be registered for hearing of the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutUriError {
    /// Not an absolute URL with a host, or with credentials in it.
    #[error("must be an absolute URL with a host and without credentials")]
    NoUrl,
    /// "The back-channel logout URI MUST NOT include a fragment component."
    #[error("must have no fragment")]
    Fragment,
    /// `http` away from this machine: a token or a `sid` would be read on its way.
    #[error("must begin with https://; http:// is for loopback hosts alone")]
    Scheme,
}

/// Checks a URI to which logout tokens are to be posted, or that is to be loaded in frames: https, or http on a loopback
/// host, as redirect URIs are.
pub fn check_logout_uri(uri: &str) -> Result<(), LogoutUriError> {
    if uri.len() > MAX_REDIRECT_URI_BYTES || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(LogoutUriError::NoUrl);
    }
    let url = Url::parse(uri).map_err(|_| LogoutUriError::NoUrl)?;
    if !url.has_host() || !url.username().is_empty() || url.password().is_some() {
        return Err(LogoutUriError::NoUrl);
    }
    if url.fragment().is_some() {
        return Err(LogoutUriError::Fragment);
    }
    if url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url) {
        Ok(())
    } else {
        Err(LogoutUriError::Scheme)
    }
}

/// What a hidden frame loads: the registered URI, with `iss` and `sid` added to its query if the client asks for them
/// ("if either is included, both MUST be", Front-Channel Logout section 2).
pub fn front_channel_url(uri: &str, issuer_and_session: Option<(&str, &str)>) -> String {
    match issuer_and_session {
        Some((issuer, sid)) => append_query(uri, [("iss", issuer), ("sid", sid)]),
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_logout_token_says_what_the_specification_asks_for_and_never_has_a_nonce() {
        let claims = LogoutTokenClaims {
            iss: "https://op.example/realms/dev".to_owned(),
            sub: "248289761001".to_owned(),
            aud: "s6BhdRkqt3".to_owned().into(),
            iat: 1_471_566_154,
            exp: 1_471_566_274,
            jti: "bWJq".to_owned(),
            events: LogoutEvents::logout(),
            sid: "08a5019c-17e1-4977-8f42-65a12843ea02".to_owned(),
        };
        let expected = json!({
            "iss": "https://op.example/realms/dev",
            "sub": "248289761001",
            "aud": "s6BhdRkqt3",
            "iat": 1_471_566_154,
            "exp": 1_471_566_274,
            "jti": "bWJq",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
        });
        assert_eq!(serde_json::to_value(claims).unwrap(), expected);
    }

    #[test]
    fn a_logout_uri_is_https_or_on_this_machine_and_has_no_fragment() {
        let good = ["https://rp.example/out?x=1", "http://localhost:3000/out", "http://127.0.0.9/out", "http://[::1]/"];
        for uri in good {
            assert_eq!(check_logout_uri(uri), Ok(()), "{uri}");
        }
        for uri in ["http://rp.example/out", "ftp://rp.example/", "http://10.0.0.1/"] {
            assert_eq!(check_logout_uri(uri), Err(LogoutUriError::Scheme), "{uri}");
        }
        assert_eq!(check_logout_uri("https://rp.example/out#"), Err(LogoutUriError::Fragment));
        for uri in ["", "/out", "https://u:p@rp.example/", "https://rp.example/a b", "myapp:out"] {
            assert_eq!(check_logout_uri(uri), Err(LogoutUriError::NoUrl), "{uri}");
        }
    }

    #[test]
    fn a_frame_names_issuer_and_session_together_or_not_at_all() {
        assert_eq!(front_channel_url("https://rp.example/out?x=1", None), "https://rp.example/out?x=1");
        let named = front_channel_url("https://rp.example/out?x=1", Some(("https://op.example/realms/dev", "s-1")));
        assert_eq!(named, "https://rp.example/out?x=1&iss=https%3A%2F%2Fop.example%2Frealms%2Fdev&sid=s-1");
    }
}
