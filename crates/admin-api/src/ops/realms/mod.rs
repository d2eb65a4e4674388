//! Realms as operators see them: searched, made, suspended, deleted, entered. Each needs a permission of the platform.

mod create;
mod enter;
mod list;
mod state;

pub use create::{NewRealm, create};
pub use enter::{EntryView, NewEntry, enter, entries, leave};
pub(crate) use list::PROOF;
pub use list::{RealmView, list, read};
pub use state::{delete, resume, suspend};
