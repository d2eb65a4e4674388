//! What a client may ask of the authorization endpoint.

use palatine_domain::client::ClientKind;
use palatine_protocol::request_object::MAX_REQUEST_URI_BYTES;
use palatine_protocol::response::ResponseType;
use palatine_protocol::token::GrantType;
use url::Url;

use super::Findings;
use crate::document::{ClientDocument, Path};

/// OpenID Connect Dynamic Client Registration, section 2: each response type has its grants, and they go together.
pub(super) fn check_response_types(
    findings: &mut Findings<'_>,
    at: &Path,
    document: &ClientDocument,
    grants: &[GrantType],
) {
    let listed = document.response_types.as_deref().unwrap_or_default();
    let at_types = at.then("response_types");
    if document.kind == ClientKind::Service && !listed.is_empty() {
        findings.add(&at_types, "a service has no users, and so no response types");
        return;
    }
    for (number, response_type) in listed.iter().enumerate() {
        let at = at_types.item(number);
        if listed.iter().take(number).any(|earlier| earlier == response_type) {
            findings.add(&at, format!("`{response_type}` stands here a second time"));
        }
        for missing in response_type.grant_types().iter().filter(|&grant| !grants.contains(grant)) {
            findings.add(&at, format!("`{response_type}` needs the grant `{missing}`; add it to `grants`"));
        }
    }
    if grants.contains(&GrantType::Implicit) && !listed.iter().any(|&listed| ResponseType::is_front_channel(listed)) {
        let words = "the grant `implicit` needs `response_types` with `id_token` or `token` in them";
        findings.add(&at.then("grants"), words);
    }
}

/// OpenID Connect Dynamic Client Registration, section 2.
pub(super) fn check_sign_in(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    let at = at.then("sign_in");
    let settings = &document.sign_in;
    let values = &settings.default_acr_values;
    findings.no_repetition(&at.then("default_acr_values"), values);
    for (number, value) in values.iter().enumerate() {
        if value.is_empty() || value.contains(' ') {
            findings.add(&at.then("default_acr_values").item(number), "an acr value is one word");
        }
    }
    check_request_uris(findings, &at.then("request_uris"), document);
    if settings.require_signed_request_object {
        check_signing_keys(findings, &at.then("require_signed_request_object"), document);
    }
    if let Some(uri) = &settings.initiate_login_uri
        && !uri.starts_with("https://")
    {
        findings.add(&at.then("initiate_login_uri"), format!("`{uri}` is no https URL"));
    }
}

/// OpenID Connect Core, section 6.2: where signed requests are fetched from. A fragment is part of the name.
fn check_request_uris(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    let uris = &document.sign_in.request_uris;
    findings.no_repetition(at, uris);
    let usable = |uri: &String| {
        uri.len() <= MAX_REQUEST_URI_BYTES
            && Url::parse(uri).is_ok_and(|url| {
                matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none()
            })
    };
    for (number, uri) in uris.iter().enumerate().filter(|(_, uri)| !usable(uri)) {
        let words = format!(
            "`{uri}` cannot be fetched; expected a URL of at most {MAX_REQUEST_URI_BYTES} bytes, such as \
             https://app.example.com/request.jwt"
        );
        findings.add(&at.item(number), words);
    }
    if !uris.is_empty() {
        check_signing_keys(findings, at, document);
    }
}

fn check_signing_keys(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    if document.keys.jwks.is_none() && document.keys.jwks_uri.is_none() {
        findings
            .add(at, "requests are signed: this needs the client's public keys, `keys: {jwks}` or `keys: {jwks_uri}`");
    }
}
