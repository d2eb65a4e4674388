//! Claim mappers: what an admin puts into tokens and userinfo beside the standard claims.
//!
//! A mapper belongs to a scope, and works where the scope was granted, or to a client, and works for it always. None
//! writes a reserved claim: [`MapperRule::check`] refuses it when it is configured, and [`ClaimPath::write`] does
//! nothing if it is stored all the same.

mod convert;
mod path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ClientKey, MapperId, ScopeId};
use crate::user::{CustomField, WritableBy, is_marked_claim};

pub use convert::JsonType;
pub use path::{ClaimPath, ClaimPathError};

/// How many mappers a scope or a client may have.
pub const MAX_MAPPERS_PER_OWNER: usize = 50;

/// The longest fixed value, in bytes of JSON.
pub const MAX_HARDCODED_BYTES: usize = 4_096;

/// A mapper.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimMapper {
    /// Its row.
    pub id: MapperId,
    /// Whose it is.
    pub owner: MapperOwner,
    /// Its name, unique in its owner.
    pub name: String,
    /// What it does.
    pub rule: MapperRule,
}

/// Whose a mapper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MapperOwner {
    /// It works where this scope was granted.
    Scope(ScopeId),
    /// It works for this client, whatever was granted.
    Client(ClientKey),
}

/// What a mapper does; one document in the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapperRule {
    /// Writes a claim.
    Claim(ClaimRule),
    /// Adds an API identifier or a `client_id` of the realm to `aud` of access tokens.
    Audience(String),
}

/// A claim that a mapper writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRule {
    /// Where its value comes from.
    pub source: ClaimSource,
    /// Its name, or its place inside another claim.
    pub claim: ClaimPath,
    /// What type its value is given; `None`: as it is.
    #[serde(default)]
    pub json_type: Option<JsonType>,
    /// Whether a single value is written as a list of one. Roles and groups are lists anyway.
    #[serde(default)]
    pub multivalued: bool,
    /// Where it is written.
    pub targets: Vec<ClaimTarget>,
}

/// Where a claim's value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// A custom field of the user, by its name.
    UserAttribute(String),
    /// Something that every account has.
    UserProperty(UserProperty),
    /// Role names, each after the prefix.
    Roles {
        /// The client whose roles are meant, by `client_id`; `None`: the realm's, as far as the client may see them.
        client: Option<String>,
        /// What is put before each name.
        prefix: String,
    },
    /// Group names.
    Groups {
        /// Whether each is its path from the top, joined by `/`, or its last name alone.
        full_path: bool,
    },
    /// Always the same.
    Hardcoded(Value),
}

/// Something that every account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserProperty {
    /// The name to sign in with.
    Username,
    /// The e-mail address.
    Email,
    /// Whether the address was proved.
    EmailVerified,
    /// Full name.
    Name,
    /// First name.
    GivenName,
    /// Last name.
    FamilyName,
    /// Casual name.
    Nickname,
    /// Telephone number.
    PhoneNumber,
    /// Whether the number was proved.
    PhoneNumberVerified,
    /// Language tag.
    Locale,
    /// Time zone.
    Zoneinfo,
    /// When the account was made, in seconds since the epoch.
    CreatedAt,
}

/// Where a claim is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimTarget {
    /// Into access tokens.
    AccessToken,
    /// Into ID tokens.
    IdToken,
    /// Into userinfo.
    Userinfo,
}

/// Why a mapper cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapperError {
    /// The claim belongs to the protocol.
    #[error("the claim {0} is reserved for the protocol; choose another name")]
    ReservedClaim(String),
    /// The realm declares no such field.
    #[error("the realm has no custom field {0}")]
    UnknownField(String),
    /// Users could write a claim that looks like an admin's.
    #[error("users write the field {field} themselves; its claim must begin with custom_ or be a URI")]
    UserClaimName {
        /// The field.
        field: String,
    },
    /// A fixed value that is too long, or none.
    #[error("a fixed value is not null and has at most {MAX_HARDCODED_BYTES} bytes of JSON")]
    HardcodedValue,
    /// It writes nowhere.
    #[error("a mapper writes somewhere: list access_token, id_token or userinfo")]
    NoTarget,
}

impl MapperRule {
    /// Checks what can be said without looking at the realm's clients and APIs (PROTOCOL.md section 5).
    pub fn check(&self, fields: &[CustomField]) -> Result<(), MapperError> {
        let Self::Claim(rule) = self else { return Ok(()) };
        if rule.claim.is_reserved() {
            return Err(MapperError::ReservedClaim(rule.claim.to_string()));
        }
        if rule.targets.is_empty() {
            return Err(MapperError::NoTarget);
        }
        match &rule.source {
            ClaimSource::UserAttribute(name) => {
                let field = fields.iter().find(|field| field.name == *name);
                let field = field.ok_or_else(|| MapperError::UnknownField(name.clone()))?;
                if field.writable_by == WritableBy::User && !is_marked_claim(rule.claim.first()) {
                    return Err(MapperError::UserClaimName { field: name.clone() });
                }
                Ok(())
            }
            ClaimSource::Hardcoded(value) if value.is_null() || value.to_string().len() > MAX_HARDCODED_BYTES => {
                Err(MapperError::HardcodedValue)
            }
            ClaimSource::Hardcoded(_)
            | ClaimSource::UserProperty(_)
            | ClaimSource::Roles { .. }
            | ClaimSource::Groups { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
