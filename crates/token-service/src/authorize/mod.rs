//! The authorization endpoint (RFC 6749, section 3.1; OpenID Connect Core, section 3.1.2): the steps, in order.
//!
//! First the client, then its redirect URI: until both are checked nothing is sent anywhere ([`Unredirectable`]).
//! From then on every refusal is an answer at the [`Callback`]. The same pipeline runs again when a person has signed
//! in or consented; what they did meanwhile is the [`Progress`].

mod callback;
pub(crate) mod checks;
mod consent;
mod front_channel;
mod issue;
mod meant;
mod person;
mod posted;
mod signed;

use std::borrow::Cow;
use std::sync::Arc;

use palatine_domain::client::Client;
use palatine_domain::grant::GrantedClaims;
use palatine_domain::ids::SessionId;
use palatine_domain::interaction::{AccountChoice, Interaction};
use palatine_protocol::authorization::{AnswerContext, AuthorizationRequest, Target as AskedTarget, TargetProblem};
use palatine_protocol::claims_request::ClaimsRequest;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::prompt::{Prompt, PromptSet};
use palatine_protocol::scope::{self, ScopeSet};
use palatine_realm::Realm;
use palatine_store::StoreError;

use crate::claims::requested;
use crate::error::may_issue;
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{ServiceError, TokenService, own_page};

pub use callback::Callback;
pub use consent::{Consented, Provenance};
pub use person::{ConsentNeed, PersonNeed};
pub use posted::{Arrived, POSTED_REQUEST};

/// Why an authorization request was not answered as asked.
#[derive(Debug)]
pub enum AuthorizeError {
    /// Nothing may be sent to the client: a page.
    Unredirectable(Unredirectable),
    /// The client is told, at its redirect URI.
    Redirectable {
        /// Where.
        to: Box<Callback>,
        /// What.
        error: OAuthError,
    },
    /// Something inside did not work.
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for AuthorizeError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What keeps an answer from being sent to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unredirectable {
    /// `client_id` is missing.
    MissingClient,
    /// `client_id` or `redirect_uri` came more than once, or the parameters could not be read.
    Malformed,
    /// No such client, or one that is disabled.
    UnknownClient {
        /// As asked.
        client_id: String,
    },
    /// The device that a person was asked about does not wait any more.
    DeviceGone,
    /// The request was answered already, by another tab or a second click.
    AlreadyAnswered,
    /// `redirect_uri` is missing or not registered.
    InvalidRedirectUri {
        /// The client.
        client_id: String,
        /// As asked.
        redirect_uri: Option<String>,
    },
}

/// A request whose client and redirect URI have been checked.
#[derive(Clone, Debug)]
pub struct Asked {
    client: Arc<Client>,
    callback: Callback,
    redirect_uri_given: bool,
    request: AuthorizationRequest,
}

impl Asked {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// What was asked.
    pub fn request(&self) -> &AuthorizationRequest {
        &self.request
    }

    /// What may be granted, before the person has said anything.
    pub(crate) fn allowed_scope(&self, realm: &Realm) -> Result<ScopeSet, AuthorizeError> {
        checks::scope(realm, &self.client, &self.request).map_err(|error| self.callback.refuse(error))
    }

    /// What a person is asked for: the scope, and the scopes that own what is asked for by name.
    pub(crate) fn consentable(&self, realm: &Realm, scope: &ScopeSet) -> ScopeSet {
        match self.claims_by_name(scope) {
            Some(claims) => scope.union(&requested::owning_scopes(realm, &self.client, claims)),
            None => scope.clone(),
        }
    }

    /// With `prompt=none` a failure is an answer too, since nobody sees a page in a hidden frame.
    fn silently(&self, answer: Result<Outcome, AuthorizeError>) -> Result<Outcome, AuthorizeError> {
        match answer {
            Err(AuthorizeError::Failed(error)) if self.request.prompt.is_none() => {
                tracing::error!(%error, "failed to answer silently");
                let (code, words) = if error.is_temporary() {
                    (ErrorCode::TemporarilyUnavailable, "try again later")
                } else {
                    (ErrorCode::ServerError, "something went wrong on our side")
                };
                Err(self.callback.refuse(OAuthError::new(code, words)))
            }
            answer => answer,
        }
    }

    /// What is asked for by name: of OpenID Connect, so that without its scope it means nothing.
    fn claims_by_name(&self, scope: &ScopeSet) -> Option<&ClaimsRequest> {
        self.request.claims.as_ref().filter(|_| scope.contains(scope::OPENID))
    }
}

/// What is granted, of what was asked and allowed.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// What the person allowed, the scopes of claims asked by name included.
    allowed: ScopeSet,
    /// The scope.
    scope: ScopeSet,
    /// The claims.
    claims: GrantedClaims,
}

impl Granted {
    fn of(realm: &Realm, asked: &Asked, scope: &ScopeSet, allowed: ScopeSet) -> Self {
        let by_name = asked.claims_by_name(scope);
        let claims = by_name.map(|claims| requested::granted(realm, claims, &allowed)).unwrap_or_default();
        Self { scope: scope.intersection(&allowed), claims, allowed }
    }
}

/// What a person has done for this very request.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The session in which they proved themselves.
    pub authenticated_in: Option<SessionId>,
    /// The account they chose to go on with.
    pub account_choice: Option<AccountChoice>,
    /// What they allowed on the consent page.
    pub consented: Option<Consented>,
}

impl Progress {
    /// What is noted of it, before anything is said on the consent page.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        Self {
            authenticated_in: interaction.authenticated_in,
            account_choice: interaction.account_choice,
            consented: None,
        }
    }
}

impl TokenService {
    /// Answers a request that has just arrived. `browser` finds the session of the browser that it came from; it is
    /// awaited once the client and its redirect URI are checked, so that its failure can be answered there.
    pub async fn authorize(
        &self,
        realm: &Realm,
        arrived: &Arrived,
        browser: impl Future<Output = Result<Option<BrowserSession>, StoreError>>,
    ) -> Result<Outcome, AuthorizeError> {
        let (client, params) = match arrived {
            Arrived::Now(params) => self.counting_request(realm, params).await?,
            Arrived::Kept(params) => (self.asking_client(realm, params).await?, Cow::Borrowed(params)),
        };
        let asked = read_request(realm, client, &params)?;
        let answer = async {
            let browser = browser.await?;
            self.steps(realm, &asked, browser.as_ref(), &Progress::default(), None).await
        };
        asked.silently(answer.await)
    }

    /// Answers a request that came too soon by `temporarily_unavailable`, if it forbids pages (`prompt=none`) and its
    /// client and redirect URI are as they should be; `None`: a page may be shown. Of the request its plain parameters
    /// count: for one that came too soon nothing is fetched and no signature verified.
    pub async fn authorize_too_soon(&self, realm: &Realm, params: &Params) -> Result<Option<Outcome>, AuthorizeError> {
        let prompt = params.one("prompt").ok().flatten().and_then(|prompt| PromptSet::parse(prompt).ok());
        if !prompt.is_some_and(|prompt| prompt.is_none()) {
            return Ok(None);
        }
        let client = self.enabled_client(realm, &read_target(params)?.client_id).await?;
        let callback = read_callback(realm, &client, params)?;
        let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, "too many requests; try again later");
        Ok(Some(callback.error(&error)))
    }

    /// Goes on with a request that waited for a person.
    pub async fn resume(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: Option<&BrowserSession>,
        consented: Option<Consented>,
    ) -> Result<Outcome, AuthorizeError> {
        if let Some(device) = &interaction.device {
            return self.resume_device(realm, interaction, device, browser).await;
        }
        if own_page::is_destination_of(interaction) {
            return self.resume_at_own_page(realm, interaction, browser).await;
        }
        let asked = self.asked_again(realm, interaction).await?;
        let progress = Progress { consented, ..Progress::of(interaction) };
        asked.silently(self.steps(realm, &asked, browser, &progress, Some(interaction)).await)
    }

    /// The person does not want to go on (RFC 6749, section 4.1.2.1: `access_denied`). The request is answered by that.
    pub async fn refuse(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: &BrowserSession,
        from: &Provenance,
    ) -> Result<Outcome, AuthorizeError> {
        let asked = self.asked_again(realm, interaction).await?;
        let scope = asked.consentable(realm, &asked.allowed_scope(realm)?);
        let tx = realm.write().await?;
        if !tx.interactions().take(interaction.id).await? {
            return Err(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered));
        }
        self.record_refusal(&tx, &asked, browser.session(), &scope, from).await?;
        tx.commit().await?;
        let error = OAuthError::new(ErrorCode::AccessDenied, "the person refused the request");
        Ok(asked.callback.error(&error))
    }

    /// The client, and then its request: what it signed before what stands beside it.
    async fn counting_request<'p>(
        &self,
        realm: &Realm,
        params: &'p Params,
    ) -> Result<(Arc<Client>, Cow<'p, Params>), AuthorizeError> {
        let client = self.asking_client(realm, params).await?;
        let params = self.counting_params(realm, &client, params).await?;
        Ok((client, params))
    }

    async fn asking_client(&self, realm: &Realm, params: &Params) -> Result<Arc<Client>, AuthorizeError> {
        let target = read_target(params)?;
        self.enabled_client(realm, &target.client_id).await
    }

    /// The same request, from its interaction. The client may have changed meanwhile.
    pub(crate) async fn asked_again(&self, realm: &Realm, interaction: &Interaction) -> Result<Asked, AuthorizeError> {
        let client = self.enabled_client(realm, &interaction.client_id).await?;
        let redirect_uri = checks::redirect_uri(&client, Some(&interaction.redirect_uri))?;
        let request = interaction.request.clone();
        let callback = Callback::new(realm, redirect_uri, request.response_mode, request.state.clone());
        Ok(Asked { client, callback, redirect_uri_given: interaction.redirect_uri_given, request })
    }

    async fn enabled_client(&self, realm: &Realm, client_id: &str) -> Result<Arc<Client>, AuthorizeError> {
        let found = self.find_client(realm, client_id).await?.filter(|client| client.enabled);
        found.ok_or_else(|| {
            AuthorizeError::Unredirectable(Unredirectable::UnknownClient { client_id: client_id.to_owned() })
        })
    }

    /// The checks of the request, the person, the consent, and the answer.
    async fn steps(
        &self,
        realm: &Realm,
        asked: &Asked,
        browser: Option<&BrowserSession>,
        progress: &Progress,
        interaction: Option<&Interaction>,
    ) -> Result<Outcome, AuthorizeError> {
        let refuse = |error| asked.callback.refuse(error);
        checks::response_type(&asked.client, &asked.request).map_err(refuse)?;
        checks::pkce(&asked.client, &asked.request).map_err(refuse)?;
        let scope = checks::scope(realm, &asked.client, &asked.request).map_err(refuse)?;
        checks::acr(&asked.request).map_err(refuse)?;
        checks::id_token_scope(&asked.request, &scope).map_err(refuse)?;
        checks::resources(realm, &asked.client, &scope, &asked.request).map_err(refuse)?;
        may_issue(realm)?;
        let present = match self.person_needed(realm, asked, browser, progress).await? {
            PersonNeed::Present(browser) => browser,
            PersonNeed::SignIn { again } => {
                return self.interact(realm, asked, interaction, Step::Login { again }).await;
            }
            PersonNeed::SelectAccount => {
                return self.interact(realm, asked, interaction, Step::SelectAccount).await;
            }
        };
        let consentable = asked.consentable(realm, &scope);
        match self.consent_needed(realm, asked, present.session(), &consentable, progress).await? {
            ConsentNeed::Given(allowed) => {
                let granted = Granted::of(realm, asked, &scope, allowed);
                self.issue(realm, asked, &present, granted, progress, interaction).await
            }
            ConsentNeed::Ask(_) => self.interact(realm, asked, interaction, Step::Consent).await,
        }
    }

    /// Shows a page, unless the request forbids it.
    async fn interact(
        &self,
        realm: &Realm,
        asked: &Asked,
        waiting: Option<&Interaction>,
        step: Step,
    ) -> Result<Outcome, AuthorizeError> {
        if asked.request.prompt.contains(Prompt::None) {
            let (code, words) = match step {
                Step::Login { .. } | Step::SelectAccount => (ErrorCode::LoginRequired, "the person must sign in"),
                Step::Consent | Step::Device => (ErrorCode::ConsentRequired, "the person must allow the client"),
            };
            return Err(asked.callback.refuse(OAuthError::new(code, words)));
        }
        if let Some(interaction) = waiting {
            return Ok(Outcome::Interact { id: interaction.id, step, begun: None });
        }
        let secret = self.ambient.secret();
        let now = self.ambient.now();
        let interaction = Interaction {
            id: self.ambient.id(),
            cookie: secret.hash(),
            client_id: asked.client.client_id.as_str().to_owned(),
            redirect_uri: asked.callback.redirect_uri().to_owned(),
            redirect_uri_given: asked.redirect_uri_given,
            request: asked.request.clone(),
            device: None,
            authenticated_in: None,
            account_choice: None,
            created_at: now,
            expires_at: now.plus(realm.policy().lifetimes.interaction()),
        };
        let tx = realm.write().await?;
        tx.interactions().insert(&interaction).await?;
        tx.commit().await?;
        Ok(Outcome::Interact { id: interaction.id, step, begun: Some(secret) })
    }
}

fn read_target(params: &Params) -> Result<AskedTarget, AuthorizeError> {
    AskedTarget::read(params).map_err(|problem| {
        AuthorizeError::Unredirectable(match problem {
            TargetProblem::ClientIdMissing => Unredirectable::MissingClient,
            TargetProblem::ClientIdRepeated | TargetProblem::RedirectUriRepeated => Unredirectable::Malformed,
        })
    })
}

/// The redirect URI, and how an answer reaches it.
fn read_callback(realm: &Realm, client: &Client, params: &Params) -> Result<Callback, AuthorizeError> {
    let redirect_uri = read_target(params)?.redirect_uri;
    checks::redirect_uri_given(client, redirect_uri.as_deref(), params)?;
    let redirect_uri = checks::redirect_uri(client, redirect_uri.as_deref())?;
    let context = AnswerContext::read(params);
    Ok(Callback::new(realm, redirect_uri, context.response_mode, context.state))
}

/// Redirect URI, and only then the rest.
fn read_request(realm: &Realm, client: Arc<Client>, params: &Params) -> Result<Asked, AuthorizeError> {
    let callback = read_callback(realm, &client, params)?;
    let request = AuthorizationRequest::read(params).map_err(|error| callback.refuse(error))?;
    let redirect_uri_given = read_target(params)?.redirect_uri.is_some();
    Ok(Asked { client, callback, redirect_uri_given, request })
}
