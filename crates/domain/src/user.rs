//! People.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::Instant;

/// A person's account in one realm.
#[derive(Clone, Debug)]
pub struct User {
    /// Its row; never on the wire.
    pub id: UserId,
    /// `sub`: at most 255 ASCII characters, unique in the realm over users and clients, immutable.
    pub subject: String,
    /// A disabled user signs in nowhere and refreshes nothing.
    pub enabled: bool,
    /// The name to sign in with, as the person wrote it.
    pub username: String,
    /// The e-mail address, as the person wrote it.
    pub email: Option<String>,
    /// Whether the address was proved.
    pub email_verified: bool,
    /// Standard claims.
    pub profile: UserProfile,
    /// Custom fields, by the names that the realm declares.
    pub custom: BTreeMap<String, serde_json::Value>,
    /// When the account was made.
    pub created_at: Instant,
    /// When anything above last changed.
    pub updated_at: Instant,
}

/// The standard claims of OpenID Connect Core, section 5.1, that are not columns of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserProfile {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// URL of the profile page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// URL of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// URL of the web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Birthday, `YYYY-MM-DD`, or `0000-MM-DD`, or `YYYY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// Time zone, such as `Europe/Paris`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// Language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Telephone number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the number was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Postal address (OpenID Connect Core, section 5.1.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<BTreeMap<String, String>>,
}

/// A field of a realm's users beyond the standard claims.
// Without `deny_unknown_fields`, which serde cannot combine with `flatten`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// Its name in the realm document and the API.
    pub name: String,
    /// What values it takes.
    #[serde(flatten)]
    pub kind: CustomFieldKind,
    /// The claim that carries it. Never one of [`palatine_protocol::claims::RESERVED_CLAIMS`].
    pub claim: String,
    /// The scope that releases the claim.
    pub scope: String,
    /// Who may write it.
    #[serde(default)]
    pub writable_by: WritableBy,
}

/// What values a custom field takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CustomFieldKind {
    /// Text of at most 1,024 characters.
    String,
    /// One of the listed words.
    Enum {
        /// The words.
        values: Vec<String>,
    },
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// Who may write a custom field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WritableBy {
    /// Admins alone.
    #[default]
    Admin,
    /// The user too; the claim is then named `custom_…` or like a URI, so that no API mistakes it for a right.
    User,
}

/// Why a custom field or its value cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomFieldError {
    /// The claim belongs to the protocol.
    #[error("claim {0} is reserved for the protocol; choose another name")]
    ReservedClaim(String),
    /// Users could write a claim that looks like an admin's.
    #[error("claim {0} of a field that users write must begin with custom_ or be a URI")]
    UserClaimName(String),
    /// A value of the wrong type.
    #[error("field {field} takes {expected}")]
    WrongValue {
        /// The field.
        field: String,
        /// What it takes, in words.
        expected: String,
    },
}

/// Whether a claim shows by its name that users write it: `custom_…`, or a URI.
pub fn is_marked_claim(claim: &str) -> bool {
    claim.starts_with("custom_") || claim.contains("://")
}

impl CustomField {
    /// Checks the declaration (PROTOCOL.md section 5).
    pub fn check(&self) -> Result<(), CustomFieldError> {
        if palatine_protocol::claims::is_reserved(&self.claim) {
            return Err(CustomFieldError::ReservedClaim(self.claim.clone()));
        }
        if self.writable_by == WritableBy::User && !is_marked_claim(&self.claim) {
            return Err(CustomFieldError::UserClaimName(self.claim.clone()));
        }
        Ok(())
    }

    /// Checks a value.
    pub fn check_value(&self, value: &serde_json::Value) -> Result<(), CustomFieldError> {
        let (fits, expected) = match &self.kind {
            CustomFieldKind::String => (
                value.as_str().is_some_and(|s| s.chars().count() <= 1_024),
                "text of at most 1024 characters".to_owned(),
            ),
            CustomFieldKind::Enum { values } => {
                (value.as_str().is_some_and(|s| values.iter().any(|v| v == s)), format!("one of {}", values.join(", ")))
            }
            CustomFieldKind::Number => (value.is_number(), "a number".to_owned()),
            CustomFieldKind::Boolean => (value.is_boolean(), "true or false".to_owned()),
        };
        if fits { Ok(()) } else { Err(CustomFieldError::WrongValue { field: self.name.clone(), expected }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(claim: &str, writable_by: WritableBy) -> CustomField {
        CustomField {
            name: "f".into(),
            kind: CustomFieldKind::Enum { values: vec!["a".into()] },
            claim: claim.into(),
            scope: "profile".into(),
            writable_by,
        }
    }

    #[test]
    fn a_custom_field_can_never_write_a_protocol_claim() {
        for claim in palatine_protocol::claims::RESERVED_CLAIMS {
            assert!(field(claim, WritableBy::Admin).check().is_err(), "{claim}");
        }
        assert!(field("role", WritableBy::Admin).check().is_ok());
    }

    #[test]
    fn a_field_that_users_write_has_a_marked_claim() {
        assert!(field("role", WritableBy::User).check().is_err());
        assert!(field("custom_role", WritableBy::User).check().is_ok());
        assert!(field("https://example.com/role", WritableBy::User).check().is_ok());
    }

    #[test]
    fn a_declaration_is_read_as_it_was_written() {
        for kind in [CustomFieldKind::String, CustomFieldKind::Enum { values: vec!["a".into()] }] {
            let field = CustomField { kind, ..field("role", WritableBy::Admin) };
            let stored = serde_json::to_value(&field).unwrap();
            assert_eq!(serde_json::from_value::<CustomField>(stored).unwrap(), field);
        }
    }

    #[test]
    fn an_enum_field_takes_only_its_words() {
        let field = field("role", WritableBy::Admin);
        assert!(field.check_value(&"a".into()).is_ok());
        assert!(field.check_value(&"b".into()).is_err());
        assert!(field.check_value(&1.into()).is_err());
    }
}
