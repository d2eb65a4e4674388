//! APIs, scopes, roles and groups in the document.

use std::collections::BTreeMap;

use palatine_domain::policy::AccessTokenProfile;
use palatine_protocol::jwk::SigningAlgorithm;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::MapperDocument;

/// An API that tokens are made for; its key is its identifier.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiDocument {
    /// The name people see. Default: the identifier.
    pub name: Option<String>,
    /// The profile of its access tokens. Default: the realm's.
    pub profile: Option<AccessTokenProfile>,
    /// The algorithm of its access tokens. Default: the realm's.
    pub algorithm: Option<SigningAlgorithm>,
    /// The client that is the same registration, by `client_id`: its roles are in this API's tokens, it may introspect
    /// them, and both may have one name.
    pub client: Option<String>,
    /// The scopes it owns. At most 100.
    pub scopes: BTreeMap<String, ScopeDocument>,
}

/// A scope; its key is its name. Written as text alone, that is its description.
#[derive(Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ScopeDocument {
    /// What it allows, in words for the consent page.
    pub description: String,
    /// Claim mappers that work where it was granted, by name.
    pub mappers: BTreeMap<String, MapperDocument>,
}

impl<'de> Deserialize<'de> for ScopeDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Keys {
            description: String,
            mappers: BTreeMap<String, MapperDocument>,
        }
        struct TextOrKeys;
        impl<'de> Visitor<'de> for TextOrKeys {
            type Value = ScopeDocument;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a description, or a map with `description` and `mappers`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ScopeDocument, E> {
                Ok(ScopeDocument { description: text.to_owned(), mappers: BTreeMap::new() })
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ScopeDocument, M::Error> {
                let Keys { description, mappers } = Keys::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ScopeDocument { description, mappers })
            }
        }
        deserializer.deserialize_any(TextOrKeys)
    }
}

/// A role of the realm or of a client; its key is its name.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleDocument {
    /// What it is for, in words.
    pub description: String,
    /// Roles that it brings along: of the realm by name, of a client as `client_id/role`.
    pub composites: Vec<String>,
}

/// A group of users; its key is its name.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupDocument {
    /// Roles that its members have through it, and the members of all groups below: of the realm by name, of a client as
    /// `client_id/role`.
    pub roles: Vec<String>,
    /// Groups below it, by name. Elsewhere in the document such a group is `above/below`.
    #[schema(no_recursion)]
    pub groups: BTreeMap<String, GroupDocument>,
}
