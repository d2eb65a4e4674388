//! The realm document: everything that an administrator decides about a realm, in one YAML document.
//!
//! `apiVersion: palatine/v1`, `kind: Realm`. What has a name is kept in maps by that name (clients by `client_id`, users
//! by username), so that a name stands once. Unknown keys are errors. What is left out has its default, except for
//! users: what a document does not say about a user stays as it is.
//!
//! These are the types of the format, apart from the domain's: the format is kept stable, the domain is not. Branding
//! and policy are the domain's own, because they are documents there too.
//!
//! **To add a section**: a file here with its type, and a field of [`RealmDocument`].

mod access;
mod client;
mod explain;
mod mapper;
mod positions;
mod read;
mod schema;
mod secret;
mod source;
mod suggest;
mod user;
mod write;

use std::collections::BTreeMap;

use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::{Branding, RealmProfile};
use serde::{Deserialize, Serialize};

pub use access::{ApiDocument, GroupDocument, RoleDocument, ScopeDocument};
pub use client::{ClientDocument, ClientScopesDocument, SecretHashDocument};
pub use mapper::{MapperDocument, MapperType};
pub(crate) use schema::describe_short_scopes;
pub use schema::json_schema;
pub use secret::{PlainSecret, SecretSource};
pub use source::SourceFile;
pub use user::{CustomFieldDocument, CustomFieldType, UserDocument};
pub use write::WriteError;

pub(crate) use positions::Path;
pub(crate) use read::{MAX_FILE_BYTES, SourcedDocument, Unreadable, read};
pub(crate) use source::Origin;
pub(crate) use suggest::did_you_mean;
pub(crate) use user::is_email_address;

/// A realm.
#[derive(Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RealmDocument {
    /// The version of the format.
    #[serde(rename = "apiVersion")]
    pub api_version: ApiVersion,
    /// What the document describes.
    pub kind: Kind,
    /// The realm's slug, by which the document finds it; immutable.
    pub realm: String,
    /// What the realm is for; chosen when it is made. Default `standard`.
    #[serde(default = "standard")]
    pub profile: RealmProfile,
    /// The name people see. Default: the slug.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Colours and links of its pages.
    #[serde(default)]
    pub branding: Branding,
    /// Lifetimes, limits and choices. Each has a default.
    #[serde(default)]
    pub policy: RealmPolicy,
    /// Fields of its users beyond the standard claims, by name.
    #[serde(default)]
    pub custom_fields: BTreeMap<String, CustomFieldDocument>,
    /// APIs, by identifier (the `aud` value).
    #[serde(default)]
    pub apis: BTreeMap<String, ApiDocument>,
    /// Scopes that no API owns. Those every realm has need no mention.
    #[serde(default)]
    pub scopes: BTreeMap<String, ScopeDocument>,
    /// Roles of the realm, by name. Built-in ones (`realm-admin`, `client-manager`, `user-manager`, `auditor`; in the realm
    /// `system` those of operators) need no mention, and keep their description.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleDocument>,
    /// Groups, by name.
    #[serde(default)]
    pub groups: BTreeMap<String, GroupDocument>,
    /// Clients, by `client_id`.
    #[serde(default)]
    pub clients: BTreeMap<String, ClientDocument>,
    /// Users, by username.
    #[serde(default)]
    pub users: BTreeMap<String, UserDocument>,
}

impl RealmDocument {
    /// A document about a realm, with nothing else said.
    pub fn new(realm: impl Into<String>) -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::Realm,
            realm: realm.into(),
            profile: standard(),
            display_name: None,
            branding: Branding::default(),
            policy: RealmPolicy::default(),
            custom_fields: BTreeMap::new(),
            apis: BTreeMap::new(),
            scopes: BTreeMap::new(),
            roles: BTreeMap::new(),
            groups: BTreeMap::new(),
            clients: BTreeMap::new(),
            users: BTreeMap::new(),
        }
    }
}

fn standard() -> RealmProfile {
    RealmProfile::Standard
}

/// A version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "palatine/v1")]
    V1,
}

/// What a document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Kind {
    /// A realm.
    Realm,
}
