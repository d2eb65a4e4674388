//! Secrets in the document: in plain, or where they are to be found.

use std::fmt;
use std::path::PathBuf;

use palatine_domain::SecretText;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// Where a secret comes from: its own text, or `env:NAME`, `file:path`, `generated:NAME`.
///
/// `plain:` before a text says that it is one, whatever it begins with.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The text itself.
    Plain(PlainSecret),
    /// An environment variable of the applying process.
    Environment(String),
    /// A file; a relative path starts at the folder of the document. One line break at its end is no part of it.
    File(PathBuf),
    /// One that the applying process made for this name.
    Generated(String),
}

/// A secret that stands in a document. Prints nothing of itself.
#[derive(Clone)]
pub struct PlainSecret(SecretText);

impl PlainSecret {
    /// Takes a secret in.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(SecretText::new(secret))
    }

    /// The secret.
    pub fn text(&self) -> &SecretText {
        &self.0
    }
}

impl PartialEq for PlainSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl Eq for PlainSecret {}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(…)")
    }
}

impl Serialize for PlainSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for PlainSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SecretText::deserialize(deserializer).map(Self)
    }
}

impl SecretSource {
    /// The text itself.
    pub fn plain(secret: impl Into<String>) -> Self {
        Self::Plain(PlainSecret::new(secret))
    }

    fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("env", name)) => Self::Environment(name.to_owned()),
            Some(("file", path)) => Self::File(PathBuf::from(path)),
            Some(("generated", name)) => Self::Generated(name.to_owned()),
            Some(("plain", text)) => Self::Plain(PlainSecret(SecretText::new(text))),
            _ => Self::Plain(PlainSecret(SecretText::new(text))),
        }
    }
}

/// As it is read; a plain text that looks like another source says that it is plain.
impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(secret) => {
                let text = secret.text().expose();
                match Self::parse(text) {
                    Self::Plain(again) if again == *secret => serializer.serialize_str(text),
                    _ => serializer.collect_str(&format_args!("plain:{text}")),
                }
            }
            Self::Environment(name) => serializer.collect_str(&format_args!("env:{name}")),
            Self::File(path) => serializer.collect_str(&format_args!("file:{}", path.display())),
            Self::Generated(name) => serializer.collect_str(&format_args!("generated:{name}")),
        }
    }
}

impl utoipa::PartialSchema for SecretSource {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let words =
            "A secret: its own text, or env:NAME, file:path, generated:NAME; plain: before a text says that it is one.";
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(words))
            .into()
    }
}

impl utoipa::ToSchema for SecretSource {}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Environment(name) => f.debug_tuple("Environment").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Generated(name) => f.debug_tuple("Generated").field(name).finish(),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = SecretSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret, or env:NAME, file:path or generated:NAME")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretSource, E> {
                Ok(SecretSource::parse(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_says_where_a_secret_comes_from() {
        assert_eq!(SecretSource::parse("env:A_B"), SecretSource::Environment("A_B".into()));
        assert_eq!(SecretSource::parse("file:x/y"), SecretSource::File("x/y".into()));
        assert_eq!(SecretSource::parse("generated:operator"), SecretSource::Generated("operator".into()));
        let plain = |text: &str| SecretSource::Plain(PlainSecret(SecretText::new(text)));
        assert_eq!(SecretSource::parse("s3:cr3t"), plain("s3:cr3t"));
        assert_eq!(SecretSource::parse("plain:env:x"), plain("env:x"));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in ["env:A", "file:x/y", "generated:operator", "plain:env:x", "s3:cr3t", "plain:plain:y"] {
            let source = SecretSource::parse(text);
            let written = serde_json::to_value(&source).unwrap();
            assert_eq!(serde_json::from_value::<SecretSource>(written).unwrap(), source, "{text}");
        }
    }

    #[test]
    fn a_plain_secret_does_not_print_itself() {
        assert!(!format!("{:?}", SecretSource::parse("hunter2")).contains("hunter2"));
    }
}
