//! What an endpoint for browsers decides. `pages` renders it; only `http` knows how it travels.

use palatine_domain::SecretToken;
use palatine_domain::ids::InteractionId;

/// What happens next in the browser.
#[derive(Debug)]
pub enum Outcome {
    /// To a URL that was checked: the client's, with the response in it.
    Redirect(String),
    /// To the client's redirect URI by a form (OAuth 2.0 Form Post Response Mode).
    FormPost {
        /// The checked redirect URI.
        action: String,
        /// The parameters of the response.
        parameters: Vec<(&'static str, String)>,
    },
    /// A person is needed.
    Interact {
        /// The interaction that waits.
        id: InteractionId,
        /// What the person is to do.
        step: Step,
        /// The secret for its cookie, when it has just begun.
        begun: Option<SecretToken>,
    },
}

/// What a person is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prove who they are.
    Login {
        /// Although a session exists: `prompt=login`, `max_age`, another person is meant.
        again: bool,
    },
    /// Choose the account to go on with.
    SelectAccount,
    /// Allow or refuse the client.
    Consent,
    /// Allow or refuse a device.
    Device,
}
