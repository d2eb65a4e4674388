//! Who must be the one that answers: `id_token_hint` and `sub` in `claims` (OpenID Connect Core, sections 3.1.2.1 and
//! 3.1.2.2).

use palatine_domain::session::Session;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_realm::Realm;

use super::{Asked, AuthorizeError};
use crate::claims::Subjects;
use crate::{TokenService, verify};

impl TokenService {
    /// The subject that the hint names. A hint is an ID token that this client was given by this realm; it may have
    /// expired. Whatever else it is, nobody could sign in as the one it names, so that nobody is asked to.
    pub(super) async fn hinted_subject(&self, realm: &Realm, asked: &Asked) -> Result<Option<String>, AuthorizeError> {
        let Some(hint) = &asked.request.id_token_hint else { return Ok(None) };
        let keys = realm.keys().await?;
        let client_id = asked.client.client_id.as_str();
        match verify::id_token_hint(&keys, hint).filter(|hint| hint.aud.contains(client_id)) {
            Some(hint) => Ok(Some(hint.sub)),
            None => Err(asked.callback.refuse(unusable_hint(asked))),
        }
    }

    /// Whether the session's person is the one that the request names, as its client knows them.
    pub(super) async fn is_the_one_meant(
        &self,
        realm: &Realm,
        asked: &Asked,
        hinted: Option<&str>,
        session: &Session,
    ) -> Result<bool, AuthorizeError> {
        let by_claims = asked.request.claims.as_ref().filter(|claims| claims.names_subject());
        if hinted.is_none() && by_claims.is_none() {
            return Ok(true);
        }
        let subjects = Subjects::of(realm, &asked.client).await?;
        let tx = realm.read().await?;
        let user = tx.users().by_id(session.user).await?;
        tx.finish().await?;
        let Some(user) = user else { return Ok(false) };
        Ok(hinted.is_none_or(|sub| subjects.means(&user, sub))
            && by_claims.is_none_or(|claims| claims.admits_subject(&subjects.subject(&user))))
    }
}

/// Asked silently, an application wants to know whether its person is still here, and the answer is no: the hint may be
/// of a key that is long gone. Asked aloud, it made a mistake.
fn unusable_hint(asked: &Asked) -> OAuthError {
    let words = "id_token_hint is no ID token that this client was given";
    let code = if asked.request.prompt.is_none() { ErrorCode::LoginRequired } else { ErrorCode::InvalidRequest };
    OAuthError::new(code, words)
}
