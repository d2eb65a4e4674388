//! Users and their custom fields in the document.

use std::collections::BTreeMap;

use palatine_domain::user::{UserProfile, WritableBy};
use serde::Deserialize;

use super::SecretSource;

/// A user; its key is the username. What is left out stays as it is.
#[derive(Debug, Default, Deserialize)]
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
    pub initial_password: Option<SecretSource>,
}

/// A field of users beyond the standard claims; its key is its name.
#[derive(Debug, Deserialize)]
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

/// What values a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
