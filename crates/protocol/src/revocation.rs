//! Token revocation (RFC 7009).

use crate::error::OAuthError;
use crate::params::Params;
use crate::secret::Secret;
use crate::token::required_secret;
use crate::wire_enum::wire_enum;

wire_enum! {
    /// `token_type_hint` (RFC 7009 section 2.1).
    pub enum TokenTypeHint {
        /// An access token.
        AccessToken = "access_token",
        /// A refresh token.
        RefreshToken = "refresh_token",
    }
}

impl TokenTypeHint {
    /// Reads the hint; an unknown one is as good as none (RFC 7009 section 2.1).
    pub(crate) fn read(params: &Params) -> Result<Option<Self>, OAuthError> {
        Ok(params.one("token_type_hint")?.and_then(Self::from_wire))
    }
}

/// What a client asks to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRequest {
    /// The token.
    pub token: Secret,
    /// Where to look first.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl RevocationRequest {
    /// Reads the body, without the client's credentials.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&[])?;
        Ok(Self { token: required_secret(params, "token")?, token_type_hint: TokenTypeHint::read(params)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn read(body: &str) -> Result<RevocationRequest, OAuthError> {
        RevocationRequest::read(&Params::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn an_unknown_hint_is_ignored() {
        assert_eq!(read("token=t&token_type_hint=magic").unwrap().token_type_hint, None);
        let hinted = read("token=t&token_type_hint=refresh_token").unwrap();
        assert_eq!(hinted.token_type_hint, Some(TokenTypeHint::RefreshToken));
        assert_eq!(hinted.token.expose(), "t");
    }

    #[test]
    fn a_missing_or_repeated_token_is_an_invalid_request() {
        for body in ["", "token=", "token=a&token=b"] {
            assert_eq!(read(body).unwrap_err().code, ErrorCode::InvalidRequest, "{body}");
        }
    }
}
