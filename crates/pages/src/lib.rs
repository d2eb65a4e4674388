//! Everything a browser is shown: pages, messages, branding, static assets.
//!
//! **Owns** the layout and its design tokens, one typed view per page ([`views`]), the message catalogue
//! ([`Locale`], `web-templates/locales`), a realm's look ([`Branding`]) and the embedded files under `/static`
//! ([`static_asset`]), and pictures that others chose, written anew ([`picture`]). The templates live in `web-templates/` at the root of the workspace.
//!
//! **Must not know** HTTP frameworks, the database, or who is signed in: a view is plain data in, HTML out.
//! It never sees a password. It decides no header; `tenant-routing` owns the table of content security policies.
//!
//! **What a page needs from its policy.** Pages built on the layout: `style-src 'self' 'nonce-…'` (one block of
//! validated colours), `script-src 'nonce-…'` (one file), `img-src 'self'`. [`views::FormPostPage`]:
//! `default-src 'none'; script-src 'nonce-…'`. Nothing is ever loaded from another origin.
//!
//! **To add a page:** a template that extends `_layout.html`, a struct in `views/` that derives `Template`, a line in
//! its `rendered!` list, its words in `web-templates/locales/en`, and samples in `tests/samples`; one test renders all
//! samples with hostile text. **To add a language:** a folder in `web-templates/locales` and a variant of [`Locale`].

pub mod frames;
pub mod picture;
pub mod views;

mod assets;
mod branding;
mod catalogue;
mod colour;
mod context;
mod locale;
mod text;

pub use assets::{Asset, Caching, asset_path, static_asset};
pub use branding::{Branding, BrandingError, LegalLink};
pub use colour::{Colour, ColourError, MINIMUM_CONTRAST, Palette, Scheme};
pub use context::{PageContext, THEME_COOKIE, Theme};
pub use locale::{Direction, Locale};
