//! Parameters of a request: a query string or an `application/x-www-form-urlencoded` body, bounded and in order.

use crate::encoding::{encode_pairs, form_decode};

/// Most parameters one request may carry.
pub const MAX_PARAMETERS: usize = 100;
/// Longest name of a parameter, decoded, in bytes.
pub const MAX_NAME_BYTES: usize = 256;
/// Longest value of a parameter, decoded, in bytes (64 KiB).
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Longest form or query that is looked at, in bytes (1 MiB).
pub const MAX_FORM_BYTES: usize = 1024 * 1024;

/// Why a form or query was not read. The texts are safe to show: they name limits, never content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// More than [`MAX_FORM_BYTES`].
    #[error("the form is longer than {MAX_FORM_BYTES} bytes")]
    FormTooLong,
    /// More than [`MAX_PARAMETERS`].
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A name of more than [`MAX_NAME_BYTES`].
    #[error("the name of a parameter is longer than {MAX_NAME_BYTES} bytes")]
    NameTooLong,
    /// A value of more than [`MAX_VALUE_BYTES`].
    #[error("the value of a parameter is longer than {MAX_VALUE_BYTES} bytes")]
    ValueTooLong,
    /// A name or value whose bytes are not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A name or value with U+0000, which no parameter needs and PostgreSQL cannot store.
    #[error("a parameter contains a NUL character")]
    Nul,
}

/// A parameter came more than once (RFC 6749 section 3.1: "MUST NOT be included more than once").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter {name} is repeated")]
pub struct Repeated {
    /// The name that was repeated.
    pub name: String,
}

/// Parameters in the order they came, decoded. `Debug` shows how many, because values are codes and secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads a form body or a query string (without `?`).
    pub fn parse(form: &[u8]) -> Result<Self, ParamsError> {
        if form.len() > MAX_FORM_BYTES {
            return Err(ParamsError::FormTooLong);
        }
        let mut params = Self::default();
        for piece in form.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty()) {
            let mut halves = piece.splitn(2, |&byte| byte == b'=');
            let name = form_decode(halves.next().unwrap_or_default()).ok_or(ParamsError::NotUtf8)?;
            let value = form_decode(halves.next().unwrap_or_default()).ok_or(ParamsError::NotUtf8)?;
            params.push(name, value)?;
        }
        Ok(params)
    }

    /// Takes pairs that are already decoded, under the same limits.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ParamsError> {
        let mut params = Self::default();
        for (name, value) in pairs {
            params.push(name.into(), value.into())?;
        }
        Ok(params)
    }

    fn push(&mut self, name: String, value: String) -> Result<(), ParamsError> {
        if self.pairs.len() == MAX_PARAMETERS {
            return Err(ParamsError::TooManyParameters);
        }
        if name.len() > MAX_NAME_BYTES {
            return Err(ParamsError::NameTooLong);
        }
        if value.len() > MAX_VALUE_BYTES {
            return Err(ParamsError::ValueTooLong);
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(ParamsError::Nul);
        }
        self.pairs.push((name, value));
        Ok(())
    }

    /// The value of a parameter that may come once. Empty counts as absent (RFC 6749 section 3.1), but an empty
    /// occurrence beside another is a repetition.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut found = self.occurrences(name);
        let first = found.next();
        if found.next().is_some() {
            return Err(Repeated { name: name.to_owned() });
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Every non-empty value of a parameter that may be repeated (`resource`, RFC 8707 section 2).
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.occurrences(name).filter(|value| !value.is_empty()).collect()
    }

    /// Refuses a request in which any parameter, known or not, comes twice; `except` lists the repeatable ones.
    pub fn refuse_repeated(&self, except: &[&str]) -> Result<(), Repeated> {
        for (position, (name, _)) in self.pairs.iter().enumerate() {
            let came_before = self.pairs.iter().take(position).any(|(earlier, _)| earlier == name);
            if came_before && !except.contains(&name.as_str()) {
                return Err(Repeated { name: name.clone() });
            }
        }
        Ok(())
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many parameters came.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Encodes the parameters again, as a query string without `?`.
    pub fn to_query(&self) -> String {
        encode_pairs(self.iter())
    }

    fn occurrences<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Params({} parameters)", self.pairs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(form: &str) -> Params {
        Params::parse(form.as_bytes()).unwrap()
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(read("state=&nonce").one("state"), Ok(None));
        assert_eq!(read("state=&nonce").one("nonce"), Ok(None));
        assert_eq!(read("").one("state"), Ok(None));
    }

    #[test]
    fn a_repeated_parameter_is_refused_even_when_empty_or_equal() {
        for form in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&a", "a&a=", "a=1&%61=2"] {
            assert_eq!(read(form).one("a"), Err(Repeated { name: "a".into() }), "{form}");
            assert_eq!(read(form).refuse_repeated(&[]), Err(Repeated { name: "a".into() }), "{form}");
            assert_eq!(read(form).refuse_repeated(&["a"]), Ok(()), "{form}");
        }
    }

    #[test]
    fn names_are_compared_with_case() {
        assert_eq!(read("A=1&a=2").one("a"), Ok(Some("2")));
    }

    #[test]
    fn repeatable_parameters_keep_their_order() {
        assert_eq!(read("resource=b&resource=&x=1&resource=a").all("resource"), ["b", "a"]);
    }

    #[test]
    fn a_value_keeps_what_follows_its_first_equals_sign() {
        assert_eq!(read("a=b=c&&").one("a"), Ok(Some("b=c")));
    }

    #[test]
    fn broken_text_is_refused() {
        assert_eq!(Params::parse(b"a=%ff"), Err(ParamsError::NotUtf8));
        assert_eq!(Params::parse(b"%ff=a"), Err(ParamsError::NotUtf8));
        assert_eq!(Params::parse(b"state=a%00b"), Err(ParamsError::Nul));
        assert_eq!(Params::from_pairs([("a\0", "b")]), Err(ParamsError::Nul));
    }

    #[test]
    fn every_limit_is_kept_and_named() {
        let many = "a&".repeat(MAX_PARAMETERS);
        assert_eq!(read(&many).len(), MAX_PARAMETERS);
        assert_eq!(Params::parse(format!("{many}a").as_bytes()), Err(ParamsError::TooManyParameters));
        let value = format!("a={}", "v".repeat(MAX_VALUE_BYTES));
        assert!(Params::parse(value.as_bytes()).is_ok());
        assert_eq!(Params::parse(format!("{value}v").as_bytes()), Err(ParamsError::ValueTooLong));
        assert_eq!(Params::parse("n".repeat(MAX_NAME_BYTES + 1).as_bytes()), Err(ParamsError::NameTooLong));
        assert_eq!(Params::parse(&vec![b'&'; MAX_FORM_BYTES + 1]), Err(ParamsError::FormTooLong));
        assert!(ParamsError::TooManyParameters.to_string().contains("100 parameters"));
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", read("client_secret=canary&canary=1"));
        assert_eq!(shown, "Params(2 parameters)");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(form in any::<Vec<u8>>()) {
            let _ = Params::parse(&form);
        }

        #[test]
        fn encoding_again_changes_nothing(pairs in proptest::collection::vec(("[^\0]{1,8}", "[^\0]{0,8}"), 0..8)) {
            let params = Params::from_pairs(pairs).unwrap();
            prop_assert_eq!(Params::parse(params.to_query().as_bytes()), Ok(params));
        }
    }
}
