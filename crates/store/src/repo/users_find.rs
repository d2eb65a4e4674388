//! People: looking for them, page by page.

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{GroupId, RoleId, RowId as _, UserId};
use palatine_domain::user::User;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, Value};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::users::{Users, user};
use crate::StoreError;
use crate::entities::scoped::TenantEntity;
use crate::entities::users::{Column, Entity};
use crate::entities::{user_groups, user_identifiers, user_roles, user_search};
use crate::word_search::{Bounds, Search, Set, of};

/// Which people are wanted: those who fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// In whose name, username and e-mail address each word begins a word.
    pub text: String,
    /// Who may sign in, or may not.
    pub enabled: Option<bool>,
    /// Who signs in with this name.
    pub identifier: Option<NormalisedIdentifier>,
    /// Who was put into this group itself.
    pub group: Option<GroupId>,
    /// Who was given this role themselves.
    pub role: Option<RoleId>,
}

impl<A> Users<'_, A> {
    /// At most `limit` users by id, after the given one. Two statements, and one or two more if several
    /// things are asked.
    pub async fn find(&self, filter: &UserFilter, after: Option<UserId>, limit: u64) -> Result<Vec<User>, StoreError> {
        let ids = self.found(filter, Bounds::USUAL, after, limit).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.tx.rows::<Entity>().filter(Column::Id.is_in(ids)).order_by_asc(Column::Id);
        rows.all(self.tx.conn()).await?.into_iter().map(user).collect()
    }

    /// At most `limit` users, by id and after the given one, in whose name, username and e-mail address each word of
    /// `text` begins a word. All users if `text` has no words.
    pub async fn search(&self, text: &str, after: Option<UserId>, limit: u64) -> Result<Vec<User>, StoreError> {
        self.find(&UserFilter { text: text.to_owned(), ..UserFilter::default() }, after, limit).await
    }

    /// See [`crate::word_search`].
    pub(crate) async fn found(
        &self,
        filter: &UserFilter,
        bounds: Bounds,
        after: Option<UserId>,
        limit: u64,
    ) -> Result<Vec<Uuid>, StoreError> {
        let (everybody, everybody_is_a_condition) = match filter.enabled {
            // Most users are enabled: nobody is found by that.
            Some(true) => (self.enabled(true), true),
            Some(false) | None => (self.set::<Entity>(Column::Id, None), false),
        };
        let search = Search { everybody, everybody_is_a_condition, sets: self.sets(filter) };
        let after = after.map(|user| Value::from(user.as_uuid()));
        let conn = self.tx.conn();
        let rows = match &filter.identifier {
            Some(name) => search.run_over(self.of_identifier(name), conn, after.as_ref(), limit).await?,
            None => search.run(conn, bounds, after.as_ref(), limit).await?,
        };
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// What each condition but the identifier is met by.
    fn sets(&self, filter: &UserFilter) -> Vec<Set> {
        use user_search::Column::{TenantId, Token, UserId};
        use {user_groups::Column as Member, user_roles::Column as Held};
        let mine = TenantId.eq(self.tx.tenant_uuid());
        let mut sets = Set::of_words::<user_search::Entity>(&filter.text, Some(&mine), Token, UserId, None);
        if let Some(group) = filter.group {
            sets.push(self.set::<user_groups::Entity>(Member::UserId, Some(Member::GroupId.eq(group.as_uuid()))));
        }
        if let Some(role) = filter.role {
            sets.push(self.set::<user_roles::Entity>(Held::UserId, Some(Held::RoleId.eq(role.as_uuid()))));
        }
        if filter.enabled == Some(false) {
            sets.push(self.enabled(false));
        }
        sets
    }

    /// Who signs in with this name: one at most.
    fn of_identifier(&self, name: &NormalisedIdentifier) -> Set {
        use user_identifiers::Column::{UserId, Value};
        self.set::<user_identifiers::Entity>(UserId, Some(Value.eq(name.as_str())))
    }

    /// A constant, so that the plan is one for this: few users are disabled.
    fn enabled(&self, enabled: bool) -> Set {
        self.set::<Entity>(Column::Id, Some(of(Column::Enabled).eq(Expr::Constant(enabled.into()))))
    }

    /// The users whom a table tells of, or some of them; its index gives them in order.
    fn set<E: TenantEntity>(&self, user: E::Column, which: Option<Expr>) -> Set {
        let mut rows = Query::select();
        rows.from(E::default().table_ref()).and_where(E::tenant_column().eq(self.tx.tenant_uuid()));
        if let Some(which) = which {
            rows.and_where(which);
        }
        Set::in_order(rows, of(user), None)
    }
}
