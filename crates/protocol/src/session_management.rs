//! `OpenID` Connect Session Management 1.0: how a client learns, without asking the server, that the session changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::params::Params;

/// The `session_state` of an authorization response (section 3): "a salted cryptographic hash of Client ID, origin URL,
/// and OP User Agent state", the salt after a dot.
///
/// The iframe computes the same in the browser (`web-templates/frames/check_session.js`). Of the parts only the first may
/// have spaces in it, so no two tuples are hashed as one text.
pub fn session_state(client_id: &str, origin: &str, browser_state: &str, salt: &str) -> String {
    let hash = Sha256::digest(format!("{client_id} {origin} {browser_state} {salt}"));
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash))
}

/// What the iframe asks about the page that asks it: whether the page's origin is one of the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSessionInit {
    /// The client that the page says it is.
    pub client_id: String,
    /// The page's origin, as the browser told the iframe.
    pub origin: String,
}

impl CheckSessionInit {
    /// Reads the query; `None` if either is missing or came twice.
    pub fn read(params: &Params) -> Option<Self> {
        let one = |name| params.one(name).ok().flatten().map(str::to_owned);
        Some(Self { client_id: one("client_id")?, origin: one("origin")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_state_is_a_hash_a_dot_and_the_salt() {
        let state = session_state("app", "https://rp.example", "browser.state", "c2FsdA");
        // printf 'app https://rp.example browser.state c2FsdA' | sha256sum
        assert_eq!(state, "RNMV_RNPYztlX55UmBlp7zkycZRsiNJeOAMy7EcNEgI.c2FsdA");
    }

    #[test]
    fn each_part_counts() {
        let ours = session_state("app", "https://rp.example", "state", "salt");
        for other in [
            session_state("other", "https://rp.example", "state", "salt"),
            session_state("app", "https://rp.example:8443", "state", "salt"),
            session_state("app", "https://rp.example", "other", "salt"),
            session_state("app", "https://rp.example", "state", "pepper"),
        ] {
            assert_ne!(ours, other);
        }
    }

    #[test]
    fn both_parameters_are_needed_once() {
        let read = |query: &str| CheckSessionInit::read(&Params::parse(query.as_bytes()).unwrap());
        let asked = read("client_id=app&origin=https%3A%2F%2Frp.example&x=1").unwrap();
        assert_eq!((asked.client_id.as_str(), asked.origin.as_str()), ("app", "https://rp.example"));
        for query in ["", "client_id=app", "origin=https://rp.example", "client_id=a&client_id=b&origin=o"] {
            assert_eq!(read(query), None, "{query}");
        }
    }
}
