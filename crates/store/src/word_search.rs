//! Search by words, with a cost that does not depend on what the planner knows.
//!
//! A statement of which only the words differ is planned once; what is a good plan for a word that a few have is a very
//! bad one for a word that all have, and the reverse. So the words are counted first, up to a bound. A rare one leads:
//! its rows are few, and each is asked for the rest. Are all of them frequent, the rows are walked in their order, and
//! enough that fit are met soon. `OFFSET 0` keeps PostgreSQL from turning the one into the other.

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Func, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait};

use crate::repo::words;
use crate::scope::ScopedTx;

/// As many rows of one word are put in order.
const FEW_ALONE: u64 = 20_000;
/// As many rows of one word are asked for something more.
const FEW_ASKED: u64 = 10_000;

/// How what a word leads to is called in the statements.
pub(crate) const HIT: &str = "hit";

/// The words of a search, and the table `E` that tells who has them.
pub(crate) struct WordSearch<E: EntityTrait> {
    /// What every row must meet besides: the tenant, if it is one's.
    scope: Option<Expr>,
    /// The words.
    token: E::Column,
    /// Who has them.
    owner: E::Column,
    /// By what those are put in order.
    order: E::Column,
    /// What is looked for; the rarest first, once they are weighed.
    words: Vec<String>,
    /// How many rows of the first word are looked at.
    most: u64,
}

impl<E: EntityTrait> WordSearch<E> {
    /// For each word of the text the beginning of one.
    pub(crate) fn new(text: &str, scope: Option<Expr>, token: E::Column, owner: E::Column, order: E::Column) -> Self {
        Self { scope, token, owner, order, words: words::of([text]), most: FEW_ASKED }
    }

    /// Counts the words, and says whether the rarest is rare enough to lead; `asked_more` says that more than the other
    /// words is asked of each row. One statement, if there are words.
    pub(crate) async fn weigh(&mut self, conn: &ScopedTx, asked_more: bool) -> Result<bool, DbErr> {
        if self.words.len() == 1 && !asked_more {
            self.most = FEW_ALONE;
        }
        let mut counts = self.words.iter().map(|word| self.count(word));
        let Some(mut all) = counts.next() else { return Ok(false) };
        for count in counts {
            all.union(UnionType::All, count);
        }
        let mut weighed = Vec::with_capacity(self.words.len());
        for row in conn.query_all(&all).await? {
            weighed.push((row.try_get::<i64>("", "rows")?, row.try_get::<String>("", "word")?));
        }
        weighed.sort_unstable();
        let leads = weighed.first().is_some_and(|(rows, _)| u64::try_from(*rows).is_ok_and(|rows| rows <= self.most));
        self.words = weighed.into_iter().map(|(_, word)| word).collect();
        Ok(leads)
    }

    /// Who has the first word and all others, each once: [`HIT`] with its columns `owner` and `order`, to be ordered and
    /// cut short.
    pub(crate) fn led(&self) -> SelectStatement {
        let mut words = self.words.iter();
        let hits = self
            .rows(words.next().map(String::as_str).unwrap_or_default())
            .expr_as(of(self.owner), "owner")
            .expr_as(of(self.order), "order")
            .limit(self.most)
            .offset(0)
            .to_owned();
        let mut select = Query::select();
        select.distinct().column((HIT, Alias::new("order"))).from_subquery(hits, HIT);
        for other in words {
            select.and_where(self.has(other, Expr::col((HIT, Alias::new("owner")))));
        }
        select
    }

    /// That somebody has all words.
    pub(crate) fn all_of(&self, owner: &Expr) -> Vec<Expr> {
        self.words.iter().map(|word| self.has(word, owner.clone())).collect()
    }

    fn has(&self, word: &str, owner: Expr) -> Expr {
        let mut row = self.rows(word);
        row.expr(Expr::val(1)).and_where(of(self.owner).eq(owner)).limit(1).offset(0);
        Expr::exists(row)
    }

    /// How many rows the word has, as far as it matters.
    fn count(&self, word: &str) -> SelectStatement {
        let rows = self.rows(word).expr(Expr::val(1)).limit(self.most + 1).offset(0).to_owned();
        Query::select()
            .expr_as(Func::count(Expr::val(1)), "rows")
            .expr_as(Expr::val(word).cast_as("text"), "word")
            .from_subquery(rows, HIT)
            .to_owned()
    }

    /// The rows of the word. A range, because row-level security keeps LIKE from using the index.
    fn rows(&self, word: &str) -> SelectStatement {
        let mut rows = Query::select();
        rows.from(E::default().table_ref());
        if let Some(scope) = &self.scope {
            rows.and_where(scope.clone());
        }
        rows.and_where(of(self.token).gte(word)).and_where(of(self.token).lt(words::past(word)));
        rows
    }
}

/// A column with its table.
fn of<C: ColumnTrait>(column: C) -> Expr {
    Expr::col((column.entity_name(), column))
}
