//! Users: names to sign in with, and what they are known by.

use std::collections::BTreeMap;

use palatine_authn::imported::{self, ImportedHash};
use palatine_domain::identifier::NormalisedIdentifier;

use super::{DesiredUser, Findings};
use crate::document::{Path, UserDocument, is_email_address};

pub(super) fn users(findings: &mut Findings<'_>) -> Vec<DesiredUser> {
    let document = findings.document();
    let users: Vec<DesiredUser> =
        document.users.iter().filter_map(|(username, document)| user(findings, username, document)).collect();
    check_sign_in_names(findings, &users);
    check_subjects(findings, &users);
    users
}

fn user(findings: &mut Findings<'_>, username: &str, document: &UserDocument) -> Option<DesiredUser> {
    let at = Path::of(["users", username]);
    let identifier = findings.keep(&at, NormalisedIdentifier::parse(username));
    if let Some(email) = &document.email {
        check_email(findings, &at.then("email"), email);
    }
    if let Some(subject) = &document.subject
        && (!(1..=255).contains(&subject.len()) || !subject.bytes().all(|b| b.is_ascii_graphic()))
    {
        findings.add(&at.then("subject"), "a subject has 1 to 255 printable ASCII characters and no spaces");
    }
    check_claims(findings, &at.then("profile"), document);
    findings.no_repetition(&at.then("roles"), &document.roles);
    findings.no_repetition(&at.then("groups"), &document.groups);
    Some(DesiredUser {
        id: None,
        username: username.to_owned(),
        identifier: identifier?,
        subject: document.subject.clone(),
        enabled: document.enabled,
        email: document.email.clone(),
        email_verified: document.email_verified,
        profile: document.profile.clone(),
        custom: document.custom.clone(),
        roles: document.roles.clone(),
        groups: document.groups.clone(),
        initial_password: document.initial_password.clone(),
        password_hash: password_hash(findings, &at, document),
    })
}

/// A hash of another system, within what we compare.
fn password_hash(findings: &mut Findings<'_>, at: &Path, document: &UserDocument) -> Option<ImportedHash> {
    let at = at.then("password_hash");
    let hash = document.password_hash.as_ref()?;
    if document.initial_password.is_some() {
        findings.add(&at, "give either `initial_password` or `password_hash`");
    }
    findings.keep(&at, imported::parse(hash.text().expose()))
}

fn check_email(findings: &mut Findings<'_>, at: &Path, email: &str) {
    if !is_email_address(email) {
        findings.add(at, format!("`{email}` is no e-mail address"));
    }
}

fn check_claims(findings: &mut Findings<'_>, at: &Path, document: &UserDocument) {
    let Ok(serde_json::Value::Object(claims)) = serde_json::to_value(&document.profile) else { return };
    for (claim, value) in &claims {
        let too_long = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.chars().count() > 2_048);
        if too_long(value) || value.as_object().is_some_and(|parts| parts.values().any(too_long)) {
            findings.add(&at.then(claim), "a claim has at most 2048 characters");
        }
    }
}

/// Usernames and e-mail addresses are one name space: what is typed at sign-in must mean one person.
fn check_sign_in_names(findings: &mut Findings<'_>, users: &[DesiredUser]) {
    let mut owners: BTreeMap<NormalisedIdentifier, &str> = BTreeMap::new();
    for user in users {
        let email = user.email.as_deref().and_then(|email| NormalisedIdentifier::parse(email).ok());
        let names = [(user.at(), Some(user.identifier.clone())), (user.at().then("email"), email)];
        for (at, name) in names {
            let Some(name) = name else { continue };
            let owner = *owners.entry(name).or_insert(&user.username);
            if owner != user.username {
                findings.add(&at, format!("`{owner}` signs in with this name too (capitals do not count)"));
            }
        }
    }
}

/// `sub` is one name space over users and clients.
fn check_subjects(findings: &mut Findings<'_>, users: &[DesiredUser]) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for user in users {
        let Some(subject) = &user.subject else { continue };
        let at = user.at().then("subject");
        if findings.document().clients.contains_key(subject) {
            findings.add(&at, format!("`{subject}` is a client_id; a subject belongs to one alone"));
        }
        if let Some(owner) = owners.insert(subject, &user.username) {
            findings.add(&at, format!("`{owner}` has this subject too"));
        }
    }
}
