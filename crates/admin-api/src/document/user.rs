//! Users and their custom fields in the document.

use std::collections::BTreeMap;

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::user::{UserProfile, WritableBy};
use serde::{Deserialize, Serialize};

use super::{PlainSecret, SecretSource};

/// A user; its key is the username. What is left out stays as it is.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserDocument {
    /// `sub`, for a user who comes from elsewhere; immutable. Default: a new random UUID.
    pub subject: Option<String>,
    /// A disabled user signs in nowhere. Default for a new user: true.
    pub enabled: Option<bool>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the address was proved. Default for a new address: false.
    pub email_verified: Option<bool>,
    /// Standard claims (OpenID Connect Core, section 5.1).
    pub profile: UserProfile,
    /// Values of the realm's custom fields, by name.
    pub custom: BTreeMap<String, serde_json::Value>,
    /// Roles that the user has.
    pub roles: Vec<String>,
    /// Groups that the user is in.
    pub groups: Vec<String>,
    /// The password of a new user; of no meaning once the user exists. Default: none, so that nobody can sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_password: Option<SecretSource>,
    /// In place of `initial_password`: what another system made of it, as [`palatine_authn::imported`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password_hash: Option<PlainSecret>,
}

/// A field of users beyond the standard claims; its key is its name.
#[derive(Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomFieldDocument {
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: CustomFieldType,
    /// The words that an `enum` takes; for no other type.
    #[serde(default)]
    pub values: Vec<String>,
    /// The claim that carries it. Default: its name.
    #[serde(default)]
    pub claim: Option<String>,
    /// The scope that releases the claim. Default `profile`.
    #[serde(default)]
    pub scope: Option<String>,
    /// Who may write it. Default `admin`.
    #[serde(default)]
    pub writable_by: WritableBy,
}

impl CustomFieldDocument {
    /// One of a type, with nothing else said.
    pub fn of(kind: CustomFieldType) -> Self {
        Self { kind, values: Vec::new(), claim: None, scope: None, writable_by: WritableBy::default() }
    }
}

/// Whether a text is an e-mail address as we take them: `local@domain` without spaces, at most 254 bytes.
pub(crate) fn is_email_address(text: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    let parts = text.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    parts.is_some() && !text.contains(is_blank) && text.len() <= 254 && NormalisedIdentifier::parse(text).is_ok()
}

/// What values a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomFieldType {
    /// Text.
    String,
    /// One of the listed words.
    Enum,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}
