//! The way out against real listeners: what is reached, what is not, and what is read of it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod certificates;
mod exchanges;
mod places;
mod site;
