//! What a token endpoint answers, and what is inside.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::wire::Answer;

/// A successful answer of the token endpoint.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    /// The ID token.
    pub id: Option<String>,
    /// The scope, as a string.
    pub scope: String,
    /// Seconds.
    pub expires_in: u64,
}

impl Tokens {
    /// Reads a success, with what RFC 6749, section 5.1 says of every one.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        let body = answer.success();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(body["token_type"], "Bearer");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self {
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
            id: text("id_token"),
            scope: text("scope").expect("the scope, always, and as a string"),
            expires_in: body["expires_in"].as_u64().expect("expires_in, in seconds"),
        }
    }

    /// The refresh token, which must be there.
    #[track_caller]
    pub fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }

    /// The ID token, which must be there.
    #[track_caller]
    pub fn id(&self) -> &str {
        self.id.as_deref().expect("an ID token")
    }

    /// The claims of the access token.
    pub fn access_claims(&self) -> Value {
        claims(&self.access)
    }

    /// The claims of the ID token.
    pub fn id_claims(&self) -> Value {
        claims(self.id())
    }

    /// The scope as sorted words.
    pub fn scopes(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.scope.split(' ').filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words
    }
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap_or_else(|| panic!("not a JWS: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
