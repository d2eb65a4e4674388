//! Attributes of users: standard claims, or custom fields.
//!
//! In Keycloak nobody sees an attribute unless a mapper shows it. A custom field belongs to a scope; the fields of an
//! import belong to a scope that no client has, and mappers show them as before.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::mapper::UserProperty;
use palatine_domain::user::UserProfile;
use palatine_protocol::claims::is_reserved;

use super::report::Notes;
use crate::document::{CustomFieldDocument, CustomFieldType, RealmDocument, ScopeDocument};

/// The scope of the imported fields.
const SCOPE: &str = "imported_attributes";

/// How many attributes become fields.
const MAX_FIELDS: usize = 200;

/// The attributes that somebody has or some mapper shows.
pub(super) struct Attributes<'a> {
    notes: &'a Notes,
    /// By the name of the attribute.
    fields: RefCell<BTreeMap<String, String>>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(notes: &'a Notes) -> Self {
        Self { notes, fields: RefCell::default(), taken: RefCell::default() }
    }

    /// The custom field that holds an attribute; `None` if there would be too many.
    pub(super) fn field(&self, path: &str, attribute: &str) -> Option<String> {
        let mut fields = self.fields.borrow_mut();
        if let Some(field) = fields.get(attribute) {
            return Some(field.clone());
        }
        if fields.len() >= MAX_FIELDS {
            let why = format!("at most {MAX_FIELDS} attributes become custom fields");
            self.notes.lost(path, format!("the attribute `{attribute}`"), why, "");
            return None;
        }
        let field = self.free_name(attribute);
        if field != attribute {
            let why =
                format!("it is the custom field `{field}`, which has no other characters than A-Z, a-z, 0-9, _ and -");
            self.notes.changed(path, format!("the attribute `{attribute}`"), why, "");
        }
        fields.insert(attribute.to_owned(), field.clone());
        Some(field)
    }

    fn free_name(&self, attribute: &str) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let plain: String = attribute.chars().map(|c| if fits(c) { c } else { '_' }).take(58).collect();
        let plain = if plain.is_empty() { "attribute".to_owned() } else { plain };
        let mut taken = self.taken.borrow_mut();
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(plain);
        taken.insert(name.clone());
        name
    }

    /// Declares the fields, and their scope.
    pub(super) fn declare(&self, document: &mut RealmDocument) {
        let fields = self.fields.borrow();
        if fields.is_empty() {
            return;
        }
        let names: BTreeSet<&String> = fields.values().collect();
        let mut claims = BTreeSet::new();
        for name in &names {
            let own = (!is_reserved(name)).then(|| (*name).clone());
            let marked = (1..).map(|number: u32| format!("imported_{number}_{name}"));
            // Another field's own name is that field's claim.
            let is_free = |claim: &String| !claims.contains(claim) && (claim == *name || !names.contains(claim));
            let claim = own.into_iter().chain(marked).find(is_free);
            claims.extend(claim.clone());
            let field = CustomFieldDocument {
                claim: claim.filter(|claim| claim != *name),
                scope: Some(SCOPE.to_owned()),
                ..CustomFieldDocument::of(CustomFieldType::String)
            };
            document.custom_fields.insert((*name).clone(), field);
        }
        let description = "Attributes that were imported".to_owned();
        let scope = ScopeDocument { description, mappers: BTreeMap::new() };
        document.scopes.entry(SCOPE.to_owned()).or_insert(scope);
        let why =
            format!("they are custom fields of the scope `{SCOPE}`, which no client has; mappers show them as before");
        let todo = "Give a field another `scope` to release it to every client that has this.";
        self.notes.changed("users/*/attributes", "attributes of users", why, todo);
    }
}

/// Takes an attribute that is a standard claim; `false` if it is none, and gives the value back by that.
pub(super) fn set_standard(profile: &mut UserProfile, attribute: &str, value: &str) -> bool {
    let text = Some(value.to_owned());
    match attribute {
        "middleName" => profile.middle_name = text,
        "nickname" => profile.nickname = text,
        "profile" => profile.profile = text,
        "picture" => profile.picture = text,
        "website" => profile.website = text,
        "gender" => profile.gender = text,
        "birthdate" => profile.birthdate = text,
        "zoneinfo" => profile.zoneinfo = text,
        "locale" => profile.locale = text,
        "phoneNumber" => profile.phone_number = text,
        "phoneNumberVerified" => profile.phone_number_verified = Some(value == "true"),
        _ => match address_part(attribute) {
            Some(part) => {
                profile.address.get_or_insert_default().insert(part.to_owned(), value.to_owned());
            }
            None => return false,
        },
    }
    true
}

/// Whether an attribute is a standard claim.
pub(super) fn is_standard(attribute: &str) -> bool {
    set_standard(&mut UserProfile::default(), attribute, "")
}

/// The member of the claim `address` that Keycloak fills from an attribute.
fn address_part(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "street" => "street_address",
        "locality" => "locality",
        "region" => "region",
        "postal_code" => "postal_code",
        "country" => "country",
        "formatted" => "formatted",
        _ => return None,
    })
}

/// What every account has, under the name of an attribute or a property.
pub(super) fn property(name: &str) -> Option<UserProperty> {
    Some(match name {
        "username" => UserProperty::Username,
        "email" => UserProperty::Email,
        "emailVerified" => UserProperty::EmailVerified,
        "firstName" => UserProperty::GivenName,
        "lastName" => UserProperty::FamilyName,
        "nickname" => UserProperty::Nickname,
        "phoneNumber" => UserProperty::PhoneNumber,
        "phoneNumberVerified" => UserProperty::PhoneNumberVerified,
        "locale" => UserProperty::Locale,
        "zoneinfo" => UserProperty::Zoneinfo,
        "createdTimestamp" => UserProperty::CreatedAt,
        _ => return None,
    })
}
