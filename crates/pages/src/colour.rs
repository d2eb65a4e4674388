//! Colours: values, contrast after WCAG 2.2, and the palette that a realm's colours become.

use std::fmt;
use std::str::FromStr;

/// The least contrast of text against what is behind it (WCAG 2.2, success criterion 1.4.3, level AA).
pub const MINIMUM_CONTRAST: f64 = 4.5;

/// One opaque sRGB colour. Prints as `#rrggbb` and as nothing else, so it is safe inside a style block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The text is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a colour as # and 3 or 6 hexadecimal digits, for example #1f5fbf")]
pub struct ColourError;

impl Colour {
    /// `#ffffff`.
    pub const WHITE: Self = Self::new(255, 255, 255);
    /// `#000000`.
    pub const BLACK: Self = Self::new(0, 0, 0);

    /// From its three channels.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// How bright the colour is, 0 (black) to 1 (white): WCAG 2.2, "relative luminance".
    pub fn relative_luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// The contrast of two colours, 1 (equal) to 21 (black on white): WCAG 2.2, "contrast ratio".
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.relative_luminance(), other.relative_luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// This colour with `parts` of 255 of it replaced by `other`.
    fn towards(self, other: Self, parts: u8) -> Self {
        let mix = |from: u8, to: u8| {
            let (keep, take) = (u32::from(255 - parts), u32::from(parts));
            u8::try_from((u32::from(from) * keep + u32::from(to) * take + 127) / 255).unwrap_or(u8::MAX)
        };
        Self::new(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }

    /// The colour nearest to this one, on the way to black or white, that is legible on each of `surfaces`.
    ///
    /// The hue stays. The way leads to whichever end contrasts more with the surfaces.
    #[must_use]
    pub fn legible_on(self, surfaces: &[Self]) -> Self {
        let worst = |colour: Self| surfaces.iter().map(|s| colour.contrast(*s)).fold(f64::INFINITY, f64::min);
        let end = if worst(Self::BLACK) >= worst(Self::WHITE) { Self::BLACK } else { Self::WHITE };
        (0..=u8::MAX).map(|parts| self.towards(end, parts)).find(|c| worst(*c) >= MINIMUM_CONTRAST).unwrap_or(end)
    }

    /// Black or white, whichever reads better on this colour: at least 4.58 for any colour.
    #[must_use]
    pub fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    /// Reads `#rgb` or `#rrggbb`, in either case.
    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text.strip_prefix('#').ok_or(ColourError)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ColourError);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| ColourError)?;
        let [_, red, green, blue] = match digits.len() {
            6 => number.to_be_bytes(),
            3 => {
                let (r, g, b) = (number >> 8 & 0xf, number >> 4 & 0xf, number & 0xf);
                ((r << 16 | g << 8 | b) * 0x11).to_be_bytes()
            }
            _ => return Err(ColourError),
        };
        Ok(Self::new(red, green, blue))
    }
}

/// The two looks of every page. The browser's preference decides unless the visitor chose one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

impl Scheme {
    /// What cards are made of; the same value stands as `--surface` in `static/app.css`.
    pub const fn surface(self) -> Colour {
        match self {
            Self::Light => Colour::WHITE,
            Self::Dark => Colour::new(0x17, 0x1a, 0x21),
        }
    }

    /// What is behind the cards when the realm names nothing.
    const fn background(self) -> Colour {
        match self {
            Self::Light => Colour::new(0xf5, 0xf6, 0xf8),
            Self::Dark => Colour::new(0x0e, 0x10, 0x14),
        }
    }

    /// Quiet text behind the cards when the realm names no background.
    const fn muted(self) -> Colour {
        match self {
            Self::Light => Colour::new(0x57, 0x5f, 0x6d),
            Self::Dark => Colour::new(0xa4, 0xac, 0xb9),
        }
    }
}

/// A realm's colours in one scheme, corrected until everything written with them can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Buttons, links, focus rings: at least 4.5:1 on cards and on the default page background.
    pub accent: Colour,
    /// Words on the accent: at least 4.5:1.
    pub on_accent: Colour,
    /// The page behind the card.
    pub background: Colour,
    /// Words on the background: at least 4.5:1.
    pub on_background: Colour,
}

impl Palette {
    /// Corrects a realm's colours for one scheme. In the dark scheme the background keeps only its tint.
    pub fn new(scheme: Scheme, accent: Colour, background: Option<Colour>) -> Self {
        let accent = accent.legible_on(&[scheme.surface(), scheme.background()]);
        let background = match (background, scheme) {
            (None, _) => scheme.background(),
            (Some(colour), Scheme::Light) => colour,
            (Some(colour), Scheme::Dark) => colour.towards(scheme.background(), 215),
        };
        let muted = scheme.muted();
        let on_background = if muted.contrast(background) >= MINIMUM_CONTRAST { muted } else { background.ink() };
        Self { accent, on_accent: accent.ink(), background, on_background }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn contrast_is_the_one_of_wcag() {
        // Values as published by WCAG's own examples and the common contrast checkers, to two decimals.
        for (a, b, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.48),
            ("#767676", "#ffffff", 4.54),
            ("#0000ff", "#ffffff", 8.59),
            ("#ff0000", "#ffffff", 4.0),
            ("#ffff00", "#ffffff", 1.07),
        ] {
            let (found, back) = (colour(a).contrast(colour(b)), colour(b).contrast(colour(a)));
            assert!((found - expected).abs() < 0.005, "{a} on {b}: {found}");
            assert!((found - back).abs() < f64::EPSILON, "{a} and {b} contrast alike both ways");
        }
    }

    #[test]
    fn a_colour_that_is_legible_stays_as_it_is() {
        assert_eq!(colour("#0000ff").legible_on(&[Colour::WHITE]), colour("#0000ff"));
    }

    #[test]
    fn an_illegible_colour_keeps_its_hue_and_moves_no_further_than_it_must() {
        let corrected = colour("#ff0000").legible_on(&[Colour::WHITE]);
        assert_eq!((corrected.green, corrected.blue), (0, 0));
        assert!((4.5..4.6).contains(&corrected.contrast(Colour::WHITE)), "{corrected}");
    }

    #[test]
    fn every_palette_is_legible_in_both_schemes() {
        let steps = [0u8, 32, 64, 96, 117, 128, 160, 192, 224, 255];
        for (r, g, b) in steps.iter().flat_map(|r| steps.iter().flat_map(move |g| steps.map(|b| (*r, *g, b)))) {
            let any = Colour::new(r, g, b);
            for scheme in [Scheme::Light, Scheme::Dark] {
                let palette = Palette::new(scheme, any, Some(any));
                assert!(palette.accent.contrast(scheme.surface()) >= MINIMUM_CONTRAST, "{any} {scheme:?}");
                assert!(palette.accent.contrast(scheme.background()) >= MINIMUM_CONTRAST, "{any} {scheme:?}");
                assert!(palette.accent.contrast(palette.on_accent) >= MINIMUM_CONTRAST, "{any} {scheme:?}");
                assert!(palette.background.contrast(palette.on_background) >= MINIMUM_CONTRAST, "{any} {scheme:?}");
            }
        }
    }

    #[test]
    fn colours_are_three_or_six_digits_and_nothing_else() {
        assert_eq!(colour("#1aF").to_string(), "#11aaff");
        assert_eq!(colour("#11AAFF").to_string(), "#11aaff");
        for bad in ["", "#", "red", "1af", "#12345", "#1234567", "#+1+2+3", "#fff;}", "#ggg", "url(x)", "#é1"] {
            assert_eq!(bad.parse::<Colour>(), Err(ColourError), "{bad}");
        }
    }
}
