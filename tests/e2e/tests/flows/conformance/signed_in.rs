//! What a relying party has after a sign-in.

use palatine_e2e::{Answered, Tokens};
use serde_json::Value;

/// What a sign-in gave it, verified.
pub(super) struct SignedIn {
    /// The answer of the authorization endpoint.
    pub(super) answered: Answered,
    /// The claims of the ID token in it.
    pub(super) front: Option<Value>,
    /// The answer of the token endpoint, with the claims of the ID token in it.
    pub(super) back: Option<(Tokens, Value)>,
}

impl SignedIn {
    /// The claims of the ID token: of the last one, if there were two.
    pub(super) fn id_claims(&self) -> &Value {
        let back = self.back.as_ref().map(|(_, claims)| claims);
        back.or(self.front.as_ref()).expect("an ID token")
    }

    /// The ID token: the last one, if there were two.
    pub(super) fn id_token(&self) -> &str {
        self.back.as_ref().map_or_else(|| self.answered.id_token(), |(tokens, _)| tokens.id())
    }

    /// The access token: the last one, if there were two.
    pub(super) fn access_token(&self) -> &str {
        self.back.as_ref().map_or_else(|| self.answered.access_token(), |(tokens, _)| &tokens.access)
    }

    /// Every access token.
    pub(super) fn access_tokens(&self) -> impl Iterator<Item = &str> {
        let back = self.back.as_ref().map(|(tokens, _)| tokens.access.as_str());
        self.answered.get("access_token").into_iter().chain(back)
    }

    /// The answer of the token endpoint.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.back.as_ref().expect("a code was redeemed").0
    }
}
