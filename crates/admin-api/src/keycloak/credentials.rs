//! Credentials of users: what Keycloak made of their passwords.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_authn::{
    Argon2Algorithm, Argon2Parameters, ImportedHash, ImportedHashError, Pbkdf2Algorithm, imported, password_policy,
};
use palatine_domain::policy::RealmPolicy;
use serde_json::{Map, Value};

use super::json::Object;
use super::report::Notes;
use crate::document::PlainSecret;

/// A password, or what was made of one.
pub(super) enum Password {
    Hash(PlainSecret),
    Plain(String),
}

/// The password of a user, if it can be used.
pub(super) fn password(notes: &Notes, user: &mut Object<'_>, policy: &RealmPolicy, names: &[&str]) -> Option<Password> {
    let at = user.at("credentials");
    let mut password = None;
    for mut credential in user.objects("credentials") {
        let kind = credential.text("type").unwrap_or_default();
        if kind != "password" {
            let todo = "The user signs in with a password alone until there are second factors.";
            notes.lost(&at, format!("credentials of the type `{kind}`"), "there are none yet", todo);
            credential.ignore(&credential.unread());
        } else if password.is_some() {
            notes.lost(&at, "a second password", "a user has one", "");
            credential.ignore(&credential.unread());
        } else {
            password = read(notes, &mut credential, policy, names);
        }
        credential.finish();
    }
    password
}

fn read(notes: &Notes, credential: &mut Object<'_>, policy: &RealmPolicy, names: &[&str]) -> Option<Password> {
    credential.ignore(&["id", "createdDate", "userLabel", "priority", "config", "device", "federationLink"]);
    let reset = "Reset the password.";
    if credential.flag("temporary") == Some(true) {
        let why = "nobody is asked to change it at the first sign-in; it stays good";
        notes.changed(credential.path(), "a temporary password", why, reset);
    }
    let (data, secret) = (part(notes, credential, "credentialData"), part(notes, credential, "secretData"));
    if let Some(text) = credential.text("value") {
        return plain(notes, credential.path(), text, policy, names);
    }
    // The form of Keycloak 3 and earlier.
    credential.ignore(&["algorithm", "hashIterations", "hashedSaltedValue", "salt", "counter", "digits", "period"]);
    let parts = data.zip(secret).map(|(data, secret)| Parts { data, secret });
    let missing = || "`credentialData` or `secretData` is missing".to_owned();
    let hash = parts.ok_or_else(missing).and_then(|parts| parts.hash());
    match hash {
        Ok(hash) => Some(Password::Hash(PlainSecret::new(hash.as_str()))),
        Err(why) => {
            notes.lost(credential.path(), "a password", why, reset);
            None
        }
    }
}

/// A password in plain, as somebody wrote it into the file by hand.
fn plain(notes: &Notes, path: &str, text: &str, policy: &RealmPolicy, names: &[&str]) -> Option<Password> {
    match password_policy::check(&policy.passwords, text, names) {
        Ok(()) => Some(Password::Plain(text.to_owned())),
        Err(problems) => {
            let why = problems.first().map_or_else(String::new, ToString::to_string);
            notes.lost(path, "a password in plain", why, "Set another one.");
            None
        }
    }
}

/// JSON inside a text.
fn part(notes: &Notes, credential: &mut Object<'_>, key: &str) -> Option<Map<String, Value>> {
    let parsed = match credential.take(key)? {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(members) => Some(members.clone()),
        _ => None,
    };
    if parsed.is_none() {
        notes.lost(&credential.at(key), "a part of a credential", "it is no JSON object in a text", "");
    }
    parsed
}

/// The two halves of a credential.
struct Parts {
    data: Map<String, Value>,
    secret: Map<String, Value>,
}

impl Parts {
    fn hash(&self) -> Result<ImportedHash, String> {
        let algorithm = self.data.get("algorithm").and_then(Value::as_str).unwrap_or_default();
        let value = self.secret.get("value").and_then(Value::as_str).unwrap_or_default();
        match algorithm {
            "argon2" => self.argon2(),
            "pbkdf2" => self.pbkdf2(Pbkdf2Algorithm::Sha1),
            "pbkdf2-sha256" => self.pbkdf2(Pbkdf2Algorithm::Sha256),
            "pbkdf2-sha512" => self.pbkdf2(Pbkdf2Algorithm::Sha512),
            // Extensions of Keycloak keep the whole of it there.
            "bcrypt" => imported::parse(value).map_err(|error| error.to_string()),
            other => Err(format!("it was made by `{other}`, which is not known here")),
        }
    }

    fn pbkdf2(&self, algorithm: Pbkdf2Algorithm) -> Result<ImportedHash, String> {
        let iterations = number(self.data.get("hashIterations")).ok_or("it has no number of iterations")?;
        let hash = ImportedHash::pbkdf2(algorithm, iterations, &self.bytes("salt")?, &self.bytes("value")?);
        hash.map_err(|error: ImportedHashError| error.to_string())
    }

    fn argon2(&self) -> Result<ImportedHash, String> {
        let parameters = Argon2Parameters {
            algorithm: match self.additional("type").and_then(Value::as_str) {
                Some("id") => Argon2Algorithm::Argon2id,
                Some("i") => Argon2Algorithm::Argon2i,
                Some("d") => Argon2Algorithm::Argon2d,
                _ => return Err("it does not say which argon2 it is".to_owned()),
            },
            version: match self.additional("version").and_then(Value::as_str) {
                Some("1.3") => 19,
                Some("1.0") => 16,
                _ => return Err("it does not say which version of argon2 it is".to_owned()),
            },
            memory_kib: number(self.additional("memory")).ok_or("it does not say how much memory it takes")?,
            iterations: number(self.data.get("hashIterations")).ok_or("it has no number of iterations")?,
            parallelism: number(self.additional("parallelism")).ok_or("it does not say how many lanes it has")?,
        };
        let hash = ImportedHash::argon2(parameters, &self.bytes("salt")?, &self.bytes("value")?);
        hash.map_err(|error| error.to_string())
    }

    /// `additionalParameters` are lists of texts.
    fn additional(&self, key: &str) -> Option<&Value> {
        let value = self.data.get("additionalParameters")?.get(key)?;
        value.as_array().map_or(Some(value), |list| list.first())
    }

    fn bytes(&self, key: &str) -> Result<Vec<u8>, String> {
        let text = self.secret.get(key).and_then(Value::as_str).unwrap_or_default();
        STANDARD.decode(text).map_err(|_| format!("its `{key}` is not in base64"))
    }
}

/// A number, also in a text.
fn number(value: Option<&Value>) -> Option<u32> {
    let value = value?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.and_then(|number| u32::try_from(number).ok())
}
