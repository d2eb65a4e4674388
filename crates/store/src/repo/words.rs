//! The words by which people and realms are found.

use palatine_domain::identifier::NormalisedIdentifier;

/// How many words are kept of one user, or of one realm.
const MAX_WORDS: usize = 20;

/// How much of a text is looked at, in characters.
const MAX_CHARS: usize = 200;

/// The words of some texts, in the spelling of [`NormalisedIdentifier`], split where a character is neither letter nor
/// digit; each once, at most [`MAX_WORDS`].
pub(crate) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        let clean: String = text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
        // The one way to fail that is left is that nothing is left.
        let Ok(normal) = NormalisedIdentifier::parse(&clean) else { continue };
        for word in normal.as_str().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            if words.len() == MAX_WORDS {
                return words;
            }
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// A text that sorts after every word that begins with `word`, and before all others that sort after it: no word holds
/// U+10FFFF, which is not alphanumeric, and its bytes are the greatest of all.
pub(crate) fn past(word: &str) -> String {
    format!("{word}{}", char::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_normalised_and_each_is_kept_once() {
        assert_eq!(of(["Jane-Ann O'Neil", "JANE@Acme.com", ""]), ["jane", "ann", "o", "neil", "acme", "com"]);
    }

    #[test]
    fn no_text_gives_more_than_twenty_words() {
        let many = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(of([many.as_str()]).len(), 20);
    }

    #[test]
    fn a_text_too_long_for_a_sign_in_name_still_gives_words() {
        assert_eq!(of([format!("ann {}", "x".repeat(5_000)).as_str()]).first().map(String::as_str), Some("ann"));
    }

    #[test]
    fn every_word_that_begins_with_another_lies_in_its_range() {
        for longer in ["ann", "anna", "ann\u{30000}"] {
            assert!(longer >= "ann" && *longer < *past("ann"), "{longer}");
        }
        assert!("ano" > past("ann").as_str());
    }
}
