//! Documents without a word, for hidden frames in other people's pages: a script that answers messages.
//!
//! They are the same for everybody and may be kept, so their script is allowed by its hash instead of a nonce.

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A document for a hidden frame.
#[derive(Debug)]
pub struct Frame {
    /// The whole HTML document.
    pub html: String,
    /// What allows its script in a content security policy: `sha256-…`, without quotes.
    pub script_hash: String,
}

#[derive(Template)]
#[template(path = "frames/frame.html")]
struct FrameDocument<'a> {
    script: &'a str,
}

impl Frame {
    fn of(script: &'static str) -> Self {
        let html = FrameDocument { script }.render().unwrap_or_default();
        Self { html, script_hash: format!("sha256-{}", STANDARD.encode(Sha256::digest(script))) }
    }
}

/// Tells an application whether the session changed (`OpenID` Connect Session Management, section 3.2).
pub fn check_session() -> &'static Frame {
    static FRAME: LazyLock<Frame> =
        LazyLock::new(|| Frame::of(include_str!("../../../web-templates/frames/check_session.js")));
    &FRAME
}

/// Tells an application whether the browser keeps our cookies in its pages.
pub fn third_party_cookies() -> &'static Frame {
    static FRAME: LazyLock<Frame> =
        LazyLock::new(|| Frame::of(include_str!("../../../web-templates/frames/third_party_cookies.js")));
    &FRAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_what_stands_between_the_script_s_tags() {
        for frame in [check_session(), third_party_cookies()] {
            let (_, rest) = frame.html.split_once("<script>").unwrap();
            let (script, rest) = rest.split_once("</script>").unwrap();
            assert_eq!(frame.script_hash, format!("sha256-{}", STANDARD.encode(Sha256::digest(script))));
            assert!(!rest.contains("<script") && !frame.html.contains("src="));
        }
    }
}
