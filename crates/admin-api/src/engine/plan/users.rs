//! Users. What a document does not say about a user stays as it is.

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{GroupId, RoleId, UserId};
use palatine_domain::user::{CustomField, User, UserProfile};

use super::{Op, Planner, unknown};
use crate::engine::change::{Change, What};
use crate::engine::check::DesiredUser;
use crate::engine::state::KnownUser;

impl<'s> Planner<'s> {
    pub(super) fn users(&mut self, custom_fields: &[CustomField]) {
        for wanted in &self.desired.users {
            self.check_custom(wanted, custom_fields);
            match self.known(wanted) {
                Some(known) => self.known_user(wanted, known),
                None => self.new_user(wanted),
            }
        }
    }

    /// Somebody who is renamed is known by their row.
    fn known(&self, wanted: &DesiredUser) -> Option<&'s KnownUser> {
        let state = self.state;
        match wanted.id {
            Some(id) => state.users.values().find(|known| known.user.id == id),
            None => state.users.get(&wanted.username),
        }
    }

    fn check_custom(&mut self, wanted: &DesiredUser, fields: &[CustomField]) {
        for (name, value) in &wanted.custom {
            let at = wanted.at().then("custom").then(name);
            let Some(field) = fields.iter().find(|field| field.name == *name) else {
                let words = unknown("custom field", name, fields.iter().map(|field| field.name.as_str()));
                self.problem(&at, words);
                continue;
            };
            if let Err(error) = field.check_value(value) {
                self.problem(&at, error.to_string());
            }
        }
    }

    fn new_user(&mut self, wanted: &DesiredUser) {
        let at = wanted.at();
        let user = User {
            id: self.ambient.id(),
            subject: wanted.subject.clone().unwrap_or_else(|| self.ambient.random_uuid().to_string()),
            enabled: wanted.enabled.unwrap_or(true),
            username: wanted.username.clone(),
            email: wanted.email.clone(),
            email_verified: wanted.email_verified.unwrap_or(false),
            profile: wanted.profile.clone(),
            custom: wanted.custom.clone(),
            created_at: self.now,
            updated_at: self.now,
        };
        let id = user.id;
        self.change(Change::created(What::User, &wanted.username));
        self.step(&at, Op::InsertUser(Box::new(user)));
        let key = if wanted.password_hash.is_some() { "password_hash" } else { "initial_password" };
        let has_password = wanted.password_hash.is_some() || wanted.initial_password.is_some();
        match self.hashes.passwords.get(&wanted.username).filter(|_| has_password) {
            Some(hash) => self.step(&at.then(key), Op::SetPassword(id, hash.clone())),
            // The user existed when we looked, and is gone.
            None if has_password => self.overtaken = true,
            None => {}
        }
        let (roles, groups) = self.memberships(wanted);
        self.give(wanted, id, roles, groups);
    }

    fn known_user(&mut self, wanted: &DesiredUser, known: &KnownUser) {
        self.check_identity(wanted, &known.user);
        let user = if self.extent.is_exact() { replaced(wanted, &known.user) } else { overlaid(wanted, &known.user) };
        let (roles, groups) = self.memberships(wanted);
        let lost_roles: Vec<_> = self.surplus(&known.roles, &roles).collect();
        let lost_groups: Vec<_> = self.surplus(&known.groups, &groups).collect();
        let roles: Vec<_> = roles.into_iter().filter(|role| !known.roles.contains(role)).collect();
        let groups: Vec<_> = groups.into_iter().filter(|group| !known.groups.contains(group)).collect();
        let differs = differ(&user, &known.user);
        let moved = !(roles.is_empty() && groups.is_empty() && lost_roles.is_empty() && lost_groups.is_empty());
        if differs || moved {
            self.change(Change::updated(What::User, &wanted.username));
        }
        if differs {
            self.step(&wanted.at(), Op::UpdateUser(Box::new(user)));
        }
        self.give(wanted, known.user.id, roles, groups);
        for role in lost_roles {
            self.step(&wanted.at().then("roles"), Op::TakeRoleFromUser(role, known.user.id));
        }
        for group in lost_groups {
            self.step(&wanted.at().then("groups"), Op::RemoveMember(group, known.user.id));
        }
    }

    /// The user found by the name must be the one who is meant.
    fn check_identity(&mut self, wanted: &DesiredUser, stored: &User) {
        let by_name = wanted.id.is_none();
        if by_name && NormalisedIdentifier::parse(&stored.username).ok().as_ref() != Some(&wanted.identifier) {
            let words = format!("`{}` signs in with this name as their e-mail address", stored.username);
            self.problem(&wanted.at(), words);
        } else if wanted.subject.as_ref().is_some_and(|subject| *subject != stored.subject) {
            let words = format!("a user keeps the subject; this one's is `{}`", stored.subject);
            self.problem(&wanted.at().then("subject"), words);
        }
    }

    fn memberships(&mut self, wanted: &DesiredUser) -> (Vec<RoleId>, Vec<GroupId>) {
        (self.known_roles(&wanted.roles, &wanted.at()), self.known_groups(&wanted.groups, &wanted.at()))
    }

    fn give(&mut self, wanted: &DesiredUser, user: UserId, roles: Vec<RoleId>, groups: Vec<GroupId>) {
        for role in roles {
            self.step(&wanted.at().then("roles"), Op::GiveRoleToUser(role, user));
        }
        for group in groups {
            self.step(&wanted.at().then("groups"), Op::AddMember(group, user));
        }
    }
}

/// The user as the document says, and nothing else.
fn replaced(wanted: &DesiredUser, stored: &User) -> User {
    User {
        username: wanted.username.clone(),
        enabled: wanted.enabled.unwrap_or(true),
        email: wanted.email.clone(),
        // A proof is of one address.
        email_verified: wanted.email_verified.unwrap_or(wanted.email == stored.email && stored.email_verified),
        profile: wanted.profile.clone(),
        custom: wanted.custom.clone(),
        ..stored.clone()
    }
}

/// The user, with what the document says.
fn overlaid(wanted: &DesiredUser, stored: &User) -> User {
    let mut user = stored.clone();
    user.username.clone_from(&wanted.username);
    user.enabled = wanted.enabled.unwrap_or(stored.enabled);
    if wanted.email.is_some() && wanted.email != stored.email {
        user.email.clone_from(&wanted.email);
        // The proof was of the other address.
        user.email_verified = false;
    }
    user.email_verified = wanted.email_verified.unwrap_or(user.email_verified);
    user.profile = overlaid_profile(&wanted.profile, &stored.profile);
    user.custom.extend(wanted.custom.iter().map(|(name, value)| (name.clone(), value.clone())));
    user
}

fn overlaid_profile(wanted: &UserProfile, stored: &UserProfile) -> UserProfile {
    let other_number = wanted.phone_number.is_some() && wanted.phone_number != stored.phone_number;
    let proved = wanted.phone_number_verified.or(if other_number { None } else { stored.phone_number_verified });
    let text = |wanted: &Option<String>, stored: &Option<String>| wanted.as_ref().or(stored.as_ref()).cloned();
    UserProfile {
        name: text(&wanted.name, &stored.name),
        given_name: text(&wanted.given_name, &stored.given_name),
        family_name: text(&wanted.family_name, &stored.family_name),
        middle_name: text(&wanted.middle_name, &stored.middle_name),
        nickname: text(&wanted.nickname, &stored.nickname),
        profile: text(&wanted.profile, &stored.profile),
        picture: text(&wanted.picture, &stored.picture),
        website: text(&wanted.website, &stored.website),
        gender: text(&wanted.gender, &stored.gender),
        birthdate: text(&wanted.birthdate, &stored.birthdate),
        zoneinfo: text(&wanted.zoneinfo, &stored.zoneinfo),
        locale: text(&wanted.locale, &stored.locale),
        phone_number: text(&wanted.phone_number, &stored.phone_number),
        phone_number_verified: proved,
        address: wanted.address.as_ref().or(stored.address.as_ref()).cloned(),
    }
}

fn differ(a: &User, b: &User) -> bool {
    a.username != b.username
        || a.enabled != b.enabled
        || a.email != b.email
        || a.email_verified != b.email_verified
        || a.profile != b.profile
        || a.custom != b.custom
}
