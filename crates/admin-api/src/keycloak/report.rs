//! What an import does not bring along, and what it brings along otherwise.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Serialize;

/// How much a line of the report asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It meant something and is not here.
    Lost,
    /// It is here, and not the same.
    Changed,
    /// It is not here and is not missed: Keycloak's own, or what every realm has.
    LeftOut,
}

/// One fact about an import, and every place in the export that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// How much it asks for.
    pub weight: Weight,
    /// What it is.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub todo: String,
    /// Where in the export: names of members, and of clients, users, … in place of their numbers.
    pub paths: Vec<String>,
}

/// What an import does not bring along, in the order of its weight and then of the export. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The facts.
    pub items: Vec<Item>,
}

impl Report {
    /// The report for people, with at most so many places of each fact.
    pub fn to_text(&self, places: usize) -> String {
        let mut text = String::new();
        for (weight, heading) in [
            (Weight::Lost, "Not imported"),
            (Weight::Changed, "Imported, and not the same"),
            (Weight::LeftOut, "Left out, and not missed"),
        ] {
            let items: Vec<&Item> = self.items.iter().filter(|item| item.weight == weight).collect();
            if items.is_empty() {
                continue;
            }
            let _ = writeln!(text, "{heading} ({}):", items.len());
            for item in items {
                item.write(&mut text, places);
            }
        }
        text
    }

    /// How many facts of a weight there are.
    pub fn count(&self, weight: Weight) -> usize {
        self.items.iter().filter(|item| item.weight == weight).count()
    }
}

impl Item {
    fn write(&self, text: &mut String, places: usize) {
        let _ = writeln!(text, "  - {}: {}", self.what, self.why);
        let shown: Vec<&str> = self.paths.iter().take(places).map(String::as_str).collect();
        let more = self.paths.len().saturating_sub(shown.len());
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        let _ = writeln!(text, "    at {}{more}", shown.join(", "));
        if !self.todo.is_empty() {
            let _ = writeln!(text, "    {}", self.todo);
        }
    }
}

/// The report while it is written. Shared by all who read the export.
#[derive(Debug, Default)]
pub(super) struct Notes {
    items: RefCell<Vec<Item>>,
    known: RefCell<HashMap<(Weight, String, String), usize>>,
}

/// The longest text of an item, and of a place, in characters.
const MAX_CHARACTERS: usize = 300;

impl Notes {
    /// Something meant something and is not imported.
    pub(super) fn lost(&self, path: &str, what: impl AsRef<str>, why: impl AsRef<str>, todo: &str) {
        self.add(Weight::Lost, path, what.as_ref(), why.as_ref(), todo);
    }

    /// Something is imported, and not the same.
    pub(super) fn changed(&self, path: &str, what: impl AsRef<str>, why: impl AsRef<str>, todo: &str) {
        self.add(Weight::Changed, path, what.as_ref(), why.as_ref(), todo);
    }

    /// Something is left out and not missed.
    pub(super) fn left_out(&self, path: &str, what: impl AsRef<str>, why: impl AsRef<str>) {
        self.add(Weight::LeftOut, path, what.as_ref(), why.as_ref(), "");
    }

    fn add(&self, weight: Weight, path: &str, what: &str, why: &str, todo: &str) {
        let (what, why, path) = (printable(what), printable(why), printable(path));
        let mut items = self.items.borrow_mut();
        let next = items.len();
        let place = *self.known.borrow_mut().entry((weight, what.clone(), why.clone())).or_insert(next);
        match items.get_mut(place) {
            Some(item) if item.paths.last() == Some(&path) => {}
            Some(item) => item.paths.push(path),
            None => items.push(Item { weight, what, why, todo: todo.to_owned(), paths: vec![path] }),
        }
    }

    /// The report.
    pub(super) fn into_report(self) -> Report {
        let mut items = self.items.into_inner();
        items.sort_by_key(|item| item.weight);
        Report { items }
    }
}

/// Without what a terminal would take for a command, and not longer than anybody reads.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for character in text.chars().take(MAX_CHARACTERS) {
        if character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        printable.push('…');
    }
    printable
}
