//! The languages that pages speak, and which one a request gets.

use std::cmp::Reverse;

use fluent_templates::{LanguageIdentifier, langid};

/// How many languages of a request are looked at; a header can name thousands.
const MOST_RANGES: usize = 32;

/// A language with a folder in `web-templates/locales`. English is complete; the others fall back to it, message by
/// message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// The direction in which a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `ltr`.
    LeftToRight,
    /// `rtl`.
    RightToLeft,
}

impl Locale {
    /// All languages, in no order.
    pub const ALL: &'static [Self] = &[Self::En, Self::De];

    /// The language for a request: the first of `ui_locales` (OpenID Connect Core 1.0, section 3.1.2.1: BCP 47 tags,
    /// spaces between, best first) that we speak, else the best of `Accept-Language` (RFC 9110, section 12.5.4), else
    /// English. Tags are matched by lookup (RFC 4647, section 3.4): `de-CH` finds `de`. Nonsense is skipped.
    pub fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let mut asked = ui_locales.unwrap_or_default().split_ascii_whitespace().take(MOST_RANGES);
        asked
            .find_map(Self::matching)
            .or_else(|| accepted(accept_language.unwrap_or_default()).into_iter().find_map(Self::matching))
            .unwrap_or_default()
    }

    /// The language of a tag or of one of its prefixes.
    fn matching(range: &str) -> Option<Self> {
        let mut rest = range;
        loop {
            if let Some(found) = Self::ALL.iter().find(|locale| locale.tag().eq_ignore_ascii_case(rest)) {
                return Some(*found);
            }
            rest = rest.rsplit_once('-')?.0;
        }
    }

    /// The BCP 47 tag, as in `lang` and in the folder's name.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The direction of writing.
    pub const fn direction(self) -> Direction {
        match self {
            Self::En | Self::De => Direction::LeftToRight,
        }
    }

    pub(crate) fn identifier(self) -> &'static LanguageIdentifier {
        static EN: LanguageIdentifier = langid!("en");
        static DE: LanguageIdentifier = langid!("de");
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }
}

impl Direction {
    /// The value of `dir`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

/// The ranges of an `Accept-Language` header, best first; those of weight 0 are left out.
fn accepted(header: &str) -> Vec<&str> {
    let mut ranges: Vec<(u16, &str)> = header.split(',').take(MOST_RANGES).filter_map(weighted).collect();
    ranges.sort_by_key(|(weight, _)| Reverse(*weight));
    ranges.into_iter().map(|(_, range)| range).collect()
}

/// One element `range;q=0.5` with its weight in thousandths (RFC 9110, section 12.4.2).
fn weighted(element: &str) -> Option<(u16, &str)> {
    let (range, parameters) = element.split_once(';').unwrap_or((element, ""));
    let weight = match parameters.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => thousandths(value.trim())?,
        _ => 1_000,
    };
    (weight > 0).then(|| (weight, range.trim()))
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, None, Locale::En)]
    #[case(None, Some("de"), Locale::De)]
    #[case(None, Some("de-CH, en;q=0.9"), Locale::De)]
    #[case(None, Some("DE-at"), Locale::De)]
    #[case(None, Some("en;q=0.3, de;q=0.8"), Locale::De)]
    #[case(None, Some("de;q=0, en;q=0.1"), Locale::En)]
    #[case(None, Some("fr, ja;q=0.9, de;q=0.2"), Locale::De)]
    #[case(None, Some("fr, ja"), Locale::En)]
    #[case(None, Some("de;q=2, en;q=0.5"), Locale::En)]
    #[case(None, Some("*"), Locale::En)]
    #[case(None, Some(";;q=,=,de-"), Locale::De)]
    #[case(None, Some("den"), Locale::En)]
    #[case(Some("de"), Some("en"), Locale::De)]
    #[case(Some("fr-CA de en"), Some("en"), Locale::De)]
    #[case(Some("fr"), Some("de"), Locale::De)]
    #[case(Some(""), Some("de"), Locale::De)]
    fn a_request_gets_the_best_language_that_we_speak(
        #[case] ui_locales: Option<&str>,
        #[case] accept_language: Option<&str>,
        #[case] expected: Locale,
    ) {
        assert_eq!(Locale::negotiate(ui_locales, accept_language), expected);
    }

    #[test]
    fn a_header_of_a_megabyte_is_read_to_its_bound() {
        assert_eq!(Locale::negotiate(None, Some(&format!("{}de", "x,".repeat(500_000)))), Locale::En);
    }
}
