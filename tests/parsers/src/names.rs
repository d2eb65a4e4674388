//! Short values with a form of their own.

use palatine_domain::RealmSlug;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_protocol::device::UserCode;
use palatine_protocol::pkce::{CodeChallenge, CodeVerifier, MAX_VERIFIER_CHARS, MIN_VERIFIER_CHARS, check};
use palatine_protocol::prompt::{Prompt, PromptSet};

/// `none` stands alone, and what is written is read back as the same.
pub(crate) fn prompt(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(prompt) = PromptSet::parse(text) else { return };
    let asked: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    assert_eq!(prompt.is_none(), asked.contains(&"none"));
    assert!(!prompt.is_none() || asked.iter().all(|word| *word == "none"), "none stands alone: {text}");
    assert_eq!(prompt.is_empty(), asked.is_empty());
    for one in [Prompt::None, Prompt::Login, Prompt::Consent] {
        assert_eq!(prompt.contains(one), asked.contains(&one.as_str()), "{text}");
        assert!(!prompt.without(one).contains(one));
    }
}

/// RFC 7636, section 4.1: 43 to 128 unreserved characters; a challenge is that of one verifier.
pub(crate) fn pkce(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_verifier = (MIN_VERIFIER_CHARS..=MAX_VERIFIER_CHARS).contains(&text.len()) && text.bytes().all(unreserved);
    let verifier = CodeVerifier::parse(text);
    assert_eq!(verifier.is_ok(), is_verifier);
    if let Ok(challenge) = CodeChallenge::parse(text) {
        assert!(text.len() == 43 && challenge.as_str() == text);
    }
    assert!(CodeChallenge::read(Some(text), Some("plain")).is_err() && CodeChallenge::read(Some(text), None).is_err());
    let Ok(verifier) = verifier else { return };
    let challenge = CodeChallenge::of(&verifier);
    assert!(challenge.verify(&verifier).is_ok() && check(Some(&challenge), Some(text)).is_ok());
    assert!(check(Some(&challenge), None).is_err() && check(None, Some(text)).is_err(), "both or neither");
    let other = format!("{}{}", if text.starts_with('A') { 'B' } else { 'A' }, &text[1..]);
    assert!(check(Some(&challenge), Some(&other)).is_err());
}

/// `[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`, not `--` in positions 3 and 4.
pub(crate) fn slug(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let shape = (1..=63).contains(&text.len())
        && text.bytes().all(|byte| good(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.get(2..4) != Some("--");
    assert_eq!(RealmSlug::parse(text).is_ok(), shape, "{text:?}");
    if let Ok(slug) = RealmSlug::parse_new(text) {
        assert!(shape && slug.as_str() == text);
        assert!(!["system", "admin", "api", "www", "well-known"].contains(&text));
    }
}

/// Normalising twice changes nothing: two people never have one name in two spellings.
pub(crate) fn identifier(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(name) = NormalisedIdentifier::parse(text) else { return };
    assert!((1..=255).contains(&name.as_str().chars().count()));
    assert!(!name.as_str().chars().any(char::is_control) && name.as_str().trim() == name.as_str());
    if name.as_str().len() <= 1_024 {
        assert_eq!(NormalisedIdentifier::parse(name.as_str()).as_ref(), Ok(&name));
    }
}

/// RFC 8628, section 6.1: eight letters of the set, however they were typed; what is shown is read back as the same.
pub(crate) fn user_code(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(code) = UserCode::parse(text) else { return };
    assert!(code.letters().len() == 8 && code.letters().bytes().all(|letter| letter.is_ascii_uppercase()), "{text}");
    assert!(!code.letters().contains(['A', 'E', 'I', 'O', 'U', 'Y']), "no word comes out: {text}");
    for shown in [code.to_string(), code.to_string().to_lowercase(), code.letters().to_owned()] {
        assert_eq!(UserCode::parse(&shown).as_ref(), Ok(&code));
    }
}
