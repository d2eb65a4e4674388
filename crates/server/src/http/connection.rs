//! What is known of a connection: how many of its requests are under way.
//!
//! Over HTTP/1.1 it is one. Over HTTP/2 a client begins as many as it likes, and the library sets no bound: without one
//! here, the bound on connections would bound nothing.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use actix_web::dev::{Extensions, ServiceRequest};

/// The requests of one connection that are under way. A connection belongs to one thread.
#[derive(Clone, Debug, Default)]
struct Load(Rc<Cell<usize>>);

/// A request under way on its connection, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Slot(Load);

/// Begins a connection.
pub(crate) fn begin(_connection: &dyn Any, data: &mut Extensions) {
    data.insert(Load::default());
}

impl Slot {
    /// A place for the request among the `most` of its connection; none if all are taken.
    pub(crate) fn of(request: &ServiceRequest, most: usize) -> Option<Self> {
        request.request().conn_data::<Load>().cloned().unwrap_or_default().take(most)
    }
}

impl Load {
    fn take(self, most: usize) -> Option<Slot> {
        let taken = self.0.get();
        (taken < most).then(|| {
            self.0.set(taken + 1);
            Slot(self)
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_ends_makes_room_for_another() {
        let load = Load::default();
        let (first, second) = (load.clone().take(2), load.clone().take(2));
        assert!(first.is_some() && second.is_some() && load.clone().take(2).is_none());
        drop(first);
        assert!(load.clone().take(2).is_some());
        assert_eq!(load.0.get(), 1);
    }
}
