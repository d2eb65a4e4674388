//! The invalidation bus: tells all nodes that a tenant's configuration has changed.
//!
//! Best effort: what must be noticed is also polled from the database.

use palatine_domain::ids::TenantId;
use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};

/// Events that a slow subscriber may be behind before it is told that it missed some.
const BEHIND_AT_MOST: usize = 1024;

/// A tenant's configuration has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// Whose.
    pub tenant: TenantId,
    /// The version that it now has.
    pub version: i64,
}

impl Invalidation {
    pub(crate) fn to_wire(self) -> String {
        format!("{} {}", self.tenant, self.version)
    }

    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        let (tenant, version) = text.split_once(' ')?;
        Some(Self { tenant: tenant.parse().ok()?, version: version.parse().ok()? })
    }
}

/// What a subscriber hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusEvent {
    /// A change, made by this node or another.
    Invalidation(Invalidation),
    /// Changes may have been missed: poll them. Comes after each connection to Redis, also the first, and when the
    /// subscriber was too slow.
    Gap,
}

/// One listener on the bus. Hears what is published after it was made.
#[derive(Debug)]
pub struct Subscription(Receiver<BusEvent>);

impl Subscription {
    /// The next event; none when the [`crate::Ephemeral`] and all its clones are gone.
    pub async fn next(&mut self) -> Option<BusEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(_)) => Some(BusEvent::Gap),
            Err(RecvError::Closed) => None,
        }
    }
}

/// The listeners of this process.
#[derive(Clone)]
pub(crate) struct Listeners(Sender<BusEvent>);

impl Listeners {
    pub(crate) fn new() -> Self {
        Self(channel(BEHIND_AT_MOST).0)
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }

    pub(crate) fn tell(&self, event: BusEvent) {
        // An error only says that nobody listens.
        let _ = self.0.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(version: i64) -> Invalidation {
        Invalidation { tenant: "0190a000-0000-7000-8000-000000000001".parse().unwrap(), version }
    }

    #[test]
    fn an_invalidation_is_read_as_it_was_written() {
        assert_eq!(Invalidation::from_wire(&change(7).to_wire()), Some(change(7)));
        for odd in ["", "x 1", "0190a000-0000-7000-8000-000000000001", "0190a000-0000-7000-8000-000000000001 x"] {
            assert_eq!(Invalidation::from_wire(odd), None, "{odd}");
        }
    }

    #[tokio::test]
    async fn a_subscriber_that_is_too_slow_is_told_of_a_gap() {
        let listeners = Listeners::new();
        let mut slow = listeners.subscribe();
        for version in 0..2_000 {
            listeners.tell(BusEvent::Invalidation(change(version)));
        }
        assert_eq!(slow.next().await, Some(BusEvent::Gap));
        assert!(matches!(slow.next().await, Some(BusEvent::Invalidation(_))));
    }

    #[tokio::test]
    async fn a_subscription_ends_with_the_bus() {
        let mut subscription = Listeners::new().subscribe();
        assert_eq!(subscription.next().await, None);
    }
}
