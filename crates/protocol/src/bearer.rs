//! Bearer tokens at protected resources: how they are presented and refused (RFC 6750).

use crate::client_auth::scheme_value;
use crate::error::{Description, ErrorCode, OAuthError};
use crate::params::Params;
use crate::scope::ScopeSet;
use crate::secret::Secret;

/// Longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Why a presentation cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerProblem {
    /// Header and body at once (RFC 6750 section 2: "MUST NOT use more than one method").
    #[error("the token is presented in two ways at once")]
    TwoWays,
    /// `access_token` more than once.
    #[error("parameter access_token is repeated")]
    Repeated,
    /// `Bearer` with nothing behind it.
    #[error("the Authorization header has no token")]
    Empty,
    /// Not the `b64token` of RFC 6750 section 2.1, or more than [`MAX_TOKEN_BYTES`].
    #[error("the token is malformed")]
    Malformed,
}

impl From<BearerProblem> for OAuthError {
    /// RFC 6750 section 3.1: a broken request is 400 `invalid_request`, a broken token 401 `invalid_token`.
    fn from(problem: BearerProblem) -> Self {
        let code = match problem {
            BearerProblem::TwoWays | BearerProblem::Repeated | BearerProblem::Empty => ErrorCode::InvalidRequest,
            BearerProblem::Malformed => ErrorCode::InvalidToken,
        };
        Self::new(code, problem.to_string())
    }
}

/// A bearer token as it was presented, unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerPresentation(Secret);

impl BearerPresentation {
    /// Takes the token from the `Authorization` header (scheme in any case) or from `access_token` of a form body.
    /// `None` if no bearer token came; a header of another scheme is none. The query is never looked at, because URLs
    /// are logged.
    pub fn read(authorization: Option<&str>, body: Option<&Params>) -> Result<Option<Self>, BearerProblem> {
        let in_header = authorization.and_then(|header| scheme_value(header, "Bearer"));
        let in_body = match body {
            Some(params) => params.one("access_token").map_err(|_| BearerProblem::Repeated)?,
            None => None,
        };
        let token = match (in_header, in_body) {
            (Some(_), Some(_)) => return Err(BearerProblem::TwoWays),
            (None, None) => return Ok(None),
            (Some(""), None) => return Err(BearerProblem::Empty),
            (Some(token), None) | (None, Some(token)) => token,
        };
        if token.len() > MAX_TOKEN_BYTES || !is_b64token(token) {
            return Err(BearerProblem::Malformed);
        }
        Ok(Some(Self(Secret::new(token))))
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.0.expose()
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| crate::encoding::is_unreserved(byte) || matches!(byte, b'+' | b'/');
    !body.is_empty() && body.bytes().all(allowed)
}

/// `WWW-Authenticate` of a refusal (RFC 6750 section 3). Without an error when no credentials came; `scope` says what
/// would have been enough.
pub fn www_authenticate(realm: &str, error: Option<&OAuthError>, scope: Option<&ScopeSet>) -> String {
    let realm = format!("realm=\"{}\"", Description::from(realm.to_owned()));
    let members = error.into_iter().flat_map(OAuthError::parameters).map(|(name, value)| format!("{name}=\"{value}\""));
    let scope = scope.map(|scope| format!("scope=\"{scope}\""));
    let parts: Vec<String> = std::iter::once(realm).chain(members).chain(scope).collect();
    format!("Bearer {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read(authorization: Option<&str>, body: &str) -> Result<Option<String>, BearerProblem> {
        let params = Params::parse(body.as_bytes()).unwrap();
        let presented = BearerPresentation::read(authorization, Some(&params))?;
        Ok(presented.map(|presented| presented.token().to_owned()))
    }

    #[rstest]
    #[case(Some("Bearer abc.d-e_f~+/=="), "", Ok(Some("abc.d-e_f~+/==")))]
    #[case(Some("bearer abc"), "", Ok(Some("abc")))]
    #[case(Some("BEARER  abc "), "x=1", Ok(Some("abc")))]
    #[case(None, "access_token=abc", Ok(Some("abc")))]
    #[case(None, "access_token=", Ok(None))]
    #[case(None, "", Ok(None))]
    #[case(Some("Basic YTpi"), "", Ok(None))]
    #[case(Some("Bearerabc"), "", Ok(None))]
    #[case(Some("Bearer abc"), "access_token=abc", Err(BearerProblem::TwoWays))]
    #[case(None, "access_token=a&access_token=a", Err(BearerProblem::Repeated))]
    #[case(Some("Bearer"), "", Err(BearerProblem::Empty))]
    #[case(Some("Bearer a b"), "", Err(BearerProblem::Malformed))]
    #[case(Some("Bearer =="), "", Err(BearerProblem::Malformed))]
    #[case(Some("Bearer a\"b"), "", Err(BearerProblem::Malformed))]
    #[case(None, "access_token=%C3%A4", Err(BearerProblem::Malformed))]
    fn a_token_comes_one_way(
        #[case] authorization: Option<&str>,
        #[case] body: &str,
        #[case] expected: Result<Option<&str>, BearerProblem>,
    ) {
        assert_eq!(read(authorization, body), expected.map(|token| token.map(str::to_owned)));
    }

    #[test]
    fn two_ways_are_a_400_and_a_malformed_token_a_401() {
        assert_eq!(OAuthError::from(BearerProblem::TwoWays).code.http_status(), 400);
        assert_eq!(OAuthError::from(BearerProblem::Malformed).code.http_status(), 401);
    }

    #[test]
    fn the_challenge_names_an_error_only_if_a_token_came() {
        assert_eq!(www_authenticate("dev", None, None), "Bearer realm=\"dev\"");
        let error = OAuthError::new(ErrorCode::InsufficientScope, "openid is \"missing\"");
        let scope = ScopeSet::parse("openid").unwrap();
        assert_eq!(
            www_authenticate("dev", Some(&error), Some(&scope)),
            "Bearer realm=\"dev\", error=\"insufficient_scope\", error_description=\"openid is 'missing'\", \
             scope=\"openid\""
        );
    }

    #[test]
    fn a_presented_token_is_not_printed() {
        let presented = BearerPresentation::read(Some("Bearer canary"), None);
        assert!(!format!("{presented:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in any::<String>(), realm in any::<String>()) {
            let _ = BearerPresentation::read(Some(&header), None);
            prop_assert!(www_authenticate(&realm, None, None).bytes().all(|byte| (0x20..0x7F).contains(&byte)));
        }
    }
}
