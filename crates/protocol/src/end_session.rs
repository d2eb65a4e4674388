//! RP-initiated logout (`OpenID` Connect RP-Initiated Logout 1.0).

use crate::encoding::append_query;
use crate::error::OAuthError;
use crate::params::Params;
use crate::secret::Secret;

/// A request to sign out, from a browser or, with `refresh_token`, from a client's backend. Nothing in it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct EndSessionRequest {
    /// An ID token of the session; expired is fine.
    pub id_token_hint: Option<String>,
    /// The client, if there is no hint, or to be compared with it.
    pub client_id: Option<String>,
    /// Where to go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Given back unchanged.
    pub state: Option<String>,
    /// Who is to be signed out.
    pub logout_hint: Option<String>,
    /// Languages (BCP 47), best first.
    pub ui_locales: Vec<String>,
    /// A refresh token of the session to end, sent by an authenticated client without a browser.
    pub refresh_token: Option<Secret>,
}

impl EndSessionRequest {
    /// Reads query or body.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&[])?;
        let text = |name| params.one(name).map(|value| value.map(str::to_owned));
        let locales = params.one("ui_locales")?.unwrap_or_default();
        Ok(Self {
            id_token_hint: text("id_token_hint")?,
            client_id: text("client_id")?,
            post_logout_redirect_uri: text("post_logout_redirect_uri")?,
            state: text("state")?,
            logout_hint: text("logout_hint")?,
            ui_locales: locales.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            refresh_token: params.one("refresh_token")?.map(Secret::new),
        })
    }
}

impl std::fmt::Debug for EndSessionRequest {
    /// Shows where it leads, not whom it names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndSessionRequest")
            .field("client_id", &self.client_id)
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .field("has_hint", &self.id_token_hint.is_some())
            .finish_non_exhaustive()
    }
}

/// The `Location` after sign-out: a checked post-logout URI with `state` and nothing else.
pub fn post_logout_location(redirect_uri: &str, state: Option<&str>) -> String {
    append_query(redirect_uri, state.map(|state| ("state", state)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str) -> Result<EndSessionRequest, OAuthError> {
        EndSessionRequest::read(&Params::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn every_parameter_is_optional_and_none_is_repeated() {
        let empty = read("").unwrap();
        assert_eq!((empty.id_token_hint, empty.client_id, empty.refresh_token), (None, None, None));
        let full = read(
            "id_token_hint=h&client_id=a&post_logout_redirect_uri=https%3A%2F%2Frp%2Fbye&state=s&logout_hint=l\
             &ui_locales=de+en&refresh_token=r",
        )
        .unwrap();
        assert_eq!(full.post_logout_redirect_uri.as_deref(), Some("https://rp/bye"));
        assert_eq!(full.ui_locales, ["de", "en"]);
        assert_eq!(full.refresh_token, Some(Secret::new("r")));
        assert!(read("state=a&state=b").is_err());
    }

    #[test]
    fn the_way_back_carries_state_alone() {
        assert_eq!(post_logout_location("https://rp/bye", None), "https://rp/bye");
        assert_eq!(post_logout_location("https://rp/bye?x=1", Some("a b")), "https://rp/bye?x=1&state=a%20b");
    }

    #[test]
    fn hints_are_not_printed() {
        let query = "id_token_hint=canary&logout_hint=canary&refresh_token=canary&state=canary";
        assert!(!format!("{:?}", read(query)).contains("canary"));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in any::<Vec<u8>>()) {
            if let Ok(params) = Params::parse(&query) {
                let _ = EndSessionRequest::read(&params);
            }
        }
    }
}
