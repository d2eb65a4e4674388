//! The files that documents come from.

use std::path::PathBuf;

/// What a request is called in place of a file.
pub(super) const REQUEST: &str = "request";

/// A file of realm documents, already read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// How a file came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From a folder, at which relative paths in it start.
    Folder(PathBuf),
    /// From a request of somebody who has nothing to say about this machine's files.
    Request,
    /// From the binary itself: it may describe realms whose names nobody else may give.
    Embedded,
}

impl SourceFile {
    /// A file at a path, with its text.
    pub fn at(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let path = path.into();
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        Self { name: path.display().to_string(), text: text.into(), origin: Origin::Folder(folder) }
    }

    /// What came in a request: it names nothing of this machine.
    pub(crate) fn of_request(text: impl Into<String>) -> Self {
        Self { name: REQUEST.to_owned(), text: text.into(), origin: Origin::Request }
    }

    /// A file that is part of the binary, under the name by which errors call it. It may describe the realm `system`.
    pub fn embedded(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), origin: Origin::Embedded }
    }
}
