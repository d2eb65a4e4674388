//! The stylesheet against the promises about it.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::collections::BTreeMap;

use palatine_pages::{Branding, Colour, MINIMUM_CONTRAST, Scheme, static_asset};

fn stylesheet() -> &'static str {
    std::str::from_utf8(static_asset("app.css").unwrap().bytes).unwrap()
}

/// The custom properties of the first rule with this selector.
fn tokens(selector: &str) -> BTreeMap<&'static str, &'static str> {
    let (_, rest) = stylesheet().split_once(&format!("{selector} {{")).unwrap();
    let (body, _) = rest.split_once('}').unwrap();
    body.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(": ")).collect()
}

fn colour(tokens: &BTreeMap<&str, &str>, name: &str) -> Colour {
    tokens.get(name).unwrap().parse().unwrap()
}

#[test]
fn the_chosen_dark_scheme_is_the_preferred_one() {
    assert_eq!(tokens(":root[data-theme=\"dark\"]"), tokens(":root:not([data-theme])"));
}

#[test]
fn the_colours_that_code_computes_with_are_those_of_the_stylesheet() {
    let (light, dark) = (tokens(":root"), tokens(":root[data-theme=\"dark\"]"));
    assert_eq!(colour(&light, "--surface"), Scheme::Light.surface());
    assert_eq!(colour(&dark, "--surface"), Scheme::Dark.surface());
    let platform = Branding::platform();
    for (name, scheme) in [("light", Scheme::Light), ("dark", Scheme::Dark)] {
        let palette = platform.palette(scheme);
        assert_eq!(colour(&light, &format!("--brand-accent-{name}")), palette.accent);
        assert_eq!(colour(&light, &format!("--brand-on-accent-{name}")), palette.on_accent);
        assert_eq!(colour(&light, &format!("--brand-page-{name}")), palette.background);
        assert_eq!(colour(&light, &format!("--brand-on-page-{name}")), palette.on_background);
    }
}

#[test]
fn text_is_legible_in_both_schemes() {
    for tokens in [tokens(":root"), tokens(":root[data-theme=\"dark\"]")] {
        for (text, behind) in [
            ("--text", "--surface"),
            ("--text", "--sunken"),
            ("--muted", "--surface"),
            ("--danger", "--surface"),
            ("--danger", "--danger-soft"),
            ("--success", "--surface"),
            ("--warning", "--surface"),
        ] {
            let contrast = colour(&tokens, text).contrast(colour(&tokens, behind));
            assert!(contrast >= MINIMUM_CONTRAST, "{text} on {behind}: {contrast:.2}");
        }
        // The outline of a control: WCAG 2.2, success criterion 1.4.11.
        assert!(colour(&tokens, "--control").contrast(colour(&tokens, "--surface")) >= 3.0);
    }
}

#[test]
fn the_stylesheet_is_ready_for_either_direction_and_fetches_nothing() {
    for physical in ["-left", "-right", "left:", "right:", "text-align: left", "text-align: right"] {
        assert!(!stylesheet().contains(physical), "{physical}");
    }
    for fetch in ["@import", "url(", "http"] {
        assert!(!stylesheet().contains(fetch), "{fetch}");
    }
    assert!(stylesheet().contains("prefers-reduced-motion: reduce"));
}
