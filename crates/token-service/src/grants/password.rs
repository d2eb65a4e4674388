//! `password` (RFC 6749, section 4.3): a name and a password at the token endpoint, for a client that an admin let use it.
//!
//! The password goes through the pipeline of the login page, with its limits and its lockout, and what comes of it is a
//! session without a cookie: the tokens have a `sid`, and end when the person signs out everywhere.

use palatine_authn::{Conclusion, Proved, SignInAttempt, SignInOutcome};
use palatine_domain::SecretText;
use palatine_domain::client::Client;
use palatine_domain::grant::{Grant, GrantedClaims};
use palatine_protocol::error::OAuthError;
use palatine_protocol::scope::ScopeSet;
use palatine_protocol::secret::Secret;
use palatine_protocol::token::TokenResponse;
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantWrite};
use palatine_tenant_routing::limits::{self, Bucket};

use super::issue::Issued;
use super::{Caller, Refusal, TokenError, invalid_grant, settled};
use crate::authorize::checks;
use crate::claims::Sources;
use crate::session::SignIn;
use crate::targets::{self, Target};
use crate::{ServiceError, TokenService, consent};

static NO_SCOPE: ScopeSet = ScopeSet::new();

/// What the client presents.
pub(super) struct Presented {
    pub(super) username: String,
    pub(super) password: Secret,
    pub(super) scope: Option<ScopeSet>,
}

/// What was decided before anybody looked at the password.
struct Wanted<'a> {
    scope: ScopeSet,
    resources: Vec<String>,
    target: Target,
    sources: Sources<'a>,
}

impl TokenService {
    pub(super) async fn password(
        &self,
        realm: &Realm,
        client: &Client,
        presented: Presented,
        resources: Vec<String>,
        caller: &Caller,
    ) -> Result<TokenResponse, TokenError> {
        let scope = checks::allowed_scope(realm, client, presented.scope.as_ref().unwrap_or(&NO_SCOPE))?;
        let target = targets::plan(realm, client, &scope, &scope, &resources)?;
        // "the authorization server MUST protect the endpoint against brute force attacks" (section 4.3.2).
        limits::take(realm, Bucket::Login, &caller.address_prefix).await.map_err(TokenError::TooMany)?;
        let keys = self.keys_of(realm, client).await?;
        let sources = Sources::of(realm, client).await?;
        let proved = self.prove(realm, client, &presented, caller).await?;
        let tx = realm.write().await?;
        let wanted = Wanted { scope, resources, target, sources };
        let admitted = self.admit(&tx, realm, client, *proved, wanted, caller).await;
        let issued = settled(tx, admitted).await?;
        self.answer(realm, client, &keys, issued)
    }

    /// RFC 6749, section 4.3.2: "validate the resource owner password credentials using its existing password validation
    /// algorithm". Unknown, wrong, disabled and locked are one answer.
    async fn prove(
        &self,
        realm: &Realm,
        client: &Client,
        presented: &Presented,
        caller: &Caller,
    ) -> Result<Box<Proved>, TokenError> {
        let attempt = SignInAttempt {
            identifier: &presented.username,
            password: SecretText::new(presented.password.expose()),
            address: &caller.address,
            // Here nobody reads a cookie: no browser is known.
            device: None,
            request_id: &caller.request_id,
            user_agent: &caller.user_agent,
            client: Some(client.key),
        };
        let people = &self.people;
        let judged = people.authenticator.sign_in(&people.store, realm.scope(), realm.policy(), attempt).await;
        // Exhaustive on purpose: there is no page to ask anything further, so an outcome that needs a second factor, once
        // there is one, is refused here or does not compile.
        match judged.map_err(ServiceError::from)? {
            SignInOutcome::Proved(proved) => Ok(proved),
            SignInOutcome::Refused | SignInOutcome::Locked => Err(wrong_credentials().into()),
        }
    }

    /// Session, grant and family, in the transaction that writes the sign-in down.
    async fn admit(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        proved: Proved,
        wanted: Wanted<'_>,
        caller: &Caller,
    ) -> Result<Issued, Refusal> {
        if !has_consented(tx, client, &proved, &wanted.scope).await? {
            self.people.authenticator.conclude_without_consent(tx, &proved).await?;
            let words =
                "consent_required: the person has not allowed this application; let them sign in with a browser";
            return Err(Refusal::Lasting(invalid_grant(words)));
        }
        let sign_in = SignIn {
            user: proved.user.id,
            acr: proved.acr,
            amr: proved.amr.to_owned(),
            remembered: false,
            address: caller.address.clone(),
            user_agent: caller.user_agent.clone(),
        };
        // The secret for its cookie is told to nobody.
        let session = self.begin_session(tx, realm, None, sign_in).await?;
        match self.people.authenticator.conclude_success(tx, &proved, session.id).await? {
            Conclusion::Concluded => {}
            Conclusion::Withdrawn => return Err(wrong_credentials().into()),
        }
        let Wanted { scope, resources, target, sources } = wanted;
        let grant = Grant {
            id: self.ambient.id(),
            client: client.key,
            user: proved.user.id,
            session: session.id,
            scope,
            claims: GrantedClaims::default(),
            resources,
            nonce: None,
            authenticated_at: tx.now(),
            acr: proved.acr,
            amr: proved.amr.to_owned(),
            cnf: None,
            created_at: tx.now(),
            ended: None,
        };
        tx.grants().insert(&grant).await?;
        let refresh_token = self.first_refresh_token(tx, realm, client, &grant).await?;
        let person = sources.person(tx, proved.user, &grant.scope).await?;
        Ok(Issued { grant, person, target, refresh_token, now: tx.now() })
    }
}

fn wrong_credentials() -> OAuthError {
    invalid_grant("the name or the password is wrong")
}

/// Whether the person allowed the client what it asks for, or need not: nobody can be asked here.
async fn has_consented(
    tx: &TenantWrite,
    client: &Client,
    proved: &Proved,
    scope: &ScopeSet,
) -> Result<bool, StoreError> {
    if !consent::is_needed(client, scope) {
        return Ok(true);
    }
    let given = tx.consents().get(proved.user.id, client.key).await?;
    Ok(given.is_some_and(|given| scope.is_subset_of(&given)))
}
