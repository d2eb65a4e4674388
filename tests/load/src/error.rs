//! Why nothing was seeded or measured.

use palatine_server::config::ConfigError;
use palatine_server::refusal::Refusal;
use palatine_store::StoreError;

/// Why nothing was seeded or measured.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The seeder makes all rows there are, or none.
    #[error("the database has realms already: seed an empty one")]
    NotEmpty,
    /// The URL is not PostgreSQL's.
    #[error("{0}: only a PostgreSQL can be filled, at postgres://…")]
    NotPostgres(String),
    /// Measuring makes a login with a password that everybody knows.
    #[error("measure on a database of this machine: {0} is none")]
    NotHere(String),
    /// More is wanted than makes sense.
    #[error("{0}")]
    Size(&'static str),
    /// The realm that is copied has rows that are sealed for it alone.
    #[error("the table {0} has rows that cannot be copied from realm to realm")]
    Sealed(String),
    /// A realm document was refused.
    #[error("{0}")]
    Document(String),
    /// Something else was answered than what is measured.
    #[error("{what} was answered by {status}: {body}")]
    Answer {
        /// The question.
        what: String,
        /// The status.
        status: u16,
        /// The body, or what is missing in it.
        body: String,
    },
    /// The database said no.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The store said no.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The server did not start.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server's settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A request did not arrive, or its answer.
    #[error("HTTP: {0}")]
    Http(#[from] reqwest::Error),
    /// A file could not be written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}
