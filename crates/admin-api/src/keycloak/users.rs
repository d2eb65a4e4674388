//! Users, and the service accounts of clients.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::user::UserProfile;
use serde_json::Value;

use super::credentials::{self, Password};
use super::json::Object;
use super::realm::Realm;
use super::roles::Held;
use super::{attributes, groups};
use crate::document::{RealmDocument, SecretSource, UserDocument, is_email_address};

/// The longest standard claim, and the longest value of a custom field, in characters.
const MAX_CLAIM: usize = 2_048;
const MAX_CUSTOM: usize = 1_024;

/// Puts the users, and what service accounts may do, into the document.
pub(super) fn users(realm: &Realm<'_>, root: &mut Object<'_>, document: &mut RealmDocument) {
    let mut people = People { realm, owners: BTreeMap::new(), subjects: BTreeSet::new() };
    let mut named = Vec::new();
    for mut user in root.objects("users") {
        let username = user.words("username");
        if let Some(username) = username {
            user.name(format!("users/{username}"));
        }
        if let Some(client) = user.words("serviceAccountClientId") {
            service_account(realm, &mut user, client, document);
            user.finish();
        } else if let Some(username) = username.filter(|name| people.claim(&user, name)) {
            named.push((username, user));
        } else if username.is_none() {
            let todo = "Give the user a username in Keycloak and export again.";
            realm.notes.lost(user.path(), "a user", "there is no username", todo);
        }
    }
    // Usernames first: an address that is somebody's username is theirs.
    for (username, user) in named {
        let user = people.user(username, user, document);
        document.users.insert(username.to_owned(), user);
    }
}

/// A client's service account is the client itself here.
fn service_account(realm: &Realm<'_>, user: &mut Object<'_>, client_id: &str, document: &mut RealmDocument) {
    let held = Held::by(user);
    let Some(client) = document.clients.get_mut(client_id) else {
        let why = format!("the client `{client_id}` was not imported");
        realm.notes.lost(user.path(), "a service account", why, "");
        user.ignore(&user.unread());
        return;
    };
    client.roles = realm.access.held(user.path(), &held);
    if user.take("attributes").is_some_and(super::json::says_something) {
        realm.notes.lost(&user.at("attributes"), "attributes of service accounts", "a client has none", "");
    }
    if !user.texts("groups").is_empty() {
        let todo = "Give the client the roles of the group.";
        realm.notes.lost(&user.at("groups"), "groups of service accounts", "a client is in no group", todo);
    }
    let why = "the `sub` of its tokens is its client_id";
    realm.notes.changed(user.path(), "a service account", why, "See who compares the `sub` of its tokens.");
    user.ignore(&user.unread());
}

/// The people so far, and what is theirs alone.
struct People<'p, 'a> {
    realm: &'p Realm<'a>,
    /// Who signs in with a name.
    owners: BTreeMap<NormalisedIdentifier, String>,
    subjects: BTreeSet<String>,
}

impl People<'_, '_> {
    /// Takes a username; `false` if it is none, or somebody else's.
    fn claim(&mut self, user: &Object<'_>, username: &str) -> bool {
        let Ok(name) = NormalisedIdentifier::parse(username) else {
            let why = "a sign-in name has 1 to 255 characters and no control characters";
            self.realm.notes.lost(user.path(), "a user", why, "");
            return false;
        };
        if let Some(owner) = self.owners.get(&name) {
            let why = format!("`{owner}` signs in with this name too (capitals do not count)");
            self.realm.notes.lost(user.path(), "a user", why, "");
            return false;
        }
        self.owners.insert(name, username.to_owned());
        true
    }

    fn user(&mut self, username: &str, mut user: Object<'_>, document: &RealmDocument) -> UserDocument {
        let mut imported = UserDocument {
            subject: self.subject(&mut user, document),
            enabled: user.flag("enabled").filter(|enabled| !enabled),
            email: self.email(username, &mut user),
            ..UserDocument::default()
        };
        let is_proved = user.flag("emailVerified") == Some(true);
        imported.email_verified = Some(true).filter(|_| is_proved && imported.email.is_some());
        imported.profile = self.names(&mut user);
        self.attributes(&mut user, &mut imported);
        let held = Held::by(&mut user);
        imported.roles = self.realm.access.held(user.path(), &held);
        imported.groups = self.groups(&mut user, document);
        let names: Vec<&str> = std::iter::once(username).chain(imported.email.as_deref()).collect();
        match credentials::password(self.realm.notes, &mut user, &document.policy, &names) {
            Some(Password::Hash(hash)) => imported.password_hash = Some(hash),
            Some(Password::Plain(text)) => imported.initial_password = Some(SecretSource::plain(text)),
            None => {}
        }
        self.rest(&mut user);
        user.finish();
        imported
    }

    /// Clients know people by it, so it stays.
    fn subject(&mut self, user: &mut Object<'_>, document: &RealmDocument) -> Option<String> {
        let id = user.text("id")?;
        let fits = (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && !document.clients.contains_key(id) && self.subjects.insert(id.to_owned()) {
            return Some(id.to_owned());
        }
        let why = "it is no subject, or somebody else's; the user gets a new one";
        self.realm.notes.changed(&user.at("id"), "the `sub` of a user", why, "Clients take the user for somebody new.");
        None
    }

    fn email(&mut self, username: &str, user: &mut Object<'_>) -> Option<String> {
        let (email, path) = (user.words("email")?, user.at("email"));
        let name = NormalisedIdentifier::parse(email).ok().filter(|_| is_email_address(email));
        let Some(name) = name else {
            self.realm.notes.lost(&path, "an e-mail address", "it is none that can be written to", "");
            return None;
        };
        let owner = self.owners.entry(name).or_insert_with(|| username.to_owned());
        if owner == username {
            return Some(email.to_owned());
        }
        let why = format!("`{owner}` signs in with it (capitals do not count)");
        self.realm.notes.lost(&path, "an e-mail address", why, "Give the user another address.");
        None
    }

    fn names(&self, user: &mut Object<'_>) -> UserProfile {
        let mut name = |key: &str| {
            let name = user.words(key)?;
            if name.chars().count() > MAX_CLAIM {
                self.realm.notes.lost(&user.at(key), "a name", format!("it has more than {MAX_CLAIM} characters"), "");
                return None;
            }
            Some(name.to_owned())
        };
        let (given_name, family_name) = (name("firstName"), name("lastName"));
        let whole: Vec<&str> = [&given_name, &family_name].into_iter().flatten().map(String::as_str).collect();
        let whole = whole.join(" ");
        let name = Some(whole).filter(|name| (1..=MAX_CLAIM).contains(&name.chars().count()));
        UserProfile { name, given_name, family_name, ..UserProfile::default() }
    }

    /// Standard claims, or custom fields.
    fn attributes(&self, user: &mut Object<'_>, imported: &mut UserDocument) {
        let path = user.at("attributes");
        for (attribute, values) in user.lists_by_name("attributes") {
            let values: Vec<&str> = values.into_iter().filter(|value| !value.is_empty()).collect();
            if values.is_empty() {
                continue;
            }
            let what = || format!("the attribute `{attribute}`");
            let is_standard = attributes::is_standard(attribute);
            if values.len() > 1 {
                let why = "it has several values; they stand in one text, with commas between them";
                self.realm.notes.changed(&path, what(), why, "See who reads it.");
            }
            let value = values.join(",");
            let most = if is_standard { MAX_CLAIM } else { MAX_CUSTOM };
            if value.chars().count() > most {
                self.realm.notes.lost(&path, what(), format!("it has more than {most} characters"), "");
            } else if !is_standard {
                let field = self.realm.attributes.field(&path, attribute);
                imported.custom.extend(field.map(|field| (field, Value::String(value))));
            } else {
                attributes::set_standard(&mut imported.profile, attribute, &value);
            }
        }
    }

    fn groups(&self, user: &mut Object<'_>, document: &RealmDocument) -> Vec<String> {
        let at = user.at("groups");
        let mut found: Vec<String> = Vec::new();
        for path in user.texts("groups") {
            let path = groups::document_path(path);
            if !groups::has(&document.groups, path) {
                let why = "the realm has no such group, or it was not imported";
                self.realm.notes.lost(&at, format!("the group `{path}`"), why, "");
            } else if !found.iter().any(|group| group == path) {
                found.push(path.to_owned());
            }
        }
        found
    }

    /// What has no counterpart.
    fn rest(&self, user: &mut Object<'_>) {
        let notes = self.realm.notes;
        for action in user.texts("requiredActions") {
            let todo = match action {
                "UPDATE_PASSWORD" => "The password stays good; reset it if it was given out.",
                "VERIFY_EMAIL" => "The address is not proved.",
                _ => "",
            };
            let what = format!("the required action `{action}`");
            notes.lost(&user.at("requiredActions"), what, "nobody is asked to do anything at sign-in", todo);
        }
        for mut identity in user.objects("federatedIdentities") {
            let provider = identity.text("identityProvider").unwrap_or_default();
            let what = format!("sign-in by `{provider}`");
            notes.lost(&user.at("federatedIdentities"), what, "there are no other providers yet", "Give a password.");
        }
        for key in ["federationLink", "origin"] {
            user.no_counterpart(key, "a user of a directory", "there is none yet", "Give a password.");
        }
        user.no_counterpart("clientConsents", "what a person has allowed", "clients ask once more", "");
        if user.take("createdTimestamp").is_some() {
            notes.changed("users/*/createdTimestamp", "when accounts were made", "it is when they were imported", "");
        }
        user.no_counterpart("applicationRoles", "roles in an old form", "export with Keycloak 22 or later", "");
        user.no_counterpart("socialLinks", "sign-in in an old form", "export with Keycloak 22 or later", "");
        user.ignore(&["access", "self", "totp", "disableableCredentialTypes", "notBefore", "userProfileMetadata"]);
    }
}
