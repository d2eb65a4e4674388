//! Secrets of clients: themselves, or what is stored of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_authn::imported;
use palatine_domain::client::{ClientAuthMethod, MAX_IMPORTED_SECRETS, MAX_SECRETS, SecretVerifier};
use palatine_domain::{Instant, TokenHash};

use super::{DesiredSecret, DesiredSecretHash, Findings};
use crate::document::{ClientDocument, Path, SecretHashDocument};

/// The label of a secret that has none.
const MAIN: &str = "main";

/// What stands before the hash of a generated secret.
const SHA256: &str = "sha256:";

pub(super) fn secrets(
    findings: &mut Findings<'_>,
    at: &Path,
    document: &ClientDocument,
    auth_method: ClientAuthMethod,
) -> Vec<DesiredSecret> {
    let single = document.secret.iter().map(|source| (MAIN.to_owned(), source, at.then("secret")));
    let listed = document.secrets.iter();
    let listed = listed.map(|(label, source)| (label.clone(), source, at.then("secrets").then(label)));
    let secrets: Vec<DesiredSecret> =
        single.chain(listed).map(|(label, source, at)| DesiredSecret { label, source: source.clone(), at }).collect();
    for secret in &secrets {
        findings.words(&secret.at, &secret.label);
    }
    if document.secret.is_some() && !document.secrets.is_empty() {
        findings.add(&at.then("secret"), "give either `secret` or `secrets`");
    }
    if secrets.len() > MAX_IMPORTED_SECRETS {
        let words = format!("a client has at most {MAX_IMPORTED_SECRETS} secrets that somebody chose");
        findings.add(&at.then("secrets"), words);
    }
    if let Some(first) = secrets.first() {
        keeps_secrets(findings, &first.at, auth_method);
    }
    secrets
}

fn keeps_secrets(findings: &mut Findings<'_>, at: &Path, auth_method: ClientAuthMethod) {
    if matches!(auth_method, ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt) {
        findings.add(at, format!("this client keeps no secret (`auth_method: {auth_method}`); leave it out"));
    }
}

/// What another installation stored, within what is compared here.
pub(super) fn secret_hashes(
    findings: &mut Findings<'_>,
    at: &Path,
    document: &ClientDocument,
    auth_method: ClientAuthMethod,
) -> Vec<DesiredSecretHash> {
    if document.secret_hashes.is_empty() {
        return Vec::new();
    }
    let at = at.then("secret_hashes");
    keeps_secrets(findings, &at, auth_method);
    if document.secret.is_some() || !document.secrets.is_empty() {
        findings.add(&at, "give either secrets or `secret_hashes`");
    }
    let hashes = document.secret_hashes.iter();
    let hashes: Vec<DesiredSecretHash> =
        hashes.filter_map(|(label, document)| secret_hash(findings, label, &at.then(label), document)).collect();
    let chosen = hashes.iter().filter(|hash| matches!(hash.verifier, SecretVerifier::Argon2id(_))).count();
    if chosen > MAX_IMPORTED_SECRETS || hashes.len() > MAX_SECRETS {
        let words = format!(
            "a client has at most {MAX_SECRETS} secrets, of which {MAX_IMPORTED_SECRETS} may be such as somebody chose"
        );
        findings.add(&at, words);
    }
    hashes
}

fn secret_hash(
    findings: &mut Findings<'_>,
    label: &str,
    at: &Path,
    document: &SecretHashDocument,
) -> Option<DesiredSecretHash> {
    findings.words(at, label);
    if document.hint.chars().count() > 8 || document.hint.chars().any(char::is_control) {
        findings.add(&at.then("hint"), "a hint has at most 8 characters");
    }
    let expires_at = document.expires_at.as_deref().map(Instant::parse_rfc3339);
    if expires_at == Some(None) {
        findings.add(&at.then("expires_at"), "write the time as 2026-11-29T08:15:30Z (RFC 3339)");
    }
    let verifier = findings.keep(&at.then("hash"), verifier(document.hash.text().expose()))?;
    let (label, hint) = (label.to_owned(), document.hint.clone());
    Some(DesiredSecretHash { label, hint, verifier, expires_at: expires_at.flatten(), at: at.clone() })
}

/// What is stored, from its text. The errors hold nothing of it.
fn verifier(text: &str) -> Result<SecretVerifier, String> {
    if let Some(digest) = text.strip_prefix(SHA256) {
        let bytes = URL_SAFE_NO_PAD.decode(digest).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes.ok_or("after `sha256:` stand the 43 characters of a SHA-256 in base64url")?;
        return Ok(SecretVerifier::Sha256(TokenHash::from_bytes(bytes)));
    }
    if !text.starts_with("$argon2id$") {
        return Err("this is neither `$argon2id$…` nor `sha256:…`".to_owned());
    }
    let hash = imported::parse(text).map_err(|error| error.to_string())?;
    Ok(SecretVerifier::Argon2id(hash.as_str().to_owned()))
}

/// The text that [`verifier`] reads.
pub(crate) fn text_of(verifier: &SecretVerifier) -> String {
    match verifier {
        SecretVerifier::Sha256(hash) => format!("{SHA256}{}", URL_SAFE_NO_PAD.encode(hash.as_bytes())),
        SecretVerifier::Argon2id(phc) => phc.clone(),
    }
}
