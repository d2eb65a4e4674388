//! A document that came in a request: read, and checked for what a request may not say.

use palatine_domain::RealmSlug;

use crate::document::{MAX_FILE_BYTES, Path, RealmDocument, SecretSource, SourceFile, SourcedDocument, Unreadable};
use crate::engine::check::{self, Desired};
use crate::error::Problem;
use crate::ops::error::{FieldError, OpError};
use crate::ops::object::typed_body;

/// The longest document, in bytes: that of a file.
pub const MAX_BYTES: usize = MAX_FILE_BYTES;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As in a file.
    Yaml,
    /// The same members in JSON.
    Json,
}

/// A document as it came.
pub struct Sent {
    /// How it is written.
    pub format: Format,
    /// Its bytes, in UTF-8.
    pub bytes: Vec<u8>,
}

/// It may hold secrets.
impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sent").field("format", &self.format).field("bytes", &self.bytes.len()).finish()
    }
}

/// A document that makes sense by itself.
pub(super) struct Arrived {
    pub(super) source: SourcedDocument,
    pub(super) desired: Desired,
}

impl Sent {
    /// Reads and checks it, away from the threads that serve: a long one takes its time.
    pub(super) async fn arrive(self, slug: &RealmSlug) -> Result<Arrived, OpError> {
        let slug = slug.clone();
        match tokio::task::spawn_blocking(move || self.read(&slug))
            .await
            .map_err(tokio::task::JoinError::try_into_panic)
        {
            Ok(arrived) => arrived,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The process ends.
            Err(Err(_)) => Err(OpError::Contended),
        }
    }

    fn read(self, slug: &RealmSlug) -> Result<Arrived, OpError> {
        let source = match self.format {
            Format::Yaml => of_yaml(self.bytes)?,
            Format::Json => of_json(&self.bytes)?,
        };
        if source.document.realm != slug.as_str() {
            let words = format!("this is sent to the realm `{slug}`, and describes another");
            return Err(OpError::invalid("/realm", words));
        }
        let problems = forbidden(&source);
        if !problems.is_empty() {
            return Err(OpError::of_problems(problems, 0));
        }
        let desired = check::check(&source).map_err(|problems| OpError::of_problems(problems, 0))?;
        Ok(Arrived { source, desired })
    }
}

fn of_yaml(bytes: Vec<u8>) -> Result<SourcedDocument, OpError> {
    let text = String::from_utf8(bytes).map_err(|_| OpError::invalid("", "this is not UTF-8"))?;
    let mut found = crate::document::read(&SourceFile::of_request(text));
    match (found.pop(), found.is_empty()) {
        (Some(Ok(source)), true) => Ok(source),
        (Some(Err(unreadable)), true) => Err(OpError::Invalid(vec![at_its_line(&unreadable)])),
        _ => Err(OpError::invalid("", "send one document")),
    }
}

/// What cannot be read has no pointer yet.
fn at_its_line(unreadable: &Unreadable) -> FieldError {
    let Problem { place, pointer, message } = &unreadable.problem;
    let message = match place.position {
        Some(position) => format!("line {}, column {}: {message}", position.line, position.column),
        None => message.clone(),
    };
    FieldError { pointer: pointer.clone(), message }
}

fn of_json(bytes: &[u8]) -> Result<SourcedDocument, OpError> {
    let value =
        serde_json::from_slice(bytes).map_err(|error| OpError::invalid("", format!("the body is no JSON: {error}")))?;
    Ok(SourcedDocument::of_request(typed_body::<RealmDocument>(value)?))
}

/// What a document says that a request may not.
fn forbidden(source: &SourcedDocument) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (id, client) in &source.document.clients {
        let at = Path::of(["clients", id]);
        let single = client.secret.iter().map(|secret| (at.then("secret"), secret));
        let labelled = client.secrets.iter().map(|(label, secret)| (at.then("secrets").then(label), secret));
        problems.extend(single.chain(labelled).filter_map(|(at, secret)| reference(source, &at, secret)));
        if !client.secret_hashes.is_empty() {
            problems.push(source.problem(&at.then("secret_hashes"), HASH));
        }
    }
    for (name, user) in &source.document.users {
        let at = Path::of(["users", name]);
        let password = user.initial_password.iter().map(|secret| (at.then("initial_password"), secret));
        problems.extend(password.filter_map(|(at, secret)| reference(source, &at, secret)));
    }
    problems
}

/// Whoever chooses the hash of a client's secret chooses what each guess at the token endpoint costs, for as long as the
/// client is there. That of a password is replaced at the first sign-in; it is taken wherever people are made.
const HASH: &str = "hashes of client secrets are taken by `palatine apply` at the database alone, not in a request";

fn reference(source: &SourcedDocument, at: &Path, secret: &SecretSource) -> Option<Problem> {
    let scheme = match secret {
        SecretSource::Plain(_) => return None,
        SecretSource::Environment(_) => "env:",
        SecretSource::File(_) => "file:",
        SecretSource::Generated(_) => "generated:",
    };
    let words = format!(
        "`{scheme}` is looked up by whoever sends a document, never by the server; send the secret itself, as \
         `palatine apply --server` does, or write `plain:` before it if it begins so"
    );
    Some(source.problem(at, words))
}
