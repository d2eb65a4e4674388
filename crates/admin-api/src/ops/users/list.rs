//! Lists and searches people. It needs `users:read`.

use palatine_domain::admin::Permission;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{GroupId, UserId};
use palatine_domain::user::User;
use palatine_store::UserFilter;
use serde::Serialize;

use crate::access::Caller;
use crate::ops::error::OpError;

/// Who is looked for: those who fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// In whose name, username and e-mail address each word begins a word.
    pub text: String,
    /// Who may sign in, or may not.
    pub enabled: Option<bool>,
    /// Who signs in with this name.
    pub identifier: Option<String>,
    /// Who is in this group itself.
    pub group: Option<GroupId>,
    /// Who was given this role of the realm themselves, by its name.
    pub role: Option<String>,
}

/// A person in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct UserSummary {
    /// The person's row.
    pub id: String,
    /// `sub`.
    pub subject: String,
    /// The name to sign in with.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Whether they may sign in.
    pub enabled: bool,
    /// When the account was made (RFC 3339).
    pub created_at: String,
}

impl UserSummary {
    fn of(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            subject: user.subject,
            username: user.username,
            email: user.email,
            name: user.profile.name,
            enabled: user.enabled,
            created_at: user.created_at.to_rfc3339(),
        }
    }
}

/// At most `limit` people after one, oldest account first.
pub async fn list(
    caller: &Caller,
    query: UserQuery,
    after: Option<UserId>,
    limit: u64,
) -> Result<Vec<UserSummary>, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let identifier = match query.identifier.as_deref().map(NormalisedIdentifier::parse) {
        Some(Err(_)) => return Ok(Vec::new()),
        Some(Ok(name)) => Some(name),
        None => None,
    };
    let role = match &query.role {
        Some(name) => match tx.roles().by_name(None, name).await? {
            Some(role) => Some(role.id),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let filter = UserFilter { text: query.text, enabled: query.enabled, identifier, group: query.group, role };
    let found = tx.users().find(&filter, after, limit).await?;
    tx.finish().await?;
    Ok(found.into_iter().map(UserSummary::of).collect())
}
