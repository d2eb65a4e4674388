//! The platform's master key. It needs an operator who holds the old one and the new one.

mod rotate;

pub use rotate::{RotateError, rotate};
