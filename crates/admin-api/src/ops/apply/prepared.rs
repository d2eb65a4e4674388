//! Documents that another process is to apply: checked by themselves, with their secrets put in.
//!
//! Whoever applies through the API resolves `env:` and `file:` on the own machine; the server reads neither for a
//! request. What the server finds wrong is told at the place in the file.

use std::collections::BTreeMap;

use super::{ApplyError, RealmFailure, described_once};
use crate::document::{Path, RealmDocument, SecretSource, SourceFile, SourcedDocument, WriteError, read};
use crate::engine::{SecretSources, check};
use crate::error::Problem;

/// A document that is ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    source: SourcedDocument,
}

/// Prepares every document of the files, in their order. The secrets of all of them are looked up, also of people whom
/// the realm has already: that is known there alone.
pub async fn prepare(files: &[SourceFile], secrets: &SecretSources) -> Vec<Result<Prepared, RealmFailure>> {
    let mut described = BTreeMap::new();
    let mut all = Vec::new();
    for found in files.iter().flat_map(read) {
        let mut source = match found {
            Ok(source) => source,
            Err(unreadable) => {
                all.push(Err((*unreadable).into()));
                continue;
            }
        };
        let checked = described_once(&mut described, &source).map_err(ApplyError::from);
        let checked = checked.and_then(|()| check::check(&source).map(drop).map_err(ApplyError::from));
        let ready = match checked {
            Ok(()) => put_in(&mut source, secrets).await.map_err(ApplyError::from),
            Err(error) => Err(error),
        };
        all.push(match ready {
            Ok(()) => Ok(Prepared { source }),
            Err(error) => Err(RealmFailure::of(&source, error)),
        });
    }
    all
}

impl Prepared {
    /// The realm that it is about.
    pub fn realm(&self) -> &str {
        &self.source.document.realm
    }

    /// What is sent. It holds secrets.
    ///
    /// # Errors
    ///
    /// A document that has no written form.
    pub fn to_yaml(&self) -> Result<String, WriteError> {
        self.source.document.to_yaml()
    }

    /// What the server found wrong, each with its JSON pointer, at its place in the file.
    pub fn wrong(&self, found: impl IntoIterator<Item = (String, String)>) -> RealmFailure {
        let problem = |(pointer, message): (String, String)| self.source.problem(&Path::of_pointer(&pointer), message);
        let problems: Vec<Problem> = found.into_iter().map(problem).collect();
        RealmFailure::of(&self.source, problems.into())
    }

    /// Why it was not applied, in the server's words.
    pub fn refused(&self, words: impl Into<String>) -> RealmFailure {
        RealmFailure::of(&self.source, ApplyError::Refused(words.into()))
    }
}

async fn put_in(source: &mut SourcedDocument, secrets: &SecretSources) -> Result<(), Vec<Problem>> {
    let origin = source.origin.clone();
    let mut missing = Vec::new();
    for (at, secret) in places(&mut source.document) {
        match secrets.find(secret, &origin).await {
            Ok(text) => *secret = SecretSource::plain(text.expose()),
            Err(message) => missing.push((at, message)),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(missing.into_iter().map(|(at, message)| source.problem(&at, message)).collect())
}

/// Every secret, with where it stands.
fn places(document: &mut RealmDocument) -> Vec<(Path, &mut SecretSource)> {
    let mut places = Vec::new();
    for (id, client) in &mut document.clients {
        let at = Path::of(["clients", id]);
        places.extend(client.secret.as_mut().map(|secret| (at.then("secret"), secret)));
        let labelled = client.secrets.iter_mut();
        places.extend(labelled.map(|(label, secret)| (at.then("secrets").then(label), secret)));
    }
    for (name, user) in &mut document.users {
        let at = Path::of(["users", name, "initial_password"]);
        places.extend(user.initial_password.as_mut().map(|secret| (at, secret)));
    }
    places
}
