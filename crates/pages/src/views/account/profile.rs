//! The profile page.

use askama::Template;
use palatine_domain::profile::{ProfileField, ProfileProblem, time_zones};

use super::AccountFrame;
use super::form::{Input, InputGroup, InputKind, choice};
use crate::context::PageContext;
use crate::text;

/// "Your profile": what a person may say of themselves.
///
/// The form posts `csrf`, `version`, one field per standard claim by the claim's name (members of the address by
/// theirs), custom fields as `custom.<name>`, and the button `save` to the profile's path.
#[derive(Clone, Debug, Template)]
#[template(path = "account/profile.html")]
pub struct AccountProfilePage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// What stands around it.
    pub frame: AccountFrame<'a>,
    /// The name to sign in with: shown, not to be changed here.
    pub username: &'a str,
    /// The e-mail address: shown, not to be changed here.
    pub email: Option<&'a str>,
    /// The standard claims.
    pub fields: Vec<ProfileInput<'a>>,
    /// The custom fields that the person may write.
    pub custom: Vec<CustomInput<'a>>,
    /// Which state of the account the form shows: the hidden field `version`.
    pub version: &'a str,
    /// What went wrong with the form as a whole.
    pub trouble: Option<ProfileTrouble>,
}

/// A standard claim in the form.
#[derive(Clone, Copy, Debug)]
pub struct ProfileInput<'a> {
    /// Which.
    pub field: ProfileField,
    /// What stands in it.
    pub value: &'a str,
    /// What is wrong with it.
    pub problem: Option<ProfileProblem>,
}

/// A custom field in the form.
#[derive(Clone, Debug)]
pub struct CustomInput<'a> {
    /// Its name in the realm.
    pub name: &'a str,
    /// What it takes.
    pub kind: CustomInputKind<'a>,
    /// What stands in it.
    pub value: &'a str,
    /// What is wrong with it.
    pub problem: Option<ProfileProblem>,
}

/// What a custom field takes.
#[derive(Clone, Debug)]
pub enum CustomInputKind<'a> {
    /// Text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    YesOrNo,
    /// One of these words.
    OneOf(&'a [String]),
}

/// Why the form as a whole is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileTrouble {
    /// A field's value cannot be taken.
    Fields,
    /// The account was changed since the form was made. What was typed is shown; nothing was stored.
    ChangedMeanwhile,
}

impl AccountProfilePage<'_> {
    pub(crate) fn groups(&self) -> Vec<InputGroup> {
        use ProfileField as F;
        let standard = [
            ("account-name-legend", &[F::Name, F::GivenName, F::MiddleName, F::FamilyName, F::Nickname][..]),
            ("account-about-legend", &[F::Birthdate, F::Gender, F::Locale, F::Zoneinfo]),
            ("account-contact-legend", &[F::PhoneNumber, F::Website, F::Profile, F::Picture]),
            ("account-address-legend", &[F::StreetAddress, F::PostalCode, F::Locality, F::Region, F::Country]),
        ];
        let mut groups: Vec<InputGroup> = Vec::new();
        for (legend, fields) in standard {
            let inputs = fields.iter().filter_map(|field| self.fields.iter().find(|input| input.field == *field));
            let inputs: Vec<Input> = inputs.map(|input| self.standard(input)).collect();
            groups.push(InputGroup { legend: self.ctx.t(legend), inputs });
        }
        let custom: Vec<Input> = self.custom.iter().map(|input| self.own(input)).collect();
        groups.push(InputGroup { legend: self.ctx.t("account-more-legend"), inputs: custom });
        groups.retain(|group| !group.inputs.is_empty());
        groups
    }

    fn standard(&self, input: &ProfileInput<'_>) -> Input {
        let (label, hint, autocomplete) = words_of(input.field);
        let kind = match input.field {
            ProfileField::StreetAddress => InputKind::Lines,
            ProfileField::Zoneinfo => {
                choice(input.value, time_zones().into_iter().map(|zone| (zone.to_owned(), zone.replace('_', " "))))
            }
            ProfileField::PhoneNumber => InputKind::Line { mode: "tel" },
            ProfileField::Website | ProfileField::Profile | ProfileField::Picture => InputKind::Line { mode: "url" },
            _ => InputKind::Line { mode: "text" },
        };
        Input {
            name: input.field.as_str().to_owned(),
            label: self.ctx.t(label),
            value: input.value.to_owned(),
            kind,
            hint: hint.map(|hint| self.ctx.t(hint)),
            error: input.problem.map(|problem| self.problem_words(problem)),
            autocomplete,
        }
    }

    fn own(&self, input: &CustomInput<'_>) -> Input {
        let kind = match input.kind {
            CustomInputKind::Text => InputKind::Line { mode: "text" },
            CustomInputKind::Number => InputKind::Line { mode: "decimal" },
            CustomInputKind::YesOrNo => {
                let words = [("true", "account-yes-label"), ("false", "account-no-label")];
                choice(input.value, words.into_iter().map(|(value, key)| (value.to_owned(), self.ctx.t(key))))
            }
            CustomInputKind::OneOf(words) => {
                choice(input.value, words.iter().map(|word| (word.clone(), text::name(word).into_owned())))
            }
        };
        Input {
            name: format!("custom.{}", input.name),
            label: text::name(input.name).into_owned(),
            value: input.value.to_owned(),
            kind,
            hint: None,
            error: input.problem.map(|problem| self.problem_words(problem)),
            autocomplete: "off",
        }
    }

    fn problem_words(&self, problem: ProfileProblem) -> String {
        let key = match problem {
            ProfileProblem::TooLong { most } => return self.ctx.t_count("account-field-too_long", most as u64),
            ProfileProblem::ControlCharacters => "account-field-control",
            ProfileProblem::NotAUrl => "account-field-url",
            ProfileProblem::NotADate => "account-field-date",
            ProfileProblem::NotALanguage => "account-field-language",
            ProfileProblem::NotATimeZone => "account-field-time_zone",
            ProfileProblem::NotAPhoneNumber => "account-field-phone",
            ProfileProblem::NotAChoice => "account-field-choice",
            ProfileProblem::NotANumber => "account-field-number",
        };
        self.ctx.t(key)
    }

    pub(crate) fn general_error(&self) -> Option<String> {
        (self.trouble? == ProfileTrouble::ChangedMeanwhile).then(|| self.ctx.t("account-profile-changed_meanwhile"))
    }
}

/// Label, hint and what a browser may fill in.
fn words_of(field: ProfileField) -> (&'static str, Option<&'static str>, &'static str) {
    match field {
        ProfileField::Name => ("account-name-label", None, "name"),
        ProfileField::GivenName => ("account-given_name-label", None, "given-name"),
        ProfileField::MiddleName => ("account-middle_name-label", None, "additional-name"),
        ProfileField::FamilyName => ("account-family_name-label", None, "family-name"),
        ProfileField::Nickname => ("account-nickname-label", None, "nickname"),
        ProfileField::Birthdate => ("account-birthdate-label", Some("account-birthdate-hint"), "bday"),
        ProfileField::Gender => ("account-gender-label", None, "sex"),
        ProfileField::Locale => ("account-locale-label", Some("account-locale-hint"), "language"),
        ProfileField::Zoneinfo => ("account-zoneinfo-label", None, "off"),
        ProfileField::PhoneNumber => ("account-phone_number-label", Some("account-phone_number-hint"), "tel"),
        ProfileField::Website => ("account-website-label", None, "url"),
        ProfileField::Profile => ("account-profile-label", None, "off"),
        ProfileField::Picture => ("account-picture-label", None, "photo"),
        ProfileField::StreetAddress => ("account-street_address-label", None, "street-address"),
        ProfileField::PostalCode => ("account-postal_code-label", None, "postal-code"),
        ProfileField::Locality => ("account-locality-label", None, "address-level2"),
        ProfileField::Region => ("account-region-label", None, "address-level1"),
        ProfileField::Country => ("account-country-label", None, "country-name"),
    }
}
