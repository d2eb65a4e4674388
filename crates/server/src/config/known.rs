//! Which settings there are: those of the commented default file, no others.

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Value};

use super::problem::Problem;

/// The commented default file.
pub(super) const DEFAULT_FILE: &str = include_str!("../../palatine.default.toml");

/// How alike two names must be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.6;

/// The defaults. Cannot fail: a test reads the file, which is part of the program.
pub(super) fn defaults() -> Dict {
    Toml::from_str(DEFAULT_FILE).unwrap_or_default()
}

/// Every setting, those without a default included, with a value that shows its type.
pub(super) fn examples() -> Dict {
    let lines: Vec<&str> = DEFAULT_FILE.lines().map(|line| optional_setting(line).unwrap_or(line)).collect();
    Toml::from_str(&lines.join("\n")).unwrap_or_default()
}

/// The setting in a line such as `#key = "…"`; prose begins with a space.
fn optional_setting(line: &str) -> Option<&str> {
    let setting = line.strip_prefix('#')?;
    (setting.starts_with(|first: char| first.is_ascii_lowercase()) && setting.contains(" = ")).then_some(setting)
}

/// The example of a setting.
pub(super) fn example<'d>(examples: &'d Dict, path: &[&str]) -> Option<&'d Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(examples.get(*first)?, |value, key| match value {
        Value::Dict(_, dict) => dict.get(*key),
        _ => None,
    })
}

/// Keeps the settings that there are, and reports the others.
pub(super) fn only_known(given: Dict, place: &dyn Fn(&[&str]) -> String, problems: &mut Vec<Problem>) -> Dict {
    let examples = examples();
    let mut check = Check { all: dotted_keys(&examples), place, problems };
    check.keep(given, &examples, &[])
}

struct Check<'a> {
    all: Vec<String>,
    place: &'a dyn Fn(&[&str]) -> String,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn keep(&mut self, given: Dict, known: &Dict, above: &[&str]) -> Dict {
        let mut kept = Dict::new();
        for (key, value) in given {
            let path: Vec<&str> = above.iter().copied().chain([key.as_str()]).collect();
            match (known.get(&key), value) {
                (Some(Value::Dict(_, below)), Value::Dict(tag, inner)) => {
                    let inner = self.keep(inner, below, &path);
                    kept.insert(key, Value::Dict(tag, inner));
                }
                (None, _) => {
                    let hint = self.hint(&key, known, above);
                    self.report(&path, format!("unknown setting{hint}"));
                }
                (Some(Value::Dict(..)), _) => self.report(&path, "this is a section, not a setting".to_owned()),
                (Some(_), Value::Dict(..)) => self.report(&path, "this is a setting, not a section".to_owned()),
                (Some(_), value) => {
                    kept.insert(key, value);
                }
            }
        }
        kept
    }

    fn report(&mut self, path: &[&str], what: String) {
        let place = (self.place)(path);
        self.problems.push(Problem::at(&path.join("."), place, what));
    }

    /// What was probably meant: a neighbour with a similar name, or a setting of that name elsewhere.
    fn hint(&self, key: &str, neighbours: &Dict, above: &[&str]) -> String {
        let similar = neighbours
            .keys()
            .map(|known| (strsim::normalized_damerau_levenshtein(key, known), known))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        if let Some((_, known)) = similar {
            let path: Vec<&str> = above.iter().copied().chain([known.as_str()]).collect();
            return format!("; did you mean `{}`?", path.join("."));
        }
        if let Some(elsewhere) = self.all.iter().find(|dotted| dotted.rsplit('.').next() == Some(key)) {
            return format!("; did you mean `{elsewhere}`?");
        }
        let names: Vec<&str> = neighbours.keys().map(String::as_str).collect();
        format!("; there are {}", names.join(", "))
    }
}

fn dotted_keys(dict: &Dict) -> Vec<String> {
    let mut keys = Vec::new();
    for (key, value) in dict {
        match value {
            Value::Dict(_, below) => keys.extend(dotted_keys(below).iter().map(|rest| format!("{key}.{rest}"))),
            _ => keys.push(key.clone()),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(toml: &str) -> Vec<String> {
        let mut problems = Vec::new();
        only_known(Toml::from_str(toml).unwrap(), &|_| "here".to_owned(), &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_default_file_can_be_read_with_and_without_its_optional_settings() {
        Toml::from_str::<Dict>(DEFAULT_FILE).unwrap();
        assert!(!defaults().is_empty());
        let optional = example(&examples(), &["server", "public_url"]).cloned();
        assert_eq!(optional.and_then(Value::into_string).as_deref(), Some("https://id.example.com"));
        assert!(example(&defaults(), &["server", "public_url"]).is_none());
    }

    #[test]
    fn an_unknown_setting_is_named_with_what_was_probably_meant() {
        assert_eq!(
            problems_of("[server]\nlisen = 1\n[databse]\nurl = 2"),
            [
                "databse (here): unknown setting; did you mean `database`?",
                "server.lisen (here): unknown setting; did you mean `server.listen`?",
            ]
        );
    }

    #[test]
    fn a_setting_in_the_wrong_section_is_found_in_its_own() {
        assert_eq!(
            problems_of("[database]\nmemory_kib = 1"),
            ["database.memory_kib (here): unknown setting; did you mean `hashing.memory_kib`?"]
        );
        assert_eq!(problems_of("listen = 1"), ["listen (here): unknown setting; did you mean `server.listen`?"]);
    }

    #[test]
    fn a_setting_like_none_other_is_answered_with_those_there_are() {
        let problems = problems_of("[log]\nzzzzzzzzzzzz = 1");
        assert_eq!(problems, ["log.zzzzzzzzzzzz (here): unknown setting; there are format, level"]);
    }

    #[test]
    fn a_section_is_no_setting_and_a_setting_no_section() {
        assert_eq!(problems_of("server = 1"), ["server (here): this is a section, not a setting"]);
        assert_eq!(
            problems_of("[server.listen]\nport = 1"),
            ["server.listen (here): this is a setting, not a section"]
        );
    }
}
