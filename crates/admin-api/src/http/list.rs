//! Pages of lists: `{items, next_cursor}`, with cursors that mean nothing to whoever holds them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Problem, ProblemKind};
use crate::ops::error::OpError;

/// How many items a page has at most.
pub(crate) const MAX_LIMIT: u64 = 200;

/// How many it has if nobody says.
const USUAL_LIMIT: u64 = 50;

/// What a list is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Text to be found.
    pub(super) q: Option<String>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u64>,
}

impl ListQuery {
    /// The text to be found; empty: all.
    pub(super) fn text(&self) -> String {
        self.q.clone().unwrap_or_default()
    }
}

/// What a list that is not searched is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u64>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Page<T> {
    /// What is on the page.
    pub(crate) items: Vec<T>,
    /// `cursor` of the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one item more than the page has, each with its key.
    pub(crate) fn of<K: Serialize>(mut found: Vec<T>, limit: u64, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|last| encode(&key(last)));
        Self { items: found, next_cursor }
    }
}

/// How many are wanted.
pub(crate) fn limit(asked: Option<u64>) -> Result<u64, Problem> {
    let limit = asked.unwrap_or(USUAL_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::new(ProblemKind::Malformed, format!("limit is from 1 to {MAX_LIMIT}")))
    }
}

/// The row that a path names; what is no id names nothing.
pub(crate) fn id<I: std::str::FromStr>(text: &str) -> Result<I, Problem> {
    text.parse().map_err(|_| OpError::NotFound.into())
}

fn encode(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// The key that a cursor stands for.
pub(crate) fn decode<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match key {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::new(ProblemKind::Malformed, "this cursor is none of ours; begin without one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_the_key_of_the_last_item() {
        let page = Page::of(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(decode::<i32>(page.next_cursor.as_deref()).unwrap(), Some(2));
        assert_eq!(Page::of(vec![1, 2], 2, |item| *item).next_cursor, None);
    }

    #[test]
    fn a_made_up_cursor_and_an_odd_limit_are_refused() {
        for cursor in ["", "?", "bm90IGpzb24", "WyJ4Il0"] {
            assert_eq!(decode::<i32>(Some(cursor)).unwrap_err().kind(), ProblemKind::Malformed, "{cursor}");
        }
        assert!(limit(Some(0)).is_err() && limit(Some(201)).is_err());
        assert_eq!((limit(None).unwrap(), limit(Some(200)).unwrap()), (50, 200));
    }
}
