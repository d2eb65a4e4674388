//! The message catalogue: every word that a page says.
//!
//! Keys are `page.element.purpose`. Fluent's identifiers know no dots, so `.` is written `-`, and words inside a part
//! are joined by `_`: `login.remember_me.label` is `login-remember_me-label`.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::Loader as _;
pub(crate) use fluent_templates::fluent_bundle::FluentValue;

use crate::locale::Locale;

fluent_templates::static_loader! {
    static MESSAGES = {
        locales: "../../web-templates/locales",
        fallback_language: "en",
        // The marks would stand inside sentences that are matched as fixed words; names are stripped of direction
        // characters instead (`text::name`).
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// One argument of a message.
pub(crate) type Argument<'a> = (&'static str, FluentValue<'a>);

/// A message in a language, else in English, else its key (which a test keeps from happening).
pub(crate) fn message(locale: Locale, key: &str, arguments: &[Argument<'_>]) -> String {
    let arguments: HashMap<Cow<'static, str>, FluentValue<'_>> =
        arguments.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    MESSAGES
        .try_lookup_complete(locale.identifier(), key, (!arguments.is_empty()).then_some(&arguments))
        .unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_words_are_the_agreed_ones() {
        let words = |key, arguments: &[Argument<'_>]| message(Locale::En, key, arguments);
        assert_eq!(words("login-title-heading", &[("realm", "Acme".into())]), "Sign in to Acme");
        assert_eq!(words("error-invalid_redirect_uri-title", &[]), "Invalid parameter: redirect_uri");
        assert_eq!(words("logout-title-heading", &[]), "Do you want to sign out?");
        assert_eq!(words("signed_out-title-heading", &[]), "You are signed out");
    }

    #[test]
    fn a_message_that_a_language_lacks_is_said_in_english() {
        assert_eq!(message(Locale::De, "dev-start-heading", &[]), message(Locale::En, "dev-start-heading", &[]));
        assert_ne!(message(Locale::De, "login-submit-label", &[]), message(Locale::En, "login-submit-label", &[]));
    }

    #[test]
    fn an_argument_is_not_wrapped_in_direction_marks() {
        let text = message(Locale::En, "login-title-heading", &[("realm", "Acme".into())]);
        assert!(!text.contains(['\u{2068}', '\u{2069}']));
    }

    #[test]
    fn counts_take_the_form_of_their_number() {
        let wait = |n: u64| message(Locale::En, "error-retry-seconds", &[("count", n.into())]);
        assert_eq!((wait(1).as_str(), wait(30).as_str()), ("Try again in 1 second.", "Try again in 30 seconds."));
    }
}
