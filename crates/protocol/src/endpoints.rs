//! Where each protocol endpoint lives, relative to the issuer. Two spellings, one handler.

/// Stands at the end of a path for the name of a client.
pub const CLIENT_ID_PARAMETER: &str = "{client_id}";

/// An endpoint of the protocol that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `OpenID` Connect Discovery section 4; the spelling of RFC 8414 is [`oauth_metadata_path`].
    Discovery,
    /// The key set (RFC 7517).
    Jwks,
    /// The authorization endpoint: GET and POST.
    Authorization,
    /// The device authorization endpoint (RFC 8628).
    DeviceAuthorization,
    /// The token endpoint.
    Token,
    /// Userinfo: GET and POST.
    Userinfo,
    /// Introspection (RFC 7662).
    Introspection,
    /// Revocation (RFC 7009).
    Revocation,
    /// RP-initiated logout: GET and POST.
    EndSession,
    /// Registration of clients by themselves (RFC 7591).
    Registration,
    /// A registered client, read, changed and removed by itself (RFC 7592).
    ClientConfiguration,
    /// The frame that tells an application whether the session changed (`OpenID` Connect Session Management).
    CheckSession,
    /// Where that frame asks whose page it is in.
    CheckSessionInit,
    /// Sets a cookie in a frame of another site, for [`Endpoint::CookieProbeResult`].
    CookieProbe,
    /// The frame that tells an application whether that cookie arrived.
    CookieProbeResult,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 15] = [
        Self::Discovery,
        Self::Jwks,
        Self::Authorization,
        Self::DeviceAuthorization,
        Self::Token,
        Self::Userinfo,
        Self::Introspection,
        Self::Revocation,
        Self::EndSession,
        Self::Registration,
        Self::ClientConfiguration,
        Self::CheckSession,
        Self::CheckSessionInit,
        Self::CookieProbe,
        Self::CookieProbeResult,
    ];

    /// The spelling that discovery advertises.
    pub const fn canonical(self) -> &'static str {
        match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::Jwks => "/protocol/openid-connect/certs",
            Self::Authorization => "/protocol/openid-connect/auth",
            Self::DeviceAuthorization => "/protocol/openid-connect/auth/device",
            Self::Token => "/protocol/openid-connect/token",
            Self::Userinfo => "/protocol/openid-connect/userinfo",
            Self::Introspection => "/protocol/openid-connect/token/introspect",
            Self::Revocation => "/protocol/openid-connect/revoke",
            Self::EndSession => "/protocol/openid-connect/logout",
            Self::Registration => "/clients-registrations/openid-connect",
            Self::ClientConfiguration => "/clients-registrations/openid-connect/{client_id}",
            Self::CheckSession => "/protocol/openid-connect/login-status-iframe.html",
            Self::CheckSessionInit => "/protocol/openid-connect/login-status-iframe.html/init",
            Self::CookieProbe => "/protocol/openid-connect/3p-cookies/step1.html",
            Self::CookieProbeResult => "/protocol/openid-connect/3p-cookies/step2.html",
        }
    }

    /// The endpoint that a path below the issuer leads to.
    pub fn at(path: &str) -> Option<Self> {
        let leads_here = |pattern: &str| match pattern.strip_suffix(CLIENT_ID_PARAMETER) {
            Some(before) => path.strip_prefix(before).is_some_and(|id| !id.is_empty() && !id.contains('/')),
            None => pattern == path,
        };
        Self::ALL.into_iter().find(|endpoint| endpoint.paths().iter().any(|pattern| leads_here(pattern)))
    }

    /// Every spelling below the issuer, the canonical one first. One may end with [`CLIENT_ID_PARAMETER`].
    pub const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Discovery => &["/.well-known/openid-configuration"],
            Self::Jwks => &["/protocol/openid-connect/certs", "/.well-known/jwks.json"],
            Self::Authorization => &["/protocol/openid-connect/auth", "/oauth/authorize"],
            Self::DeviceAuthorization => &["/protocol/openid-connect/auth/device", "/oauth/device"],
            Self::Token => &["/protocol/openid-connect/token", "/oauth/token"],
            Self::Userinfo => &["/protocol/openid-connect/userinfo", "/oauth/userinfo"],
            Self::Introspection => &["/protocol/openid-connect/token/introspect", "/oauth/introspect"],
            Self::Revocation => &["/protocol/openid-connect/revoke", "/oauth/revoke"],
            Self::EndSession => &["/protocol/openid-connect/logout", "/oauth/logout"],
            Self::Registration => &["/clients-registrations/openid-connect", "/oauth/register"],
            Self::ClientConfiguration => {
                &["/clients-registrations/openid-connect/{client_id}", "/oauth/register/{client_id}"]
            }
            Self::CheckSession => &["/protocol/openid-connect/login-status-iframe.html"],
            Self::CheckSessionInit => &["/protocol/openid-connect/login-status-iframe.html/init"],
            Self::CookieProbe => &["/protocol/openid-connect/3p-cookies/step1.html"],
            Self::CookieProbeResult => &["/protocol/openid-connect/3p-cookies/step2.html"],
        }
    }

    /// The canonical URL under an issuer (which has no trailing slash).
    pub fn url(self, issuer: &str) -> String {
        format!("{issuer}{}", self.canonical())
    }
}

/// The well-known prefix of RFC 8414 section 3, to which the path of the issuer is appended.
pub const OAUTH_METADATA_PREFIX: &str = "/.well-known/oauth-authorization-server";

/// The path of the RFC 8414 document, from the root of the issuer's origin: `issuer_path` is the issuer's own path,
/// such as `/realms/dev`.
pub fn oauth_metadata_path(issuer_path: &str) -> String {
    format!("{OAUTH_METADATA_PREFIX}{issuer_path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_canonical_path_is_the_first_and_no_path_has_two_endpoints() {
        let mut seen = HashSet::new();
        for endpoint in Endpoint::ALL {
            assert_eq!(endpoint.paths().first(), Some(&endpoint.canonical()), "{endpoint:?}");
            for path in endpoint.paths() {
                assert!(path.starts_with('/') && seen.insert(path), "{path}");
            }
        }
    }

    #[test]
    fn a_path_leads_to_its_endpoint_alone() {
        for endpoint in Endpoint::ALL {
            for path in endpoint.paths() {
                assert_eq!(Endpoint::at(&path.replace(CLIENT_ID_PARAMETER, "c_1")), Some(endpoint), "{path}");
            }
        }
        for nothing in ["", "/", "/oauth/register/", "/oauth/register/a/b", "/oauth/tokens", "/oauth"] {
            assert_eq!(Endpoint::at(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn urls_hang_below_the_issuer() {
        let issuer = "https://op/realms/dev";
        assert_eq!(Endpoint::Token.url(issuer), "https://op/realms/dev/protocol/openid-connect/token");
        assert_eq!(oauth_metadata_path("/realms/dev"), "/.well-known/oauth-authorization-server/realms/dev");
    }
}
