//! Secrets, given themselves or as the path of a file that holds them.

use std::path::Path;

use figment::value::{Dict, Value};

use super::problem::Problem;

/// Settings with a secret, by section and name. Each has a twin with `_file` at its end.
const SECRETS: [(&str, &str); 3] = [("database", "url"), ("redis", "url"), ("master_key", "key")];

/// The list of secrets and the list of their files.
const SECRET_LIST: (&str, &str, &str) = ("master_key", "previous", "previous_files");

/// Whether what a setting holds must not be repeated.
pub(super) fn is_secret(dotted: &str) -> bool {
    let list = (SECRET_LIST.0, SECRET_LIST.1);
    SECRETS.iter().chain([&list]).any(|(section, key)| dotted.strip_prefix(section) == Some(&format!(".{key}")))
}

/// Puts what the files hold in the place of their paths. Within one layer a secret is given once.
pub(super) fn read_files(values: &mut Dict, place: &dyn Fn(&[&str]) -> String, problems: &mut Vec<Problem>) {
    for (section, key) in SECRETS {
        let Some(Value::Dict(_, settings)) = values.get_mut(section) else { continue };
        let file_key = format!("{key}_file");
        let Some(path) = settings.remove(&file_key) else { continue };
        let at = place(&[section, &file_key]);
        let dotted = format!("{section}.{file_key}");
        if settings.contains_key(key) {
            problems.push(Problem::at(&dotted, at, format!("`{section}.{key}` is given too; give one of them")));
            continue;
        }
        match read(&path) {
            Ok(secret) => {
                settings.insert(key.to_owned(), Value::from(secret));
            }
            Err(what) => problems.push(Problem::at(&dotted, at, what)),
        }
    }
    read_list(values, place, problems);
}

fn read_list(values: &mut Dict, place: &dyn Fn(&[&str]) -> String, problems: &mut Vec<Problem>) {
    let (section, key, files_key) = SECRET_LIST;
    let Some(Value::Dict(_, settings)) = values.get_mut(section) else { return };
    let Some(paths) = settings.remove(files_key) else { return };
    let dotted = format!("{section}.{files_key}");
    let Value::Array(_, paths) = paths else {
        problems.push(Problem::at(&dotted, place(&[section, files_key]), "expected a list of paths"));
        return;
    };
    let mut read_here = Vec::new();
    for path in &paths {
        match read(path) {
            Ok(secret) => read_here.push(Value::from(secret)),
            Err(what) => problems.push(Problem::at(&dotted, place(&[section, files_key]), what)),
        }
    }
    if read_here.is_empty() {
        return;
    }
    match settings.get_mut(key) {
        Some(Value::Array(_, given)) => given.append(&mut read_here),
        _ => {
            settings.insert(key.to_owned(), Value::from(read_here));
        }
    }
}

/// The file's text without the end of its last line.
fn read(path: &Value) -> Result<String, String> {
    let Some(path) = path.as_str().filter(|path| !path.is_empty()) else {
        return Err("expected the path of a file".to_owned());
    };
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(format!("{path} is empty")) } else { Ok(secret.to_owned()) }
}

#[cfg(test)]
mod tests {
    use figment::providers::{Format as _, Toml};

    use super::*;

    fn read_from(toml: &str) -> (Dict, Vec<String>) {
        let mut values: Dict = Toml::from_str(toml).unwrap();
        let mut problems = Vec::new();
        read_files(&mut values, &|_| "here".to_owned(), &mut problems);
        (values, problems.iter().map(ToString::to_string).collect())
    }

    fn find(values: &Dict, path: &str) -> Option<Value> {
        Value::from(values.clone()).find(path)
    }

    #[test]
    fn a_secret_is_read_from_its_file_without_the_end_of_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "postgres://u:p@h/d\n").unwrap();
        let (values, problems) = read_from(&format!("[database]\nurl_file = {file:?}"));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(find(&values, "database.url").unwrap().as_str(), Some("postgres://u:p@h/d"));
        assert!(find(&values, "database.url_file").is_none());
    }

    #[test]
    fn previous_keys_come_from_both_lists() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "old2").unwrap();
        let (values, _) = read_from(&format!("[master_key]\nprevious = ['old1']\nprevious_files = [{file:?}]"));
        let keys: Vec<String> = find(&values, "master_key.previous").unwrap().deserialize().unwrap();
        assert_eq!(keys, ["old1", "old2"]);
    }

    #[test]
    fn a_missing_file_and_a_secret_given_twice_are_named() {
        let (_, problems) = read_from("[redis]\nurl_file = '/nonexistent/redis'");
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("redis.url_file (here): /nonexistent/redis cannot be read: "), "{problems:?}");
        let (_, problems) = read_from("[master_key]\nkey = 'x'\nkey_file = 'y'");
        assert_eq!(problems, ["master_key.key_file (here): `master_key.key` is given too; give one of them"]);
    }

    #[test]
    fn the_settings_with_secrets_are_known_as_such() {
        for secret in ["database.url", "redis.url", "master_key.key", "master_key.previous"] {
            assert!(is_secret(secret), "{secret}");
        }
        assert!(!is_secret("server.public_url") && !is_secret("database.url_file"));
    }
}
