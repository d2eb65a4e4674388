//! Claim mappers: which keys each type takes, and what none may write.

use std::collections::BTreeMap;

use palatine_domain::mapper::{ClaimPath, ClaimRule, ClaimSource, MAX_MAPPERS_PER_OWNER, MapperError, MapperRule};

use super::{DesiredMapper, Findings};
use crate::document::{MapperDocument, MapperType, Path};

pub(super) fn mappers(
    findings: &mut Findings<'_>,
    at: &Path,
    documents: &BTreeMap<String, MapperDocument>,
) -> Vec<DesiredMapper> {
    if documents.len() > MAX_MAPPERS_PER_OWNER {
        findings.add(at, format!("a scope or a client has at most {MAX_MAPPERS_PER_OWNER} mappers"));
    }
    documents.iter().filter_map(|(name, document)| mapper(findings, at.then(name), name, document)).collect()
}

fn mapper(findings: &mut Findings<'_>, at: Path, name: &str, document: &MapperDocument) -> Option<DesiredMapper> {
    findings.words(&at, name);
    foreign_keys(findings, &at, document);
    let rule = if document.kind == MapperType::Audience {
        MapperRule::Audience(needed(findings, &at, "audience", document.audience.as_ref())?.clone())
    } else {
        let claim = needed(findings, &at, "claim", document.claim.as_ref())?;
        let claim = findings.keep(&at.then("claim"), ClaimPath::parse(claim))?;
        let source = source(findings, &at, document)?;
        let (json_type, multivalued) = (document.json_type, document.multivalued);
        MapperRule::Claim(ClaimRule { source, claim, json_type, multivalued, targets: document.targets.clone() })
    };
    match rule.check(&[]) {
        // Whether there is such a field is looked up when document and realm are compared.
        Ok(()) | Err(MapperError::UnknownField(_)) => {}
        Err(error) => findings.add(&place_of(&at, &error), error.to_string()),
    }
    Some(DesiredMapper { name: name.to_owned(), rule, at })
}

/// Where in the document the reader finds what is wrong.
pub(crate) fn place_of(at: &Path, error: &MapperError) -> Path {
    at.then(match error {
        MapperError::ReservedClaim(_) | MapperError::UserClaimName { .. } => "claim",
        MapperError::UnknownField(_) => "field",
        MapperError::HardcodedValue => "value",
        MapperError::NoTarget => "in",
    })
}

fn source(findings: &mut Findings<'_>, at: &Path, document: &MapperDocument) -> Option<ClaimSource> {
    Some(match document.kind {
        MapperType::UserAttribute => {
            ClaimSource::UserAttribute(needed(findings, at, "field", document.field.as_ref())?.clone())
        }
        MapperType::UserProperty => {
            ClaimSource::UserProperty(*needed(findings, at, "property", document.property.as_ref())?)
        }
        MapperType::RoleList => {
            ClaimSource::Roles { client: document.client.clone(), prefix: document.prefix.clone().unwrap_or_default() }
        }
        MapperType::GroupList => ClaimSource::Groups { full_path: document.full_path.unwrap_or(true) },
        MapperType::Hardcoded => {
            ClaimSource::Hardcoded(needed(findings, at, "value", document.value.as_ref())?.clone())
        }
        MapperType::Audience => return None,
    })
}

fn needed<'d, T>(findings: &mut Findings<'_>, at: &Path, key: &str, value: Option<&'d T>) -> Option<&'d T> {
    if value.is_none() {
        findings.add(at, format!("a mapper of this type needs the key `{key}`"));
    }
    value
}

/// A key that means nothing to the type was meant for another.
fn foreign_keys(findings: &mut Findings<'_>, at: &Path, document: &MapperDocument) {
    let kind = document.kind;
    let writes = kind != MapperType::Audience;
    let keys = [
        ("claim", document.claim.is_some(), writes),
        ("in", !document.targets.is_empty(), writes),
        ("json_type", document.json_type.is_some(), writes),
        ("multivalued", document.multivalued, writes),
        ("field", document.field.is_some(), kind == MapperType::UserAttribute),
        ("property", document.property.is_some(), kind == MapperType::UserProperty),
        ("client", document.client.is_some(), kind == MapperType::RoleList),
        ("prefix", document.prefix.is_some(), kind == MapperType::RoleList),
        ("full_path", document.full_path.is_some(), kind == MapperType::GroupList),
        ("value", document.value.is_some(), kind == MapperType::Hardcoded),
        ("audience", document.audience.is_some(), kind == MapperType::Audience),
    ];
    for (key, _, _) in keys.into_iter().filter(|(_, is_given, is_known)| *is_given && !is_known) {
        findings.add(&at.then(key), format!("a mapper of this type has no `{key}`"));
    }
}
