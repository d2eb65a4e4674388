//! Many people brought into a realm at once, as a job: begun by a request, done in chunks by a worker, each chunk in one
//! transaction, and each person as if they were made one by one. It needs `users:read` or `users:write`; whoever is to
//! get rights that the importer has not is not taken.

mod begin;
mod chunk;
mod follow;

pub use begin::{MAX_PEOPLE, begin};
pub use chunk::{ChunkEnd, MAX_ATTEMPTS, take_chunk};
pub use follow::{ImportProblemView, ImportSummary, ImportView, cancel, get, list};
