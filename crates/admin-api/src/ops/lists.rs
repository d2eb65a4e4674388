//! Lists of what a realm has few of: APIs, scopes, roles. All are read in one statement, and a page is cut from them.

use palatine_domain::admin::{AdminRole, Permission};
use serde::Serialize;

use crate::access::Caller;
use crate::built_in;
use crate::ops::error::OpError;

/// An API in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ApiSummary {
    /// The `aud` value.
    pub identifier: String,
    /// The name people see.
    pub name: String,
    /// Whether it is the platform's own.
    pub built_in: bool,
}

/// A scope in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ScopeSummary {
    /// The scope.
    pub name: String,
    /// What it allows, in words.
    pub description: String,
    /// The identifier of the API that owns it.
    pub api: Option<String>,
}

/// A role in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RoleSummary {
    /// Its name.
    pub name: String,
    /// What it is for, in words.
    pub description: String,
    /// Whether every realm has it.
    pub built_in: bool,
}

/// At most `limit` APIs after one, by identifier, with this text in their name or identifier. It needs `clients:read`.
pub async fn apis(caller: &Caller, text: &str, after: Option<&str>, limit: u64) -> Result<Vec<ApiSummary>, OpError> {
    let (_, tx) = caller.read(Permission::ClientsRead).await?;
    let all = tx.apis().list().await?;
    tx.finish().await?;
    let items = all.into_iter().map(|api| ApiSummary {
        built_in: built_in::is_admin_api(&api.identifier),
        identifier: api.identifier,
        name: api.name,
    });
    Ok(page(items, text, after, limit, |api| (&api.identifier, &api.name)))
}

/// At most `limit` scopes after one, by name, with this text in their name or description. It needs `clients:read`.
pub async fn scopes(
    caller: &Caller,
    text: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<ScopeSummary>, OpError> {
    let (_, tx) = caller.read(Permission::ClientsRead).await?;
    let (all, apis) = (tx.scopes().list().await?, tx.apis().list().await?);
    tx.finish().await?;
    let owner = |id| apis.iter().find(|api| Some(api.id) == id).map(|api| api.identifier.clone());
    let items = all.into_iter().map(|scope| ScopeSummary {
        name: scope.scope.as_str().to_owned(),
        description: scope.description,
        api: owner(scope.api),
    });
    Ok(page(items, text, after, limit, |scope| (&scope.name, &scope.description)))
}

/// At most `limit` roles of the realm after one, by name, with this text in their name or description. It needs
/// `roles:read`.
pub async fn roles(caller: &Caller, text: &str, after: Option<&str>, limit: u64) -> Result<Vec<RoleSummary>, OpError> {
    let (_, tx) = caller.read(Permission::RolesRead).await?;
    let all = tx.roles().list().await?;
    tx.finish().await?;
    let items = all.into_iter().filter(|role| role.client.is_none()).map(|role| RoleSummary {
        built_in: AdminRole::parse(&role.name).is_some(),
        name: role.name,
        description: role.description,
    });
    Ok(page(items, text, after, limit, |role| (&role.name, &role.description)))
}

/// A page, in the order of the first of the two texts; both are searched.
fn page<T>(
    items: impl Iterator<Item = T>,
    text: &str,
    after: Option<&str>,
    limit: u64,
    texts: impl Fn(&T) -> (&String, &String),
) -> Vec<T> {
    let wanted = text.to_lowercase();
    let fits = |item: &T| {
        let (key, beside) = texts(item);
        let found = key.to_lowercase().contains(&wanted) || beside.to_lowercase().contains(&wanted);
        found && after.is_none_or(|after| key.as_str() > after)
    };
    let mut found: Vec<T> = items.filter(fits).collect();
    found.sort_by(|a, b| texts(a).0.cmp(texts(b).0));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    found
}
