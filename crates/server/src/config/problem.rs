//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `server.listen`; empty if the problem is not about one.
    pub key: String,
    /// Where it was set: a file with its line, an environment variable, a flag.
    pub place: Option<String>,
    /// What is wrong, and what is allowed.
    pub what: String,
}

impl Problem {
    /// About a setting, wherever it was set.
    pub(crate) fn about(key: &str, what: impl Into<String>) -> Self {
        Self { key: key.to_owned(), place: None, what: what.into() }
    }

    /// About a setting that was set at `place`.
    pub(super) fn at(key: &str, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { key: key.to_owned(), place: Some(place.into()), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), &self.place) {
            ("", None) => f.write_str(&self.what),
            ("", Some(place)) => write!(f, "{place}: {}", self.what),
            (key, None) => write!(f, "{key}: {}", self.what),
            (key, Some(place)) => write!(f, "{key} ({place}): {}", self.what),
        }
    }
}

/// Everything that is wrong with a configuration; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
