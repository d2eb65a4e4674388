//! A sign-in in progress: an authorization request, or a device, that waits for a person.

use palatine_protocol::authorization::AuthorizationRequest;

use crate::ids::{InteractionId, SessionId};
use crate::secret::TokenHash;
use crate::time::Instant;

/// The account that a person chose to go on with, when the request asks for a choice (`prompt=select_account`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChoice {
    /// That of this session.
    Present(SessionId),
    /// One that is still to sign in.
    Another,
}

/// The stored word of [`AccountChoice::Another`]; no session's id.
const ANOTHER: &str = "another";

impl AccountChoice {
    /// As it is stored.
    pub fn to_text(self) -> String {
        match self {
            Self::Present(session) => session.to_string(),
            Self::Another => ANOTHER.to_owned(),
        }
    }

    /// From the stored text.
    pub fn parse(text: &str) -> Option<Self> {
        if text == ANOTHER { Some(Self::Another) } else { text.parse().ok().map(Self::Present) }
    }
}

/// An authorization request that waits for a person. Bound to one browser by the cookie `pal_ix_<id>`.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// Its row, and the last part of its page's URL.
    pub id: InteractionId,
    /// The hash of the cookie's secret.
    pub cookie: TokenHash,
    /// The client that asked.
    pub client_id: String,
    /// Where the answer goes: checked against the client before this was stored.
    pub redirect_uri: String,
    /// Whether the request itself named `redirect_uri`; the token request must then repeat it.
    pub redirect_uri_given: bool,
    /// What it asked.
    pub request: AuthorizationRequest,
    /// The device that it is about (RFC 8628), by the hash of its device code; then there is nowhere to redirect to.
    pub device: Option<TokenHash>,
    /// The session in which the person proved themselves for this very request.
    pub authenticated_in: Option<SessionId>,
    /// What the person chose for it on the page of accounts.
    pub account_choice: Option<AccountChoice>,
    /// When it began.
    pub created_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId as _;

    #[test]
    fn a_choice_is_read_as_it_was_written() {
        let present = AccountChoice::Present(SessionId::from_uuid(uuid::Uuid::from_u128(7)));
        for choice in [present, AccountChoice::Another] {
            assert_eq!(AccountChoice::parse(&choice.to_text()), Some(choice));
        }
        assert_eq!(AccountChoice::parse("nobody"), None);
    }
}
