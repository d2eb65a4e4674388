//! The checks that a client makes of its tokens, one a line.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::Instant;
use palatine_pages::views::{DevToken, Outcome, Verdict};
use palatine_protocol::claims::{Audience, TYP_ACCESS_TOKEN, TYP_JWT, token_hash};
use palatine_realm::{Expiry, KeyRing, TokenRefusal, Verified};
use serde_json::Value;

/// A token, taken apart, with what was checked.
pub(super) struct Report {
    title: &'static str,
    encoded: String,
    header: Option<String>,
    claims: Option<String>,
    checks: Vec<Check>,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
struct Check {
    name: &'static str,
    passed: bool,
    detail: String,
}

/// What the tokens must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// Whether the tokens are those of a refresh.
    pub(super) refreshed: bool,
    pub(super) access_token: &'a str,
    /// `sub` of userinfo, if it answered.
    pub(super) userinfo_subject: Option<&'a str>,
    pub(super) now: Instant,
}

impl Report {
    /// OpenID Connect Core, section 3.1.3.7.
    pub(super) fn of_id_token(token: &str, keys: &KeyRing, expected: &Expected<'_>) -> Self {
        Self::of("ID token", token, keys, expected, id_token_checks)
    }

    /// RFC 9068, section 4, as the realm's own API would.
    pub(super) fn of_access_token(token: &str, keys: &KeyRing, expected: &Expected<'_>) -> Self {
        Self::of("Access token", token, keys, expected, access_token_checks)
    }

    /// Opaque to a client: nothing in it is for us.
    pub(super) fn of_refresh_token(token: &str) -> Self {
        Self { title: "Refresh token", encoded: token.to_owned(), header: None, claims: None, checks: Vec::new() }
    }

    fn of(
        title: &'static str,
        token: &str,
        keys: &KeyRing,
        expected: &Expected<'_>,
        further: fn(&Verified, &Expected<'_>) -> Vec<Check>,
    ) -> Self {
        let verified = keys.verify(token, Expiry::Ignored);
        let mut checks = vec![signature(&verified)];
        if let Ok(verified) = &verified {
            checks.push(check("Issuer", verified.claims.get("iss") == Some(&expected.issuer.into()), expected.issuer));
            checks.extend(further(verified, expected));
        }
        let mut parts = token.split('.').map(part);
        Self {
            title,
            encoded: token.to_owned(),
            header: parts.next().flatten(),
            claims: parts.next().flatten(),
            checks,
        }
    }

    pub(super) fn view(&self) -> DevToken<'_> {
        DevToken {
            title: self.title,
            encoded: &self.encoded,
            header: self.header.as_deref(),
            claims: self.claims.as_deref(),
            verdicts: self.checks.iter().map(Check::view).collect(),
        }
    }
}

impl Check {
    fn view(&self) -> Verdict<'_> {
        let outcome = if self.passed { Outcome::Passed } else { Outcome::Failed };
        Verdict { check: self.name, outcome, detail: &self.detail }
    }
}

fn check(name: &'static str, passed: bool, detail: impl Into<String>) -> Check {
    Check { name, passed, detail: detail.into() }
}

/// A part of a token as indented JSON.
fn part(encoded: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

fn signature(verified: &Result<Verified, TokenRefusal>) -> Check {
    match verified {
        Ok(verified) => check("Signature", true, format!("{}, key {}", verified.algorithm, verified.kid)),
        Err(refusal) => check("Signature", false, refusal.to_string()),
    }
}

fn id_token_checks(verified: &Verified, expected: &Expected<'_>) -> Vec<Check> {
    let is_id_token = verified.typ.as_deref() == Some(TYP_JWT) && !verified.claims.contains_key("token_use");
    let audience = audience(verified);
    vec![
        check("Type", is_id_token, typ(verified)),
        check("Audience", audience.contains(expected.client_id), shown(&audience)),
        expiry(verified, expected.now),
        nonce(verified, expected),
        access_token_hash(verified, expected),
        subject(verified, expected),
    ]
}

fn access_token_checks(verified: &Verified, expected: &Expected<'_>) -> Vec<Check> {
    let is_access_token = matches!(verified.typ.as_deref(), Some(TYP_ACCESS_TOKEN | TYP_JWT))
        && text(verified, "token_use") == Some("user");
    // No API owns what the test client asks for: the token is for the client itself or, with profile `jwt`, the realm.
    let audience = audience(verified);
    let is_ours = audience.contains(expected.client_id) || audience.contains(expected.issuer);
    let client = text(verified, "client_id");
    vec![
        check("Type", is_access_token, typ(verified)),
        check("Audience", is_ours, shown(&audience)),
        check("Client", client == Some(expected.client_id), client.unwrap_or("missing")),
        expiry(verified, expected.now),
    ]
}

fn text<'a>(verified: &'a Verified, claim: &str) -> Option<&'a str> {
    verified.claims.get(claim).and_then(Value::as_str)
}

fn typ(verified: &Verified) -> String {
    verified.typ.clone().unwrap_or_else(|| "missing".to_owned())
}

fn audience(verified: &Verified) -> Audience {
    let claim = verified.claims.get("aud").cloned().unwrap_or_default();
    serde_json::from_value(claim).unwrap_or_default()
}

fn shown(audience: &Audience) -> String {
    let all: Vec<&str> = audience.iter().collect();
    if all.is_empty() { "missing".to_owned() } else { all.join(", ") }
}

fn expiry(verified: &Verified, now: Instant) -> Check {
    let Some(exp) = verified.claims.get("exp").and_then(Value::as_i64) else {
        return check("Expiry", false, "missing");
    };
    let left = exp.saturating_sub(now.as_seconds());
    if left > 0 {
        check("Expiry", true, format!("in {left} s"))
    } else {
        check("Expiry", false, format!("{} s ago", left.saturating_neg()))
    }
}

/// "The value of the nonce parameter MUST be present" in answer to a code; after a refresh it should be absent
/// (OpenID Connect Core, section 12.2).
fn nonce(verified: &Verified, expected: &Expected<'_>) -> Check {
    match verified.claims.get("nonce") {
        Some(nonce) => check("Nonce", nonce.as_str() == Some(expected.nonce), "that of the request"),
        None if expected.refreshed => check("Nonce", true, "absent after a refresh"),
        None => check("Nonce", false, "missing"),
    }
}

fn access_token_hash(verified: &Verified, expected: &Expected<'_>) -> Check {
    let hash = token_hash(verified.algorithm, expected.access_token);
    let claimed = text(verified, "at_hash");
    check("at_hash", claimed == Some(hash.as_str()), claimed.unwrap_or("missing"))
}

/// "The sub Claim in the `UserInfo` Response MUST be verified to exactly match the sub Claim in the ID Token"
/// (OpenID Connect Core, section 5.3.2).
fn subject(verified: &Verified, expected: &Expected<'_>) -> Check {
    let sub = text(verified, "sub");
    match expected.userinfo_subject {
        Some(subject) => check("Subject", sub == Some(subject), "the same as userinfo's"),
        None => check("Subject", sub.is_some(), "userinfo did not answer"),
    }
}

#[cfg(test)]
mod tests;
