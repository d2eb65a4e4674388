//! A whole form against a whole profile: what becomes of it, or all that is wrong with it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::value::{ProfileProblem, lines};
use super::{LONGEST_URL_CHARS, ProfileField};
use crate::user::{CustomField, CustomFieldKind, User, UserProfile, WritableBy};

/// What a person typed, field by field. A field that is not in it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct TypedProfile {
    /// Standard claims.
    pub standard: Vec<(ProfileField, String)>,
    /// Custom fields, by their names.
    pub custom: BTreeMap<String, String>,
}

/// What the profile becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedProfile {
    /// The standard claims.
    pub profile: UserProfile,
    /// The custom fields.
    pub custom: BTreeMap<String, Value>,
    /// The names of what is no longer what it was.
    pub changed: Vec<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldProblem {
    /// With a standard claim.
    Standard(ProfileField, ProfileProblem),
    /// With a custom field.
    Custom(String, ProfileProblem),
}

/// All that is wrong with what was typed: never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedProfile(pub Vec<FieldProblem>);

/// A person's own change of their profile.
#[derive(Clone, Copy, Debug)]
pub struct ProfileEdit<'a> {
    user: &'a User,
    fields: &'a [CustomField],
}

impl<'a> ProfileEdit<'a> {
    /// Of this user, in a realm with these custom fields.
    pub fn new(user: &'a User, fields: &'a [CustomField]) -> Self {
        Self { user, fields }
    }

    /// The custom fields that the person may write, in the realm's order.
    pub fn own_fields(&self) -> impl Iterator<Item = &'a CustomField> + use<'a> {
        self.fields.iter().filter(|field| field.writable_by == WritableBy::User)
    }

    /// What stands in a custom field, as it is typed.
    pub fn shown(&self, field: &CustomField) -> String {
        match self.user.custom.get(&field.name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        }
    }

    /// Makes of what was typed a profile, or says all that is wrong.
    pub fn take(&self, typed: &TypedProfile) -> Result<EditedProfile, RefusedProfile> {
        let (profile, custom) = (self.user.profile.clone(), self.user.custom.clone());
        let mut edited = EditedProfile { profile, custom, changed: Vec::new() };
        let mut problems = Vec::new();
        for (field, text) in &typed.standard {
            if let Err(problem) = self.take_standard(*field, text, &mut edited) {
                problems.push(FieldProblem::Standard(*field, problem));
            }
        }
        for field in self.own_fields() {
            let Some(text) = typed.custom.get(&field.name) else { continue };
            if let Err(problem) = self.take_custom(field, text, &mut edited) {
                problems.push(FieldProblem::Custom(field.name.clone(), problem));
            }
        }
        if problems.is_empty() { Ok(edited) } else { Err(RefusedProfile(problems)) }
    }

    fn take_standard(
        &self,
        field: ProfileField,
        typed: &str,
        edited: &mut EditedProfile,
    ) -> Result<(), ProfileProblem> {
        let before = field.of(&self.user.profile);
        if before.map(lines).unwrap_or_default() == lines(typed) {
            return Ok(());
        }
        let value = field.read(typed)?;
        if value.as_deref() != before {
            field.write(&mut edited.profile, value);
            edited.changed.push(field.as_str().to_owned());
        }
        Ok(())
    }

    fn take_custom(&self, field: &CustomField, typed: &str, edited: &mut EditedProfile) -> Result<(), ProfileProblem> {
        if lines(&self.shown(field)) == lines(typed) {
            return Ok(());
        }
        match custom_value(field, &lines(typed))? {
            Some(value) => edited.custom.insert(field.name.clone(), value),
            None => edited.custom.remove(&field.name),
        };
        edited.changed.push(field.name.clone());
        Ok(())
    }
}

/// A value of the field's type; `None` if nothing was typed.
fn custom_value(field: &CustomField, text: &str) -> Result<Option<Value>, ProfileProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().nth(LONGEST_URL_CHARS).is_some() {
        return Err(ProfileProblem::TooLong { most: LONGEST_URL_CHARS });
    }
    let (value, otherwise) = match &field.kind {
        CustomFieldKind::String if text.chars().any(char::is_control) => (None, ProfileProblem::ControlCharacters),
        CustomFieldKind::String => (Some(text.into()), ProfileProblem::TooLong { most: 1_024 }),
        CustomFieldKind::Enum { .. } => (Some(text.into()), ProfileProblem::NotAChoice),
        CustomFieldKind::Number => (text.parse().ok().map(Value::Number), ProfileProblem::NotANumber),
        CustomFieldKind::Boolean => (text.parse().ok().map(Value::Bool), ProfileProblem::NotAChoice),
    };
    let value = value.filter(|value| field.check_value(value).is_ok());
    value.map(Some).ok_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RowId as _, UserId};
    use crate::time::Instant;

    fn ada() -> User {
        User {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            subject: "ada".into(),
            enabled: true,
            username: "ada".into(),
            email: None,
            email_verified: false,
            profile: UserProfile {
                name: Some("Ada Byron".into()),
                birthdate: Some("about 1815".into()),
                ..UserProfile::default()
            },
            custom: BTreeMap::from([("team".into(), "red".into()), ("badge".into(), 7.into())]),
            created_at: Instant::EPOCH,
            updated_at: Instant::EPOCH,
        }
    }

    fn field(name: &str, kind: CustomFieldKind, writable_by: WritableBy) -> CustomField {
        CustomField { name: name.into(), kind, claim: format!("custom_{name}"), scope: "profile".into(), writable_by }
    }

    fn fields() -> Vec<CustomField> {
        let colours = CustomFieldKind::Enum { values: vec!["red".into(), "blue".into()] };
        vec![
            field("team", colours, WritableBy::User),
            field("badge", CustomFieldKind::Number, WritableBy::Admin),
            field("motto", CustomFieldKind::String, WritableBy::User),
            field("age", CustomFieldKind::Number, WritableBy::User),
            field("news", CustomFieldKind::Boolean, WritableBy::User),
        ]
    }

    fn typed(standard: &[(ProfileField, &str)], custom: &[(&str, &str)]) -> TypedProfile {
        TypedProfile {
            standard: standard.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(),
            custom: custom.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        }
    }

    #[test]
    fn what_was_changed_is_told_and_nothing_else() {
        let (ada, fields) = (ada(), fields());
        let form = typed(
            &[(ProfileField::Name, "Ada Lovelace"), (ProfileField::Nickname, " "), (ProfileField::Gender, "female")],
            &[("team", "blue"), ("motto", ""), ("age", "36.5"), ("news", "false")],
        );
        let edited = ProfileEdit::new(&ada, &fields).take(&form).unwrap();
        assert_eq!(edited.changed, ["name", "gender", "team", "age", "news"]);
        assert_eq!(edited.profile.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(edited.custom["age"], 36.5);
        assert_eq!((&edited.custom["team"], &edited.custom["news"]), (&"blue".into(), &false.into()));
    }

    #[test]
    fn what_stays_as_it_was_is_not_judged() {
        let (ada, fields) = (ada(), fields());
        let form = typed(&[(ProfileField::Birthdate, "about 1815")], &[]);
        assert_eq!(ProfileEdit::new(&ada, &fields).take(&form).unwrap().changed, Vec::<String>::new());
    }

    #[test]
    fn what_is_emptied_is_gone() {
        let (ada, fields) = (ada(), fields());
        let edited = ProfileEdit::new(&ada, &fields)
            .take(&typed(&[(ProfileField::Name, ""), (ProfileField::Birthdate, "")], &[("team", "")]))
            .unwrap();
        assert_eq!(edited.profile, UserProfile::default());
        assert!(!edited.custom.contains_key("team") && edited.custom.contains_key("badge"));
    }

    #[test]
    fn a_field_of_the_admins_is_not_written() {
        let (ada, fields) = (ada(), fields());
        let edited = ProfileEdit::new(&ada, &fields).take(&typed(&[], &[("badge", "1"), ("unknown", "1")])).unwrap();
        assert_eq!((edited.custom, edited.changed), (ada.custom.clone(), Vec::new()));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let (ada, fields) = (ada(), fields());
        let form = typed(
            &[(ProfileField::Website, "javascript:x")],
            &[("team", "green"), ("age", "many"), ("news", "yes"), ("motto", "a\u{7}")],
        );
        let custom = |name: &str, problem| FieldProblem::Custom(name.to_owned(), problem);
        let expected = [
            FieldProblem::Standard(ProfileField::Website, ProfileProblem::NotAUrl),
            custom("team", ProfileProblem::NotAChoice),
            custom("motto", ProfileProblem::ControlCharacters),
            custom("age", ProfileProblem::NotANumber),
            custom("news", ProfileProblem::NotAChoice),
        ];
        assert_eq!(ProfileEdit::new(&ada, &fields).take(&form).unwrap_err().0, expected);
    }
}
