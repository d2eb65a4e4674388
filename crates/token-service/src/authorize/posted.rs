//! Authorization requests that came by POST: kept, and found again by the GET that they are answered with.

use palatine_domain::TokenHash;
use palatine_protocol::error::OAuthError;
use palatine_protocol::params::Params;
use palatine_realm::Realm;

use super::{AuthorizeError, read_request};
use crate::{ServiceError, TokenService};

/// The longest request that is kept, as a query, in bytes.
const MAX_POSTED_BYTES: usize = 64 * 1024;

/// The parameter of the GET form that names a kept request.
pub const POSTED_REQUEST: &str = "posted_request";

/// The parameters of a request, by the way they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// As they stand: a request object among them is still to be believed.
    Now(Params),
    /// By an earlier POST, as they counted then: what a request object said is in its place.
    Kept(Params),
}

impl Arrived {
    /// The parameters, by whichever way they came.
    pub fn params(&self) -> &Params {
        match self {
            Self::Now(params) | Self::Kept(params) => params,
        }
    }
}

impl TokenService {
    /// Keeps a request for as long as a sign-in may take; gives the handle that finds it. What is refused in any case is
    /// refused at once: nobody fills the database with requests that no client made. Of a request object its parameters
    /// are kept, as they counted when it came: it is fetched and verified once.
    pub async fn store_posted_request(&self, realm: &Realm, params: &Params) -> Result<String, AuthorizeError> {
        let (client, params) = self.counting_request(realm, params).await?;
        let asked = read_request(realm, client, &params)?;
        let query = params.to_query();
        if query.len() > MAX_POSTED_BYTES {
            return Err(asked.callback.refuse(OAuthError::invalid_request("the request is too long")));
        }
        let handle = self.ambient.secret();
        let tx = realm.write().await?;
        let expires_at = tx.now().plus(realm.policy().lifetimes.interaction());
        tx.posted_requests().insert(&handle.hash(), &query, tx.now(), expires_at).await?;
        tx.commit().await?;
        Ok(handle.to_wire())
    }

    /// The kept request that `params` names, or `params` themselves if they name none. `None`: it is gone.
    pub async fn posted_request(&self, realm: &Realm, params: Params) -> Result<Option<Arrived>, ServiceError> {
        let Ok(Some(handle)) = params.one(POSTED_REQUEST) else { return Ok(Some(Arrived::Now(params))) };
        let tx = realm.read().await?;
        let query = tx.posted_requests().get(&TokenHash::of(handle), tx.now()).await?;
        tx.finish().await?;
        Ok(query.and_then(|query| Params::parse(query.as_bytes()).ok()).map(Arrived::Kept))
    }
}
