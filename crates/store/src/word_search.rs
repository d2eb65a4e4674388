//! Search by words and other conditions, with a cost that does not depend on what the planner knows.
//!
//! A statement of which only the words differ is planned once; what is a good plan for a word that a few have is a very
//! bad one for a word that all have, and the reverse. So each condition is a [`Set`] of those it holds for, and the sets are
//! counted first, up to a bound. What few are in is put together and in order, and each of them is asked for the rest
//! until the page is full. Where all sets are large, everybody is walked in order: enough that fit are met soon, unless
//! the conditions seldom meet. Then the walk is given up, and the sets are put together after all.
//!
//! `OFFSET 0` keeps PostgreSQL from turning the one into the other; `INTERSECT` is the one way to put sets together of
//! which no plan takes more than one step for each row.

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Func, Order, Query, SelectStatement, UnionType, Value};
use sea_orm::{ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait, QueryResult};

use crate::repo::words;
use crate::scope::ScopedTx;

/// How much is looked at before a search goes another way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// So many are put in order and asked one by one.
    few: u64,
    /// So many of everybody are walked before that is given up.
    walked: u64,
}

impl Bounds {
    /// Those of every search but the tests'.
    pub(crate) const USUAL: Self = Self { few: 10_000, walked: 2_000 };
}

/// No bound. The databases take `OFFSET` after a `LIMIT` alone, or count to no more.
const ALL: u64 = i64::MAX as u64;

/// How that which a statement looks at is called in it, and its columns.
const HIT: &str = "hit";
const OWNER: &str = "owner";
const ORDER: &str = "place";

/// Those for whom a condition holds.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// `FROM` and `WHERE`, without columns.
    rows: SelectStatement,
    /// Who they are.
    owner: Expr,
    /// By what they are put in order, if not by who they are.
    order: Option<Expr>,
    /// Whether an index gives them in that order.
    is_in_order: bool,
}

impl Set {
    /// The owners of these rows, which an index gives in their order.
    pub(crate) fn in_order(rows: SelectStatement, owner: Expr, order: Option<Expr>) -> Self {
        Self { rows, owner, order, is_in_order: true }
    }

    /// For each word of the text, those who have one that begins with it. The table `E` tells who; `scope` is the tenant,
    /// if it is one's. A range, because row-level security keeps LIKE from using the index.
    pub(crate) fn of_words<E: EntityTrait>(
        text: &str,
        scope: Option<&Expr>,
        token: E::Column,
        owner: E::Column,
        order: Option<E::Column>,
    ) -> Vec<Self> {
        let set = |word: String| {
            let mut rows = Query::select();
            rows.from(E::default().table_ref());
            if let Some(scope) = scope {
                rows.and_where(scope.clone());
            }
            rows.and_where(of(token).gte(word.as_str())).and_where(of(token).lt(words::past(&word)));
            Self { rows, owner: of(owner), order: order.map(of), is_in_order: false }
        };
        words::of([text]).into_iter().map(set).collect()
    }

    /// That somebody is in it.
    fn has(&self, owner: Expr) -> Expr {
        let mut row = self.rows.clone();
        row.expr(Expr::val(1)).and_where(self.owner.clone().eq(owner)).limit(1).offset(0);
        Expr::exists(row)
    }

    /// How many rows it has, as far as it matters.
    fn count(&self, number: i32, most: u64) -> SelectStatement {
        let rows = self.rows.clone().expr(Expr::val(1)).limit(most + 1).offset(0).to_owned();
        Query::select()
            .expr_as(Func::count(Expr::val(1)), "rows")
            .expr_as(Expr::val(number).cast_as("integer"), "number")
            .from_subquery(rows, HIT)
            .to_owned()
    }

    fn select(&self) -> SelectStatement {
        let mut select = self.rows.clone();
        select.expr_as(self.owner.clone(), OWNER);
        if let Some(order) = &self.order {
            select.expr_as(order.clone(), ORDER);
        }
        select
    }

    /// What they are put in order by.
    fn place(&self) -> &Expr {
        self.order.as_ref().unwrap_or(&self.owner)
    }

    /// The next of them by an index.
    fn walked(&self, after: Option<&Value>, most: u64) -> SelectStatement {
        let mut select = self.select();
        if let Some(after) = after {
            select.and_where(self.place().clone().gt(after.clone()));
        }
        select.order_by_expr(self.place().clone(), Order::Asc).limit(most).offset(0);
        select
    }
}

/// A search: those who are in all sets.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Everybody who may be found.
    pub(crate) everybody: Set,
    /// Whether not all who are in a set are among them.
    pub(crate) everybody_is_a_condition: bool,
    /// What must hold.
    pub(crate) sets: Vec<Set>,
}

impl Search {
    /// At most `limit` of them in order, those after `after`: by what they are put in order. Up to three statements.
    pub(crate) async fn run(
        mut self,
        conn: &ScopedTx,
        bounds: Bounds,
        after: Option<&Value>,
        limit: u64,
    ) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(leader) = self.walks_alone() {
            return conn.query_all(&self.page(leader.walked(after, ALL), &[], after, limit)).await;
        }
        let few = self.weigh(conn, bounds.few).await?;
        if few > 0 {
            let (led, asked) = self.sets.split_at(few);
            return conn.query_all(&self.page(together(led), asked, after, limit)).await;
        }
        let walk = self.page(self.everybody.walked(after, bounds.walked), &self.sets, after, limit);
        let page = conn.query_all(&walk).await?;
        if u64::try_from(page.len()).is_ok_and(|found| found >= limit) {
            return Ok(page);
        }
        conn.query_all(&self.page(together(&self.sets), &[], after, limit)).await
    }

    /// Those who are in all sets, of the few that `lead` holds. One statement.
    pub(crate) async fn run_over(
        self,
        lead: Set,
        conn: &ScopedTx,
        after: Option<&Value>,
        limit: u64,
    ) -> Result<Vec<QueryResult>, DbErr> {
        conn.query_all(&self.page(lead.walked(after, ALL), &self.sets, after, limit)).await
    }

    /// The one set whose rows are all wanted, in an order that it has.
    fn walks_alone(&self) -> Option<&Set> {
        match self.sets.as_slice() {
            [] => Some(&self.everybody),
            [set] if set.is_in_order && !self.everybody_is_a_condition => Some(set),
            _ => None,
        }
    }

    /// Counts the sets, puts the smaller ones first, and says how many of them hold only a few.
    async fn weigh(&mut self, conn: &ScopedTx, few: u64) -> Result<usize, DbErr> {
        let mut counts = (0..).zip(&self.sets).map(|(number, set)| set.count(number, few));
        let Some(mut all) = counts.next() else { return Ok(0) };
        for count in counts {
            all.union(UnionType::All, count);
        }
        let mut weighed = Vec::with_capacity(self.sets.len());
        for row in conn.query_all(&all).await? {
            weighed.push((row.try_get::<i32>("", "number")?, row.try_get::<i64>("", "rows")?));
        }
        weighed.sort_unstable();
        let mut sets: Vec<_> =
            weighed.into_iter().map(|(_, rows)| u64::try_from(rows).unwrap_or(ALL)).zip(self.sets.drain(..)).collect();
        sets.sort_by_key(|(rows, _)| *rows);
        let small = sets.iter().take_while(|(rows, _)| *rows <= few).count();
        self.sets = sets.into_iter().map(|(_, set)| set).collect();
        Ok(small)
    }

    /// The first of `hits`, which are in order, who are in the sets.
    fn page(&self, hits: SelectStatement, asked: &[Set], after: Option<&Value>, limit: u64) -> SelectStatement {
        let place = Expr::col((HIT, Alias::new(if self.everybody.order.is_some() { ORDER } else { OWNER })));
        let mut select = Query::select();
        select.expr(place.clone()).from_subquery(hits, HIT);
        if let Some(after) = after {
            select.and_where(place.clone().gt(after.clone()));
        }
        for set in asked.iter().chain(self.everybody_is_a_condition.then_some(&self.everybody)) {
            select.and_where(set.has(Expr::col((HIT, Alias::new(OWNER)))));
        }
        select.order_by_expr(place, Order::Asc).limit(limit);
        select
    }
}

/// Who is in all of the sets, each once and in order.
fn together(sets: &[Set]) -> SelectStatement {
    let mut selects = sets.iter().map(Set::select);
    let mut all = selects.next().unwrap_or_default();
    let place = if sets.first().is_some_and(|set| set.order.is_some()) { ORDER } else { OWNER };
    if sets.len() == 1 {
        all.distinct();
    }
    for select in selects {
        all.union(UnionType::Intersect, select);
    }
    all.order_by(Alias::new(place), Order::Asc).limit(ALL).offset(0);
    all
}

/// A column with its table.
pub(crate) fn of<C: ColumnTrait>(column: C) -> Expr {
    Expr::col((column.entity_name(), column))
}

#[cfg(test)]
mod tests;
