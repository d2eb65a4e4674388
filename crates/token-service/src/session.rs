//! The session of a browser: found by its cookie, begun by a sign-in, ended for good.

use std::time::Duration;

use palatine_domain::grant::EndReason;
use palatine_domain::ids::{SessionId, UserId};
use palatine_domain::session::{Acr, BrowserState, Session, SessionState};
use palatine_domain::{Instant, SecretToken, TokenHash};
use palatine_ephemeral::{LONGEST_ENTRY, SHORTEST_TOMBSTONE, SessionRead};
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantWrite};
use serde::{Deserialize, Serialize};

use crate::TokenService;
use crate::end_session::session_ended;
use crate::logout_frames::LogoutFrames;

/// A live session, proved by the cookie of the request. Only [`TokenService::browser_session`] makes one.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    session: Session,
    state: BrowserState,
}

impl BrowserSession {
    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the browser tells scripts about it.
    pub fn state(&self) -> &BrowserState {
        &self.state
    }
}

/// How a person has just proved who they are.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who.
    pub user: UserId,
    /// How strongly.
    pub acr: Acr,
    /// By what means, joined by spaces.
    pub amr: String,
    /// Whether "remember me" was ticked.
    pub remembered: bool,
    /// From which address.
    pub address: String,
    /// In which browser.
    pub user_agent: String,
}

/// A session that has begun, or been renewed: its id, and the new secret for its cookie.
#[derive(Debug)]
pub struct BegunSession {
    /// The session.
    pub id: SessionId,
    /// The new secret.
    pub secret: SecretToken,
    /// How long the browser keeps the cookie; `None`: as long as it runs.
    pub remembered: Option<Duration>,
    /// The secret that no longer works.
    retired: Option<TokenHash>,
}

/// The longest part of a `User-Agent` that is kept, in characters.
const USER_AGENT_CHARS: usize = 255;

impl TokenService {
    /// The live session that a cookie proves. Reads the cache first; who issues something asks the database again.
    pub async fn browser_session(
        &self,
        realm: &Realm,
        cookie: Option<&str>,
    ) -> Result<Option<BrowserSession>, StoreError> {
        let Some(cookie) = cookie else { return Ok(None) };
        let hash = TokenHash::of(cookie);
        let session = match realm.ephemeral().session_get(&hash).await {
            SessionRead::Ended => return Ok(None),
            SessionRead::Hit(bytes) => match CachedSession::decode(&bytes, hash) {
                Some(session) => Some(session),
                None => self.stored_session(realm, &hash).await?,
            },
            SessionRead::Miss => self.stored_session(realm, &hash).await?,
        };
        let lifetimes = &realm.policy().lifetimes;
        let live = |session: &Session| session.state(self.ambient.now(), lifetimes) == SessionState::Live;
        Ok(session.filter(live).map(|session| BrowserSession { state: BrowserState::of(cookie, session.id), session }))
    }

    async fn stored_session(&self, realm: &Realm, hash: &TokenHash) -> Result<Option<Session>, StoreError> {
        let tx = realm.read().await?;
        let session = tx.sessions().by_cookie(hash).await?;
        tx.finish().await?;
        if let Some(session) = session.as_ref().filter(|session| session.ended_at.is_none()) {
            let version = session.last_seen_at.as_micros();
            realm.ephemeral().session_put(hash, version, &CachedSession::encode(session), LONGEST_ENTRY).await;
        }
        Ok(session)
    }

    /// Begins a session, or renews the browser's own if the same person signed in again: the `sid` stays, the secret
    /// is new. Another person's session in this browser is ended.
    pub async fn begin_session(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        before: Option<&BrowserSession>,
        sign_in: SignIn,
    ) -> Result<BegunSession, StoreError> {
        let now = tx.now();
        let before = before.map(BrowserSession::session);
        if let Some(session) = before.filter(|session| session.user == sign_in.user)
            && let Some(renewed) = self.renew_session(tx, realm, session, &sign_in).await?
        {
            return Ok(renewed);
        }
        let retired = match before {
            Some(session) => {
                let ended = tx.sessions().end(session.id, EndReason::Replaced, now).await?;
                if ended.is_some() {
                    let event = session_ended(tx, self.ambient.id(), session.id, EndReason::Replaced);
                    tx.audit().append(&event).await?;
                }
                ended.map(|ended| ended.cookie)
            }
            None => None,
        };
        let secret = self.ambient.secret();
        let remembered = remembered_for(realm, &sign_in);
        let session = Session {
            id: self.ambient.id(),
            cookie: secret.hash(),
            user: sign_in.user,
            authenticated_at: now,
            acr: sign_in.acr,
            amr: sign_in.amr,
            remembered: sign_in.remembered,
            created_at: now,
            last_seen_at: now,
            ended_at: None,
            address: sign_in.address,
            user_agent: sign_in.user_agent.chars().take(USER_AGENT_CHARS).collect(),
        };
        tx.sessions().insert(&session).await?;
        Ok(BegunSession { id: session.id, secret, remembered, retired })
    }

    /// Gives a person's session a new secret after they proved themselves again; `None` if it was ended meanwhile.
    pub(crate) async fn renew_session(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        session: &Session,
        again: &SignIn,
    ) -> Result<Option<BegunSession>, StoreError> {
        let secret = self.ambient.secret();
        let renewed = tx
            .sessions()
            .rotate_cookie(session.id, &secret.hash(), tx.now(), again.acr, &again.amr, again.remembered)
            .await?;
        let remembered = remembered_for(realm, again);
        let retired = Some(session.cookie);
        Ok(renewed.then_some(BegunSession { id: session.id, secret, remembered, retired }))
    }

    /// After the commit that began or renewed a session: forgets what the cache knows of the old secret.
    pub async fn session_begun(&self, realm: &Realm, begun: &BegunSession) {
        if let Some(retired) = &begun.retired {
            entomb(realm, retired).await;
        }
    }

    /// Ends a session with all that is bound to it. The frames of clients that its browser should load; none if another
    /// call ended it.
    pub async fn end_session(
        &self,
        realm: &Realm,
        id: SessionId,
        reason: EndReason,
    ) -> Result<LogoutFrames, StoreError> {
        let tx = realm.write().await?;
        let ended = tx.sessions().end(id, reason, tx.now()).await?;
        if ended.is_some() {
            let event = session_ended(&tx, self.ambient.id(), id, reason);
            tx.audit().append(&event).await?;
        }
        tx.commit().await?;
        let Some(ended) = ended else { return Ok(LogoutFrames::default()) };
        entomb(realm, &ended.cookie).await;
        Ok(LogoutFrames::of(realm, id, &ended.parties))
    }
}

/// How long the browser keeps the cookie.
fn remembered_for(realm: &Realm, sign_in: &SignIn) -> Option<Duration> {
    sign_in.remembered.then_some(Duration::from_secs(realm.policy().lifetimes.remember_me_seconds))
}

/// Leaves a tombstone in the cache. The database has ended the session already; a cache that cannot be reached
/// forgets its copy within [`LONGEST_ENTRY`].
pub async fn entomb(realm: &Realm, cookie: &TokenHash) {
    if let Err(error) = realm.ephemeral().session_end(cookie, SHORTEST_TOMBSTONE).await {
        tracing::warn!(%error, "an ended session stays in the cache until its copy expires");
    }
}

/// A session as the cache keeps it. The cookie's hash is its key.
#[derive(Serialize, Deserialize)]
struct CachedSession {
    id: SessionId,
    user: UserId,
    authenticated_at: Instant,
    acr: Acr,
    amr: String,
    remembered: bool,
    created_at: Instant,
    last_seen_at: Instant,
}

impl CachedSession {
    fn encode(session: &Session) -> Vec<u8> {
        let cached = Self {
            id: session.id,
            user: session.user,
            authenticated_at: session.authenticated_at,
            acr: session.acr,
            amr: session.amr.clone(),
            remembered: session.remembered,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        };
        serde_json::to_vec(&cached).unwrap_or_default()
    }

    fn decode(bytes: &[u8], cookie: TokenHash) -> Option<Session> {
        let cached: Self = serde_json::from_slice(bytes).ok()?;
        Some(Session {
            id: cached.id,
            cookie,
            user: cached.user,
            authenticated_at: cached.authenticated_at,
            acr: cached.acr,
            amr: cached.amr,
            remembered: cached.remembered,
            created_at: cached.created_at,
            last_seen_at: cached.last_seen_at,
            ended_at: None,
            address: String::new(),
            user_agent: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use palatine_domain::ids::RowId as _;

    use super::*;

    fn session() -> Session {
        Session {
            id: SessionId::from_uuid(uuid::Uuid::from_u128(1)),
            cookie: TokenHash::of("cookie"),
            user: UserId::from_uuid(uuid::Uuid::from_u128(2)),
            authenticated_at: Instant::from_seconds(10),
            acr: Acr::TwoFactors,
            amr: "pwd otp".to_owned(),
            remembered: true,
            created_at: Instant::from_seconds(5),
            last_seen_at: Instant::from_seconds(20),
            ended_at: None,
            address: String::new(),
            user_agent: String::new(),
        }
    }

    #[test]
    fn a_copy_in_the_cache_says_what_the_row_said() {
        let copy = CachedSession::encode(&session());
        assert_eq!(CachedSession::decode(&copy, TokenHash::of("cookie")), Some(session()));
    }

    #[test]
    fn a_copy_tells_nobody_the_cookie_the_address_or_the_browser() {
        let session = Session { address: "192.0.2.1".to_owned(), user_agent: "Browser/1".to_owned(), ..session() };
        let copy = String::from_utf8(CachedSession::encode(&session)).unwrap();
        for secret in [session.cookie.to_hex(), "192.0.2.1".to_owned(), "Browser/1".to_owned()] {
            assert!(!copy.contains(&secret), "{copy}");
        }
    }

    #[test]
    fn a_copy_that_makes_no_sense_is_none_and_the_database_is_asked() {
        let copy = CachedSession::encode(&session());
        for broken in [&b""[..], b"{}", b"E", b"null", &copy[..copy.len() - 1]] {
            assert_eq!(CachedSession::decode(broken, TokenHash::of("cookie")), None);
        }
    }
}
