//! What somebody may have meant.

/// Says which of the words was probably meant: `; did you mean …?`, or else which there are.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let distance = |other: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &other.to_lowercase());
    let nearest = known.iter().map(|other| (distance(other), *other)).min();
    // The beginning of one word alone is that word, however long its end.
    let mut begun = known.iter().filter(|other| word.len() >= 3 && other.starts_with(word));
    if let (Some(whole), None) = (begun.next(), begun.next()) {
        return format!("; did you mean `{whole}`?");
    }
    match nearest {
        // Up to a third of the letters wrong is a slip; more is another word.
        Some((wrong, nearest)) if wrong <= (word.chars().count() / 3).max(1) => format!("; did you mean `{nearest}`?"),
        Some(_) if known.len() <= 24 => format!("; there are: {}", known.join(", ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_slip_gets_a_suggestion_and_another_word_the_list() {
        assert_eq!(did_you_mean("redirect_uri", ["grants", "redirect_uris"]), "; did you mean `redirect_uris`?");
        assert_eq!(did_you_mean("Profile", ["email", "profile"]), "; did you mean `profile`?");
        assert_eq!(did_you_mean("callback", ["email", "profile"]), "; there are: email, profile");
        assert_eq!(did_you_mean("code", ["code_seconds", "idle_seconds"]), "; did you mean `code_seconds`?");
        assert_eq!(did_you_mean("x", []), "");
    }
}
