//! What `login-ui` needs of a request that waits for a person.

use std::sync::Arc;

use palatine_authn::{Authenticator, Conclusion, Proved};
use palatine_domain::client::Client;
use palatine_domain::credential::KnownDevice;
use palatine_domain::ids::InteractionId;
use palatine_domain::interaction::Interaction;
use palatine_domain::user::User;
use palatine_domain::{SecretToken, TokenHash};
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use palatine_store::StoreError;

use crate::TokenService;
use crate::authorize::{AuthorizeError, ConsentNeed, Progress};
use crate::session::{BegunSession, BrowserSession, SignIn};

/// Why an interaction cannot go on.
#[derive(Debug)]
pub enum InteractionError {
    /// Unknown, over, or already finished.
    Gone,
    /// The browser did not bring the cookie that was set when it began: cookies are off, or it is another browser.
    NotThisBrowser,
    /// The client that began it was disabled or removed meanwhile.
    UnknownClient,
    /// The user was disabled, or the password changed, while it was compared: answered like a wrong password.
    Withdrawn,
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for InteractionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An interaction, proved to belong to the browser of the request.
#[derive(Clone, Debug)]
pub struct OpenInteraction {
    interaction: Interaction,
    cookie: String,
}

impl OpenInteraction {
    /// The request that waits.
    pub fn interaction(&self) -> &Interaction {
        &self.interaction
    }

    /// The cookie's secret, which the form's token is bound to.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }
}

/// What a successful sign-in leaves in the browser.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's id and secret.
    pub session: BegunSession,
    /// The secret by which the browser is known from now on; `None`: it was known before.
    pub device: Option<SecretToken>,
}

/// What is known of the request that signed in.
#[derive(Clone, Debug)]
pub struct SignInContext<'a> {
    /// The session of the browser before.
    pub before: Option<&'a BrowserSession>,
    /// Whether "remember me" was ticked.
    pub remembered: bool,
    /// The hash of its `pal_device` cookie.
    pub device: Option<TokenHash>,
    /// The address.
    pub address: String,
    /// The browser.
    pub user_agent: String,
    /// The request, as in the log.
    pub request_id: String,
}

/// What the consent page asks.
#[derive(Debug)]
pub struct ConsentQuestion {
    /// Who asks.
    pub client: Arc<Client>,
    /// Who is asked.
    pub user: User,
    /// For what.
    pub scope: ScopeSet,
}

impl TokenService {
    /// Opens the interaction of a page or form, for the browser that began it and nobody else.
    pub async fn open_interaction(
        &self,
        realm: &Realm,
        id: InteractionId,
        cookie: Option<String>,
    ) -> Result<OpenInteraction, InteractionError> {
        let tx = realm.read().await?;
        let found = tx.interactions().get(id).await?;
        tx.finish().await?;
        let interaction = found.filter(|found| self.ambient.now() < found.expires_at).ok_or(InteractionError::Gone)?;
        let cookie = cookie.ok_or(InteractionError::NotThisBrowser)?;
        if interaction.cookie.matches(&TokenHash::of(&cookie)) {
            Ok(OpenInteraction { interaction, cookie })
        } else {
            Err(InteractionError::NotThisBrowser)
        }
    }

    /// The client that an interaction is for; `None` if it is gone or disabled meanwhile.
    pub async fn interaction_client(
        &self,
        realm: &Realm,
        interaction: &Interaction,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.find_client(realm, &interaction.client_id).await?.filter(|client| client.enabled))
    }

    /// Turns a proof into a session, in one transaction with the audit event and the end of the lockout.
    pub async fn signed_in(
        &self,
        realm: &Realm,
        authenticator: &Authenticator,
        interaction: &Interaction,
        proved: &Proved,
        context: SignInContext<'_>,
    ) -> Result<SignedIn, InteractionError> {
        if self.interaction_client(realm, interaction).await?.is_none() {
            return Err(InteractionError::UnknownClient);
        }
        let tx = realm.write().await?;
        let user = proved.user.id;
        let sign_in = SignIn {
            user,
            acr: proved.acr,
            amr: proved.amr.to_owned(),
            remembered: context.remembered,
            address: context.address.clone(),
            user_agent: context.user_agent,
        };
        let session = self.begin_session(&tx, realm, context.before, sign_in).await?;
        match authenticator.conclude_success(&tx, proved, session.id).await? {
            Conclusion::Concluded => {}
            Conclusion::Withdrawn => return Err(InteractionError::Withdrawn),
        }
        if !tx.interactions().authenticated(interaction.id, session.id).await? {
            return Err(InteractionError::Gone);
        }
        let known = match &context.device {
            Some(hash) => tx.devices().find(user, hash).await?,
            None => None,
        };
        let device = if let Some(known) = known {
            tx.devices().touch(known.id, tx.now()).await?;
            None
        } else {
            let secret = self.ambient.secret();
            let device = KnownDevice { id: self.ambient.id(), user, secret: secret.hash(), last_used_at: tx.now() };
            tx.devices().remember(&device).await?;
            Some(secret)
        };
        tx.commit().await?;
        self.session_begun(realm, &session).await;
        Ok(SignedIn { session, device })
    }

    /// What the consent page asks; `None` if nothing is to be asked any more.
    pub async fn consent_question(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: &BrowserSession,
    ) -> Result<Option<ConsentQuestion>, AuthorizeError> {
        let asked = self.asked_again(realm, interaction).await?;
        let scope = asked.consentable(realm, &asked.allowed_scope(realm)?);
        let progress = Progress::of(interaction);
        let session = browser.session();
        let ConsentNeed::Ask(scope) = self.consent_needed(realm, &asked, session, &scope, &progress).await? else {
            return Ok(None);
        };
        let tx = realm.read().await?;
        let user = tx.users().by_id(session.user).await?;
        tx.finish().await?;
        Ok(user.map(|user| ConsentQuestion { client: Arc::clone(asked.client()), user, scope }))
    }
}
