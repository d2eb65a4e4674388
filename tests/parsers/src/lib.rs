//! Every parser of what comes from outside, as a function of bytes that panics when a promise is broken: not only that
//! nothing panics, but that what is accepted is what it seems to be.
//!
//! **Owns** [`TARGETS`]. `tests/properties.rs` runs each of them some thousand times, on committed seeds, on mutations
//! of these and on generated input; `tests/fuzz` runs the same functions under libFuzzer for as long as one likes.
//!
//! **To add one**: a function in the module of its surface, a row in [`TARGETS`], a folder `seeds/<name>` with inputs
//! that parse and inputs that almost do, and a file of three lines in `tests/fuzz/fuzz_targets`. A test compares the
//! lists.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken promise is a panic: that is what a fuzzer and a test look for"
)]

mod authorization;
mod clients;
mod credentials;
mod document;
mod headers;
mod names;
mod profile;
mod redirect_uri;
mod requests;
mod scope;
mod tokens;

/// A parser under test: takes any bytes, and panics when what was parsed breaks a promise.
pub type Target = fn(&[u8]);

/// Every target, by the name of its seeds and of its fuzz target.
pub const TARGETS: &[(&str, Target)] = &[
    ("params", requests::params),
    ("authorization", authorization::request),
    ("answer", authorization::answer),
    ("claims_parameter", authorization::claims_parameter),
    ("request_object", authorization::request_object),
    ("client_metadata", requests::client_metadata),
    ("user_code", names::user_code),
    ("token_request", requests::token),
    ("introspection", requests::introspection),
    ("revocation", requests::revocation),
    ("end_session", requests::end_session),
    ("check_session", requests::check_session),
    ("basic", credentials::basic),
    ("client_credentials", credentials::presented),
    ("bearer", credentials::bearer),
    ("scope", scope::scope),
    ("redirect_uri_registered", redirect_uri::registered),
    ("redirect_uri_match", redirect_uri::matched),
    ("prompt", names::prompt),
    ("pkce", names::pkce),
    ("slug", names::slug),
    ("identifier", names::identifier),
    ("resource", requests::resource),
    ("cookies", headers::cookies),
    ("accept_language", headers::accept_language),
    ("forwarded", headers::forwarded),
    ("jwt", tokens::jwt),
    ("client_key_set", tokens::client_key_set),
    ("realm_document", document::realm),
    ("device_authorization", requests::device_authorization),
    ("client_update", requests::client_update),
    ("registration", clients::registration),
    ("client_assertion", clients::client_assertion),
    ("sector_document", clients::sector_document),
    ("logo", clients::logo),
    ("profile_form", profile::form),
    ("keycloak_export", document::keycloak_export),
    ("imported_hash", credentials::imported_hash),
];

/// The target of that name.
///
/// # Panics
///
/// If there is none.
pub fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no target {name}")).1
}

/// The bytes as text, for parsers that are never handed anything else; `None` ends the run.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
