//! Connecting a device that has no browser (RFC 8628, section 3.3): its code is typed, its person signs in like for any
//! other application, and is always asked, with the code to compare.

pub(crate) mod confirm;
pub(crate) mod entry;
pub(crate) mod qr;
