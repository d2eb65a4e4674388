//! The profile page.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_domain::Instant;
use palatine_domain::profile::{FieldProblem, ProfileEdit, ProfileField, ProfileProblem, TypedProfile};
use palatine_domain::user::{CustomField, CustomFieldKind};
use palatine_pages::views::{
    AccountNotice, AccountProfilePage, AccountSection, CustomInput, CustomInputKind, ProfileInput, ProfileTrouble,
};
use palatine_protocol::params::{Params, Repeated};
use palatine_realm::routes::Page;
use palatine_token_service::account::ProfileSaved;

use super::person::{Frame, Person, done};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The page.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

/// The form.
pub(super) async fn submit(visit: Visit, payload: Payload) -> HttpResponse {
    visit.answered(submitted(&visit, payload).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let person = Person::at(visit, Page::Account).await?;
    let edit = ProfileEdit::new(person.holder.user(), &visit.realm.settings().custom_fields);
    let form = Form { typed: stored(&person, &edit), problems: Vec::new(), trouble: None };
    Ok(form.answer(visit, &person, &edit))
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (person, form) = Person::form(visit, Page::Account, payload).await?;
    let edit = ProfileEdit::new(person.holder.user(), &visit.realm.settings().custom_fields);
    let typed = read(&form, &edit)?;
    let edited = match edit.take(&typed) {
        Ok(edited) => edited,
        Err(refused) => {
            let form = Form { typed, problems: refused.0, trouble: Some(ProfileTrouble::Fields) };
            return Ok(form.answer(visit, &person, &edit));
        }
    };
    let seen = seen(&form)?;
    match visit.service.save_profile(&visit.realm, &person.holder, edited, seen, &visit.provenance()).await? {
        ProfileSaved::Saved | ProfileSaved::Unchanged => {
            Ok(done(&visit.realm, Page::Account, AccountNotice::ProfileSaved))
        }
        ProfileSaved::ChangedMeanwhile => {
            let form = Form { typed, problems: Vec::new(), trouble: Some(ProfileTrouble::ChangedMeanwhile) };
            Ok(form.answer(visit, &person, &edit))
        }
    }
}

/// What is stored, as the form shows it.
fn stored(person: &Person, edit: &ProfileEdit<'_>) -> TypedProfile {
    let profile = &person.holder.user().profile;
    let standard = ProfileField::ALL.map(|field| (field, field.of(profile).unwrap_or_default().to_owned()));
    let custom = edit.own_fields().map(|field| (field.name.clone(), edit.shown(field)));
    TypedProfile { standard: standard.to_vec(), custom: custom.collect() }
}

/// What was typed. A field that the form did not send stays as it is.
fn read(form: &Params, edit: &ProfileEdit<'_>) -> Result<TypedProfile, Repeated> {
    let sent = |name: &str| form.iter().any(|(sent, _)| sent == name);
    let mut typed = TypedProfile::default();
    for field in ProfileField::ALL.into_iter().filter(|field| sent(field.as_str())) {
        let text = form.one(field.as_str())?.unwrap_or_default();
        typed.standard.push((field, text.to_owned()));
    }
    for field in edit.own_fields() {
        let name = format!("custom.{}", field.name);
        if sent(&name) {
            typed.custom.insert(field.name.clone(), form.one(&name)?.unwrap_or_default().to_owned());
        }
    }
    Ok(typed)
}

/// Which state of the account the form showed. One that says nothing sensible showed none that there is.
fn seen(form: &Params) -> Result<Instant, Repeated> {
    let version = form.one("version")?.and_then(|text| text.parse().ok());
    Ok(version.map_or(Instant::EPOCH, Instant::from_micros))
}

/// The form, the first time or again.
struct Form {
    typed: TypedProfile,
    problems: Vec<FieldProblem>,
    trouble: Option<ProfileTrouble>,
}

impl Form {
    fn answer(&self, visit: &Visit, person: &Person, edit: &ProfileEdit<'_>) -> HttpResponse {
        let frame = Frame::of(visit, person);
        let user = person.holder.user();
        let view = AccountProfilePage {
            ctx: frame.context(),
            frame: frame.around(person, AccountSection::Profile),
            username: &user.username,
            email: user.email.as_deref(),
            fields: self.standard().collect(),
            custom: edit.own_fields().map(|field| self.custom(field)).collect(),
            version: &user.updated_at.as_micros().to_string(),
            trouble: self.trouble,
        };
        let status = match self.trouble {
            None => 200,
            Some(ProfileTrouble::Fields) => 422,
            Some(ProfileTrouble::ChangedMeanwhile) => 409,
        };
        frame.answer(status, view.render())
    }

    fn standard(&self) -> impl Iterator<Item = ProfileInput<'_>> {
        self.typed.standard.iter().map(|(field, value)| {
            let problem = self.problems.iter().find_map(|problem| match problem {
                FieldProblem::Standard(at, problem) if at == field => Some(*problem),
                FieldProblem::Standard(..) | FieldProblem::Custom(..) => None,
            });
            ProfileInput { field: *field, value, problem }
        })
    }

    fn custom<'a>(&'a self, field: &'a CustomField) -> CustomInput<'a> {
        CustomInput {
            name: &field.name,
            kind: match &field.kind {
                CustomFieldKind::String => CustomInputKind::Text,
                CustomFieldKind::Number => CustomInputKind::Number,
                CustomFieldKind::Boolean => CustomInputKind::YesOrNo,
                CustomFieldKind::Enum { values } => CustomInputKind::OneOf(values),
            },
            value: self.typed.custom.get(&field.name).map(String::as_str).unwrap_or_default(),
            problem: self.custom_problem(&field.name),
        }
    }

    fn custom_problem(&self, name: &str) -> Option<ProfileProblem> {
        self.problems.iter().find_map(|problem| match problem {
            FieldProblem::Custom(at, problem) if at == name => Some(*problem),
            FieldProblem::Custom(..) | FieldProblem::Standard(..) => None,
        })
    }
}
