//! What every page is given.

use std::sync::Arc;

use crate::assets::asset_path;
use crate::branding::Branding;
use crate::catalogue::{self, FluentValue};
use crate::colour::Scheme;
use crate::locale::Locale;
use crate::text;

/// The cookie in which the page's script keeps the visitor's choice of scheme. It holds no authority.
pub const THEME_COOKIE: &str = "pal_theme";

/// The scheme that a visitor chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// None chosen: the browser's `prefers-color-scheme` decides.
    #[default]
    Automatic,
    /// Light, whatever the browser prefers.
    Light,
    /// Dark, whatever the browser prefers.
    Dark,
}

impl Theme {
    /// Reads the value of [`THEME_COOKIE`]; anything unknown counts as no choice.
    pub fn from_cookie(value: Option<&str>) -> Self {
        match value {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Automatic,
        }
    }

    /// The value of `data-theme` on the page's root; none leaves it to the browser.
    pub(crate) fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Automatic => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// What every page is given, whatever it shows.
#[derive(Clone, Debug)]
pub struct PageContext {
    /// The realm's look, or [`Branding::platform`].
    pub branding: Arc<Branding>,
    /// The language, from [`Locale::negotiate`].
    pub locale: Locale,
    /// The nonce of this answer's content security policy (base64 or base64url).
    pub csp_nonce: String,
    /// The request id, shown on error pages.
    pub request_id: String,
    /// The path prefix of the public URL, without a slash at the end: `""` or `/prefix`. `/static` is below it.
    pub base_path: String,
    /// The scheme that the visitor chose.
    pub theme: Theme,
}

/// What the templates call.
impl PageContext {
    /// A message.
    pub(crate) fn t(&self, key: &str) -> String {
        catalogue::message(self.locale, key, &[])
    }

    /// A message with a name in it. The name is made fit to be shown.
    pub(crate) fn t_name(&self, key: &str, argument: &'static str, value: &str) -> String {
        catalogue::message(self.locale, key, &[(argument, FluentValue::from(text::name(value)))])
    }

    /// A message with several names in it. They are made fit to be shown.
    pub(crate) fn t_names<const N: usize>(&self, key: &str, names: [(&'static str, &str); N]) -> String {
        let arguments = names.map(|(argument, value)| (argument, FluentValue::from(text::name(value))));
        catalogue::message(self.locale, key, &arguments)
    }

    /// A message with a number in it, the argument `count`.
    pub(crate) fn t_count(&self, key: &str, count: u64) -> String {
        catalogue::message(self.locale, key, &[("count", FluentValue::from(count))])
    }

    /// A length of time until another try makes sense: seconds up to two minutes, then minutes, rounded up.
    pub(crate) fn t_retry(&self, seconds: u64) -> String {
        if seconds < 120 {
            self.t_count("error-retry-seconds", seconds.max(1))
        } else {
            self.t_count("error-retry-minutes", seconds.div_ceil(60))
        }
    }

    /// The realm's colours as custom properties: hexadecimal digits and nothing else, so safe in a style block; and the
    /// picture behind the card, whose path was checked to be plain.
    pub(crate) fn colours(&self) -> String {
        let scheme = |name: &str, scheme: Scheme| {
            let palette = self.branding.palette(scheme);
            format!(
                "--brand-accent-{name}:{};--brand-on-accent-{name}:{};--brand-page-{name}:{};--brand-on-page-{name}:{};",
                palette.accent, palette.on_accent, palette.background, palette.on_background
            )
        };
        let picture = self.branding.picture().map(|path| format!("--brand-picture:url({path});")).unwrap_or_default();
        format!(":root{{{}{}{picture}}}", scheme("light", Scheme::Light), scheme("dark", Scheme::Dark))
    }

    /// The classes of the page's body beside its width.
    pub(crate) fn look(&self) -> &'static str {
        if self.branding.picture().is_some() { " pictured" } else { "" }
    }

    /// The URL of a static file.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}{}", self.base_path, asset_path(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_then_in_minutes_rounded_up() {
        let context = PageContext {
            branding: Arc::new(Branding::platform()),
            locale: Locale::En,
            csp_nonce: String::new(),
            request_id: String::new(),
            base_path: String::new(),
            theme: Theme::Automatic,
        };
        for (seconds, words) in [
            (0, "Try again in 1 second."),
            (119, "Try again in 119 seconds."),
            (120, "Try again in 2 minutes."),
            (121, "Try again in 3 minutes."),
        ] {
            assert_eq!(context.t_retry(seconds), words);
        }
    }

    #[test]
    fn an_unknown_theme_cookie_is_no_choice() {
        assert_eq!(Theme::from_cookie(Some("dark")), Theme::Dark);
        assert_eq!(Theme::from_cookie(Some("light")), Theme::Light);
        assert_eq!(Theme::from_cookie(Some("\" onload=1")), Theme::Automatic);
        assert_eq!(Theme::from_cookie(None), Theme::Automatic);
    }
}
