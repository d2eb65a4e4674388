//! One place where settings come from: the defaults, a file, the environment, the flags.

use std::path::Path;
use std::sync::Arc;

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::environment::PREFIX;
use super::known;
use super::problem::Problem;
use super::secrets;

/// Where a layer's values stand.
#[derive(Clone, Debug)]
enum Origin {
    Defaults,
    File {
        name: String,
        text: Arc<str>,
    },
    Environment,
    Flags,
    /// What a command decides by itself, such as `palatine dev`.
    Command(&'static str),
}

impl Origin {
    /// Where exactly a setting stands.
    fn place_of(&self, path: &[&str]) -> String {
        match self {
            Self::Defaults => "default".to_owned(),
            Self::File { name, text } => match line_of(text, path) {
                Some(line) => format!("{name}, line {line}"),
                None => name.clone(),
            },
            Self::Environment => format!("environment variable {PREFIX}{}", path.join("__").to_uppercase()),
            Self::Flags => flag_of(path),
            Self::Command(command) => (*command).to_owned(),
        }
    }
}

/// The flag that gives a setting.
fn flag_of(path: &[&str]) -> String {
    let name = |key: &str| key.replace('_', "-");
    match path {
        ["server", "tls", key] => format!("--tls-{}", name(key.trim_end_matches("_file"))),
        _ => format!("--{}", name(path.last().unwrap_or(&""))),
    }
}

/// Settings from one place, checked for unknown ones, with the secrets of `_file` settings read.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    origin: Origin,
    values: Dict,
}

impl Layer {
    pub(super) fn defaults() -> Self {
        Self { origin: Origin::Defaults, values: known::defaults() }.with_secrets(&mut Vec::new())
    }

    pub(super) fn file(path: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::toml(&name, &text, problems),
            Err(error) => {
                problems.push(Problem::at("", name, format!("the configuration file cannot be read: {error}")));
                None
            }
        }
    }

    pub(super) fn toml(name: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        match Toml::from_str(text) {
            Ok(values) => {
                Some(Self::checked(Origin::File { name: name.to_owned(), text: text.into() }, values, problems))
            }
            Err(error) => {
                problems.push(Problem::at("", name, format!("this is not TOML: {}", error.to_string().trim_end())));
                None
            }
        }
    }

    /// The variables of ours among those given.
    pub(super) fn environment(variables: &[(String, String)], problems: &mut Vec<Problem>) -> Self {
        let ours = variables.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value)));
        let settings = ours.map(|(name, value)| (name.to_lowercase().replace("__", "."), value.clone()));
        Self::checked(Origin::Environment, nested(settings), problems)
    }

    /// Settings by their dotted names, given as flags of the same name.
    pub(super) fn flags(flags: Vec<(&'static str, String)>, problems: &mut Vec<Problem>) -> Self {
        let settings = flags.into_iter().map(|(key, value)| (key.to_owned(), value));
        Self::checked(Origin::Flags, nested(settings), problems)
    }

    /// Settings by their dotted names, decided by a command.
    pub(super) fn command(name: &'static str, settings: Vec<(&'static str, String)>) -> Self {
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value));
        Self::checked(Origin::Command(name), nested(settings), &mut Vec::new())
    }

    fn checked(origin: Origin, values: Dict, problems: &mut Vec<Problem>) -> Self {
        let place = origin.clone();
        let values = known::only_known(values, &|path| place.place_of(path), problems);
        Self { origin, values }.with_secrets(problems)
    }

    fn with_secrets(mut self, problems: &mut Vec<Problem>) -> Self {
        let origin = self.origin.clone();
        secrets::read_files(&mut self.values, &|path| origin.place_of(path), problems);
        self
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let origin = self.origin.clone();
        Metadata::named("settings").interpolater(move |_: &Profile, path: &[&str]| origin.place_of(path))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// Texts by dotted names as nested values, of the types that the settings have.
fn nested(settings: impl Iterator<Item = (String, String)>) -> Dict {
    let examples = known::examples();
    let mut dict = Dict::new();
    for (dotted, text) in settings {
        let path: Vec<&str> = dotted.split('.').collect();
        let value = match known::example(&examples, &path) {
            Some(example) => typed(example, &text),
            None => Value::from(text),
        };
        insert(&mut dict, &path, value);
    }
    dict
}

/// The text as a value of the example's type; as text if it is none, which is then refused with its name.
fn typed(example: &Value, text: &str) -> Value {
    let typed = match example {
        Value::Num(..) => text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from)).ok(),
        Value::Bool(..) => text.parse::<bool>().map(Value::from).ok(),
        Value::Array(..) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::from(items.map(str::to_owned).collect::<Vec<String>>()))
        }
        _ => None,
    };
    typed.unwrap_or_else(|| Value::from(text))
}

fn insert(dict: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            dict.insert((*key).to_owned(), value);
        }
        [section, rest @ ..] => {
            let below = dict.entry((*section).to_owned()).or_insert_with(|| Value::from(Dict::new()));
            match below {
                Value::Dict(_, below) => insert(below, rest, value),
                // The name is a setting and a section at once: the check of names refuses the section.
                other => {
                    let mut below = Dict::new();
                    insert(&mut below, rest, value);
                    *other = Value::from(below);
                }
            }
        }
    }
}

/// The line, from 1, on which a TOML file sets something. None for spellings that this does not look for.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let (key, section) = path.split_last()?;
    let header = format!("[{}]", section.join("."));
    let mut current = section.is_empty();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            if line.starts_with(&format!("[{}]", path.join("."))) {
                return Some(at + 1);
            }
            current = line.starts_with(&header);
        } else if current && line.split('=').next().is_some_and(|name| name.trim() == *key) {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_in_its_section_alone() {
        let text = "a = 1\n[one]\nurl = 1\n[two]\n# url = 0\nurl = 2\n[two.roles]\napp = 3\n";
        assert_eq!(line_of(text, &["a"]), Some(1));
        assert_eq!(line_of(text, &["two", "url"]), Some(6));
        assert_eq!(line_of(text, &["two", "roles", "app"]), Some(8));
        assert_eq!(line_of(text, &["two"]), Some(4));
        assert_eq!(line_of(text, &["three", "url"]), None);
    }

    #[test]
    fn variables_of_others_are_not_looked_at() {
        let mut problems = Vec::new();
        let variables = [("PATH", "/bin"), ("PALATINE_HOME", "x"), ("PALATINE__LOG__LEVEL", "debug")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let layer = Layer::environment(&variables, &mut problems);
        let sections: Vec<&str> = layer.values.keys().map(String::as_str).collect();
        assert_eq!((sections, problems), (vec!["log"], Vec::new()));
    }
}
