//! What mappers add: those of the granted scopes, then the client's own.

use palatine_domain::client::Client;
use palatine_domain::mapper::{ClaimRule, ClaimSource, ClaimTarget, MapperRule, UserProperty};
use palatine_domain::roles::Holdings;
use palatine_domain::user::User;
use palatine_protocol::claims::ExtraClaims;
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use serde_json::Value;

use super::roles;

/// Whom a token or an answer speaks of, to whom, and for what.
pub(super) struct Context<'a> {
    pub(super) realm: &'a Realm,
    pub(super) client: &'a Client,
    /// `None`: the client itself.
    pub(super) user: Option<&'a User>,
    pub(super) holdings: &'a Holdings,
    pub(super) scope: &'a ScopeSet,
}

impl Context<'_> {
    /// Writes what belongs there.
    pub(super) fn write(&self, claims: &mut ExtraClaims, target: ClaimTarget) {
        let fields = &self.realm.settings().custom_fields;
        for mapper in self.realm.catalogue().mappers(self.client.key, self.scope) {
            // A mapper is checked when it is stored; one that was stored all the same does nothing.
            let MapperRule::Claim(rule) = &mapper.rule else { continue };
            if !rule.targets.contains(&target) || mapper.rule.check(fields).is_err() {
                continue;
            }
            if let Some(value) = self.value(rule) {
                rule.claim.write(claims, value);
            }
        }
    }

    /// The claim's value; `None` if there is nothing to say.
    fn value(&self, rule: &ClaimRule) -> Option<Value> {
        let typed = |value: Value| match rule.json_type {
            Some(json_type) => json_type.of(&value),
            None => Some(value),
        };
        match self.facts(&rule.source)? {
            Value::Array(values) => {
                let values: Vec<Value> = values.into_iter().filter_map(typed).collect();
                (!values.is_empty()).then_some(Value::Array(values))
            }
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            single if rule.multivalued => Some(Value::Array(vec![typed(single)?])),
            single => typed(single),
        }
    }

    fn facts(&self, source: &ClaimSource) -> Option<Value> {
        match source {
            ClaimSource::UserAttribute(field) => self.user?.custom.get(field).cloned(),
            ClaimSource::UserProperty(property) => property_of(self.user?, *property),
            ClaimSource::Roles { client: None, prefix } => Some(
                roles::visible(self.client, self.holdings).map(|role| Value::from(format!("{prefix}{role}"))).collect(),
            ),
            ClaimSource::Roles { client: Some(client), prefix } => {
                let of_client = self.holdings.client_roles.values().find(|held| held.client_id == *client)?;
                Some(of_client.roles.iter().map(|role| Value::from(format!("{prefix}{role}"))).collect())
            }
            ClaimSource::Groups { full_path } => {
                let name = |path: &String| match path.rsplit_once('/') {
                    Some((_, last)) if !full_path => Value::from(last),
                    Some(_) | None => Value::from(path.as_str()),
                };
                Some(self.holdings.groups.iter().map(name).collect())
            }
            ClaimSource::Hardcoded(value) => Some(value.clone()),
        }
    }
}

fn property_of(user: &User, property: UserProperty) -> Option<Value> {
    let profile = &user.profile;
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    match property {
        UserProperty::Username => Some(user.username.as_str().into()),
        UserProperty::Email => text(&user.email),
        UserProperty::EmailVerified => Some(user.email_verified.into()),
        UserProperty::Name => text(&profile.name),
        UserProperty::GivenName => text(&profile.given_name),
        UserProperty::FamilyName => text(&profile.family_name),
        UserProperty::Nickname => text(&profile.nickname),
        UserProperty::PhoneNumber => text(&profile.phone_number),
        UserProperty::PhoneNumberVerified => profile.phone_number_verified.map(Value::from),
        UserProperty::Locale => text(&profile.locale),
        UserProperty::Zoneinfo => text(&profile.zoneinfo),
        UserProperty::CreatedAt => Some(user.created_at.as_seconds().into()),
    }
}
