//! Text from outside, made fit to be shown.

use std::borrow::Cow;

/// The longest name shown, in characters; what is longer ends in an ellipsis.
const LONGEST_NAME: usize = 80;

/// Characters that reorder or hide the text around them: with them a name could pass for another sentence.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A name as pages show it: without control and direction characters, at most 80 characters.
///
/// Not for values that are sent back, such as the typed identifier: those stay as they are, escaped.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    let long = text.chars().nth(LONGEST_NAME).is_some();
    if !long && !text.chars().any(deceives) {
        return Cow::Borrowed(text);
    }
    let mut shown: String = text.chars().filter(|c| !deceives(*c)).take(LONGEST_NAME).collect();
    if long {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// A link that a page may offer: a path of ours, or a URL whose scheme runs nothing. `None`: show no link.
pub(crate) fn link(url: &str) -> Option<&str> {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    if is_own_path(url) {
        return Some(url);
    }
    let (scheme, _) = url.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let runs_something = ["javascript", "data", "vbscript", "blob", "file", "filesystem", "view-source"]
        .iter()
        .any(|bad| scheme.eq_ignore_ascii_case(bad));
    (well_formed && !runs_something).then_some(url)
}

/// Whether the text is a path on our own origin: `/x`, but not `//host` or `/\host`, which browsers read as a host.
pub(crate) fn is_own_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_turn_the_direction_of_the_text_around_it() {
        assert_eq!(name("Acme\u{202e}gro.live\u{202c}\n"), "Acmegro.live");
        assert_eq!(name("شركة"), "شركة");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(name(&"é".repeat(2_000)).chars().count(), LONGEST_NAME + 1);
        assert_eq!(name(&"é".repeat(LONGEST_NAME)).chars().count(), LONGEST_NAME);
    }

    #[test]
    fn links_run_nothing() {
        for good in ["/a", "https://acme.example/x?y=z", "http://localhost:3000/", "myapp://callback"] {
            assert_eq!(link(good), Some(good));
        }
        for bad in [
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:1",
            "java\nscript:1",
            " javascript:1",
            "data:text/html,x",
            "//evil.example",
            "/\\evil.example",
            "relative",
            "vbscript:x",
        ] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }
}
