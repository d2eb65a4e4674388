//! People: looking for them, page by page.

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{GroupId, RoleId, RowId as _, UserId};
use palatine_domain::user::User;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::users::{Users, user};
use crate::StoreError;
use crate::entities::joined::col;
use crate::entities::scoped::TenantEntity;
use crate::entities::users::{Column, Entity};
use crate::entities::{user_groups, user_identifiers, user_roles, user_search};
use crate::word_search::{HIT, WordSearch};

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

/// The table that one user is looked up in.
const ASKED: &str = "asked";

impl<A> Users<'_, A> {
    /// At most `limit` users by id, after the given one. Two statements, and one more if words are looked for.
    pub async fn find(&self, filter: &UserFilter, after: Option<UserId>, limit: u64) -> Result<Vec<User>, StoreError> {
        let ids = self.found(filter, after, limit).await?;
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

    /// One condition leads, which has few rows or has them in order; each of them is asked for the others.
    async fn found(&self, filter: &UserFilter, after: Option<UserId>, limit: u64) -> Result<Vec<Uuid>, StoreError> {
        let mut words = self.words(&filter.text);
        let asked_more = filter.enabled.is_some() || filter.group.is_some() || filter.role.is_some();
        let leads = filter.identifier.is_none() && words.weigh(self.tx.conn(), asked_more).await?;
        let (mut select, id, all_words) = if leads {
            (words.led(), Expr::col((HIT, Alias::new("order"))), Vec::new())
        } else {
            let (select, id) = self.led_by(filter);
            let all_words = words.all_of(&id);
            (select, id, all_words)
        };
        let beyond = after.map(|after| id.clone().gt(after.as_uuid()));
        for asked in all_words.into_iter().chain(self.asked(filter, &id)).chain(beyond) {
            select.and_where(asked);
        }
        select.order_by_expr(id, Order::Asc).limit(limit);
        let rows = self.tx.conn().query_all(&select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    fn words(&self, text: &str) -> WordSearch<user_search::Entity> {
        use user_search::Column::{TenantId, Token, UserId};
        WordSearch::new(text, Some(TenantId.eq(self.tx.tenant_uuid())), Token, UserId, UserId)
    }

    /// The users themselves, or those of whom one condition tells, and what is their id there.
    fn led_by(&self, filter: &UserFilter) -> (SelectStatement, Expr) {
        use {user_groups::Column as Member, user_identifiers::Column as Name, user_roles::Column as Held};
        if let Some(name) = &filter.identifier {
            let of_name = Name::Value.eq(name.as_str());
            self.ids::<user_identifiers::Entity>(Name::UserId, Some(of_name))
        } else if let Some(group) = filter.group {
            self.ids::<user_groups::Entity>(Member::UserId, Some(Member::GroupId.eq(group.as_uuid())))
        } else if let Some(role) = filter.role {
            self.ids::<user_roles::Entity>(Held::UserId, Some(Held::RoleId.eq(role.as_uuid())))
        } else {
            // A constant, so that the plan is one for this: few users are disabled.
            let is = |enabled: bool| Expr::col((Entity, Column::Enabled)).eq(Expr::Constant(enabled.into()));
            self.ids::<Entity>(Column::Id, filter.enabled.map(is))
        }
    }

    fn ids<E: TenantEntity>(&self, id: E::Column, which: Option<Expr>) -> (SelectStatement, Expr) {
        let id_of_table = Expr::col((id.entity_name(), id));
        let mut select = Query::select();
        select.expr(id_of_table.clone()).from(E::default().table_ref());
        select.and_where(E::tenant_column().eq(self.tx.tenant_uuid()));
        if let Some(which) = which {
            select.and_where(which);
        }
        (select, id_of_table)
    }

    /// The conditions, each as a question about one user.
    fn asked(&self, filter: &UserFilter, id: &Expr) -> Vec<Expr> {
        use {user_groups::Column as Member, user_roles::Column as Held};
        let in_group = |group: GroupId| {
            self.row_of::<user_groups::Entity>(Member::UserId, id, col(ASKED, Member::GroupId).eq(group.as_uuid()))
        };
        let has_role = |role: RoleId| {
            self.row_of::<user_roles::Entity>(Held::UserId, id, col(ASKED, Held::RoleId).eq(role.as_uuid()))
        };
        let is_enabled = |enabled: bool| self.row_of::<Entity>(Column::Id, id, col(ASKED, Column::Enabled).eq(enabled));
        let asked = [filter.group.map(in_group), filter.role.map(has_role), filter.enabled.map(is_enabled)];
        asked.into_iter().flatten().collect()
    }

    /// That the user has a row for which the condition holds. See [`crate::word_search`] for `OFFSET`.
    fn row_of<E: TenantEntity>(&self, user: E::Column, id: &Expr, which: Expr) -> Expr {
        let row = Query::select()
            .expr(Expr::val(1))
            .from_as(E::default().table_ref(), ASKED)
            .and_where(col(ASKED, E::tenant_column()).eq(self.tx.tenant_uuid()))
            .and_where(col(ASKED, user).eq(id.clone()))
            .and_where(which)
            .limit(1)
            .offset(0)
            .to_owned();
        Expr::exists(row)
    }
}
