//! The session cache: copies of rows, and tombstones for what has ended.
//!
//! The database decides; a hit saves a read. Three things keep an ended session from coming back:
//!
//! - ending writes a tombstone that lives at least [`SHORTEST_TOMBSTONE`], and a put never replaces one, so a reader
//!   that was slow cannot refill what was ended meanwhile;
//! - a copy lives at most [`LONGEST_ENTRY`], so that what no tombstone could reach (Redis was gone, the node that
//!   ended the session died) is forgotten soon;
//! - a node that could not write a tombstone keeps it, treats the session as ended itself, and writes it when Redis
//!   is back, before it reads from it again.
//!
//! What remains is bounded by [`LONGEST_ENTRY`]; whoever issues something under a session asks the database.

use std::time::Duration;

/// No copy of a session is kept longer than this, whatever is asked for.
pub const LONGEST_ENTRY: Duration = Duration::from_mins(1);

/// No tombstone is kept shorter than this: longer than any copy, and than any request takes to write one.
pub const SHORTEST_TOMBSTONE: Duration = Duration::from_mins(5);

/// Larger copies are not kept, so that the memory of the cache is bounded: bytes.
pub(crate) const LARGEST_ENTRY: usize = 4096;

/// What the cache knows about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionRead {
    /// A copy, as it was put.
    Hit(Vec<u8>),
    /// The session has ended.
    Ended,
    /// Nothing: ask the database.
    Miss,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionPut {
    /// It is kept.
    Kept,
    /// It is not: the session has ended meanwhile.
    Ended,
    /// It is not: a newer copy is there.
    Superseded,
    /// It is not: too large, or Redis is gone. Nothing is lost.
    NotKept,
}

/// A copy and its version, as one value of Redis: `L<version>\n<bytes>`; a tombstone is `E`.
pub(crate) fn read_value(value: Option<&[u8]>) -> SessionRead {
    match value {
        Some([b'E']) => SessionRead::Ended,
        Some([b'L', rest @ ..]) => match rest.iter().position(|b| *b == b'\n').and_then(|at| rest.get(at + 1..)) {
            Some(bytes) => SessionRead::Hit(bytes.to_vec()),
            None => SessionRead::Miss,
        },
        _ => SessionRead::Miss,
    }
}

/// The live form of [`read_value`].
pub(crate) fn write_value(version: i64, bytes: &[u8]) -> Vec<u8> {
    [format!("L{version}\n").as_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_written() {
        for bytes in [&b""[..], b"\n", b"L1\nE", &[0, 255, 10]] {
            assert_eq!(read_value(Some(&write_value(-3, bytes))), SessionRead::Hit(bytes.to_vec()));
        }
        assert_eq!(read_value(Some(b"E")), SessionRead::Ended);
        assert_eq!(read_value(Some(b"something else")), SessionRead::Miss);
    }
}
