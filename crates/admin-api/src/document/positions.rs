//! Where each key of a file stands, so that what is found wrong later can be shown there.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::error::Position;

/// A place inside a document: keys, and positions in lists counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Path(Vec<String>);

impl Path {
    /// From the document's root.
    pub(crate) fn of<const N: usize>(keys: [&str; N]) -> Self {
        Self(keys.iter().map(|key| (*key).to_owned()).collect())
    }

    /// One level deeper.
    pub(crate) fn then(&self, key: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.to_owned());
        Self(keys)
    }

    /// An item of the list that stands here, counted from 0.
    pub(crate) fn item(&self, number: usize) -> Self {
        self.then(&number.to_string())
    }
}

impl Path {
    /// From a JSON pointer (RFC 6901).
    pub(crate) fn of_pointer(pointer: &str) -> Self {
        Self(pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// As a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |so_far, key| so_far + "/" + &key.replace('~', "~0").replace('/', "~1"))
    }
}

/// One document of a file.
#[derive(Debug, Default)]
pub(crate) struct DocumentIndex {
    /// Where it starts, in bytes from the beginning of the file.
    pub(crate) start: usize,
    /// The line it starts on, from 1.
    pub(crate) line: usize,
    /// Whether it holds nothing.
    pub(crate) is_empty: bool,
    /// What stands at the key `realm`.
    pub(crate) realm: Option<String>,
    positions: HashMap<Path, Position>,
}

impl DocumentIndex {
    /// Where the key or item stands; for one that was left out, where the nearest thing around it stands.
    pub(crate) fn find(&self, path: &Path) -> Option<Position> {
        let mut keys = path.0.clone();
        loop {
            let path = Path(keys);
            if let Some(position) = self.positions.get(&path) {
                return Some(*position);
            }
            keys = path.0;
            keys.pop()?;
        }
    }
}

/// Walks a file once.
pub(crate) fn index(text: &str) -> Result<Vec<DocumentIndex>, (Position, String)> {
    let mut walk = Walk::default();
    for step in Parser::new_from_str(text) {
        let (event, span) = step.map_err(|error| broken(&error))?;
        walk.take(event, &span);
    }
    Ok(walk.documents)
}

fn broken(error: &ScanError) -> (Position, String) {
    let mark = error.marker();
    (Position { line: mark.line(), column: mark.col() + 1 }, format!("this is no YAML: {}", error.info()))
}

#[derive(Default)]
struct Walk {
    documents: Vec<DocumentIndex>,
    /// The collections that are open, and where in each we are.
    open: Vec<Level>,
    path: Vec<String>,
}

enum Level {
    /// The next node is a key.
    Key,
    /// The next node is the value of the key at the end of the path.
    Value,
    /// The next node is the item of this number.
    Item(usize),
    /// Inside a key that is itself a collection, which has no name for us.
    Unnamed,
}

impl Walk {
    fn take(&mut self, event: Event<'_>, span: &Span) {
        match event {
            Event::DocumentStart(..) => self.documents.push(DocumentIndex {
                start: span.start.byte_offset().unwrap_or_default(),
                line: span.start.line(),
                is_empty: false,
                realm: None,
                positions: HashMap::new(),
            }),
            Event::Scalar(text, style, ..) => self.scalar(&text, style, span),
            Event::Alias(_) => {
                self.enter(span);
                self.leave();
            }
            Event::MappingStart(..) => {
                let level = if self.enter(span) { Level::Key } else { Level::Unnamed };
                self.open.push(level);
            }
            Event::SequenceStart(..) => {
                let level = if self.enter(span) { Level::Item(0) } else { Level::Unnamed };
                self.open.push(level);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                self.leave();
            }
            _ => {}
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: &Span) {
        if let Some(level @ Level::Key) = self.open.last_mut() {
            *level = Level::Value;
            self.path.push(text.to_owned());
            self.note(span);
            return;
        }
        if let (true, Some(document)) = (self.open.is_empty(), self.documents.last_mut()) {
            document.is_empty = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null");
        }
        self.enter(span);
        if let (["realm"], Some(document)) =
            (&*self.path.iter().map(String::as_str).collect::<Vec<_>>(), self.documents.last_mut())
        {
            document.realm = Some(text.to_owned());
        }
        self.leave();
    }

    /// A node that is not a key begins; false inside a key that is a collection.
    fn enter(&mut self, span: &Span) -> bool {
        match self.open.last() {
            Some(Level::Item(number)) => {
                self.path.push(number.to_string());
                self.note(span);
                true
            }
            Some(Level::Key | Level::Unnamed) => false,
            Some(Level::Value) => true,
            None => {
                self.note(span);
                true
            }
        }
    }

    /// A node that is not a key has ended.
    fn leave(&mut self) {
        match self.open.last_mut() {
            Some(Level::Item(number)) => {
                *number += 1;
                self.path.pop();
            }
            Some(level @ Level::Value) => {
                *level = Level::Key;
                self.path.pop();
            }
            // A collection as a key: its value is the next node, under a name that no key of ours has.
            Some(level @ Level::Key) => {
                *level = Level::Value;
                self.path.push(String::new());
            }
            Some(Level::Unnamed) | None => {}
        }
    }

    fn note(&mut self, span: &Span) {
        let position = Position { line: span.start.line(), column: span.start.col() + 1 };
        if let Some(document) = self.documents.last_mut() {
            document.positions.insert(Path(self.path.clone()), position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &Path) -> Option<(usize, usize)> {
        let documents = index(text).unwrap();
        documents[0].find(path).map(|position| (position.line, position.column))
    }

    const TEXT: &str = "a: 1\nb:\n  c: [x, {d: 2}]\n  ? [k]\n  : v\n  e:\n    - f: 3\n";

    #[test]
    fn keys_and_items_have_their_places() {
        assert_eq!(at(TEXT, &Path::of(["a"])), Some((1, 1)));
        assert_eq!(at(TEXT, &Path::of(["b", "c"])), Some((3, 3)));
        assert_eq!(at(TEXT, &Path::of(["b", "c", "1"])), Some((3, 10)));
        assert_eq!(at(TEXT, &Path::of(["b", "c", "1", "d"])), Some((3, 11)));
        assert_eq!(at(TEXT, &Path::of(["b", "e", "0", "f"])), Some((7, 7)));
    }

    #[test]
    fn what_was_left_out_is_shown_where_it_belongs() {
        assert_eq!(at(TEXT, &Path::of(["b", "c", "7", "x"])), Some((3, 3)));
        assert_eq!(at(TEXT, &Path::of(["z"])), Some((1, 1)));
    }

    #[test]
    fn each_document_of_a_file_has_its_own_index() {
        let documents = index("realm: one\n---\nrealm: two\n---\n# nothing\n").unwrap();
        let realms: Vec<_> = documents.iter().map(|document| (document.line, document.realm.as_deref())).collect();
        assert_eq!(realms, [(1, Some("one")), (2, Some("two")), (4, None)]);
        assert!(documents[2].is_empty && !documents[0].is_empty);
    }
}
