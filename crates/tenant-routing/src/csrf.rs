//! The proof that one of our own forms was sent by the page that we rendered, in the browser that we rendered it for.
//!
//! The token of a form is a keyed hash of what the form is for, under the secret of the cookie that the page belongs
//! to. Only the holder of that `HttpOnly` cookie got the page, and no other origin can read it; nothing is stored, so
//! every node can check it.

use actix_web::HttpRequest;
use actix_web::http::header::ORIGIN;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::TokenHash;
use palatine_realm::Realm;

/// The token of the form `purpose` of a page that belongs to the cookie secret `cookie`.
pub fn token(realm: &Realm, cookie: &str, purpose: &str) -> String {
    // A hash keyed by a 256-bit secret in front of fixed-shape text: no extension of it is ever accepted.
    let bound = TokenHash::of(&format!("csrf\n{cookie}\n{}\n{purpose}", realm.issuer()));
    URL_SAFE_NO_PAD.encode(bound.as_bytes())
}

/// Whether `presented` is that token.
pub fn matches(realm: &Realm, cookie: &str, purpose: &str, presented: &str) -> bool {
    TokenHash::of(&token(realm, cookie, purpose)).matches(&TokenHash::of(presented))
}

/// What the browser says of the page that a form was sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormOrigin {
    /// One of ours, or the browser does not say: the token decides.
    Acceptable,
    /// Another origin.
    Foreign,
}

/// Checks `Origin`; where it is `null` or absent, `Sec-Fetch-Site` (PROTOCOL.md section 6).
pub fn form_origin(request: &HttpRequest, own_origin: &str) -> FormOrigin {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    match header(ORIGIN.as_str()) {
        Some(origin) if origin != "null" => {
            if origin == own_origin {
                FormOrigin::Acceptable
            } else {
                FormOrigin::Foreign
            }
        }
        _ => match header("sec-fetch-site") {
            None | Some("same-origin" | "none") => FormOrigin::Acceptable,
            Some(_) => FormOrigin::Foreign,
        },
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn origin_of(headers: &[(&str, &str)]) -> FormOrigin {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.insert_header(*header);
        }
        form_origin(&request.to_http_request(), "https://id.example")
    }

    #[test]
    fn a_form_of_another_origin_is_foreign() {
        assert_eq!(origin_of(&[("origin", "https://evil.example")]), FormOrigin::Foreign);
        assert_eq!(origin_of(&[("origin", "https://id.example")]), FormOrigin::Acceptable);
    }

    #[test]
    fn without_an_origin_the_fetch_metadata_decide_and_without_those_the_token_does() {
        assert_eq!(origin_of(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), FormOrigin::Acceptable);
        assert_eq!(origin_of(&[("origin", "null"), ("sec-fetch-site", "cross-site")]), FormOrigin::Foreign);
        assert_eq!(origin_of(&[]), FormOrigin::Acceptable);
    }
}
