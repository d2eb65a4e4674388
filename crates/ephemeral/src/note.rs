//! Notes: bytes under a name for a time, changed only by whoever knows what they say.

/// What a note is about. Notes of different kinds never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// A device that waits for a person (RFC 8628), by the hash of its device code.
    Device,
    /// Which device shows a user code.
    UserCode,
}

impl NoteKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::UserCode => "user-code",
        }
    }
}

/// What became of a new note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the name may be taken"]
pub enum NotePut {
    /// It is kept.
    Kept,
    /// There is another under that name.
    Taken,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "somebody else may have been first"]
pub enum NoteSwap {
    /// The note says the new thing now, for as long as it would have said the old one.
    Done,
    /// It says something else than was expected, or is gone: nothing was changed.
    Changed,
}

/// The largest note, in bytes.
pub const LARGEST_NOTE: usize = 64 * 1024;
