//! The slow part: comparing and hashing secrets and passwords, while no transaction is open.

use std::collections::{BTreeMap, BTreeSet};

use palatine_authn::{HashError, HashPool, Lane, Verdict, password_policy};
use palatine_domain::client::{Client, ClientSecret, SecretVerifier};
use palatine_domain::ids::{ClientSecretId, TenantId};
use palatine_domain::tenant::RealmProfile;
use palatine_domain::{Instant, SecretText, TokenHash};

use super::check::{Desired, DesiredClient, DesiredSecret, DesiredSecretHash, DesiredUser};
use super::secrets::SecretSources;
use super::state::State;
use crate::document::{Path, SecretSource, SourcedDocument};
use crate::error::Problem;

/// What hashing found, against one reading of the realm.
#[derive(Default)]
pub(crate) struct Hashes {
    /// By `client_id`.
    pub(crate) clients: BTreeMap<String, ClientHashes>,
    /// PHC strings of the passwords of users who did not exist, by username.
    pub(crate) passwords: BTreeMap<String, String>,
}

/// What hashing found for one client.
pub(crate) struct ClientHashes {
    /// The secrets that the client had.
    pub(crate) seen: BTreeSet<ClientSecretId>,
    /// Those of the document's that none of them matches.
    pub(crate) new: Vec<NewSecret>,
}

/// A secret that the client does not have yet.
pub(crate) struct NewSecret {
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) verifier: SecretVerifier,
    pub(crate) expires_at: Option<Instant>,
    /// The one of the same label that it takes the place of.
    pub(crate) replaces: Option<ClientSecretId>,
    pub(crate) at: Path,
}

/// Why something could not be hashed.
#[derive(Debug)]
pub(crate) enum HashesError {
    /// A secret is not to be had, or not to be taken.
    Problems(Vec<Problem>),
    /// Nothing could be hashed.
    Hash(HashError),
}

impl From<Problem> for HashesError {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<Vec<Problem>> for HashesError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problems(problems)
    }
}

impl From<HashError> for HashesError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl Hashes {
    /// Those of a document in which there is nothing to hash.
    pub(crate) fn of_none(desired: &Desired, state: &State) -> Self {
        let of_client = |wanted: &DesiredClient| {
            let known = state.clients.get(wanted.client_id.as_str()).map(|known| &known.client);
            (wanted.client_id.as_str().to_owned(), ClientHashes { seen: secrets_of(known), new: Vec::new() })
        };
        Self { clients: desired.clients.iter().map(of_client).collect(), passwords: BTreeMap::new() }
    }
}

impl Hashes {
    /// With the password of the one new user of a document.
    pub(crate) fn with_password(mut self, desired: &mut Desired, phc: Option<String>) -> Self {
        if let (Some(user), Some(phc)) = (desired.users.first_mut(), phc) {
            user.initial_password = Some(SecretSource::Generated("password".to_owned()));
            self.passwords.insert(user.username.clone(), phc);
        }
        self
    }
}

/// Which secrets of a client there are.
pub(crate) fn secrets_of(client: Option<&Client>) -> BTreeSet<ClientSecretId> {
    client.into_iter().flat_map(|client| client.secrets.iter().map(|secret| secret.id)).collect()
}

/// What the work needs.
pub(crate) struct Work<'a> {
    pub(crate) pool: &'a HashPool,
    pub(crate) secrets: &'a SecretSources,
    pub(crate) source: &'a SourcedDocument,
    /// In whose name hashes queue.
    pub(crate) tenant: TenantId,
    /// Which secrets still work is asked at this instant.
    pub(crate) now: Instant,
}

impl Work<'_> {
    pub(crate) async fn run(&self, desired: &Desired, state: &State) -> Result<Hashes, HashesError> {
        let mut hashes = Hashes::default();
        for wanted in &desired.clients {
            let known = state.clients.get(wanted.client_id.as_str()).map(|known| &known.client);
            let found = self.client(wanted, known).await?;
            hashes.clients.insert(wanted.client_id.as_str().to_owned(), found);
        }
        for wanted in desired.users.iter().filter(|wanted| !state.users.contains_key(&wanted.username)) {
            if let Some(phc) = self.password(desired, wanted).await? {
                hashes.passwords.insert(wanted.username.clone(), phc);
            }
        }
        Ok(hashes)
    }

    async fn client(&self, wanted: &DesiredClient, known: Option<&Client>) -> Result<ClientHashes, HashesError> {
        let mut new = Vec::new();
        for secret in &wanted.secrets {
            let text = self.find(&secret.source, &secret.at).await?;
            if !self.is_known(known, secret, &text).await? {
                let same_label = known.and_then(|client| client.secrets.iter().find(|old| old.label == secret.label));
                new.push(NewSecret {
                    label: secret.label.clone(),
                    hint: hint(&text),
                    verifier: SecretVerifier::Argon2id(self.hash(Lane::Clients, text, &secret.at).await?),
                    expires_at: None,
                    replaces: same_label.map(|old| old.id),
                    at: secret.at.clone(),
                });
            }
        }
        new.extend(unknown_hashes(wanted, known));
        Ok(ClientHashes { seen: secrets_of(known), new })
    }

    /// Whether one of the client's live secrets is this one; most likely the one of the same label.
    async fn is_known(
        &self,
        known: Option<&Client>,
        wanted: &DesiredSecret,
        text: &SecretText,
    ) -> Result<bool, HashError> {
        let mut live: Vec<&ClientSecret> =
            known.into_iter().flat_map(|client| &client.secrets).filter(|secret| secret.is_live(self.now)).collect();
        live.sort_by_key(|secret| secret.label != wanted.label);
        for secret in live {
            if self.matches(secret, text).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn matches(&self, secret: &ClientSecret, text: &SecretText) -> Result<bool, HashError> {
        let phc = match &secret.verifier {
            SecretVerifier::Sha256(stored) => return Ok(stored.matches(&TokenHash::of(text.expose()))),
            SecretVerifier::Argon2id(phc) => phc,
        };
        match self.pool.verify(self.tenant, Lane::Clients, text.clone(), phc).await {
            Ok(Verdict::Match | Verdict::MatchOutdated) => Ok(true),
            // A stored hash that cannot be used matches nothing, and is replaced.
            Ok(Verdict::Mismatch) | Err(HashError::Corrupt(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn password(&self, desired: &Desired, wanted: &DesiredUser) -> Result<Option<String>, HashesError> {
        if let Some(imported) = &wanted.password_hash {
            return Ok(Some(imported.as_str().to_owned()));
        }
        let Some(source) = &wanted.initial_password else { return Ok(None) };
        let at = wanted.at().then("initial_password");
        let password = self.find(source, &at).await?;
        self.check_password(desired, wanted, &password, &at)?;
        Ok(Some(self.hash(Lane::People, password, &at).await?))
    }

    /// The passwords of demo realms are known to everybody anyway.
    fn check_password(
        &self,
        desired: &Desired,
        wanted: &DesiredUser,
        password: &SecretText,
        at: &Path,
    ) -> Result<(), Vec<Problem>> {
        match desired.profile {
            RealmProfile::InsecureDemo => return Ok(()),
            RealmProfile::Standard => {}
        }
        let names: Vec<&str> = std::iter::once(wanted.username.as_str()).chain(wanted.email.as_deref()).collect();
        let checked = password_policy::check(&desired.policy.passwords, password.expose(), &names);
        checked.map_err(|found| found.iter().map(|problem| self.source.problem(at, problem.to_string())).collect())
    }

    async fn find(&self, source: &SecretSource, at: &Path) -> Result<SecretText, Problem> {
        let found = self.secrets.find(source, &self.source.origin).await;
        found.map_err(|message| self.source.problem(at, message))
    }

    async fn hash(&self, lane: Lane, secret: SecretText, at: &Path) -> Result<String, HashesError> {
        match self.pool.hash(self.tenant, lane, secret).await {
            Err(error @ HashError::TooLong) => Err(self.source.problem(at, error.to_string()).into()),
            hashed => Ok(hashed?),
        }
    }
}

/// Hashes that the client does not have. One of the same label gives way, unless it is wanted itself.
fn unknown_hashes<'a>(
    wanted: &'a DesiredClient,
    known: Option<&'a Client>,
) -> impl Iterator<Item = NewSecret> + use<'a> {
    let held = known.map(|client| client.secrets.as_slice()).unwrap_or_default();
    let is = |stored: &ClientSecret, hash: &DesiredSecretHash| match (&stored.verifier, &hash.verifier) {
        (SecretVerifier::Sha256(a), SecretVerifier::Sha256(b)) => a.matches(b),
        (SecretVerifier::Argon2id(a), SecretVerifier::Argon2id(b)) => a == b,
        (SecretVerifier::Sha256(_), SecretVerifier::Argon2id(_))
        | (SecretVerifier::Argon2id(_), SecretVerifier::Sha256(_)) => false,
    };
    let stays = move |stored: &ClientSecret| wanted.secret_hashes.iter().any(|hash| is(stored, hash));
    let missing = wanted.secret_hashes.iter().filter(move |hash| !held.iter().any(|stored| is(stored, hash)));
    missing.map(move |hash| NewSecret {
        label: hash.label.clone(),
        hint: hash.hint.clone(),
        verifier: hash.verifier.clone(),
        expires_at: hash.expires_at,
        replaces: held.iter().find(|old| old.label == hash.label && !stays(old)).map(|old| old.id),
        at: hash.at.clone(),
    })
}

/// The last four characters, unless they would tell much of a short secret.
fn hint(secret: &SecretText) -> String {
    let count = secret.expose().chars().count();
    if count < 16 { String::new() } else { secret.expose().chars().skip(count - 4).collect() }
}
