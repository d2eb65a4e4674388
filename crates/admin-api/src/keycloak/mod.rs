//! Keycloak's realm exports: from their JSON (the `RealmRepresentation` of versions 22 to 26) to a realm document, and a
//! report of all that has no counterpart here or became something else.
//!
//! Nothing is dropped in silence: each member that an export has is read, said to mean nothing outside Keycloak
//! (`json::Object::ignore`), or reported, unknown ones too. A member without a counterpart that says nothing (`false`,
//! `0`, an empty list) is not worth a line.
//!
//! The converter is pure. What it makes is applied like any other document ([`crate::ops::import`]), and passes its
//! checks: what they would refuse is reported and left out here.
//!
//! **To add something**: take its member in the file of its section, and put it into the document or into the report.

mod access;
mod administrators;
mod attributes;
mod built_in;
mod client_settings;
mod client_uris;
mod clients;
mod credentials;
mod groups;
mod json;
mod mappers;
mod merge;
mod policy;
mod realm;
mod report;
mod rest;
mod roles;
mod scopes;
mod users;

use palatine_domain::RealmSlug;
use palatine_domain::slug::SlugError;

use crate::document::RealmDocument;

pub use report::{Item, Report, Weight};

/// The most bytes of JSON that are read, of all files together: 256 MiB.
pub const MAX_EXPORT_BYTES: usize = 256 * 1024 * 1024;

/// What became of an export.
#[derive(Debug)]
pub struct Conversion {
    /// The realm. It holds the secrets of its clients and the password hashes of its users.
    pub document: RealmDocument,
    /// What is not in it, and what is otherwise.
    pub report: Report,
}

/// Why an export cannot be converted at all.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// More than [`MAX_EXPORT_BYTES`].
    #[error("the export is longer than 256 MiB; export the users into files of their own and import them in parts")]
    TooLong,
    /// Broken JSON.
    #[error("this is no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// JSON of another kind.
    #[error("this is no export of a Keycloak realm: {0}")]
    NotAnExport(&'static str),
    /// Files about different realms.
    #[error("the files are about different realms: `{first}` and `{other}`; import one realm at a time")]
    SeveralRealms {
        /// One.
        first: String,
        /// Another.
        other: String,
    },
    /// The realm's name cannot be one here.
    #[error("the realm cannot be called `{name}` here: {error}; give it another name with --realm")]
    Slug {
        /// The name that was tried.
        name: String,
        /// What is wrong with it.
        error: SlugError,
    },
}

/// Converts the export of one realm: its file, or that file with those of its users, as Keycloak writes them into a
/// folder.
///
/// The realm is called `slug` here, or as in the export, in lower case and with `-` for what no slug has.
pub fn convert(files: &[&str], slug: Option<&RealmSlug>) -> Result<Conversion, ExportError> {
    if files.iter().map(|file| file.len()).sum::<usize>() > MAX_EXPORT_BYTES {
        return Err(ExportError::TooLong);
    }
    let export = merge::merged(files)?;
    realm::convert(&export, slug)
}

#[cfg(test)]
mod tests;
