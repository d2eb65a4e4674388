//! The files under `/static`, embedded, under names that carry a hash of their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// How long a browser may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// The name carries the hash of these bytes: they never change.
    Immutable,
    /// The name carries no hash, or another build's: a browser asks again each time.
    ///
    /// During a rolling upgrade a page of one build may fetch its stylesheet from the other; it gets a stylesheet.
    Revalidate,
}

impl Caching {
    /// The value of `Cache-Control`.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Revalidate => "public, no-cache",
        }
    }
}

/// A file to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its bytes.
    pub bytes: &'static [u8],
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `ETag`, with its quotes: a strong validator (RFC 9110, section 8.8.3).
    pub etag: &'static str,
    /// How long it may be kept.
    pub caching: Caching,
}

struct File {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: String,
    etag: String,
}

impl File {
    fn new(stem: &'static str, extension: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let mut hash = String::new();
        for byte in Sha256::digest(bytes).iter().take(8) {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let etag = format!("\"{hash}\"");
        Self { stem, extension, content_type, bytes, hash, etag }
    }

    fn path(&self) -> String {
        format!("/static/{}.{}.{}", self.stem, self.hash, self.extension)
    }

    /// How to serve this file under `name`, if the name is one of its own: `app.css` or `app.<16 hex digits>.css`.
    fn caching(&self, name: &str) -> Option<Caching> {
        let middle = name.strip_prefix(self.stem)?.strip_suffix(self.extension)?;
        if middle == "." {
            return Some(Caching::Revalidate);
        }
        let hash = middle.strip_prefix('.')?.strip_suffix('.')?;
        let looks_like_one = hash.len() == 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        looks_like_one.then(|| if hash == self.hash { Caching::Immutable } else { Caching::Revalidate })
    }
}

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        File::new("app", "css", "text/css; charset=utf-8", include_bytes!("../../../web-templates/static/app.css")),
        File::new(
            "app",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../../web-templates/static/app.js"),
        ),
        File::new("favicon", "svg", "image/svg+xml", include_bytes!("../../../web-templates/static/favicon.svg")),
    ]
});

/// The file behind `/static/{path}`; `path` without a slash before it, such as `app.0123456789abcdef.css`.
pub fn static_asset(path: &str) -> Option<Asset> {
    FILES.iter().find_map(|file| {
        let caching = file.caching(path)?;
        Some(Asset { bytes: file.bytes, content_type: file.content_type, etag: &file.etag, caching })
    })
}

/// The path of a file below the base path, with its hash: `app.css` is `/static/app.<hash>.css`.
///
/// A name that is no file's stays as it is, and is answered 404.
pub fn asset_path(name: &str) -> String {
    FILES.iter().find(|file| file.caching(name).is_some()).map_or_else(|| format!("/static/{name}"), File::path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_may_be_kept_for_ever() {
        for name in ["app.css", "app.js", "favicon.svg"] {
            let path = asset_path(name);
            let asset = static_asset(path.strip_prefix("/static/").unwrap()).unwrap();
            assert_eq!(asset.caching, Caching::Immutable, "{path}");
            assert!(path.contains(asset.etag.trim_matches('"')));
        }
    }

    #[test]
    fn a_plain_name_or_another_builds_hash_is_asked_for_again() {
        for path in ["app.css", "app.0000000000000000.css", "favicon.svg"] {
            assert_eq!(static_asset(path).unwrap().caching, Caching::Revalidate, "{path}");
        }
    }

    #[test]
    fn nothing_else_is_served() {
        for path in [
            "",
            "app",
            "app.",
            "appcss",
            "app..css",
            "app.zz.css",
            "../app.css",
            "/app.css",
            "app.css/",
            "APP.css",
            "app.%00.css",
        ] {
            assert_eq!(static_asset(path), None, "{path}");
        }
    }
}
