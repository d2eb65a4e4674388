//! Leases: one node at a time does a piece of background work.

/// Who has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "work that needs a lease may only be done by its holder"]
pub enum Lease {
    /// The one who asked, from now for as long as was asked for.
    Held,
    /// Somebody else.
    Elsewhere,
}
