//! Clients beside their documents: lists, and secrets. Reading, making and changing one is in [`super::object`].

mod list;
mod secrets;

pub use list::{ClientSummary, list};
pub use secrets::{MadeSecret, NewSecret, SecretSummary, add_secret, remove_secret, secrets};
