//! Identifiers: one type per kind of row, so that none can be taken for another.
//!
//! All are `UUIDv7` inside. An identifier says nothing about a tenant: the same value may not be looked up
//! without the tenant's scope, which only `store` can make.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every identifier type offers to the code that stores it.
pub trait RowId: Copy + Eq + Send + Sync + 'static {
    /// Wraps a stored value.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The stored value.
    fn as_uuid(&self) -> Uuid;
}

/// Something that belongs to exactly one tenant and can prove which: `store::TenantScope`, and nothing else.
///
/// It lives here because `ephemeral` stands on the same floor as `store` and must not name its types. An
/// architecture test allows a single implementation.
pub trait TenantScoped: Send + Sync {
    /// The tenant.
    fn tenant_id(&self) -> TenantId;
}

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl RowId for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

row_ids! {
    /// A tenant, which the wire calls a realm.
    TenantId;
    /// A client's row. Its name on the wire is `client_id`, a [`crate::client::ClientId`].
    ClientKey;
    /// One secret of a client.
    ClientSecretId;
    /// An initial access token.
    InitialTokenId;
    /// An API (a resource server).
    ApiId;
    /// A scope.
    ScopeId;
    /// A person's account. On the wire a person is `sub`, never this.
    UserId;
    /// A credential of a user.
    CredentialId;
    /// A role of the realm or of a client.
    RoleId;
    /// A group of users.
    GroupId;
    /// A claim mapper.
    MapperId;
    /// A login session; as text it is the `sid` of tokens.
    SessionId;
    /// A browser known to an account.
    DeviceId;
    /// A sign-in in progress.
    InteractionId;
    /// A grant; as text it begins the `jti` of what is issued under it.
    GrantId;
    /// An authorization code.
    CodeId;
    /// A refresh-token family.
    FamilyId;
    /// One refresh token of a family.
    RefreshTokenId;
    /// A tenant's data key.
    DataKeyId;
    /// A signing key.
    SigningKeyId;
    /// A secret of the realm itself.
    RealmSecretId;
    /// A remembered consent.
    ConsentId;
    /// An audit event.
    AuditEventId;
    /// An entry of the outbox.
    OutboxId;
    /// An operator's entry into a realm.
    OperatorEntryId;
    /// An import of people.
    ImportJobId;
}
