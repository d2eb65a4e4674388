//! Who a client is: the only way to an [`AuthenticatedClient`].

mod assertion;
mod attempt;
mod proved_before;

use std::sync::Arc;

use palatine_authn::HashError;
use palatine_domain::SecretText;
use palatine_domain::client::{Client, ClientAuthMethod};
use palatine_domain::ids::TenantScoped as _;
use palatine_protocol::client_auth::{JWT_BEARER_ASSERTION, PresentedCredentials};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_realm::Realm;
use palatine_store::StoreError;
use palatine_tenant_routing::limits::TooMany;

use crate::client_keys::ClientKeyError;
use crate::{TokenService, telemetry};
use attempt::Attempt;
use proved_before::may_hash;

pub use assertion::{AssertionProblem, SoundAssertion, check as check_assertion_claims};
pub(crate) use proved_before::ProvedBefore;

/// A client that has proved who it is, or, being public, has none to prove.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
}

impl AuthenticatedClient {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

/// Why a client is not let in.
#[derive(Debug, thiserror::Error)]
pub enum ClientAuthError {
    /// No credentials came, not even a `client_id`.
    #[error("no client authentication")]
    Missing,
    /// No such client, a wrong secret, or a disabled client: one answer for all.
    #[error("client authentication failed")]
    Failed,
    /// The client's registration names another method.
    #[error("the client must use another authentication method")]
    WrongMethod,
    /// The client's own key signed an assertion that does not say what it must.
    #[error(transparent)]
    Assertion(#[from] AssertionProblem),
    /// The client's keys cannot be had.
    #[error(transparent)]
    Keys(ClientKeyError),
    /// Nobody knows whether the assertion was used before.
    #[error("the store of one-time marks does not answer")]
    Unmarkable {
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
    /// Too many failures.
    #[error("too many requests")]
    TooMany(TooMany),
    /// The hashing queue is full.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientAuthError {
    /// What the client is told, where it is told in OAuth JSON (RFC 6749, section 5.2).
    pub fn to_oauth(&self) -> Option<OAuthError> {
        let invalid_client = |words: &'static str| Some(OAuthError::new(ErrorCode::InvalidClient, words));
        match self {
            Self::Missing => invalid_client("client authentication is missing"),
            Self::Failed => invalid_client("client authentication failed"),
            Self::WrongMethod => invalid_client("the client is registered with another authentication method"),
            Self::Assertion(problem) => Some(OAuthError::new(ErrorCode::InvalidClient, problem.to_string())),
            Self::Keys(error) => Some(OAuthError::new(ErrorCode::InvalidClient, error.to_string())),
            Self::TooMany(_) | Self::Hash(_) | Self::Store(_) | Self::Unmarkable { .. } => None,
        }
    }
}

/// The credentials of a request, with the client that they name, if there is one.
pub struct Claimed {
    candidates: Vec<Candidate>,
    how: How,
}

struct Candidate {
    client: Arc<Client>,
    /// Its secret, or its assertion.
    secret: Option<SecretText>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Nothing,
    ById,
    Basic,
    Post,
    Assertion,
}

impl Claimed {
    /// The client that is named, whether or not it will prove itself: scripts of its origins may read the refusal.
    pub fn client(&self) -> Option<&Arc<Client>> {
        self.candidates.first().map(|candidate| &candidate.client)
    }
}

impl TokenService {
    /// Finds the client that the credentials name. Proves nothing.
    pub async fn claimed_client(&self, realm: &Realm, presented: PresentedCredentials) -> Result<Claimed, StoreError> {
        let mut claimed = Claimed { candidates: Vec::new(), how: How::Nothing };
        let mut named: Vec<(String, Option<SecretText>)> = Vec::new();
        match presented {
            PresentedCredentials::None => {}
            PresentedCredentials::Public { client_id } => {
                claimed.how = How::ById;
                named.push((client_id, None));
            }
            PresentedCredentials::Basic(basic) => {
                claimed.how = How::Basic;
                named.extend(basic.candidates().map(|(id, secret)| (id, Some(SecretText::new(secret.expose())))));
            }
            PresentedCredentials::Post { client_id, secret } => {
                claimed.how = How::Post;
                named.push((client_id, Some(SecretText::new(secret.expose()))));
            }
            PresentedCredentials::Assertion { client_id, assertion_type, assertion } => {
                claimed.how = How::Assertion;
                let subject = assertion::claimed_subject(assertion.expose());
                // RFC 7521, section 4.2: the client_id "MUST identify the same client as is identified by the client
                // assertion".
                let same = |subject: &String| client_id.as_ref().is_none_or(|client_id| client_id == subject);
                if let Some(subject) = subject.filter(same).filter(|_| assertion_type == JWT_BEARER_ASSERTION) {
                    named.push((subject, Some(SecretText::new(assertion.expose()))));
                }
            }
        }
        for (client_id, secret) in named {
            if let Some(client) = self.find_client(realm, &client_id).await? {
                claimed.candidates.push(Candidate { client, secret });
            }
        }
        Ok(claimed)
    }

    /// Lets the client in, or says why not. Failures are charged to (client, address); a client whose secrets we made
    /// is let in without asking database or Redis.
    pub async fn authenticate(
        &self,
        realm: &Realm,
        claimed: Claimed,
        address_prefix: &str,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        match claimed.how {
            How::Nothing => return Err(ClientAuthError::Missing),
            How::ById | How::Basic | How::Post | How::Assertion => {}
        }
        // With a space, no client has that name.
        let name = claimed.client().map_or("unknown client", |client| client.client_id.as_str());
        let mut attempt = Attempt::new(realm, name, address_prefix);
        match self.proved(realm, &claimed, &mut attempt).await {
            Ok(client) => {
                attempt.give_back().await;
                Ok(AuthenticatedClient { client })
            }
            Err(refusal @ ClientAuthError::TooMany(_)) => Err(refusal),
            Err(
                refusal @ (ClientAuthError::Hash(_) | ClientAuthError::Store(_) | ClientAuthError::Unmarkable { .. }),
            ) => {
                attempt.give_back().await;
                Err(refusal)
            }
            Err(refusal) => {
                telemetry::client_failed();
                attempt.failed().await.map_err(ClientAuthError::TooMany)?;
                Err(refusal)
            }
        }
    }

    async fn proved(
        &self,
        realm: &Realm,
        claimed: &Claimed,
        attempt: &mut Attempt<'_>,
    ) -> Result<Arc<Client>, ClientAuthError> {
        let mut refusal = ClientAuthError::Failed;
        let candidates = match claimed.candidates.as_slice() {
            [only] => vec![only],
            _ => self.cheapest_first(realm, claimed).await,
        };
        for candidate in candidates {
            match candidate.admits(claimed.how) {
                Admission::Open => return Ok(Arc::clone(&candidate.client)),
                Admission::IfSecretMatches(secret) => {
                    if self.secret_matches(realm, &candidate.client, secret, attempt).await? {
                        return Ok(Arc::clone(&candidate.client));
                    }
                }
                Admission::IfAssertionHolds(assertion) => {
                    self.check_assertion(realm, &candidate.client, assertion).await?;
                    return Ok(Arc::clone(&candidate.client));
                }
                Admission::WrongMethod => refusal = ClientAuthError::WrongMethod,
                Admission::Closed => {}
            }
        }
        Err(refusal)
    }

    /// Of several readings of one header, that which was right before comes first: the others may cost a hash each.
    async fn cheapest_first<'c>(&self, realm: &Realm, claimed: &'c Claimed) -> Vec<&'c Candidate> {
        let tenant = realm.scope().tenant_id();
        let mut known = Vec::with_capacity(claimed.candidates.len());
        let mut others = Vec::new();
        for candidate in &claimed.candidates {
            let Candidate { client, secret } = candidate;
            match secret {
                Some(secret) if self.proved_before.contains(tenant, client, secret).await => known.push(candidate),
                _ => others.push(candidate),
            }
        }
        known.append(&mut others);
        known
    }

    async fn secret_matches(
        &self,
        realm: &Realm,
        client: &Arc<Client>,
        secret: &SecretText,
        attempt: &mut Attempt<'_>,
    ) -> Result<bool, ClientAuthError> {
        let (tenant, now) = (realm.scope().tenant_id(), self.ambient.now());
        let is_new = may_hash(client, now) && !self.proved_before.contains(tenant, client, secret).await;
        if is_new {
            attempt.charge().await.map_err(ClientAuthError::TooMany)?;
        }
        let matches = self.secrets.verify(tenant, client, secret, now).await?.is_some();
        if matches && is_new {
            self.proved_before.remember(tenant, client, secret).await;
        }
        Ok(matches)
    }
}

/// Whether a client may be let in by what was presented.
enum Admission<'c> {
    /// A public client has nothing to prove.
    Open,
    IfSecretMatches(&'c SecretText),
    IfAssertionHolds(&'c SecretText),
    WrongMethod,
    Closed,
}

impl Candidate {
    fn admits(&self, how: How) -> Admission<'_> {
        if !self.client.enabled {
            return Admission::Closed;
        }
        if !method_fits(&self.client, how) {
            return Admission::WrongMethod;
        }
        match &self.secret {
            Some(assertion) if how == How::Assertion => Admission::IfAssertionHolds(assertion),
            None if self.client.is_public() => Admission::Open,
            // Some libraries send a public client's id as Basic with an empty secret.
            Some(secret) if self.client.is_public() && secret.expose().is_empty() => Admission::Open,
            Some(secret) if !self.client.is_public() => Admission::IfSecretMatches(secret),
            None | Some(_) => Admission::Closed,
        }
    }
}

/// "basic and post are interchangeable for clients made by admins unless `strict_auth_method`."
fn method_fits(client: &Client, how: How) -> bool {
    let registered = client.settings.auth_method;
    match how {
        How::Nothing => false,
        How::Assertion => registered == ClientAuthMethod::PrivateKeyJwt,
        // A confidential client with its id alone fails later, as with a wrong secret.
        How::ById => true,
        How::Basic | How::Post => match registered {
            ClientAuthMethod::None => true,
            ClientAuthMethod::ClientSecretBasic => how == How::Basic || !client.settings.strict_auth_method,
            ClientAuthMethod::ClientSecretPost => how == How::Post || !client.settings.strict_auth_method,
            ClientAuthMethod::PrivateKeyJwt => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use palatine_domain::client::ClientId;
    use palatine_domain::ids::{ClientKey, RowId as _};
    use serde_json::json;

    use super::*;

    fn client(method: ClientAuthMethod, strict: bool) -> Arc<Client> {
        let settings = json!({
            "kind": "web", "auth_method": method, "strict_auth_method": strict, "grant_types": ["client_credentials"],
        });
        Arc::new(Client {
            key: ClientKey::from_uuid(uuid::Uuid::from_u128(1)),
            client_id: ClientId::parse("app").unwrap(),
            name: "App".to_owned(),
            enabled: true,
            settings: serde_json::from_value(settings).unwrap(),
            scopes: Vec::new(),
            linked_apis: Vec::new(),
            secrets: Vec::new(),
        })
    }

    fn admission(client: &Arc<Client>, how: How, secret: Option<&str>) -> &'static str {
        let candidate = Candidate { client: Arc::clone(client), secret: secret.map(SecretText::new) };
        match candidate.admits(how) {
            Admission::Open => "open",
            Admission::IfSecretMatches(_) => "secret",
            Admission::IfAssertionHolds(_) => "assertion",
            Admission::WrongMethod => "wrong method",
            Admission::Closed => "closed",
        }
    }

    #[test]
    fn basic_and_post_are_interchangeable_unless_the_client_is_strict() {
        use ClientAuthMethod::{ClientSecretBasic, ClientSecretPost};
        let table = [
            (ClientSecretBasic, false, ["secret", "secret"]),
            (ClientSecretPost, false, ["secret", "secret"]),
            (ClientSecretBasic, true, ["secret", "wrong method"]),
            (ClientSecretPost, true, ["wrong method", "secret"]),
            (ClientAuthMethod::PrivateKeyJwt, false, ["wrong method", "wrong method"]),
        ];
        for (method, strict, expected) in table {
            let client = client(method, strict);
            let got = [How::Basic, How::Post].map(|how| admission(&client, how, Some("s")));
            assert_eq!(got, expected, "{method} strict={strict}");
        }
    }

    #[test]
    fn an_id_alone_lets_in_public_clients_and_nobody_else() {
        assert_eq!(admission(&client(ClientAuthMethod::None, false), How::ById, None), "open");
        for method in [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::PrivateKeyJwt] {
            assert_eq!(admission(&client(method, false), How::ById, None), "closed", "{method}");
        }
    }

    #[test]
    fn a_public_client_that_brings_a_secret_is_not_believed_but_an_empty_one_is_none() {
        let public = client(ClientAuthMethod::None, false);
        assert_eq!(admission(&public, How::Basic, Some("")), "open");
        for how in [How::Basic, How::Post] {
            assert_eq!(admission(&public, how, Some("s")), "closed");
        }
    }

    #[test]
    fn a_disabled_client_is_closed_whatever_it_brings() {
        let disabled = Client { enabled: false, ..(*client(ClientAuthMethod::None, false)).clone() };
        let disabled = Arc::new(disabled);
        assert_eq!(admission(&disabled, How::ById, None), "closed");
        assert_eq!(admission(&disabled, How::Basic, Some("")), "closed");
    }

    #[test]
    fn every_refusal_of_credentials_is_invalid_client() {
        let refusals = [
            ClientAuthError::Missing,
            ClientAuthError::Failed,
            ClientAuthError::WrongMethod,
            AssertionProblem::Used.into(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.to_oauth().unwrap().code, ErrorCode::InvalidClient, "{refusal}");
        }
        assert!(ClientAuthError::TooMany(TooMany { retry_after_seconds: 1 }).to_oauth().is_none());
    }
}
