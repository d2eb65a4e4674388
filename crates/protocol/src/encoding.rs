//! `application/x-www-form-urlencoded`, both ways. Our own, because ready-made decoders replace broken UTF-8 instead of
//! refusing it, and a value that was changed on the way must never be compared with a stored one.

/// Decodes one name or value: `+` is a space, `%XX` a byte. A `%` that no two hex digits follow stands for itself, as in
/// the WHATWG URL standard. `None` if the bytes are not UTF-8.
pub(crate) fn form_decode(raw: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match escaped_byte(tail) {
                Some((value, after)) => {
                    rest = after;
                    value
                }
                None => b'%',
            },
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The byte that two hex digits stand for, and what follows them.
pub(crate) fn escaped_byte(after_percent: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = after_percent.split_first_chunk::<2>()?;
    let value = hex_digit(high)? * 16 + hex_digit(low)?;
    Some((value, rest))
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Appends `text` with every byte but the unreserved ones of RFC 3986 section 2.3 as `%XX`. A space becomes `%20`, not
/// `+`, because some clients read a fragment with `decodeURIComponent`.
pub(crate) fn percent_encode(text: &str, out: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for &byte in text.as_bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 0x0F] {
                out.extend(DIGITS.get(usize::from(nibble)));
            }
        }
    }
}

/// Unreserved in RFC 3986 section 2.3.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Renders pairs as a query or form body, in their order.
pub(crate) fn encode_pairs<'n, 'v>(pairs: impl IntoIterator<Item = (&'n str, &'v str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        percent_encode(name, &mut out);
        out.push('=');
        percent_encode(value, &mut out);
    }
    out
}

/// Appends pairs to the query of a URI without a fragment, keeping what is there byte for byte.
pub(crate) fn append_query<'n, 'v>(uri: &str, pairs: impl IntoIterator<Item = (&'n str, &'v str)>) -> String {
    let query = encode_pairs(pairs);
    let separator = match (query.is_empty(), uri.contains('?')) {
        (true, _) => "",
        (false, false) => "?",
        (false, true) if uri.ends_with(['?', '&']) => "",
        (false, true) => "&",
    };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::{append_query, encode_pairs, form_decode};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("a+b", "a b")]
    #[case("a%20b", "a b")]
    #[case("a%2Bb", "a+b")]
    #[case("%c3%A4", "ä")]
    #[case("100%", "100%")]
    #[case("%zz%4", "%zz%4")]
    #[case("%+1", "% 1")]
    fn form_text_is_decoded(#[case] raw: &str, #[case] text: &str) {
        assert_eq!(form_decode(raw.as_bytes()).as_deref(), Some(text));
    }

    #[test]
    fn broken_utf8_is_not_repaired() {
        assert_eq!(form_decode(b"%ff"), None);
        assert_eq!(form_decode(&[0xC3]), None);
    }

    #[rstest]
    #[case("https://a/cb", "https://a/cb?x=1")]
    #[case("https://a/cb?", "https://a/cb?x=1")]
    #[case("https://a/cb?k=v", "https://a/cb?k=v&x=1")]
    #[case("https://a/cb?k=v&", "https://a/cb?k=v&x=1")]
    fn a_query_is_extended_not_replaced(#[case] uri: &str, #[case] extended: &str) {
        assert_eq!(append_query(uri, [("x", "1")]), extended);
        assert_eq!(append_query(uri, []), uri);
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in any::<String>()) {
            let encoded = encode_pairs([("k", text.as_str())]);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(form_decode(&encoded.as_bytes()[2..]), Some(text));
        }

        #[test]
        fn any_bytes_decode_or_are_refused(raw in any::<Vec<u8>>()) {
            let _ = form_decode(&raw);
        }
    }
}
