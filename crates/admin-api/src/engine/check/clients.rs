//! Clients: what each kind may have.

use palatine_domain::client::{
    ClientAuthMethod, ClientId, ClientKind, ClientScope, ClientSettings, RESERVED_CLIENT_ID_PREFIX, SubjectType,
};
use palatine_domain::policy::MAX_TOKEN_SECONDS;
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::jwk::JwkSet;
use palatine_protocol::redirect_uri::{self, ApplicationType, RegisteredRedirectUri};
use palatine_protocol::scope::Scope;
use palatine_protocol::token::GrantType;
use url::Url;

use super::authorization::{check_response_types, check_sign_in};
use super::logout::check_logout;
use super::{DesiredClient, Findings, client_secrets, mappers};
use crate::document::{ClientDocument, Path};

pub(super) fn clients(findings: &mut Findings<'_>) -> Vec<DesiredClient> {
    let document = findings.document();
    document.clients.iter().filter_map(|(id, document)| client(findings, id, document)).collect()
}

fn client(findings: &mut Findings<'_>, id: &str, document: &ClientDocument) -> Option<DesiredClient> {
    let at = Path::of(["clients", id]);
    let client_id = findings.keep(&at, ClientId::parse(id));
    if id.starts_with(RESERVED_CLIENT_ID_PREFIX) {
        let words = format!("client ids that begin with `{RESERVED_CLIENT_ID_PREFIX}` are reserved; choose another");
        findings.add(&at, words);
    }
    if let Some(name) = &document.name {
        findings.words(&at.then("name"), name);
    }
    findings.no_repetition(&at.then("roles"), &document.roles);
    findings.no_repetition(&at.then("apis"), &document.apis);
    check_visible_roles(findings, &at.then("realm_roles_in_tokens"), document);
    let auth_method = auth_method(findings, &at, document);
    let grant_types = grants(findings, &at, document, auth_method);
    check_redirect_uris(findings, &at, document, &grant_types);
    check_response_types(findings, &at, document, &grant_types);
    check_sign_in(findings, &at, document);
    check_web_origins(findings, &at, document);
    check_tokens(findings, &at, document);
    check_keys(findings, &at, document, auth_method);
    check_logout(findings, &at, document);
    let scopes = scopes(findings, &at, document);
    let secrets = client_secrets::secrets(findings, &at, document, auth_method);
    let secret_hashes = client_secrets::secret_hashes(findings, &at, document, auth_method);
    let settings = settings(document, auth_method, grant_types);
    check_subject(findings, &at, &settings);
    let mappers = mappers::mappers(findings, &at.then("mappers"), &document.mappers);
    Some(DesiredClient {
        client_id: client_id?,
        name: document.name.clone().unwrap_or_else(|| id.to_owned()),
        enabled: document.enabled,
        settings,
        scopes,
        apis: document.apis.clone(),
        secrets,
        secret_hashes,
        roles: document.roles.clone(),
        mappers,
    })
}

fn settings(document: &ClientDocument, auth_method: ClientAuthMethod, grant_types: Vec<GrantType>) -> ClientSettings {
    let usual = ClientSettings::new(document.kind, auth_method, grant_types);
    ClientSettings {
        strict_auth_method: document.strict_auth_method,
        redirect_uris: document.redirect_uris.clone(),
        post_logout_redirect_uris: document.post_logout_redirect_uris.clone(),
        web_origins: document.web_origins.clone(),
        response_types: document.response_types.clone().unwrap_or(usual.response_types),
        first_party: document.first_party,
        consent_required: document.consent_required,
        profile_claims_in_id_token: document.profile_claims_in_id_token,
        own_id_as_audience: document.own_id_as_audience,
        id_token_algorithm: document.id_token_algorithm.unwrap_or(usual.id_token_algorithm),
        access_token_profile: document.access_token_profile,
        access_token_algorithm: document.access_token_algorithm,
        access_token_seconds: document.access_token_seconds,
        userinfo_algorithm: document.userinfo_algorithm,
        all_roles_in_tokens: document.all_roles_in_tokens,
        realm_roles_in_tokens: document.realm_roles_in_tokens.clone(),
        keys: document.keys.clone(),
        subject: document.subject.clone(),
        sign_in: document.sign_in.clone(),
        logout: document.logout.clone(),
        about: document.about.clone(),
        ..usual
    }
}

/// What is left out follows from the kind; a browser keeps no secret, and a service has nothing else.
fn auth_method(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) -> ClientAuthMethod {
    let usual = match document.kind {
        ClientKind::Spa | ClientKind::Native => ClientAuthMethod::None,
        ClientKind::Web | ClientKind::Service => ClientAuthMethod::ClientSecretBasic,
    };
    let method = document.auth_method.unwrap_or(usual);
    let at = at.then("auth_method");
    if !SUPPORTED.token_auth_methods.contains(&method) {
        findings.add(&at, format!("`{method}` is not offered; use one of {}", listed(SUPPORTED.token_auth_methods)));
    }
    match (document.kind, method) {
        (ClientKind::Spa, method) if method != ClientAuthMethod::None => {
            findings.add(&at, "an application in the browser keeps no secret; use `none`, or the kind `web`");
        }
        (ClientKind::Service, ClientAuthMethod::None) => {
            findings.add(&at, "a service proves itself by a secret or a key; leave `auth_method` out");
        }
        _ => {}
    }
    method
}

fn grants(
    findings: &mut Findings<'_>,
    at: &Path,
    document: &ClientDocument,
    auth_method: ClientAuthMethod,
) -> Vec<GrantType> {
    let usual = match document.kind {
        ClientKind::Service => vec![GrantType::ClientCredentials],
        ClientKind::Web | ClientKind::Spa | ClientKind::Native => {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        }
    };
    let Some(grants) = document.grants.clone() else { return usual };
    let at = at.then("grants");
    for (number, grant) in grants.iter().enumerate() {
        let at = at.item(number);
        if grants.iter().take(number).any(|earlier| earlier == grant) {
            findings.add(&at, format!("`{grant}` stands here a second time"));
        }
        match grant {
            grant if !SUPPORTED.grant_types.contains(grant) => {
                findings.add(&at, format!("`{grant}` is not offered; use one of {}", listed(SUPPORTED.grant_types)));
            }
            GrantType::ClientCredentials if auth_method == ClientAuthMethod::None => {
                findings.add(&at, "a client without a secret cannot use `client_credentials`");
            }
            grant if document.kind == ClientKind::Service && *grant != GrantType::ClientCredentials => {
                findings.add(&at, format!("a service has no users; `{grant}` needs another kind of client"));
            }
            GrantType::RefreshToken if !grants.iter().copied().any(brings_a_person) => {
                findings.add(&at, "`refresh_token` needs `authorization_code`, or another grant of a person");
            }
            _ => {}
        }
    }
    grants
}

/// Whether what it issues is a person's, and so may be renewed.
const fn brings_a_person(grant: GrantType) -> bool {
    match grant {
        GrantType::AuthorizationCode | GrantType::DeviceCode | GrantType::Password => true,
        GrantType::RefreshToken | GrantType::ClientCredentials | GrantType::Implicit => false,
    }
}

fn listed<T: std::fmt::Display>(offered: &[T]) -> String {
    offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// PROTOCOL.md section 3: registration is strict, so that matching is exact.
fn check_redirect_uris(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument, grants: &[GrantType]) {
    let application_type = match document.kind {
        ClientKind::Native => ApplicationType::Native,
        ClientKind::Web | ClientKind::Spa | ClientKind::Service => ApplicationType::Web,
    };
    let lists = [
        ("redirect_uris", &document.redirect_uris),
        ("post_logout_redirect_uris", &document.post_logout_redirect_uris),
    ];
    for (key, uris) in lists {
        let at = at.then(key);
        findings.no_repetition(&at, uris);
        for (number, uri) in uris.iter().enumerate() {
            if let Err(error) = RegisteredRedirectUri::parse(uri, application_type) {
                findings.add(&at.item(number), format!("`{uri}`: {error}"));
            }
        }
    }
    let answered_there = [GrantType::AuthorizationCode, GrantType::Implicit];
    let needing = answered_there.into_iter().find(|grant| grants.contains(grant));
    if let (Some(grant), []) = (needing, document.redirect_uris.as_slice()) {
        findings.add(at, format!("the grant `{grant}` needs `redirect_uris`"));
    }
    if document.kind == ClientKind::Service && !document.redirect_uris.is_empty() {
        findings.add(&at.then("redirect_uris"), "a service has no users, and so no redirect URIs");
    }
}

fn check_web_origins(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    let at = at.then("web_origins");
    for (number, origin) in document.web_origins.iter().flatten().enumerate() {
        if redirect_uri::origin_of(origin).as_ref() != Some(origin) {
            let words = format!("`{origin}` is no web origin; write it as browsers do: https://app.example.com");
            findings.add(&at.item(number), words);
        }
    }
}

fn check_tokens(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    if document.id_token_algorithm.is_some_and(|chosen| !SUPPORTED.id_token_algorithms.contains(&chosen)) {
        findings.add(&at.then("id_token_algorithm"), "ID tokens are not signed with this algorithm");
    }
    if document.access_token_algorithm.is_some_and(|chosen| !SUPPORTED.access_token_algorithms.contains(&chosen)) {
        findings.add(&at.then("access_token_algorithm"), "access tokens are not signed with this algorithm");
    }
    if document.userinfo_algorithm.is_some_and(|chosen| !SUPPORTED.userinfo_algorithms.contains(&chosen)) {
        findings.add(&at.then("userinfo_algorithm"), "userinfo is not signed with this algorithm");
    }
    let Some(seconds) = document.access_token_seconds else { return };
    let keys = &findings.document().policy.keys;
    // A key must outlive the tokens it signed.
    let most = keys.retention_seconds.saturating_sub(keys.rotation_seconds).min(MAX_TOKEN_SECONDS);
    if !(10..=most).contains(&seconds) {
        findings.add(&at.then("access_token_seconds"), format!("this must be from 10 to {most} seconds"));
    }
}

fn check_visible_roles(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) {
    let Some(roles) = &document.realm_roles_in_tokens else { return };
    findings.no_repetition(at, roles);
    for (number, role) in roles.iter().enumerate().filter(|(_, role)| role.contains('/')) {
        findings.add(
            &at.item(number),
            format!("`{role}` is no role of the realm; roles of clients follow from the audience"),
        );
    }
    if document.all_roles_in_tokens {
        findings.add(at, "`all_roles_in_tokens` shows all of them; leave one of the two out");
    }
}

/// OpenID Connect Core, section 8.1: a pairwise subject needs a sector.
fn check_subject(findings: &mut Findings<'_>, at: &Path, settings: &ClientSettings) {
    let at = at.then("subject");
    match settings.subject.subject_type {
        SubjectType::Public if settings.subject.sector_identifier_uri.is_some() => {
            findings.add(&at.then("sector_identifier_uri"), "only subjects of `type: pairwise` have a sector");
        }
        SubjectType::Public => {}
        SubjectType::Pairwise if settings.kind == ClientKind::Service => {
            findings.add(&at.then("type"), "a service has no users, and so no pairwise subjects");
        }
        SubjectType::Pairwise => {
            findings.keep(&at, settings.sector());
        }
    }
}

/// The public keys of a client, and what it needs them for.
fn check_keys(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument, auth_method: ClientAuthMethod) {
    let (keys, at) = (&document.keys, at.then("keys"));
    match (&keys.jwks, &keys.jwks_uri) {
        // RFC 7591, section 2: "The jwks_uri and jwks parameters MUST NOT both be present".
        (Some(_), Some(_)) => findings.add(&at, "give either `jwks` or `jwks_uri`"),
        (Some(jwks), None) => {
            findings.keep(&at.then("jwks"), JwkSet::of_client(jwks));
        }
        (None, Some(uri)) => check_fetched(findings, &at.then("jwks_uri"), uri),
        (None, None) if auth_method == ClientAuthMethod::PrivateKeyJwt => {
            findings.add(&at, "`private_key_jwt` needs the client's public keys: `jwks` or `jwks_uri`");
        }
        (None, None) => {}
    }
    for (key, algorithm) in
        [("assertion_algorithm", keys.assertion_algorithm), ("request_object_algorithm", keys.request_object_algorithm)]
    {
        if algorithm.is_some_and(|algorithm| !SUPPORTED.client_signing_algorithms.contains(&algorithm)) {
            findings.add(&at.then(key), "clients do not sign with this algorithm here");
        }
    }
    if keys.assertion_algorithm.is_some() && auth_method != ClientAuthMethod::PrivateKeyJwt {
        findings.add(&at.then("assertion_algorithm"), "this is for clients with `auth_method: private_key_jwt`");
    }
}

/// A document that the server fetches itself. Whether its host may be reached is decided when it is: by `[outbound]`.
fn check_fetched(findings: &mut Findings<'_>, at: &Path, uri: &str) {
    let plain = Url::parse(uri).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    });
    if !plain {
        findings
            .add(at, format!("`{uri}` cannot be fetched; expected a URL such as https://app.example.com/jwks.json"));
    }
}

fn scopes(findings: &mut Findings<'_>, at: &Path, document: &ClientDocument) -> Vec<(ClientScope, Path)> {
    let at = at.then("scopes");
    let mut scopes: Vec<(ClientScope, Path)> = Vec::new();
    for (key, names, default) in
        [("default", &document.scopes.default, true), ("optional", &document.scopes.optional, false)]
    {
        for (number, name) in names.iter().enumerate() {
            let at = at.then(key).item(number);
            let Some(scope) = findings.keep(&at, Scope::parse(name)) else { continue };
            if scopes.iter().any(|(earlier, _)| earlier.scope == scope) {
                findings.add(&at, format!("`{name}` stands among the client's scopes a second time"));
            }
            scopes.push((ClientScope { scope, default }, at));
        }
    }
    scopes
}
