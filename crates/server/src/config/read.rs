//! From merged layers to typed sections, with everything that is wrong and not only the first thing.

use figment::error::{Actual, Error, Kind};
use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use serde::de::DeserializeOwned;

use super::known;
use super::problem::Problem;
use super::secrets;

/// Reads sections, collecting what is wrong with them.
pub(super) struct Reader {
    merged: Figment,
    defaults: Dict,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(merged: Figment, problems: Vec<Problem>) -> Self {
        Self { merged, defaults: known::defaults(), problems }
    }

    /// A section as the crate that owns it wants it. `adapt` gives settings the names that they have there.
    ///
    /// A value that cannot be used is reported and replaced by its default, so that the rest is looked at too.
    pub(super) fn section<T: DeserializeOwned>(&mut self, name: &str, adapt: impl Fn(&mut Dict)) -> Option<T> {
        let mut settings = self.dict(name);
        // Each round reports a setting and puts it right.
        for _ in 0..=settings.len() {
            let mut adapted = settings.clone();
            adapt(&mut adapted);
            let error = match Value::from(adapted).deserialize() {
                Ok(section) => return Some(section),
                Err(error) => error,
            };
            let key = self.report(name, &settings, &error)?;
            let default = known::example(&self.defaults, &[name, &key]).cloned();
            let replaced = match default {
                Some(default) => settings.insert(key, default),
                None => settings.remove(&key),
            };
            replaced.as_ref()?;
        }
        None
    }

    /// Where a setting was set.
    pub(super) fn place(&self, dotted: &str) -> Option<String> {
        let path: Vec<&str> = dotted.split('.').collect();
        Some(self.merged.find_metadata(dotted)?.interpolate(&Profile::Default, &path))
    }

    fn dict(&self, name: &str) -> Dict {
        match self.merged.find_value(name) {
            Ok(Value::Dict(_, dict)) => dict,
            _ => Dict::new(),
        }
    }

    /// Gives the setting, as it is called in the section, that the error is about.
    fn report(&mut self, section: &str, settings: &Dict, error: &Error) -> Option<String> {
        let named = error.path.first().map(|key| if settings.contains_key(key) { key.as_str() } else { "url" });
        let Some(key) = named.filter(|key| settings.contains_key(*key)) else {
            self.problems.push(Problem::about(section, reason(&error.kind)));
            return None;
        };
        let below: Vec<&str> = error.path.iter().skip(1).map(String::as_str).collect();
        let dotted = [&[section, key], below.as_slice()].concat().join(".");
        let setting = format!("{section}.{key}");
        let value = settings.get(key).and_then(|value| value.find_ref(&below.join("."))).or_else(|| settings.get(key));
        let what = if secrets::is_secret(&setting) {
            format!("this cannot be used: expected {}", expected(&error.kind))
        } else {
            format!("{} cannot be used: {}", value.map(shown).unwrap_or_default(), reason(&error.kind))
        };
        let place = self.place(&setting);
        self.problems.push(Problem { key: dotted, place, what });
        Some(key.to_owned())
    }
}

/// A value as it is written in TOML.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Array(_, items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => match other.to_actual() {
            Actual::Bool(value) => value.to_string(),
            Actual::Unsigned(value) => value.to_string(),
            Actual::Signed(value) => value.to_string(),
            Actual::Float(value) => value.to_string(),
            _ => "this".to_owned(),
        },
    }
}

fn reason(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.clone(),
        Kind::UnknownVariant(_, variants) => {
            let variants: Vec<String> = variants.iter().map(|variant| format!("{variant:?}")).collect();
            format!("use {}", variants.join(" or "))
        }
        other => format!("expected {}", expected(other)),
    }
}

/// What would be allowed, without what was given.
fn expected(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) | Kind::InvalidLength(_, expected) => {
            plain(expected)
        }
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "a smaller number".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// Serde names Rust's types; an operator knows them by other words.
fn plain(expected: &str) -> String {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        other => other.to_owned(),
    }
}
