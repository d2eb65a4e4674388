//! Introspection (RFC 7662): whether a token is alive, for those whose business it is.

use std::time::Duration;

use palatine_domain::TokenHash;
use palatine_domain::client::{Client, SubjectType};
use palatine_domain::refresh::Presentation;
use palatine_domain::tenant::TenantState;
use palatine_protocol::claims::{AccessTokenClaims, ExtraClaims, TokenUse};
use palatine_protocol::introspection::{ActiveToken, IntrospectionRequest, IntrospectionResponse};
use palatine_protocol::token::TokenType;
use palatine_realm::Realm;
use palatine_store::GrantLiveness;

use crate::client_auth::AuthenticatedClient;
use crate::grants::Holding;
use crate::{ServiceError, TokenService, claims, mint, verify};

impl TokenService {
    /// Answers a caller that has proved who it is. Whatever is not its business is inactive.
    pub async fn introspect(
        &self,
        realm: &Realm,
        caller: &AuthenticatedClient,
        request: &IntrospectionRequest,
    ) -> Result<IntrospectionResponse, ServiceError> {
        if realm.state() == TenantState::Suspended {
            return Ok(IntrospectionResponse::Inactive);
        }
        let token = request.token.expose();
        let keys = realm.keys().await?;
        let active = match verify::access_token(&keys, token, self.ambient.now()) {
            Some(claims) => self.introspect_access(realm, caller.client(), claims).await?,
            None => self.introspect_refresh(realm, caller.client(), token).await?,
        };
        Ok(active.map_or(IntrospectionResponse::Inactive, |active| IntrospectionResponse::Active(Box::new(active))))
    }

    async fn introspect_access(
        &self,
        realm: &Realm,
        caller: &Client,
        claims: AccessTokenClaims,
    ) -> Result<Option<ActiveToken>, ServiceError> {
        if !may_introspect(realm, caller, &claims) {
            return Ok(None);
        }
        let username = match claims.token_use {
            TokenUse::Service => {
                if !self.is_service_token_alive(realm, &claims).await? {
                    return Ok(None);
                }
                None
            }
            TokenUse::User => {
                let Some(grant) = mint::grant_of_jti(&claims.jti) else { return Ok(None) };
                let client = self.find_client(realm, &claims.client_id).await?;
                let tx = realm.read().await?;
                let found = tx.grants().liveness(grant, &claims.jti).await?;
                tx.finish().await?;
                match found.filter(|found| self.is_alive(found)) {
                    Some(alive) => {
                        Some(alive.user.username).filter(|_| client.is_some_and(|client| names_people(&client)))
                    }
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(active_access(claims, username)))
    }

    async fn is_service_token_alive(&self, realm: &Realm, claims: &AccessTokenClaims) -> Result<bool, ServiceError> {
        let client = self.find_client(realm, &claims.client_id).await?;
        if !client.is_some_and(|client| client.enabled) {
            return Ok(false);
        }
        let tx = realm.read().await?;
        let revoked = tx.revoked_tokens().contains(&claims.jti).await?;
        tx.finish().await?;
        Ok(!revoked)
    }

    /// A refresh token is the business of its own client alone.
    async fn introspect_refresh(
        &self,
        realm: &Realm,
        caller: &Client,
        token: &str,
    ) -> Result<Option<ActiveToken>, ServiceError> {
        let tx = realm.read().await?;
        let found = tx.refresh().by_hash(&TokenHash::of(token)).await?;
        tx.finish().await?;
        let Some(context) = found.filter(|found| found.family.client == caller.key) else { return Ok(None) };
        let now = self.ambient.now();
        let grace = Duration::from_secs(realm.policy().refresh.grace_seconds);
        let holding = Holding {
            grant: &context.grant,
            user: &context.user,
            session: context.session.as_ref(),
            client_enabled: self.is_client_enabled(caller.key, context.client_enabled),
            offline: context.family.offline,
        };
        let usable = context.token.present(now, grace) == Presentation::First
            && context.family.ended_at.is_none()
            && holding.check(realm, now).is_ok();
        if !usable {
            return Ok(None);
        }
        let sub = claims::subject(realm, caller, &context.user).await?;
        Ok(Some(ActiveToken {
            scope: Some(context.grant.scope),
            client_id: Some(caller.client_id.as_str().to_owned()),
            username: names_people(caller).then_some(context.user.username),
            exp: Some(context.token.expires_at.as_seconds()),
            iat: Some(context.token.issued_at.as_seconds()),
            sub: Some(sub),
            iss: Some(realm.issuer().to_owned()),
            jti: Some(context.token.id.to_string()),
            sid: Some(context.grant.session.to_string()),
            ..ActiveToken::default()
        }))
    }

    /// Whether a token of a grant still counts: grant, user, client and the token itself. A session that was ended
    /// has ended its grants; one that merely expired has not.
    pub(crate) fn is_alive(&self, found: &GrantLiveness) -> bool {
        found.grant.ended.is_none()
            && found.user.enabled
            && !found.revoked
            && self.is_client_enabled(found.grant.client, found.client_enabled)
    }
}

/// "the caller is the owner, in `aud`, or linked to an API in `aud`"; an API of the same registration is the caller.
fn may_introspect(realm: &Realm, caller: &Client, claims: &AccessTokenClaims) -> bool {
    let caller_id = caller.client_id.as_str();
    let is_linked = |audience: &str| {
        let api = realm.catalogue().api_by_identifier(audience);
        api.is_some_and(|api| caller.linked_apis.contains(&api.id) || api.client == Some(caller.key))
    };
    claims.client_id == caller_id || claims.aud.contains(caller_id) || claims.aud.iter().any(is_linked)
}

/// A login name would tell clients of different sectors that they speak of the same person.
fn names_people(client: &Client) -> bool {
    client.settings.subject.subject_type == SubjectType::Public
}

fn active_access(claims: AccessTokenClaims, username: Option<String>) -> ActiveToken {
    // What the token says beside: roles, groups, what mappers wrote. A mapped claim that has the name of a member of the
    // answer is left out; it stands in the token, for whoever wants it.
    let mut extra: ExtraClaims = claims.extra.into_iter().filter(|(name, _)| !ActiveToken::has_member(name)).collect();
    let beside = [
        ("realm_access", claims.realm_access.map(|access| serde_json::json!(access))),
        ("resource_access", claims.resource_access.map(|access| serde_json::json!(access))),
        ("acr", claims.acr.map(serde_json::Value::from)),
        ("auth_time", claims.auth_time.map(serde_json::Value::from)),
        ("azp", Some(serde_json::Value::from(claims.azp))),
    ];
    for (name, value) in beside {
        if let Some(value) = value {
            extra.insert(name.to_owned(), value);
        }
    }
    ActiveToken {
        scope: Some(claims.scope),
        client_id: Some(claims.client_id),
        username,
        token_type: Some(TokenType::Bearer),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub),
        aud: Some(claims.aud),
        iss: Some(claims.iss),
        jti: Some(claims.jti),
        token_use: Some(claims.token_use),
        sid: claims.sid,
        extra,
    }
}
