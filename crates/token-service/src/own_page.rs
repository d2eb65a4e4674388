//! A sign-in that ends at a page of our own instead of at an application: the same interaction, the same login page, and
//! no answer that leaves the realm.

use palatine_domain::interaction::Interaction;
use palatine_protocol::authorization::AuthorizationRequest;
use palatine_protocol::prompt::PromptSet;
use palatine_protocol::response::{ResponseMode, ResponseType};
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use palatine_realm::routes::Page;

use crate::authorize::AuthorizeError;
use crate::built_in::ACCOUNT_CLIENT_ID;
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{ServiceError, TokenService};

/// Whether an interaction ends at a page of ours. No application can begin one: the client has no redirect URI.
pub fn is_destination_of(interaction: &Interaction) -> bool {
    interaction.client_id == ACCOUNT_CLIENT_ID
}

impl TokenService {
    /// Sends whoever is not signed in to the login page, and afterwards to `page`.
    pub async fn sign_in_for(&self, realm: &Realm, page: Page) -> Result<Outcome, ServiceError> {
        let secret = self.ambient.secret();
        let now = self.ambient.now();
        let interaction = Interaction {
            id: self.ambient.id(),
            cookie: secret.hash(),
            client_id: ACCOUNT_CLIENT_ID.to_owned(),
            // A path below the realm's, of a page that we named ourselves.
            redirect_uri: page.path(),
            redirect_uri_given: false,
            request: nothing_asked(),
            device: None,
            authenticated_in: None,
            account_choice: None,
            created_at: now,
            expires_at: now.plus(realm.policy().lifetimes.interaction()),
        };
        let tx = realm.write().await?;
        tx.interactions().insert(&interaction).await?;
        tx.commit().await?;
        Ok(Outcome::Interact { id: interaction.id, step: Step::Login { again: false }, begun: Some(secret) })
    }

    /// Goes on to the page once somebody is signed in. The page looks for itself who that is.
    pub(crate) async fn resume_at_own_page(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: Option<&BrowserSession>,
    ) -> Result<Outcome, AuthorizeError> {
        // As the page itself will ask: a session that it would send back here does not lead there.
        let holder = match browser {
            Some(browser) => self.account_holder(realm, browser).await?,
            None => None,
        };
        if holder.is_none() {
            return Ok(Outcome::Interact { id: interaction.id, step: Step::Login { again: false }, begun: None });
        }
        let tx = realm.write().await?;
        // Of two tabs that finish the same sign-in both may go on: nothing is issued.
        tx.interactions().take(interaction.id).await?;
        tx.commit().await?;
        Ok(Outcome::Redirect(format!("{}{}", realm.path(), interaction.redirect_uri)))
    }
}

/// The request of a sign-in that no application asked for.
fn nothing_asked() -> AuthorizationRequest {
    AuthorizationRequest {
        response_type: ResponseType::Code,
        response_mode: ResponseMode::Query,
        scope: ScopeSet::default(),
        state: None,
        nonce: None,
        prompt: PromptSet::default(),
        max_age: None,
        acr_values: Vec::new(),
        login_hint: None,
        id_token_hint: None,
        ui_locales: Vec::new(),
        claims: None,
        resources: Vec::new(),
        code_challenge: None,
    }
}
