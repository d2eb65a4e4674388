//! The one engine that changes a realm's configuration, behind every face: files, the JSON API, imports.
//!
//! The order of the work: a document is checked by itself (`check`); the realm is read (`state`); what has to be
//! hashed is hashed while no transaction is open (`hashes`); the two are compared (`plan`) into the least list of
//! writes; whoever asks must be allowed each of them (`guard`); they are written (`write`); and what came of it is
//! told as a difference of documents (`change`), which is what a dry run shows and the audit log keeps.
//!
//! A resource of the API is a part of the realm document, so a change of one is a document that holds that one object,
//! compared with `Extent::OBJECT`.

pub(crate) mod change;
pub(crate) mod check;
pub mod difference;
pub(crate) mod export;
pub(crate) mod guard;
pub(crate) mod hashes;
mod named;
pub(crate) mod plan;
pub(crate) mod run;
mod secrets;
pub(crate) mod state;
pub(crate) mod write;

pub use change::{Change, ChangeKind, What};
pub use secrets::SecretSources;

/// How far a comparison goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// What a described object holds and its document does not name.
    pub(crate) held: Held,
    /// What the document does not describe at all.
    pub(crate) rest: Rest,
}

/// What becomes of roles, groups, mappers and the like that an object holds and its document does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// It stays, and so does what a document leaves out about a user.
    Stays,
    /// It is taken away: the object is to be exactly what its document says.
    Goes,
}

/// What becomes of objects that the document does not describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// They stay.
    Stays,
    /// They are removed, but for users and for clients that registered themselves.
    Goes,
    /// Users are removed too.
    GoesWithUsers,
}

impl Extent {
    /// `palatine apply`: creates and updates.
    pub(crate) const ADD: Self = Self { held: Held::Stays, rest: Rest::Stays };
    /// One object, as the API writes it.
    pub(crate) const OBJECT: Self = Self { held: Held::Goes, rest: Rest::Stays };
    /// `palatine apply --prune`.
    pub(crate) const PRUNE: Self = Self { held: Held::Goes, rest: Rest::Goes };
    /// `palatine apply --prune-users`.
    pub(crate) const PRUNE_USERS: Self = Self { held: Held::Goes, rest: Rest::GoesWithUsers };

    pub(crate) fn is_exact(self) -> bool {
        self.held == Held::Goes
    }

    pub(crate) fn prunes(self) -> bool {
        self.rest != Rest::Stays
    }

    pub(crate) fn prunes_users(self) -> bool {
        self.rest == Rest::GoesWithUsers
    }
}
