//! Tokens that the response itself carries (OpenID Connect Core, sections 3.2.2.5 and 3.3.2.5).

use std::sync::Arc;

use palatine_domain::Instant;
use palatine_domain::grant::Grant;
use palatine_domain::user::User;
use palatine_protocol::response::{FrontChannelToken, Issued};
use palatine_protocol::scope::ScopeSet;
use palatine_realm::{KeyError, KeyRing, Realm};
use palatine_store::{StoreError, TenantWrite};

use super::{Asked, AuthorizeError};
use crate::TokenService;
use crate::claims::{Person, Sources};
use crate::mint::{Beside, Minter};
use crate::targets::{self, Target};

/// What is to be signed, of what, with which keys: gathered before the transaction opens.
pub(super) struct FrontChannel<'a> {
    keys: Arc<KeyRing>,
    sources: Sources<'a>,
    target: Option<Target>,
}

/// The same with what was read in the transaction: used after it.
pub(super) struct ReadyToSign {
    keys: Arc<KeyRing>,
    target: Option<Target>,
    person: Person,
    at: Instant,
}

impl FrontChannel<'_> {
    /// In the transaction, once the grant is written.
    pub(super) async fn about(self, tx: &TenantWrite, user: User, scope: &ScopeSet) -> Result<ReadyToSign, StoreError> {
        let person = self.sources.person(tx, user, scope).await?;
        Ok(ReadyToSign { keys: self.keys, target: self.target, person, at: tx.now() })
    }
}

impl TokenService {
    /// `None`: a code is all that was asked for. `scope` is what the person allowed: of it, a resource that was named
    /// may have lost everything, and then it is refused as the token endpoint would.
    pub(super) async fn front_channel<'a>(
        &self,
        realm: &'a Realm,
        asked: &'a Asked,
        scope: &ScopeSet,
    ) -> Result<Option<FrontChannel<'a>>, AuthorizeError> {
        let response_type = asked.request.response_type;
        if !response_type.is_front_channel() {
            return Ok(None);
        }
        let target = response_type
            .has_token()
            .then(|| targets::plan(realm, &asked.client, scope, scope, &asked.request.resources))
            .transpose()
            .map_err(|error| asked.callback.refuse(error))?;
        let sources = Sources::of(realm, &asked.client).await?;
        let keys = self.keys_of(realm, &asked.client).await?;
        Ok(Some(FrontChannel { keys, sources, target }))
    }

    /// Signs what goes into `answer` beside the code.
    pub(super) fn sign_front_channel(
        &self,
        realm: &Realm,
        asked: &Asked,
        grant: &Grant,
        ready: &ReadyToSign,
        answer: Issued,
    ) -> Result<Issued, KeyError> {
        let client = &asked.client;
        let ReadyToSign { keys, target, person, at } = ready;
        let minter = Minter { realm, keys, client, ambient: &self.ambient, now: *at };
        let sign = |target: &Target| -> Result<FrontChannelToken, KeyError> {
            let signed = minter.user_token(grant, person, target)?;
            Ok(FrontChannelToken { token: signed.token, expires_in: signed.expires_in, scope: target.scope.clone() })
        };
        let access_token = target.as_ref().map(sign).transpose()?;
        let beside = Beside {
            access_token: access_token.as_ref().map(|access| access.token.as_str()),
            code: answer.code.as_deref(),
            nonce: asked.request.nonce.as_deref(),
        };
        let has_id_token = asked.request.response_type.has_id_token();
        let id_token = has_id_token.then(|| minter.id_token(grant, person, &beside)).transpose()?;
        Ok(Issued { access_token, id_token, ..answer })
    }
}
