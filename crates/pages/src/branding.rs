//! A realm's look: values only, never markup.

use crate::colour::{Colour, Palette, Scheme};
use crate::text;

/// The accent of a realm that names none.
const DEFAULT_ACCENT: Colour = Colour::new(0x24, 0x56, 0xd6);

/// How one realm's pages look. Made once per snapshot of the realm; the palettes are worked out here, not per page.
///
/// All realms with path issuers share one web origin, so a realm themes with values: a name, two colours, the path of
/// an image that we serve, links. Each is checked here; none can carry markup, style or script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    display_name: String,
    logo: Option<String>,
    favicon: Option<String>,
    picture: Option<String>,
    accent: Colour,
    background: Option<Colour>,
    legal_links: Vec<LegalLink>,
    light: Palette,
    dark: Palette,
}

/// A link at the foot of each page: terms, privacy, imprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalLink {
    /// What the link says.
    pub label: String,
    /// An absolute `https` or `http` URL, or a path of ours.
    pub url: String,
}

/// A value that a page must not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrandingError {
    /// A picture is at a path on our own origin: pages make no request elsewhere.
    #[error("a picture must be at a path that begins with a single /")]
    Picture,
    /// A legal link leads to a web page.
    #[error("a legal link must be an https or http URL or a path that begins with a single /")]
    LegalLink,
}

impl Branding {
    /// A realm's name with the default colours.
    pub fn new(display_name: &str) -> Self {
        Self {
            display_name: text::name(display_name).into_owned(),
            logo: None,
            favicon: None,
            picture: None,
            accent: DEFAULT_ACCENT,
            background: None,
            legal_links: Vec::new(),
            light: Palette::new(Scheme::Light, DEFAULT_ACCENT, None),
            dark: Palette::new(Scheme::Dark, DEFAULT_ACCENT, None),
        }
    }

    /// The platform's own look, for pages that belong to no realm.
    pub fn platform() -> Self {
        Self::new("Palatine")
    }

    /// With the realm's colour for buttons and links. Any colour will do: it is corrected to at least 4.5:1.
    #[must_use]
    pub fn with_accent(self, accent: Colour) -> Self {
        let background = self.background;
        self.with_colours(accent, background)
    }

    /// With the realm's colour behind the card; in the dark scheme only its tint remains.
    #[must_use]
    pub fn with_background(self, background: Colour) -> Self {
        let accent = self.accent;
        self.with_colours(accent, Some(background))
    }

    fn with_colours(self, accent: Colour, background: Option<Colour>) -> Self {
        Self {
            accent,
            background,
            light: Palette::new(Scheme::Light, accent, background),
            dark: Palette::new(Scheme::Dark, accent, background),
            ..self
        }
    }

    /// With the realm's logo, a path on our own origin (shown at most 40 px high, 200 px wide).
    pub fn with_logo(mut self, path: &str) -> Result<Self, BrandingError> {
        self.logo = Some(own_path(path)?);
        Ok(self)
    }

    /// With a picture of the realm's for the browser's tab, a PNG at a path on our own origin.
    pub fn with_favicon(mut self, path: &str) -> Result<Self, BrandingError> {
        self.favicon = Some(own_path(path)?);
        Ok(self)
    }

    /// With a picture behind the card, at a path on our own origin.
    pub fn with_picture(mut self, path: &str) -> Result<Self, BrandingError> {
        self.picture = Some(own_path(path)?);
        Ok(self)
    }

    /// With one more link at the foot of each page.
    pub fn with_legal_link(mut self, label: &str, url: &str) -> Result<Self, BrandingError> {
        let leads_to_a_page = url.starts_with("https://") || url.starts_with("http://") || text::is_own_path(url);
        if !leads_to_a_page || text::link(url).is_none() {
            return Err(BrandingError::LegalLink);
        }
        self.legal_links.push(LegalLink { label: text::name(label).into_owned(), url: url.to_owned() });
        Ok(self)
    }

    /// The realm's name, as pages show it.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The path of the logo.
    pub fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    /// The path of the picture for the browser's tab.
    pub fn favicon(&self) -> Option<&str> {
        self.favicon.as_deref()
    }

    /// The path of the picture behind the card.
    pub fn picture(&self) -> Option<&str> {
        self.picture.as_deref()
    }

    /// The links at the foot.
    pub fn legal_links(&self) -> &[LegalLink] {
        &self.legal_links
    }

    /// The corrected colours of one scheme.
    pub fn palette(&self, scheme: Scheme) -> &Palette {
        match scheme {
            Scheme::Light => &self.light,
            Scheme::Dark => &self.dark,
        }
    }

    /// The letter that stands in for a missing logo; none if the name has no letter or digit.
    pub(crate) fn initial(&self) -> Option<String> {
        self.display_name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect())
    }
}

/// A path on our own origin that needs no quotes in an attribute or in a style block.
fn own_path(path: &str) -> Result<String, BrandingError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~?=%:".contains(c);
    if text::is_own_path(path) && path.chars().all(is_plain) {
        Ok(path.to_owned())
    } else {
        Err(BrandingError::Picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_a_path_of_ours() {
        assert!(Branding::new("A").with_logo("/realms/acme/logo.png").is_ok());
        for bad in
            ["https://cdn.example/x.png", "//cdn.example/x.png", "/\\cdn.example", "data:image/png,x", "x.png", ""]
        {
            assert_eq!(Branding::new("A").with_logo(bad), Err(BrandingError::Picture), "{bad}");
        }
    }

    #[test]
    fn a_picture_is_at_a_path_that_ends_no_attribute_and_no_style() {
        let path = "/realms/acme/pictures/background?v=0a1b";
        assert!(Branding::new("A").with_picture(path).is_ok() && Branding::new("A").with_favicon(path).is_ok());
        for bad in ["/a)b", "/a;b", "/a'b", "/a\"b", "/a<b", "/a{b", "//cdn.example/x", "x.png", ""] {
            assert_eq!(Branding::new("A").with_picture(bad), Err(BrandingError::Picture), "{bad}");
            assert_eq!(Branding::new("A").with_favicon(bad), Err(BrandingError::Picture), "{bad}");
        }
    }

    #[test]
    fn a_legal_link_leads_to_a_page() {
        assert!(Branding::new("A").with_legal_link("Terms", "https://acme.example/terms").is_ok());
        assert!(Branding::new("A").with_legal_link("Terms", "/terms").is_ok());
        for bad in ["javascript:alert(1)", "mailto:a@b", "//x.example", "https://a b", ""] {
            assert_eq!(Branding::new("A").with_legal_link("T", bad), Err(BrandingError::LegalLink), "{bad}");
        }
    }

    #[test]
    fn the_colours_can_be_set_in_either_order() {
        let (accent, background) = (Colour::new(200, 30, 30), Colour::new(240, 230, 220));
        let one = Branding::new("A").with_accent(accent).with_background(background);
        assert_eq!(one, Branding::new("A").with_background(background).with_accent(accent));
        assert_eq!(one.palette(Scheme::Light).background, background);
    }

    #[test]
    fn the_initial_is_the_first_letter_or_digit() {
        assert_eq!(Branding::new("<acme>").initial().as_deref(), Some("A"));
        assert_eq!(Branding::new("…").initial(), None);
    }
}
