//! How a client hears of the end of a session.

use palatine_protocol::logout::check_logout_uri;
use palatine_protocol::redirect_uri::origin_of;

use super::Findings;
use crate::document::{ClientDocument, Path};

/// The longest that a client may be waited for, in seconds.
const LONGEST_TIMEOUT_SECONDS: u64 = 30;

/// OpenID Connect Back-Channel Logout 1.0, section 2.2; OpenID Connect Front-Channel Logout 1.0, section 2.
pub(super) fn check_logout(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    let (at, logout) = (at.then("logout"), &document.logout);
    if let Some(uri) = &logout.backchannel_uri {
        check_uri(findings, &at.then("backchannel_uri"), uri);
    }
    if let Some(uri) = &logout.frontchannel_uri {
        let at = at.then("frontchannel_uri");
        check_uri(findings, &at, uri);
        check_same_origin(findings, &at, uri, document);
    }
    if logout.backchannel_timeout_seconds.is_some_and(|seconds| !(1..=LONGEST_TIMEOUT_SECONDS).contains(&seconds)) {
        let words = format!("this must be from 1 to {LONGEST_TIMEOUT_SECONDS} seconds");
        findings.add(&at.then("backchannel_timeout_seconds"), words);
    }
}

fn check_uri(findings: &mut Findings<'_>, at: &Path, uri: &str) {
    if let Err(error) = check_logout_uri(uri) {
        findings.add(at, format!("`{uri}` {error}"));
    }
}

/// "The domain, port, and scheme of this URL MUST be the same as that of a registered Redirection URI value."
fn check_same_origin(findings: &mut Findings<'_>, at: &Path, uri: &str, document: &ClientDocument) {
    let origin = origin_of(uri);
    let is_known = document.redirect_uris.iter().any(|redirect| origin_of(redirect) == origin);
    if origin.is_some() && !is_known {
        findings.add(at, format!("`{uri}` must have scheme, host and port of one of the client's `redirect_uris`"));
    }
}
