//! Logout tokens (OpenID Connect Back-Channel Logout 1.0): made when they are delivered, for a session that has ended.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::Instant;
use palatine_domain::client::{Client, ClientId};
use palatine_domain::ids::SessionId;
use palatine_domain::logout::BackChannelLogout;
use palatine_protocol::logout::{LogoutEvents, LogoutTokenClaims, TYP_LOGOUT_TOKEN};
use palatine_realm::{KeyError, Realm};

use crate::claims::subject;
use crate::{ServiceError, TokenService};

/// Section 2.4 recommends an expiration of at most two minutes, so that a captured token is soon worth nothing.
const LIFE: Duration = Duration::from_mins(2);

/// A logout token, and where it goes.
#[derive(Clone, Debug)]
pub struct AddressedLogoutToken {
    /// Who is told.
    pub client_id: ClientId,
    /// Where the client takes it.
    pub uri: String,
    /// The compact JWS.
    pub token: String,
    /// How long the client may take, if it differs from what is usual.
    pub timeout: Option<Duration>,
}

impl TokenService {
    /// The logout token for what the outbox holds; `None` if nobody is left to be told: the client is gone, is disabled
    /// or hears of nothing any more, or the account is gone.
    pub async fn logout_token(
        &self,
        realm: &Realm,
        notice: &BackChannelLogout,
    ) -> Result<Option<AddressedLogoutToken>, ServiceError> {
        let tx = realm.read().await?;
        let client = tx.clients().by_key(notice.client).await?.filter(|client| client.enabled);
        let user = tx.users().by_id(notice.user).await?;
        tx.finish().await?;
        let (Some(client), Some(user)) = (client, user) else { return Ok(None) };
        let logout = &client.settings.logout;
        let Some(uri) = logout.backchannel_uri.clone() else { return Ok(None) };
        let subject = subject(realm, &client, &user).await?;
        let token = self.signed_logout_token(realm, &client, subject, notice.session).await?;
        let timeout = logout.backchannel_timeout_seconds.map(Duration::from_secs);
        Ok(Some(AddressedLogoutToken { client_id: client.client_id, uri, token, timeout }))
    }

    /// Signed as the client's ID tokens are: with that algorithm, by the same keys (section 2.4).
    async fn signed_logout_token(
        &self,
        realm: &Realm,
        client: &Client,
        sub: String,
        session: SessionId,
    ) -> Result<String, KeyError> {
        let algorithm = client.settings.id_token_algorithm;
        let keys = realm.keys_for(algorithm).await?;
        let now: Instant = self.ambient.now();
        let claims = LogoutTokenClaims {
            iss: realm.issuer().to_owned(),
            sub,
            aud: client.client_id.as_str().to_owned().into(),
            iat: now.as_seconds(),
            exp: now.plus(LIFE).as_seconds(),
            jti: URL_SAFE_NO_PAD.encode(self.ambient.bytes::<16>()),
            events: LogoutEvents::logout(),
            sid: session.to_string(),
        };
        keys.sign(algorithm, TYP_LOGOUT_TOKEN, &claims)
    }
}
