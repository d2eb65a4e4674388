//! Minting: from what was decided to what travels.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::client::Client;
use palatine_domain::grant::Grant;
use palatine_domain::ids::{GrantId, RefreshTokenId};
use palatine_domain::policy::AccessTokenProfile;
use palatine_domain::roles::Holdings;
use palatine_domain::{Ambient, Instant};
use palatine_protocol::claims::{
    AccessTokenClaims, IdTokenClaims, RefreshTokenBody, RefreshTokenTyp, ServiceAccount, TYP_ACCESS_TOKEN, TYP_JWT,
    TokenUse, token_hash,
};
use palatine_protocol::scope;
use palatine_realm::{KeyError, KeyRing, Realm};
use serde_json::json;

use crate::claims::{self, AccessClaims, Person};
use crate::targets::Target;

/// A signed access token.
#[derive(Debug)]
pub struct AccessToken {
    /// The compact JWS.
    pub token: String,
    /// Its life in seconds.
    pub expires_in: u64,
}

/// What all tokens of one answer have in common.
pub struct Minter<'a> {
    /// The realm.
    pub realm: &'a Realm,
    /// Its keys.
    pub keys: &'a KeyRing,
    /// The client that is answered.
    pub client: &'a Client,
    /// Time and randomness.
    pub ambient: &'a Ambient,
    /// The instant of issuance.
    pub now: Instant,
}

/// What a refresh token is of.
pub struct RefreshSubject<'a> {
    /// Its row.
    pub id: RefreshTokenId,
    /// When it stops working.
    pub expires_at: Instant,
    /// The grant it renews.
    pub grant: &'a Grant,
}

/// What an ID token is issued together with, and answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The access token of the same answer.
    pub access_token: Option<&'a str>,
    /// The code of the same answer.
    pub code: Option<&'a str>,
    /// The `nonce` of the authorization request that is answered.
    pub nonce: Option<&'a str>,
}

impl Beside<'_> {
    /// OpenID Connect Core, section 5.4: "when no Access Token is issued (which is the case for the `response_type`
    /// value `id_token`), the resulting Claims are returned in the ID Token."
    fn is_alone(&self) -> bool {
        self.access_token.is_none() && self.code.is_none()
    }
}

impl Minter<'_> {
    /// An access token for a person's grant (RFC 9068, section 2.2).
    pub fn user_token(&self, grant: &Grant, person: &Person, target: &Target) -> Result<AccessToken, KeyError> {
        self.sign(
            target,
            &AccessTokenClaims {
                sid: Some(grant.session.to_string()),
                auth_time: Some(grant.authenticated_at.as_seconds()),
                acr: Some(grant.acr.as_str().to_owned()),
                amr: Some(grant.amr.split(' ').map(str::to_owned).collect()),
                ..self.claims(
                    person.subject.clone(),
                    user_jti(grant.id, self.ambient),
                    TokenUse::User,
                    target,
                    claims::for_access_token(self.realm, self.client, person, target),
                )
            },
        )
    }

    /// An access token for a client that acts for itself, with what its service account holds.
    pub fn service_token(&self, holdings: &Holdings, target: &Target) -> Result<AccessToken, KeyError> {
        let client_id = self.client.client_id.as_str().to_owned();
        let account = ServiceAccount {
            client_id: client_id.clone(),
            client_id_camel: client_id.clone(),
            name: self.client.name.clone(),
            scopes: target.scope.iter().cloned().collect(),
            audiences: target.audience.iter().map(str::to_owned).collect(),
        };
        let jti = format!("s.{}", URL_SAFE_NO_PAD.encode(self.ambient.bytes::<16>()));
        self.sign(
            target,
            &AccessTokenClaims {
                service_account: Some(account),
                ..self.claims(
                    client_id,
                    jti,
                    TokenUse::Service,
                    target,
                    claims::for_service_token(self.realm, self.client, holdings, target),
                )
            },
        )
    }

    fn claims(
        &self,
        sub: String,
        jti: String,
        token_use: TokenUse,
        target: &Target,
        beside: AccessClaims,
    ) -> AccessTokenClaims {
        let client_id = self.client.client_id.as_str();
        AccessTokenClaims {
            iss: self.realm.issuer().to_owned(),
            sub,
            aud: target.audience.clone(),
            exp: self.now.plus(self.access_token_life()).as_seconds(),
            iat: self.now.as_seconds(),
            jti,
            client_id: client_id.to_owned(),
            azp: client_id.to_owned(),
            scope: target.scope.clone(),
            sid: None,
            auth_time: None,
            acr: None,
            amr: None,
            token_use,
            realm_access: beside.realm_access,
            resource_access: beside.resource_access,
            service_account: None,
            extra: beside.extra,
        }
    }

    fn sign(&self, target: &Target, claims: &AccessTokenClaims) -> Result<AccessToken, KeyError> {
        let typ = match target.profile {
            AccessTokenProfile::Rfc9068 => TYP_ACCESS_TOKEN,
            AccessTokenProfile::Jwt => TYP_JWT,
        };
        let token = self.keys.sign(target.algorithm, typ, claims)?;
        Ok(AccessToken { token, expires_in: self.access_token_life().as_secs() })
    }

    fn access_token_life(&self) -> Duration {
        self.client.access_token_life(&self.realm.policy().lifetimes)
    }

    /// The ID token of an answer, if the grant is for OpenID Connect at all (Core, section 3.1.2.1: scope `openid`).
    pub fn id_token_if_asked(
        &self,
        grant: &Grant,
        person: &Person,
        beside: &Beside<'_>,
    ) -> Result<Option<String>, KeyError> {
        if grant.scope.contains(scope::OPENID) { self.id_token(grant, person, beside).map(Some) } else { Ok(None) }
    }

    /// An ID token (OpenID Connect Core, section 2).
    pub fn id_token(&self, grant: &Grant, person: &Person, beside: &Beside<'_>) -> Result<String, KeyError> {
        let algorithm = self.client.settings.id_token_algorithm;
        let client_id = self.client.client_id.as_str();
        let life = Duration::from_secs(self.realm.policy().lifetimes.id_token_seconds);
        let mut extra = if beside.is_alone() {
            claims::for_id_token_alone(self.realm, self.client, person, &grant.scope)
        } else {
            claims::for_id_token(self.realm, self.client, person, &grant.scope)
        };
        extra.extend(claims::requested::of_user(self.realm, self.client, &person.user, &grant.claims.id_token));
        let claims = IdTokenClaims {
            iss: self.realm.issuer().to_owned(),
            sub: person.subject.clone(),
            aud: client_id.to_owned().into(),
            exp: self.now.plus(life).as_seconds(),
            iat: self.now.as_seconds(),
            auth_time: Some(grant.authenticated_at.as_seconds()),
            nonce: beside.nonce.map(str::to_owned),
            acr: Some(grant.acr.as_str().to_owned()),
            amr: Some(grant.amr.split(' ').map(str::to_owned).collect()),
            azp: Some(client_id.to_owned()),
            sid: Some(grant.session.to_string()),
            at_hash: beside.access_token.map(|token| token_hash(algorithm, token)),
            c_hash: beside.code.map(|code| token_hash(algorithm, code)),
            extra,
        };
        self.keys.sign(algorithm, TYP_JWT, &claims)
    }
}

/// A refresh token: it looks like a JWS, since keycloak-js decodes it, and its last part is 256 random bits. We find
/// it by the hash of the whole and never read what it says.
pub fn refresh_token(
    realm: &Realm,
    client: &Client,
    ambient: &Ambient,
    now: Instant,
    subject: &RefreshSubject<'_>,
) -> String {
    let body = RefreshTokenBody {
        typ: RefreshTokenTyp::Refresh,
        iss: realm.issuer().to_owned(),
        aud: realm.issuer().to_owned(),
        iat: now.as_seconds(),
        exp: subject.expires_at.as_seconds(),
        jti: subject.id.to_string(),
        sid: Some(subject.grant.session.to_string()),
        scope: subject.grant.scope.clone(),
        azp: client.client_id.as_str().to_owned(),
    };
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({ "typ": "Refresh", "alg": "opaque" }));
    format!("{header}.{}.{}", part(json!(body)), ambient.secret().to_wire())
}

/// `{grant id}.{64 random bits}`: the grant is found from the token, and ending it ends the token.
fn user_jti(grant: GrantId, ambient: &Ambient) -> String {
    format!("{grant}.{}", URL_SAFE_NO_PAD.encode(ambient.bytes::<8>()))
}

/// The grant that a `jti` names.
pub fn grant_of_jti(jti: &str) -> Option<GrantId> {
    jti.split_once('.').and_then(|(grant, _)| grant.parse().ok())
}
