//! The platform's public URL, from which every issuer and every link is made.
//!
//! It comes from configuration alone, never from a request: `Host` and `X-Forwarded-*` decide nothing.

use palatine_domain::RealmSlug;
use url::Url;

use crate::routes::REALMS;
use crate::settings::SettingsError;

/// A checked public URL, in the parts that are needed again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    url: Url,
    origin: String,
    prefix: String,
}

impl PublicUrl {
    /// Checks the URL. One trailing slash makes no difference.
    pub(crate) fn parse(url: &Url) -> Result<Self, SettingsError> {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(SettingsError::PublicUrl);
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url: url.clone(), origin: url.origin().ascii_serialization(), prefix })
    }

    /// As configured.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// `scheme://host[:port]`, as browsers write it in `Origin` (RFC 6454, section 6.2).
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The path prefix, without a slash at its end; empty if there is none.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The path of a realm on the origin.
    pub(crate) fn realm_path(&self, slug: &RealmSlug) -> String {
        format!("{}{REALMS}/{slug}", self.prefix)
    }

    /// The issuer of a realm: no slash at its end, compared byte for byte.
    pub(crate) fn issuer(&self, slug: &RealmSlug) -> String {
        format!("{}{}{REALMS}/{slug}", self.origin, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(url: &str) -> Result<String, SettingsError> {
        let slug = RealmSlug::parse("acme").unwrap();
        PublicUrl::parse(&url.parse().unwrap()).map(|url| url.issuer(&slug))
    }

    #[test]
    fn an_issuer_is_the_public_url_and_the_slug() {
        for (url, expected) in [
            ("https://id.example.com", "https://id.example.com/realms/acme"),
            ("https://id.example.com/", "https://id.example.com/realms/acme"),
            ("https://id.example.com:443", "https://id.example.com/realms/acme"),
            ("https://ID.Example.com/auth/", "https://id.example.com/auth/realms/acme"),
            ("http://localhost:8080", "http://localhost:8080/realms/acme"),
            ("http://[::1]:8080/a/b", "http://[::1]:8080/a/b/realms/acme"),
        ] {
            assert_eq!(issuer(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_cannot_begin_an_issuer_is_refused() {
        for url in ["ftp://a", "https://u@a", "https://a?x=1", "https://a#x", "mailto:a@b", "https://u:p@a"] {
            assert_eq!(issuer(url), Err(SettingsError::PublicUrl), "{url}");
        }
    }
}
