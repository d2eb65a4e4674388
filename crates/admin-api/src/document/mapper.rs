//! Claim mappers in the document.

use palatine_domain::mapper::{ClaimTarget, JsonType, UserProperty};
use serde::{Deserialize, Serialize};

/// A claim mapper; its key is its name. Which keys it takes follows from its type.
#[derive(Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapperDocument {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: MapperType,
    /// The claim that it writes. `a.b` is the member `b` of `a`; `\.` is a dot. For all types but `audience`.
    #[serde(default)]
    pub claim: Option<String>,
    /// Where it writes: `access_token`, `id_token`, `userinfo`. For all types but `audience`.
    #[serde(default, rename = "in")]
    pub targets: Vec<ClaimTarget>,
    /// What type the value is given: `string`, `number`, `boolean`, `json`. Default: as it is.
    #[serde(default)]
    pub json_type: Option<JsonType>,
    /// Whether a single value is written as a list of one. Default false.
    #[serde(default)]
    pub multivalued: bool,
    /// For `user_attribute`: the custom field.
    #[serde(default)]
    pub field: Option<String>,
    /// For `user_property`: what every account has.
    #[serde(default)]
    pub property: Option<UserProperty>,
    /// For `role_list`: the client whose roles are meant. Default: the realm's roles.
    #[serde(default)]
    pub client: Option<String>,
    /// For `role_list`: put before each name. Default: nothing.
    #[serde(default)]
    pub prefix: Option<String>,
    /// For `group_list`: whether each is its path, `above/below`, or its last name alone. Default true.
    #[serde(default)]
    pub full_path: Option<bool>,
    /// For `hardcoded`: the value.
    #[serde(default)]
    pub value: Option<serde_json::Value>,
    /// For `audience`: an API identifier or a `client_id` of the realm.
    #[serde(default)]
    pub audience: Option<String>,
}

impl MapperDocument {
    /// One of a type, with nothing else said.
    pub fn of(kind: MapperType) -> Self {
        Self {
            kind,
            claim: None,
            targets: Vec::new(),
            json_type: None,
            multivalued: false,
            field: None,
            property: None,
            client: None,
            prefix: None,
            full_path: None,
            value: None,
            audience: None,
        }
    }
}

/// What a mapper does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MapperType {
    /// Writes a custom field of the user.
    UserAttribute,
    /// Writes what every account has.
    UserProperty,
    /// Writes role names.
    RoleList,
    /// Writes group names.
    GroupList,
    /// Writes the same value always.
    Hardcoded,
    /// Adds to `aud` of access tokens.
    Audience,
}
