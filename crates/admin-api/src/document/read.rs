//! From YAML to documents.

use serde_saphyr::DuplicateKeyPolicy;

use super::positions::{self, DocumentIndex, Path};
use super::source::{Origin, REQUEST};
use super::{RealmDocument, SourceFile, explain};
use crate::error::{Place, Position, Problem};

/// The longest file, in bytes: 8 MiB.
pub(crate) const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;

/// A document, and where everything in it stands.
#[derive(Debug)]
pub(crate) struct SourcedDocument {
    pub(crate) document: RealmDocument,
    pub(crate) origin: Origin,
    file: String,
    index: DocumentIndex,
}

impl SourcedDocument {
    /// One that stands in no file: what it names as a file is not to be had.
    pub(crate) fn of_request(document: RealmDocument) -> Self {
        let (file, index) = (REQUEST.to_owned(), DocumentIndex::default());
        Self { document, origin: Origin::Request, file, index }
    }

    /// Something is wrong at this path.
    pub(crate) fn problem(&self, path: &Path, message: impl Into<String>) -> Problem {
        Problem { place: self.place(path), pointer: path.pointer(), message: message.into() }
    }

    /// Where a path stands.
    pub(crate) fn place(&self, path: &Path) -> Place {
        Place { file: self.file.clone(), position: self.index.find(path) }
    }

    /// The file it stands in.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }
}

/// A document, or a whole file, that makes no sense.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The file.
    pub(crate) file: String,
    /// The realm that it seems to be about.
    pub(crate) realm: Option<String>,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// Reads all documents of a file. One that makes no sense does not hide the others.
pub(crate) fn read(file: &SourceFile) -> Vec<Result<SourcedDocument, Box<Unreadable>>> {
    if file.text.len() > MAX_FILE_BYTES {
        return vec![Err(unreadable(file, None, None, "the file is longer than 8 MiB".to_owned()))];
    }
    let documents = match positions::index(&file.text) {
        Ok(documents) => documents,
        Err((position, message)) => return vec![Err(unreadable(file, None, Some(position), message))],
    };
    let ends: Vec<usize> = documents.iter().skip(1).map(|next| next.start).chain([file.text.len()]).collect();
    let found: Vec<_> = documents
        .into_iter()
        .zip(ends)
        .filter(|(index, _)| !index.is_empty)
        .map(|(index, end)| read_one(file, index, end))
        .collect();
    if found.is_empty() {
        return vec![Err(unreadable(file, None, None, "the file holds no realm document".to_owned()))];
    }
    found
}

fn read_one(file: &SourceFile, index: DocumentIndex, end: usize) -> Result<SourcedDocument, Box<Unreadable>> {
    let text = file.text.get(index.start..end).unwrap_or_default();
    // Empty lines in the place of the documents before it, so that its lines keep their numbers.
    let text = format!("{}{text}", "\n".repeat(index.line.saturating_sub(1)));
    let options = serde_saphyr::options! { with_snippet: false, duplicate_keys: DuplicateKeyPolicy::Error };
    match serde_saphyr::from_str_with_options::<RealmDocument>(&text, options) {
        Ok(document) => Ok(SourcedDocument { document, origin: file.origin.clone(), file: file.name.clone(), index }),
        Err(error) => Err(unreadable(file, index.realm, explain::position(&error), explain::message(&error))),
    }
}

fn unreadable(
    file: &SourceFile,
    realm: Option<String>,
    position: Option<Position>,
    message: String,
) -> Box<Unreadable> {
    let place = Place { file: file.name.clone(), position };
    Box::new(Unreadable { file: file.name.clone(), realm, problem: Problem { place, pointer: String::new(), message } })
}

#[cfg(test)]
mod tests;
