//! What each tenant holds: one of everything, under names that all tenants share.

use std::time::Duration;

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::{Client, ClientId, ClientScope, ClientSecret, SecretVerifier};
use palatine_domain::credential::KnownDevice;
use palatine_domain::grant::{AuthorizationCode, Grant};
use palatine_domain::ids::RowId;
use palatine_domain::interaction::Interaction;
use palatine_domain::key::{DataKey, MasterKeyId, RealmSecret, RealmSecretKind, SigningKey};
use palatine_domain::mapper::{ClaimMapper, MapperOwner, MapperRule};
use palatine_domain::refresh::{RefreshFamily, RefreshToken};
use palatine_domain::roles::{Group, Role};
use palatine_domain::session::{Acr, Session};
use palatine_domain::user::User;
use palatine_domain::{Ambient, Instant, TokenHash};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::pkce::CodeChallenge;
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_store::{StoreError, TenantScope, TenantWrite};
use serde_json::json;

use crate::support::TestStore;

/// The password hash of every tenant's user.
pub(crate) const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";
/// The `jti` that every tenant revoked.
pub(crate) const JTI: &str = "revoked.jti";
/// The handle of every tenant's posted request.
pub(crate) const HANDLE: &str = "posted";

/// One of everything.
pub(crate) struct Filled {
    pub(crate) scope: TenantScope,
    pub(crate) data_key: DataKey,
    pub(crate) signing_key: SigningKey,
    pub(crate) secret: RealmSecret,
    pub(crate) api: Api,
    pub(crate) orders: ScopeDefinition,
    pub(crate) client: Client,
    pub(crate) mapper: ClaimMapper,
    pub(crate) user: User,
    pub(crate) device: KnownDevice,
    pub(crate) role: Role,
    pub(crate) group: Group,
    pub(crate) session: Session,
    pub(crate) interaction: Interaction,
    pub(crate) grant: Grant,
    pub(crate) code: AuthorizationCode,
    pub(crate) family: RefreshFamily,
    pub(crate) token: RefreshToken,
    pub(crate) event: AuditEvent,
}

impl Filled {
    pub(crate) fn make(db: &TestStore, scope: TenantScope) -> Self {
        let ambient = db.store.ambient();
        let api = api(ambient, "orders-api");
        let orders = scope_of(ambient, "read:orders", Some(&api));
        let client = client(ambient, "app", &[&orders]);
        let mapper = mapper(ambient, MapperOwner::Client(client.key), "audience");
        let user = user(ambient, "jane", Some("jane@example.com"));
        let session = session(ambient, &user, "session cookie");
        let grant = grant(ambient, &client, &session);
        let family = family(ambient, &grant, false);
        Self {
            scope,
            data_key: data_key(ambient),
            signing_key: signing_key(ambient, 1),
            secret: realm_secret(ambient),
            device: device(ambient, &user, "device cookie"),
            role: role(ambient, "editor"),
            group: group(ambient, "staff"),
            interaction: interaction(ambient),
            code: code(ambient, &grant, "code"),
            token: token(ambient, &family, "refresh token", None),
            event: event(ambient, AuditKind::LoginSucceeded, Actor::User(user.id)),
            api,
            orders,
            client,
            mapper,
            user,
            session,
            grant,
            family,
        }
    }

    pub(crate) async fn write_down(&self, tx: &TenantWrite) -> Result<(), StoreError> {
        tx.settings().put(&settings("Acme")).await?;
        tx.keys().insert_data_key(&self.data_key, 1).await?;
        tx.keys().insert_signing_key(&self.signing_key).await?;
        tx.realm_secrets().insert(&self.secret).await?;
        tx.apis().insert(&self.api).await?;
        tx.scopes().insert(&self.orders).await?;
        tx.clients().insert(&self.client).await?;
        tx.claim_mappers().insert(&self.mapper).await?;
        tx.users().insert(&self.user).await?;
        tx.credentials().set_password(self.user.id, PHC).await?;
        tx.devices().remember(&self.device).await?;
        tx.roles().insert(&self.role).await?;
        tx.groups().insert(&self.group).await?;
        tx.consents().answer(self.user.id, self.client.key, &scopes("openid"), &scopes("")).await?;
        tx.sessions().insert(&self.session).await?;
        tx.interactions().insert(&self.interaction).await?;
        let later = tx.now().plus(Duration::from_mins(10));
        tx.posted_requests().insert(&TokenHash::of(HANDLE), "client_id=app", tx.now(), later).await?;
        tx.grants().insert_with_code(&self.grant, &self.code).await?;
        tx.refresh().start(&self.family, &self.token).await?;
        tx.revoked_tokens().insert(JTI, later).await?;
        tx.audit().append(&self.event).await
    }
}

pub(crate) fn settings(display_name: &str) -> palatine_domain::tenant::RealmSettings {
    serde_json::from_value(json!({ "display_name": display_name })).unwrap()
}

pub(crate) fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

pub(crate) fn data_key(ambient: &Ambient) -> DataKey {
    DataKey { id: ambient.id(), master_key: MasterKeyId(7), wrapped: vec![1, 2, 3], created_at: ambient.now() }
}

pub(crate) fn signing_key(ambient: &Ambient, generation: i32) -> SigningKey {
    SigningKey {
        id: ambient.id(),
        kid: format!("kid-{generation}"),
        algorithm: SigningAlgorithm::ES256,
        generation,
        public: serde_json::from_value(json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" })).unwrap(),
        sealed_private: vec![4, 5, 6],
        created_at: ambient.now(),
        active_from: ambient.now(),
        rotates_at: Some(later(ambient.now())),
        retirement: None,
    }
}

pub(crate) fn realm_secret(ambient: &Ambient) -> RealmSecret {
    let (kind, sealed) = (RealmSecretKind::PairwiseSalt, vec![7, 8, 9]);
    RealmSecret { id: ambient.id(), kind, sealed, created_at: ambient.now() }
}

pub(crate) fn api(ambient: &Ambient, identifier: &str) -> Api {
    Api {
        id: ambient.id(),
        identifier: identifier.to_owned(),
        name: "Orders".to_owned(),
        profile: None,
        algorithm: Some(SigningAlgorithm::PS256),
        client: None,
    }
}

pub(crate) fn scope_of(ambient: &Ambient, name: &str, api: Option<&Api>) -> ScopeDefinition {
    ScopeDefinition {
        id: ambient.id(),
        scope: Scope::parse(name).unwrap(),
        description: format!("May {name}"),
        api: api.map(|api| api.id),
    }
}

pub(crate) fn client(ambient: &Ambient, client_id: &str, scopes: &[&ScopeDefinition]) -> Client {
    let settings = json!({
        "kind": "web",
        "auth_method": "client_secret_basic",
        "redirect_uris": ["https://app.example.com/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    Client {
        key: ambient.id(),
        client_id: ClientId::parse(client_id).unwrap(),
        name: "The application".to_owned(),
        enabled: true,
        settings: serde_json::from_value(settings).unwrap(),
        scopes: scopes.iter().map(|scope| ClientScope { scope: scope.scope.clone(), default: true }).collect(),
        linked_apis: scopes.iter().filter_map(|scope| scope.api).collect(),
        secrets: vec![secret(ambient)],
    }
}

pub(crate) fn mapper(ambient: &Ambient, owner: MapperOwner, name: &str) -> ClaimMapper {
    ClaimMapper { id: ambient.id(), owner, name: name.to_owned(), rule: MapperRule::Audience("orders-api".to_owned()) }
}

pub(crate) fn secret(ambient: &Ambient) -> ClientSecret {
    ClientSecret {
        id: ambient.id(),
        label: "first".to_owned(),
        hint: "abcd".to_owned(),
        verifier: SecretVerifier::Sha256(TokenHash::of("client secret")),
        created_at: ambient.now(),
        expires_at: None,
        last_used_at: None,
    }
}

pub(crate) fn user(ambient: &Ambient, username: &str, email: Option<&str>) -> User {
    User {
        id: ambient.id(),
        subject: format!("subject-of-{username}"),
        enabled: true,
        username: username.to_owned(),
        email: email.map(str::to_owned),
        email_verified: true,
        profile: serde_json::from_value(json!({ "name": "Jane Doe", "locale": "de" })).unwrap(),
        custom: [("department".to_owned(), json!("sales"))].into(),
        created_at: ambient.now(),
        updated_at: ambient.now(),
    }
}

pub(crate) fn device(ambient: &Ambient, user: &User, cookie: &str) -> KnownDevice {
    KnownDevice { id: ambient.id(), user: user.id, secret: TokenHash::of(cookie), last_used_at: ambient.now() }
}

pub(crate) fn role(ambient: &Ambient, name: &str) -> Role {
    Role { id: ambient.id(), name: name.to_owned(), description: "May edit".to_owned(), client: None }
}

pub(crate) fn group(ambient: &Ambient, name: &str) -> Group {
    Group { id: ambient.id(), name: name.to_owned(), parent: None }
}

pub(crate) fn session(ambient: &Ambient, user: &User, cookie: &str) -> Session {
    Session {
        id: ambient.id(),
        cookie: TokenHash::of(cookie),
        user: user.id,
        authenticated_at: ambient.now(),
        acr: Acr::OneFactor,
        amr: "pwd".to_owned(),
        remembered: false,
        created_at: ambient.now(),
        last_seen_at: ambient.now(),
        ended_at: None,
        address: "203.0.113.7".to_owned(),
        user_agent: "A browser".to_owned(),
    }
}

pub(crate) fn interaction(ambient: &Ambient) -> Interaction {
    let request = json!({ "response_type": "code", "response_mode": "query", "scope": "openid", "nonce": "n" });
    Interaction {
        id: ambient.id(),
        cookie: TokenHash::of("interaction cookie"),
        client_id: "app".to_owned(),
        redirect_uri: "https://app.example.com/callback".to_owned(),
        redirect_uri_given: true,
        request: serde_json::from_value(request).unwrap(),
        device: Some(TokenHash::of("device code")),
        authenticated_in: None,
        account_choice: None,
        created_at: ambient.now(),
        expires_at: ambient.now().plus(Duration::from_mins(10)),
    }
}

pub(crate) fn grant(ambient: &Ambient, client: &Client, session: &Session) -> Grant {
    Grant {
        id: ambient.id(),
        client: client.key,
        user: session.user,
        session: session.id,
        scope: scopes("openid read:orders"),
        claims: serde_json::from_value(json!({ "userinfo": ["email"], "id_token": ["name"] })).unwrap(),
        resources: vec!["orders-api".to_owned()],
        nonce: Some("n".to_owned()),
        authenticated_at: session.authenticated_at,
        acr: session.acr,
        amr: session.amr.clone(),
        cnf: None,
        created_at: ambient.now(),
        ended: None,
    }
}

pub(crate) fn code(ambient: &Ambient, grant: &Grant, wire: &str) -> AuthorizationCode {
    AuthorizationCode {
        id: ambient.id(),
        hash: TokenHash::of(wire),
        grant: grant.id,
        client: grant.client,
        redirect_uri: "https://app.example.com/callback".to_owned(),
        redirect_uri_given: true,
        challenge: Some(CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap()),
        created_at: ambient.now(),
        expires_at: ambient.now().plus(Duration::from_mins(1)),
        consumed_at: None,
    }
}

pub(crate) fn family(ambient: &Ambient, grant: &Grant, offline: bool) -> RefreshFamily {
    RefreshFamily {
        id: ambient.id(),
        grant: grant.id,
        client: grant.client,
        user: grant.user,
        offline,
        created_at: ambient.now(),
        absolute_expires_at: Some(ambient.now().plus(Duration::from_hours(24))),
        ended_at: None,
    }
}

pub(crate) fn token(
    ambient: &Ambient,
    family: &RefreshFamily,
    wire: &str,
    parent: Option<&RefreshToken>,
) -> RefreshToken {
    RefreshToken {
        id: ambient.id(),
        family: family.id,
        hash: TokenHash::of(wire),
        parent: parent.map(|parent| parent.id),
        issued_at: ambient.now(),
        expires_at: ambient.now().plus(Duration::from_hours(1)),
        used: None,
    }
}

pub(crate) fn event(ambient: &Ambient, kind: AuditKind, actor: Actor) -> AuditEvent {
    AuditEvent {
        id: ambient.id(),
        at: ambient.now(),
        kind,
        actor,
        user: None,
        client: None,
        session: None,
        address: Some("203.0.113.7".to_owned()),
        request_id: Some("request".to_owned()),
        details: json!({ "why": "test" }),
    }
}

/// An identifier that nobody has.
pub(crate) fn nobody<I: RowId>(ambient: &Ambient) -> I {
    ambient.id()
}

/// A moment later.
pub(crate) fn later(at: Instant) -> Instant {
    at.plus(Duration::from_secs(1))
}
