//! Which account a person goes on with (OpenID Connect Core, section 3.1.2.1: `prompt=select_account`).

use palatine_domain::interaction::{AccountChoice, Interaction};
use palatine_domain::user::User;
use palatine_realm::Realm;
use palatine_store::StoreError;

use crate::TokenService;
use crate::interact::InteractionError;
use crate::session::BrowserSession;

impl TokenService {
    /// Who is signed in; `None` if the account is gone.
    pub async fn user_of(&self, realm: &Realm, browser: &BrowserSession) -> Result<Option<User>, StoreError> {
        let tx = realm.read().await?;
        let user = tx.users().by_id(browser.session().user).await?;
        tx.finish().await?;
        Ok(user)
    }

    /// Writes down what the person chose, and gives the request as it waits now.
    pub async fn account_chosen(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        choice: AccountChoice,
    ) -> Result<Interaction, InteractionError> {
        let tx = realm.write().await?;
        if !tx.interactions().account_chosen(interaction.id, choice).await? {
            return Err(InteractionError::Gone);
        }
        tx.commit().await?;
        Ok(Interaction { account_choice: Some(choice), ..interaction.clone() })
    }
}
