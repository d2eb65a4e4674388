//! What can be said about a document without knowing the realm: one check, one small function.
//!
//! What a document refers to (scopes, roles, APIs, custom fields) may stand in the realm alone; that is looked up when
//! the two are compared, in `plan/`.

mod access;
mod authorization;
mod client_secrets;
mod clients;
mod logout;
mod mappers;
mod realm;
mod users;

use std::fmt::Display;

use palatine_authn::ImportedHash;
use palatine_domain::Instant;
use palatine_domain::RealmSlug;
use palatine_domain::client::{ClientId, ClientScope, ClientSettings, SecretVerifier};
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::UserId;
use palatine_domain::mapper::MapperRule;
use palatine_domain::policy::{AccessTokenProfile, RealmPolicy};
use palatine_domain::tenant::{Branding, RealmProfile};
use palatine_domain::user::{CustomField, UserProfile};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::scope::Scope;

use crate::document::{Path, RealmDocument, SecretSource, SourcedDocument};
use crate::error::Problem;

pub(crate) use client_secrets::text_of as text_of_verifier;
pub(crate) use mappers::place_of as mapper_problem_at;

/// What a checked document asks for, in the domain's types. Names stand for what has no identifier yet.
#[derive(Debug)]
pub(crate) struct Desired {
    pub(crate) slug: RealmSlug,
    pub(crate) profile: RealmProfile,
    pub(crate) display_name: String,
    pub(crate) branding: Branding,
    pub(crate) policy: RealmPolicy,
    pub(crate) custom_fields: Vec<CustomField>,
    pub(crate) apis: Vec<DesiredApi>,
    pub(crate) scopes: Vec<DesiredScope>,
    pub(crate) roles: Vec<DesiredRole>,
    pub(crate) groups: Vec<DesiredGroup>,
    pub(crate) clients: Vec<DesiredClient>,
    pub(crate) users: Vec<DesiredUser>,
}

#[derive(Debug)]
pub(crate) struct DesiredApi {
    pub(crate) identifier: String,
    pub(crate) name: String,
    pub(crate) profile: Option<AccessTokenProfile>,
    pub(crate) algorithm: Option<SigningAlgorithm>,
    /// The `client_id` of the same registration.
    pub(crate) client: Option<String>,
}

#[derive(Debug)]
pub(crate) struct DesiredScope {
    pub(crate) scope: Scope,
    pub(crate) description: String,
    /// The identifier of the API that owns it.
    pub(crate) api: Option<String>,
    pub(crate) mappers: Vec<DesiredMapper>,
    pub(crate) at: Path,
}

#[derive(Debug)]
pub(crate) struct DesiredMapper {
    pub(crate) name: String,
    pub(crate) rule: MapperRule,
    pub(crate) at: Path,
}

#[derive(Debug)]
pub(crate) struct DesiredRole {
    /// The client that it belongs to, by `client_id`; `None`: the realm.
    pub(crate) client: Option<String>,
    pub(crate) name: String,
    pub(crate) description: String,
    /// What it brings along, as the document names it.
    pub(crate) composites: Vec<String>,
    pub(crate) at: Path,
}

impl DesiredRole {
    /// By what the document names it.
    pub(crate) fn reference(&self) -> String {
        role_reference(self.client.as_deref(), &self.name)
    }
}

/// By what a document names a role: of the realm by its name, of a client as `client_id/role`. The name of a role has no
/// `/`, so the last one divides.
pub(crate) fn role_reference(client: Option<&str>, name: &str) -> String {
    client.map_or_else(|| name.to_owned(), |client| format!("{client}/{name}"))
}

#[derive(Debug)]
pub(crate) struct DesiredGroup {
    /// Names from the top, joined by `/`.
    pub(crate) path: String,
    pub(crate) name: String,
    /// The path of the group above.
    pub(crate) parent: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) at: Path,
}

#[derive(Debug)]
pub(crate) struct DesiredClient {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) settings: ClientSettings,
    /// Each with where it stands.
    pub(crate) scopes: Vec<(ClientScope, Path)>,
    /// Identifiers of linked APIs.
    pub(crate) apis: Vec<String>,
    pub(crate) secrets: Vec<DesiredSecret>,
    pub(crate) secret_hashes: Vec<DesiredSecretHash>,
    pub(crate) roles: Vec<String>,
    pub(crate) mappers: Vec<DesiredMapper>,
}

#[derive(Debug)]
pub(crate) struct DesiredSecret {
    pub(crate) label: String,
    pub(crate) source: SecretSource,
    pub(crate) at: Path,
}

/// A secret of which only the hash is known.
#[derive(Debug)]
pub(crate) struct DesiredSecretHash {
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) verifier: SecretVerifier,
    pub(crate) expires_at: Option<Instant>,
    pub(crate) at: Path,
}

#[derive(Debug)]
pub(crate) struct DesiredUser {
    /// Whose document it is, where somebody else than the name says so.
    pub(crate) id: Option<UserId>,
    pub(crate) username: String,
    pub(crate) identifier: NormalisedIdentifier,
    pub(crate) subject: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
    pub(crate) profile: UserProfile,
    pub(crate) custom: std::collections::BTreeMap<String, serde_json::Value>,
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) initial_password: Option<SecretSource>,
    pub(crate) password_hash: Option<ImportedHash>,
}

impl DesiredUser {
    pub(crate) fn at(&self) -> Path {
        Path::of(["users", &self.username])
    }
}

impl DesiredClient {
    pub(crate) fn at(&self) -> Path {
        Path::of(["clients", self.client_id.as_str()])
    }
}

/// Checks a document by itself.
pub(crate) fn check(source: &SourcedDocument) -> Result<Desired, Vec<Problem>> {
    let mut findings = Findings { source, problems: Vec::new() };
    let slug = realm::slug(&mut findings);
    let display_name = realm::display_name(&mut findings);
    realm::branding(&mut findings);
    realm::policy(&mut findings);
    let custom_fields = realm::custom_fields(&mut findings);
    let apis = access::apis(&mut findings);
    let scopes = access::scopes(&mut findings);
    let roles = access::roles(&mut findings);
    let groups = access::groups(&mut findings);
    let clients = clients::clients(&mut findings);
    let users = users::users(&mut findings);
    match slug {
        Some(slug) if findings.problems.is_empty() => Ok(Desired {
            slug,
            profile: source.document.profile,
            display_name,
            branding: source.document.branding.clone(),
            policy: source.document.policy.clone(),
            custom_fields,
            apis,
            scopes,
            roles,
            groups,
            clients,
            users,
        }),
        _ => Err(findings.problems),
    }
}

/// What was found wrong so far. A check goes on after a problem, so that one reading shows them all.
struct Findings<'a> {
    source: &'a SourcedDocument,
    problems: Vec<Problem>,
}

impl<'a> Findings<'a> {
    fn document(&self) -> &'a RealmDocument {
        &self.source.document
    }

    fn add(&mut self, at: &Path, message: impl Into<String>) {
        self.problems.push(self.source.problem(at, message));
    }

    /// The value, or its error as a problem.
    fn keep<T, E: Display>(&mut self, at: &Path, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(at, error.to_string())).ok()
    }

    /// A name that people see: 1 to 255 characters, none of them a control character.
    fn words(&mut self, at: &Path, text: &str) {
        if text.trim().is_empty() || text.chars().count() > 255 || text.chars().any(char::is_control) {
            self.add(at, "this must have 1 to 255 characters and no control characters");
        }
    }

    /// A list in which nothing may stand twice.
    fn no_repetition(&mut self, at: &Path, list: &[String]) {
        for (number, item) in list.iter().enumerate() {
            if list.iter().take(number).any(|earlier| earlier == item) {
                self.add(&at.item(number), format!("`{item}` stands here a second time"));
            }
        }
    }
}
