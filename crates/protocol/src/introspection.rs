//! Token introspection (RFC 7662).

use crate::claims::{Audience, ExtraClaims, TokenUse};
use crate::error::OAuthError;
use crate::params::Params;
use crate::revocation::TokenTypeHint;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::token::{TokenType, required_secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a protected resource asks (RFC 7662 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionRequest {
    /// The token.
    pub token: Secret,
    /// Where to look first; unknown hints are ignored.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl IntrospectionRequest {
    /// Reads the body, without the caller's credentials.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&[])?;
        Ok(Self { token: required_secret(params, "token")?, token_type_hint: TokenTypeHint::read(params)? })
    }
}

/// The answer (RFC 7662 section 2.2). An inactive token has no other member.
#[derive(Clone, Debug, PartialEq)]
pub enum IntrospectionResponse {
    /// `{"active": false}`: unknown, expired, ended, or not the caller's business.
    Inactive,
    /// `{"active": true, …}`.
    Active(Box<ActiveToken>),
}

/// What is said about an active token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActiveToken {
    /// Its scopes, as one string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// The client it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user's login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `Bearer` for an access token, absent for a refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// Expiry, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Issue, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The APIs it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Whether a person or a service is the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_use: Option<TokenUse>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Further claims of the token; none may have a name from above.
    #[serde(flatten)]
    pub extra: ExtraClaims,
}

impl ActiveToken {
    /// Whether a claim of the token would take the place of a member that RFC 7662, section 2.2 defines. Those that are
    /// not here are reserved claims (see [`crate::claims::RESERVED_CLAIMS`]).
    pub fn has_member(claim: &str) -> bool {
        ["active", "username", "token_type"].contains(&claim)
    }
}

#[derive(Serialize)]
struct ActiveForm<'a> {
    active: bool,
    #[serde(flatten)]
    token: Option<&'a ActiveToken>,
}

impl Serialize for IntrospectionResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let token = match self {
            Self::Inactive => None,
            Self::Active(token) => Some(token.as_ref()),
        };
        ActiveForm { active: token.is_some(), token }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IntrospectionResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = ExtraClaims::deserialize(deserializer)?;
        match members.remove("active") {
            Some(serde_json::Value::Bool(false)) => Ok(Self::Inactive),
            Some(serde_json::Value::Bool(true)) => serde_json::from_value(members.into())
                .map(|token| Self::Active(Box::new(token)))
                .map_err(serde::de::Error::custom),
            _ => Err(serde::de::Error::missing_field("active")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_inactive_token_says_nothing_else() {
        assert_eq!(serde_json::to_string(&IntrospectionResponse::Inactive).unwrap(), r#"{"active":false}"#);
        let read: IntrospectionResponse = serde_json::from_value(json!({"active": false})).unwrap();
        assert_eq!(read, IntrospectionResponse::Inactive);
        assert!(serde_json::from_value::<IntrospectionResponse>(json!({"sub": "x"})).is_err());
    }

    #[test]
    fn an_active_token_has_the_members_of_rfc_7662() {
        let token = ActiveToken {
            scope: Some(ScopeSet::parse("read write").unwrap()),
            client_id: Some("app".into()),
            token_type: Some(TokenType::Bearer),
            exp: Some(1_900_000_000),
            aud: Some(Audience::from_iter(["api"])),
            token_use: Some(TokenUse::Service),
            extra: json!({"department": "sales"}).as_object().unwrap().clone(),
            ..ActiveToken::default()
        };
        let response = IntrospectionResponse::Active(Box::new(token));
        let json = serde_json::to_value(&response).unwrap();
        let expected = json!({
            "active": true, "scope": "read write", "client_id": "app", "token_type": "Bearer", "exp": 1_900_000_000,
            "aud": "api", "token_use": "service", "department": "sales"
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<IntrospectionResponse>(json).unwrap(), response);
    }

    #[test]
    fn a_request_needs_one_token() {
        let read = |body: &str| IntrospectionRequest::read(&Params::parse(body.as_bytes()).unwrap());
        assert_eq!(read("token=t&token_type_hint=refresh_token").unwrap().token, Secret::new("t"));
        for body in ["", "token=", "token=a&token=a"] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
