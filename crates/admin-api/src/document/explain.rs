//! What the YAML reader found wrong, in the words of this format.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

use super::suggest::did_you_mean;
use crate::error::Position;

/// What is wrong, without the place, and what to do.
pub(super) fn message(error: &Error) -> String {
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`{}", did_you_mean(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown value `{variant}`{}", did_you_mean(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands here a second time"),
        Error::SerdeInvalidType { unexpected, expected, .. } => format!("this must be {expected}, not {unexpected}"),
        Error::InvalidScalar { ty, .. } => format!("this must be {}", scalar(ty)),
        Error::Unexpected { expected, .. } => format!("this must be {}", node(expected)),
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

/// A Rust type, in words.
fn scalar(ty: &str) -> &str {
    match ty.as_bytes() {
        b"bool" | b"boolean" => "true or false",
        [b'u' | b'i', b'0'..=b'9', ..] => "a whole number",
        [b'f', b'0'..=b'9', ..] => "a number",
        _ => ty,
    }
}

/// A kind of YAML node, in words.
fn node(expected: &str) -> &str {
    match expected {
        "mapping start" => "a map, one `key: value` a line",
        "sequence start" => "a list",
        "string scalar" => "text",
        other => other,
    }
}

/// Where it is.
pub(super) fn position(error: &Error) -> Option<Position> {
    let location = error.location()?;
    let (line, column) = (usize::try_from(location.line()).ok()?, usize::try_from(location.column()).ok()?);
    (line > 0).then_some(Position { line, column })
}
