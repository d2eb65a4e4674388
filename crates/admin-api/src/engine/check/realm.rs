//! The realm itself: its name, how it looks, what it chose, its users' fields.

use palatine_domain::RealmSlug;
use palatine_domain::policy::PolicyError;
use palatine_domain::user::{CustomField, CustomFieldKind};
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::scope::Scope;

use super::Findings;
use crate::document::{CustomFieldDocument, CustomFieldType, Origin, Path};

/// Reserved names are for documents that are part of the binary.
pub(super) fn slug(findings: &mut Findings<'_>) -> Option<RealmSlug> {
    let text = &findings.document().realm;
    let slug = match findings.source.origin {
        // A request is about a realm that is there.
        Origin::Embedded | Origin::Request => RealmSlug::parse(text),
        Origin::Folder(_) => RealmSlug::parse_new(text),
    };
    findings.keep(&Path::of(["realm"]), slug)
}

pub(super) fn display_name(findings: &mut Findings<'_>) -> String {
    let document = findings.document();
    let Some(name) = &document.display_name else { return document.realm.clone() };
    findings.words(&Path::of(["display_name"]), name);
    name.clone()
}

pub(super) fn branding(findings: &mut Findings<'_>) {
    let at = Path::of(["branding"]);
    let branding = &findings.document().branding;
    if let Some(accent) = &branding.accent
        && !is_colour(accent)
    {
        findings.add(&at.then("accent"), format!("`{accent}` is no colour; write it as \"#rrggbb\""));
    }
    for (number, link) in branding.legal_links.iter().enumerate() {
        let at = at.then("legal_links").item(number);
        findings.words(&at.then("label"), &link.label);
        if !url::Url::parse(&link.url).is_ok_and(|url| url.scheme() == "https") {
            findings.add(&at.then("url"), format!("`{}` is no https URL", link.url));
        }
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

pub(super) fn policy(findings: &mut Findings<'_>) {
    let root = Path::of(["policy"]);
    let policy = &findings.document().policy;
    if let Err(error) = policy.check() {
        let field = match &error {
            PolicyError::OutOfBounds { field, .. } => field,
            PolicyError::KeyTooShortLived { .. } => "keys.retention_seconds",
            PolicyError::NotRegistrable(_) => "registrable_grants",
        };
        let at = field.split('.').fold(root.clone(), |at, key| at.then(key));
        findings.add(&at, error.to_string());
    }
    for (number, scope) in policy.registrable_scopes.0.iter().enumerate() {
        if crate::built_in::is_admin_scope(scope.as_str()) {
            let at = root.then("registrable_scopes").item(number);
            findings.add(&at, "no client registers itself for the admin API; an admin gives it this scope");
        }
    }
    if !SUPPORTED.access_token_algorithms.contains(&policy.access_tokens.algorithm) {
        findings.add(&root.then("access_tokens").then("algorithm"), "access tokens are not signed with this algorithm");
    }
}

pub(super) fn custom_fields(findings: &mut Findings<'_>) -> Vec<CustomField> {
    let mut fields: Vec<CustomField> = Vec::new();
    for (name, document) in &findings.document().custom_fields {
        let at = Path::of(["custom_fields", name]);
        let field = custom_field(findings, &at, name, document);
        if let Some(other) = fields.iter().find(|other| other.claim == field.claim) {
            findings.add(&at, format!("the claim `{}` is the one of the field `{}` already", field.claim, other.name));
        }
        fields.push(field);
    }
    fields
}

fn custom_field(findings: &mut Findings<'_>, at: &Path, name: &str, document: &CustomFieldDocument) -> CustomField {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(is_word) {
        findings.add(at, "the name of a custom field has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -");
    }
    match (document.kind, document.values.is_empty()) {
        (CustomFieldType::Enum, true) => findings.add(&at.then("values"), "an enum lists its values; add `values`"),
        (CustomFieldType::String | CustomFieldType::Number | CustomFieldType::Boolean, false) => {
            findings.add(&at.then("values"), "only a field of type `enum` has values");
        }
        _ => findings.no_repetition(&at.then("values"), &document.values),
    }
    let scope = document.scope.as_deref().unwrap_or("profile");
    findings.keep(&at.then("scope"), Scope::parse(scope));
    let claim = document.claim.as_deref().unwrap_or(name);
    findings.words(&at.then("claim"), claim);
    let field = CustomField {
        name: name.to_owned(),
        kind: match document.kind {
            CustomFieldType::String => CustomFieldKind::String,
            CustomFieldType::Enum => CustomFieldKind::Enum { values: document.values.clone() },
            CustomFieldType::Number => CustomFieldKind::Number,
            CustomFieldType::Boolean => CustomFieldKind::Boolean,
        },
        claim: claim.to_owned(),
        scope: scope.to_owned(),
        writable_by: document.writable_by,
    };
    findings.keep(&at.then("claim"), field.check());
    field
}
