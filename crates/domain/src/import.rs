//! Imports: many people brought into a realm at once, in chunks that a worker takes one by one.

use serde::{Deserialize, Serialize};

use crate::ids::ImportJobId;
use crate::time::Instant;

/// How many problems of one import are kept. The counts go on.
pub const MAX_IMPORT_PROBLEMS: usize = 1_000;

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Nothing of it was begun.
    Queued,
    /// A chunk of it was begun.
    Running,
    /// Every chunk is done; what could not be taken is among the problems.
    Done,
    /// It was given up.
    Failed,
    /// Somebody stopped it. What was taken by then stays.
    Cancelled,
}

impl ImportState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// From the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == word)
    }

    /// Whether something of it is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportJob {
    /// Its row.
    pub id: ImportJobId,
    /// Where it stands.
    pub state: ImportState,
    /// How many people it has.
    pub total: u64,
    /// How many of them were taken.
    pub done: u64,
    /// How many could not be.
    pub failed: u64,
    /// Who began it, in words.
    pub created_by: String,
    /// When it was begun.
    pub created_at: Instant,
    /// When something of it was last done.
    pub updated_at: Instant,
    /// When it came to its end, whichever.
    pub finished_at: Option<Instant>,
    /// What was wrong, the first [`MAX_IMPORT_PROBLEMS`].
    pub problems: Vec<ImportProblem>,
}

/// Why somebody could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Who of all, counted from 1.
    pub item: u64,
    /// What they are called in the file, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is wrong. Never a secret.
    pub message: String,
}

/// What came of one chunk of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedChunk {
    /// How many were taken.
    pub done: u64,
    /// How many could not be.
    pub failed: u64,
    /// Why.
    pub problems: Vec<ImportProblem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_from_its_own_word() {
        for &state in ImportState::ALL {
            assert_eq!(ImportState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(ImportState::ALL.iter().filter(|state| state.is_open()).count(), 2);
    }
}
