//! The tenant: the unit of isolation. URLs, files and the API call it a realm.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::policy::RealmPolicy;
use crate::slug::RealmSlug;
use crate::time::Instant;
use crate::user::CustomField;

/// A tenant as the routing table knows it: what must be known before anything of its own may be read.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant.
    pub id: TenantId,
    /// Its name in URLs; immutable.
    pub slug: RealmSlug,
    /// Whether it serves.
    pub state: TenantState,
    /// Whether its configuration is fit for production.
    pub profile: RealmProfile,
    /// Counts the changes of its configuration; caches compare it.
    pub version: TenantVersion,
    /// When it was made.
    pub created_at: Instant,
    /// Since when it is suspended, if it is.
    pub suspended_at: Option<Instant>,
    /// From when on it may be removed for good, if it is being deleted.
    pub delete_after: Option<Instant>,
}

/// Counts the changes of a tenant's configuration, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantVersion(pub i64);

/// Whether a tenant serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// It serves.
    Active,
    /// Everything but discovery and JWKS answers 403.
    Suspended,
    /// Deleted, inside its grace period: as if it were unknown.
    Deleting,
}

/// What a realm's configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RealmProfile {
    /// Fit for production.
    Standard,
    /// Demo passwords and secrets, known to everybody: `palatine serve` refuses a store that holds one.
    InsecureDemo,
}

/// What an admin sets for a realm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RealmSettings {
    /// The name people see: "Sign in to Acme".
    pub display_name: String,
    /// Colours and links of its pages.
    #[serde(default)]
    pub branding: Branding,
    /// Lifetimes, limits and choices.
    #[serde(default)]
    pub policy: RealmPolicy,
    /// Fields of its users beyond the standard claims, by name.
    #[serde(default)]
    pub custom_fields: Vec<CustomField>,
}

/// How a realm's pages look: values, never markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// The accent colour, `#rrggbb`; its contrast is corrected when shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// Links below the card, such as terms and privacy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal_links: Vec<LegalLink>,
}

/// A link below the sign-in card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalLink {
    /// The words of the link.
    pub label: String,
    /// Where it leads: an `https` URL.
    pub url: String,
}
