//! Authorization responses: response types, response modes, and the parameters that travel back to the client.

use crate::encoding::{append_query, encode_pairs};
use crate::error::OAuthError;
use crate::scope::ScopeSet;
use crate::token::{GrantType, TokenType};
use crate::wire_enum::wire_enum;

wire_enum! {
    /// What an authorization request asks for (OAuth 2.0 Multiple Response Type Encoding Practices section 5).
    pub enum ResponseType {
        /// RFC 6749 section 4.1.
        Code = "code",
        /// OpenID Connect Core section 3.3.
        CodeIdToken = "code id_token",
        /// OpenID Connect Core section 3.3.
        CodeToken = "code token",
        /// OpenID Connect Core section 3.3.
        CodeIdTokenToken = "code id_token token",
        /// OpenID Connect Core section 3.2.
        IdToken = "id_token",
        /// OpenID Connect Core section 3.2.
        IdTokenToken = "id_token token",
    }
}

impl ResponseType {
    /// Reads a space-separated set of words; their order does not matter (RFC 6749 section 3.1.1), a repeated word does.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).take(4).collect();
        words.sort_unstable();
        Self::from_wire(&words.join(" "))
    }

    /// Whether the response carries a code.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether the response itself carries an ID token.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::CodeIdToken | Self::CodeIdTokenToken | Self::IdToken | Self::IdTokenToken)
    }

    /// Whether the response itself carries an access token.
    pub const fn has_token(self) -> bool {
        matches!(self, Self::CodeToken | Self::CodeIdTokenToken | Self::IdTokenToken)
    }

    /// Whether a token passes through the browser, so that `query` is forbidden.
    pub const fn is_front_channel(self) -> bool {
        self.has_id_token() || self.has_token()
    }

    /// The grants that a client needs to ask for it (OpenID Connect Dynamic Client Registration section 2).
    pub const fn grant_types(self) -> &'static [GrantType] {
        match self {
            Self::Code => &[GrantType::AuthorizationCode],
            Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken => {
                &[GrantType::AuthorizationCode, GrantType::Implicit]
            }
            Self::IdToken | Self::IdTokenToken => &[GrantType::Implicit],
        }
    }
}

wire_enum! {
    /// How the response reaches the client.
    pub enum ResponseMode {
        /// In the query of the redirect URI.
        Query = "query",
        /// In its fragment.
        Fragment = "fragment",
        /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode).
        FormPost = "form_post",
    }
}

impl ResponseMode {
    /// The mode of a request that names none.
    pub const fn default_for(response_type: ResponseType) -> Self {
        if response_type.is_front_channel() { Self::Fragment } else { Self::Query }
    }

    /// The mode of an error about a response type that is none of ours: who asks for a token reads the fragment
    /// (RFC 6749 section 4.2.2.1).
    pub fn default_for_unknown(response_type: &str) -> Self {
        let asks_for_token = response_type.split(' ').any(|word| word == "token" || word == "id_token");
        if asks_for_token { Self::Fragment } else { Self::Query }
    }
}

/// What a successful response carries; which of it, the response type says. `Debug` shows no token.
#[derive(Clone, Default)]
pub struct Issued {
    /// The code (RFC 6749 section 4.1.2).
    pub code: Option<String>,
    /// The access token (RFC 6749 section 4.2.2).
    pub access_token: Option<FrontChannelToken>,
    /// The ID token (OpenID Connect Core section 3.2.2.5).
    pub id_token: Option<String>,
    /// [`session_state`](crate::session_management::session_state), if it is an authentication.
    pub session_state: Option<String>,
}

/// An access token that passes through the browser, with what must be said of it.
#[derive(Clone)]
pub struct FrontChannelToken {
    /// The token.
    pub token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// Its scope.
    pub scope: ScopeSet,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.parameters().iter().map(|(name, _)| name)).finish()
    }
}

impl Issued {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        parameters.extend(self.code.clone().map(|code| ("code", code)));
        if let Some(access) = &self.access_token {
            parameters.extend([
                ("access_token", access.token.clone()),
                ("token_type", TokenType::Bearer.to_string()),
                ("expires_in", access.expires_in.to_string()),
                ("scope", access.scope.to_string()),
            ]);
        }
        parameters.extend(self.id_token.clone().map(|id_token| ("id_token", id_token)));
        parameters.extend(self.session_state.clone().map(|session_state| ("session_state", session_state)));
        parameters
    }
}

/// The parameters of one authorization response. Each name comes once; `iss` is always among them (RFC 9207).
/// `Debug` shows names alone, because a code is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// A response that carries what was asked for (OAuth 2.0 Multiple Response Type Encoding Practices section 5).
    pub fn success(issuer: &str, answer: &Issued, state: Option<&str>) -> Self {
        Self::with_context(answer.parameters(), issuer, state)
    }

    /// A response that carries an error (RFC 6749 section 4.1.2.1).
    pub fn error(issuer: &str, error: &OAuthError, state: Option<&str>) -> Self {
        let parameters = error.parameters().map(|(name, value)| (name, value.to_owned()));
        Self::with_context(parameters, issuer, state)
    }

    fn with_context(
        parameters: impl IntoIterator<Item = (&'static str, String)>,
        issuer: &str,
        state: Option<&str>,
    ) -> Self {
        let state = state.map(|state| ("state", state.to_owned()));
        Self { parameters: parameters.into_iter().chain(state).chain([("iss", issuer.to_owned())]).collect() }
    }

    /// The parameters, for the fields of a form.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The `Location` that brings the response to a checked redirect URI. An existing query stays, byte for byte.
    /// `None` for [`ResponseMode::FormPost`], which is a page.
    pub fn to_location(&self, redirect_uri: &str, mode: ResponseMode) -> Option<String> {
        match mode {
            ResponseMode::Query => Some(append_query(redirect_uri, self.parameters())),
            ResponseMode::Fragment => Some(format!("{redirect_uri}#{}", encode_pairs(self.parameters()))),
            ResponseMode::FormPost => None,
        }
    }
}

impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

/// Names that a response may carry. A registered redirect URI must not have them in its query: the client would see
/// them twice.
pub const RESPONSE_PARAMETERS: [&str; 13] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "scope",
    "session_state",
    "state",
    "token_type",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::params::Params;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("code", Some(ResponseType::Code))]
    #[case("token id_token code", Some(ResponseType::CodeIdTokenToken))]
    #[case("id_token  code", Some(ResponseType::CodeIdToken))]
    #[case("token", None)]
    #[case("code code", None)]
    #[case("Code", None)]
    #[case("", None)]
    #[case("code id_token token x", None)]
    fn the_order_of_words_does_not_matter(#[case] text: &str, #[case] response_type: Option<ResponseType>) {
        assert_eq!(ResponseType::parse(text), response_type);
    }

    #[test]
    fn tokens_go_to_the_fragment_by_default() {
        for &response_type in ResponseType::ALL {
            let is_code_alone = response_type == ResponseType::Code;
            let expected = if is_code_alone { ResponseMode::Query } else { ResponseMode::Fragment };
            assert_eq!(ResponseMode::default_for(response_type), expected, "{response_type}");
        }
    }

    fn code_response(issuer: &str, code: &str, state: Option<&str>) -> AuthorizationResponse {
        let answer = Issued { code: Some(code.to_owned()), ..Issued::default() };
        AuthorizationResponse::success(issuer, &answer, state)
    }

    #[rstest]
    #[case("token", ResponseMode::Fragment)]
    #[case("x id_token", ResponseMode::Fragment)]
    #[case("none", ResponseMode::Query)]
    #[case("tokens", ResponseMode::Query)]
    fn who_asks_for_a_token_reads_the_fragment(#[case] unknown: &str, #[case] mode: ResponseMode) {
        assert_eq!(ResponseMode::default_for_unknown(unknown), mode);
    }

    #[test]
    fn a_response_type_needs_the_grants_of_its_parts() {
        for &response_type in ResponseType::ALL {
            let grants = response_type.grant_types();
            assert_eq!(grants.contains(&GrantType::AuthorizationCode), response_type.has_code(), "{response_type}");
            assert_eq!(grants.contains(&GrantType::Implicit), response_type.is_front_channel(), "{response_type}");
        }
    }

    #[test]
    fn a_front_channel_token_comes_with_its_type_life_and_scope() {
        let access = FrontChannelToken {
            token: "t0ken".to_owned(),
            expires_in: 300,
            scope: ScopeSet::parse("openid email").unwrap(),
        };
        let issued = Issued {
            code: Some("c0de".to_owned()),
            access_token: Some(access),
            id_token: Some("j.w.s".to_owned()),
            session_state: Some("h.s".to_owned()),
        };
        let response = AuthorizationResponse::success("https://op", &issued, Some("x"));
        assert_eq!(
            response.to_location("https://rp/cb", ResponseMode::Fragment).unwrap(),
            "https://rp/cb#code=c0de&access_token=t0ken&token_type=Bearer&expires_in=300&scope=openid%20email\
             &id_token=j.w.s&session_state=h.s&state=x&iss=https%3A%2F%2Fop"
        );
        for shown in [format!("{response:?}"), format!("{issued:?}")] {
            assert!(shown.contains("access_token") && !shown.contains("t0ken") && !shown.contains("j.w.s"), "{shown}");
        }
    }

    #[test]
    fn a_code_response_has_code_state_and_issuer() {
        let response = code_response("https://op/realms/a", "c0de", Some("s t+&"));
        assert_eq!(
            response.to_location("https://rp/cb?keep=a%20b", ResponseMode::Query).unwrap(),
            "https://rp/cb?keep=a%20b&code=c0de&state=s%20t%2B%26&iss=https%3A%2F%2Fop%2Frealms%2Fa"
        );
        assert_eq!(
            response.to_location("https://rp/cb", ResponseMode::Fragment).unwrap(),
            "https://rp/cb#code=c0de&state=s%20t%2B%26&iss=https%3A%2F%2Fop%2Frealms%2Fa"
        );
        assert_eq!(response.to_location("https://rp/cb", ResponseMode::FormPost), None);
        assert!(!format!("{response:?}").contains("c0de"));
    }

    #[test]
    fn an_error_response_has_nothing_else_and_nothing_twice() {
        let error = OAuthError::new(ErrorCode::LoginRequired, "no session");
        let names = |state| {
            let response = AuthorizationResponse::error("https://op", &error, state);
            response.parameters().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(Some("x")), ["error", "error_description", "state", "iss"]);
        assert_eq!(names(None), ["error", "error_description", "iss"]);
    }

    proptest! {
        #[test]
        fn no_state_can_add_a_parameter(state in "[^\0]{1,40}") {
            let response = code_response("https://op", "c", Some(&state));
            let location = response.to_location("https://rp/cb", ResponseMode::Query).unwrap();
            let query = location.strip_prefix("https://rp/cb?").unwrap();
            let read = Params::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(read.len(), 3);
            prop_assert_eq!(read.one("iss"), Ok(Some("https://op")));
            prop_assert_eq!(read.one("state"), Ok(Some(state.as_str())));
        }

        #[test]
        fn any_response_type_is_read_or_refused(text in any::<String>()) {
            let _ = ResponseType::parse(&text);
        }
    }
}
