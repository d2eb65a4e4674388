//! Redirect URIs: what may be registered, and when an asked-for URI is a registered one (RFC 6749 section 3.1.2,
//! RFC 8252, RFC 9700 section 4.1).
//!
//! Registration is strict so that matching can be simple: a URI that any parser would rewrite (dot segments, upper-case
//! hosts, numbers that are addresses, default spellings) is never stored, so byte equality is safe.

use crate::encoding::{escaped_byte, form_decode};
use crate::response::RESPONSE_PARAMETERS;
use crate::wire_enum::wire_enum;
use url::{Host, Url};

/// Longest redirect URI, in bytes.
pub const MAX_REDIRECT_URI_BYTES: usize = 2048;

wire_enum! {
    /// What kind of application a client is (OpenID Connect Dynamic Client Registration section 2).
    pub enum ApplicationType {
        /// Served to a browser: `https`, and `http` on loopback hosts.
        Web = "web",
        /// Installed: also custom schemes, and any port on loopback literals.
        Native = "native",
    }
}

/// Why a redirect URI cannot be registered. The texts name the rule, for an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Nothing there.
    #[error("the redirect URI is empty")]
    Empty,
    /// More than [`MAX_REDIRECT_URI_BYTES`].
    #[error("the redirect URI is longer than {MAX_REDIRECT_URI_BYTES} bytes")]
    TooLong,
    /// A space, a control, a backslash, a character outside ASCII, or one that RFC 3986 has to be percent-encoded.
    #[error("the redirect URI contains a character that must be percent-encoded, or a backslash")]
    Character,
    /// A `%` without two hex digits, or one that hides a control character or a backslash.
    #[error("the redirect URI contains a broken or hostile percent-encoding")]
    Encoding,
    /// `*`: there are no wildcards.
    #[error("redirect URIs are compared exactly: wildcards have no meaning")]
    Wildcard,
    /// RFC 6749 section 3.1.2: "MUST NOT include a fragment component".
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// Not an absolute URI, or a scheme in upper case.
    #[error("the redirect URI is not absolute, or its scheme is not in lower case")]
    NotAbsolute,
    /// A scheme that browsers or the system give a meaning of their own: `javascript`, `data`, …
    #[error("this scheme cannot be a redirect URI")]
    Scheme,
    /// A custom scheme of a web client.
    #[error("only native clients have custom schemes")]
    SchemeOfNativeClient,
    /// `user@` or `user:password@`.
    #[error("a redirect URI has no user information")]
    UserInformation,
    /// A host that is missing, malformed, or not in the spelling every parser gives it.
    #[error("the host of the redirect URI is missing or not in its canonical spelling")]
    Host,
    /// A port that is empty, zero, above 65535 or padded.
    #[error("the port of the redirect URI is not a number from 1 to 65535")]
    Port,
    /// `http` to a host that is not loopback.
    #[error("http is for loopback hosts only: localhost, 127.0.0.0/8, [::1]")]
    InsecureHttp,
    /// `.` or `..` in the path, plain or encoded, also before a `;`.
    #[error("the path of the redirect URI contains a dot segment")]
    DotSegment,
    /// A query with a name that the response will carry.
    #[error("the query of the redirect URI contains a parameter of authorization responses")]
    ResponseParameter,
}

/// A redirect URI that may be registered. Post-logout redirect URIs follow the same rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegisteredRedirectUri(String);

impl RegisteredRedirectUri {
    /// Checks a URI for registration and keeps it byte for byte.
    pub fn parse(uri: &str, application_type: ApplicationType) -> Result<Self, RedirectUriError> {
        check_characters(uri)?;
        let (scheme, rest) = uri.split_once(':').ok_or(RedirectUriError::NotAbsolute)?;
        check_scheme(scheme)?;
        match (scheme, application_type) {
            ("https" | "http", _) => check_http(uri, scheme, rest)?,
            (_, ApplicationType::Web) => return Err(RedirectUriError::SchemeOfNativeClient),
            (_, ApplicationType::Native) => check_custom(uri, rest)?,
        }
        check_query(rest)?;
        Ok(Self(uri.to_owned()))
    }

    /// The URI as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI as it was given.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn check_characters(uri: &str) -> Result<(), RedirectUriError> {
    if uri.is_empty() {
        return Err(RedirectUriError::Empty);
    }
    if uri.len() > MAX_REDIRECT_URI_BYTES {
        return Err(RedirectUriError::TooLong);
    }
    let mut rest = uri.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'#' => return Err(RedirectUriError::Fragment),
            b'*' => return Err(RedirectUriError::Wildcard),
            b'%' => match escaped_byte(tail) {
                Some((0x20..=0x5B | 0x5D..=0x7E | 0x80.., _)) => {}
                _ => return Err(RedirectUriError::Encoding),
            },
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => return Err(RedirectUriError::Character),
            0x21..=0x7E => {}
            _ => return Err(RedirectUriError::Character),
        }
    }
    Ok(())
}

/// Schemes with a meaning of their own to browsers or operating systems.
const FORBIDDEN_SCHEMES: [&str; 24] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "edge",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "ms-appx",
    "resource",
    "sms",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "wyciwyg",
];

fn check_scheme(scheme: &str) -> Result<(), RedirectUriError> {
    let starts_well = scheme.starts_with(|first: char| first.is_ascii_lowercase());
    let goes_on_well = scheme
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    if FORBIDDEN_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(RedirectUriError::Scheme);
    }
    if starts_well && goes_on_well { Ok(()) } else { Err(RedirectUriError::NotAbsolute) }
}

/// `https`, and `http` to loopback hosts.
fn check_http(uri: &str, scheme: &str, rest: &str) -> Result<(), RedirectUriError> {
    let after_slashes = rest.strip_prefix("//").ok_or(RedirectUriError::NotAbsolute)?;
    let (authority, path) = split_authority(after_slashes);
    if authority.contains('@') {
        return Err(RedirectUriError::UserInformation);
    }
    let (host, port) = split_port(authority);
    if let Some(port) = port {
        check_port(port)?;
    }
    check_path(path)?;
    let parsed = Url::parse(uri).map_err(|_| RedirectUriError::Host)?;
    if host.is_empty() || parsed.host_str() != Some(host) {
        return Err(RedirectUriError::Host);
    }
    if scheme == "http" && !is_loopback(&parsed) {
        return Err(RedirectUriError::InsecureHttp);
    }
    Ok(())
}

/// A private-use scheme of a native client (RFC 8252 section 7.1): `com.example.app:/cb`, `myapp://callback`.
fn check_custom(uri: &str, rest: &str) -> Result<(), RedirectUriError> {
    Url::parse(uri).map_err(|_| RedirectUriError::NotAbsolute)?;
    if rest.is_empty() {
        return Err(RedirectUriError::NotAbsolute);
    }
    let (authority, path) = rest.strip_prefix("//").map_or(("", rest), split_authority);
    if authority.contains('@') {
        return Err(RedirectUriError::UserInformation);
    }
    check_path(path)
}

fn split_authority(after_slashes: &str) -> (&str, &str) {
    let end = after_slashes.find(['/', '?']).unwrap_or(after_slashes.len());
    after_slashes.split_at_checked(end).unwrap_or((after_slashes, ""))
}

/// Host and port as written; the colons of an IPv6 literal are inside its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn check_port(port: &str) -> Result<(), RedirectUriError> {
    let is_plain = !port.starts_with('0') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain && port.parse::<u16>().is_ok() { Ok(()) } else { Err(RedirectUriError::Port) }
}

fn check_path(path_and_query: &str) -> Result<(), RedirectUriError> {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let is_dot_segment = |segment: &str| {
        let name = segment.split(';').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
        name == "." || name == ".." || name.starts_with(".%3b") || name.starts_with("..%3b")
    };
    // An encoded slash is a slash to some servers.
    let segments = path.to_ascii_lowercase().replace("%2f", "/");
    if segments.split('/').any(is_dot_segment) { Err(RedirectUriError::DotSegment) } else { Ok(()) }
}

/// A response parameter in the registered query would reach the client twice.
fn check_query(rest: &str) -> Result<(), RedirectUriError> {
    let Some((_, query)) = rest.split_once('?') else {
        return Ok(());
    };
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    for name in names {
        let name = form_decode(name.as_bytes()).ok_or(RedirectUriError::Encoding)?;
        if RESPONSE_PARAMETERS.contains(&name.as_str()) {
            return Err(RedirectUriError::ResponseParameter);
        }
    }
    Ok(())
}

/// Whether the host is this very machine: `localhost`, 127.0.0.0/8, `[::1]`.
pub fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an asked-for URI is a registered one: the same string, byte for byte. The one exception is the port of
/// `http://127.0.0.1` and `http://[::1]` for native clients, which the system gives them (RFC 8252 section 7.3); all
/// else of the URI stays byte-equal.
pub fn matches(registered: &str, asked: &str, native: bool) -> bool {
    if registered == asked {
        return true;
    }
    native && loopback_without_port(registered).is_some_and(|parts| loopback_without_port(asked) == Some(parts))
}

/// Host literal and everything after the port of an `http` loopback URI.
fn loopback_without_port(uri: &str) -> Option<(&str, &str)> {
    let (host, rest) = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|literal| uri.strip_prefix(literal).map(|rest| (literal, rest)))?;
    let (port, path) = split_authority(rest);
    let port_is_free = match port.strip_prefix(':') {
        Some(number) => check_port(number).is_ok(),
        None => port.is_empty(),
    };
    port_is_free.then_some((host, path))
}

/// The web origin of an `http(s)` URI, as browsers send it in `Origin`; `None` for any other scheme.
pub fn origin_of(uri: &str) -> Option<String> {
    let parsed = Url::parse(uri).ok()?;
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.origin().ascii_serialization())
}

/// Whether a URI is `https`, or `http` on a loopback host, where nobody listens in between.
pub fn is_secure(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| uri.scheme() == "https" || uri.scheme() == "http" && is_loopback(&uri))
}

/// The host of an `http(s)` URI, in lower case; `None` for any other scheme.
pub fn host_of(uri: &str) -> Option<String> {
    let parsed = Url::parse(uri).ok()?;
    parsed.host_str().filter(|_| matches!(parsed.scheme(), "http" | "https")).map(str::to_owned)
}

#[cfg(test)]
mod tests;
