//! A realm's whole document, as its admins and operators read it and put it: `palatine apply` and `palatine export`
//! through the API.
//!
//! A document that comes over the network is another than one that an operator holds at the database: it names nothing of
//! this machine (`env:`, `file:`), brings no hashes of client secrets, and makes no demo realm.

mod arrived;
mod create;
mod put;
mod read;

use palatine_domain::admin::{Permission, Permissions};

pub use arrived::{Format, MAX_BYTES, Sent};
pub use create::create;
pub use put::put;
pub use read::read;

/// Who may put a document: it may be about anything in the realm.
pub const TO_PUT: Permissions = Permissions::ALL_OF_REALM;

/// Who may read it.
pub const TO_READ: Permissions =
    Permissions::of(&[Permission::SettingsRead, Permission::ClientsRead, Permission::UsersRead, Permission::RolesRead]);
