//! The metrics of this crate.

use metrics::{counter, describe_counter};

const TOKEN_REQUESTS: &str = "palatine_token_requests_total";
const AUTHORIZATIONS: &str = "palatine_authorizations_total";
const CLIENT_FAILURES: &str = "palatine_client_authentication_failures_total";

/// Says what each metric means, to whichever recorder is installed.
pub(crate) fn describe() {
    describe_counter!(TOKEN_REQUESTS, "Token requests, by grant and outcome.");
    describe_counter!(AUTHORIZATIONS, "Authorization requests answered with what they asked for, by response type.");
    describe_counter!(CLIENT_FAILURES, "Clients that did not prove who they are.");
}

pub(crate) fn token_request(grant: &'static str, outcome: &'static str) {
    counter!(TOKEN_REQUESTS, "grant" => grant, "outcome" => outcome).increment(1);
}

pub(crate) fn authorized(response_type: &'static str) {
    counter!(AUTHORIZATIONS, "response_type" => response_type).increment(1);
}

pub(crate) fn client_failed() {
    counter!(CLIENT_FAILURES).increment(1);
}
