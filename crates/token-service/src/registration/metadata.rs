//! What a client may register, member by member (OpenID Connect Dynamic Client Registration, section 2; RFC 7591,
//! section 2). Whatever is left out gets its default.

use palatine_domain::client::{
    Client, ClientAbout, ClientAuthMethod, ClientKeySettings, ClientKind, ClientScope, ClientSettings, LogoutSettings,
    SignInSettings, SubjectSettings, SubjectType,
};
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_protocol::key_set::KeySetProblem;
use palatine_protocol::redirect_uri::ApplicationType;
use palatine_protocol::registration::ClientMetadata;
use palatine_protocol::response::ResponseType;
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_protocol::token::GrantType;
use palatine_realm::Realm;

use super::uris;

/// The most entries of a list.
const MOST_ENTRIES: usize = 50;

/// The longest text that is not a URI, in characters.
const LONGEST_TEXT: usize = 255;

/// Within what a client may choose.
pub(super) struct Allowed {
    scopes: ScopeSet,
    usual_scopes: ScopeSet,
    grants: Vec<GrantType>,
}

/// What a client is to be.
pub(super) struct Wanted {
    pub(super) name: Option<String>,
    pub(super) settings: ClientSettings,
    pub(super) scopes: Vec<ClientScope>,
}

impl Allowed {
    /// What the realm lets anybody register, and what an admin has given to this client beyond it.
    pub(super) fn of(realm: &Realm, present: Option<&Client>) -> Self {
        let policy = realm.policy();
        let exists = |scope: &Scope| realm.catalogue().scope(scope).is_some();
        let usual_scopes: ScopeSet =
            policy.registrable_scopes.0.iter().filter(|scope| exists(scope)).cloned().collect();
        let given = present.map(Client::allowed_scopes).unwrap_or_default();
        let grants_given = present.map(|client| client.settings.grant_types.clone()).unwrap_or_default();
        let grants = policy.registrable_grants.0.iter().copied().chain(grants_given);
        Self {
            scopes: usual_scopes.union(&given),
            usual_scopes,
            grants: grants.filter(|grant| SUPPORTED.grant_types.contains(grant)).collect(),
        }
    }
}

fn refused(words: impl Into<String>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, words.into())
}

/// Reads what a client wants to be.
pub(super) fn read(metadata: &ClientMetadata, allowed: &Allowed) -> Result<Wanted, OAuthError> {
    let auth_method = auth_method(metadata)?;
    let response_types = response_types(metadata)?;
    let grant_types = grant_types(metadata, &response_types, allowed)?;
    check_correspondence(&response_types, &grant_types)?;
    let application_type = application_type(metadata)?;
    let redirect_uris = uris::redirect_uris(metadata, application_type, &grant_types)?;
    let settings = ClientSettings {
        strict_auth_method: true,
        redirect_uris,
        post_logout_redirect_uris: uris::post_logout_redirect_uris(metadata, application_type)?,
        response_types,
        registered: true,
        first_party: false,
        consent_required: true,
        id_token_algorithm: algorithm(
            "id_token_signed_response_alg",
            metadata.id_token_signed_response_alg.as_deref(),
            SUPPORTED.id_token_algorithms,
        )?
        .unwrap_or(SigningAlgorithm::RS256),
        userinfo_algorithm: algorithm(
            "userinfo_signed_response_alg",
            metadata.userinfo_signed_response_alg.as_deref(),
            SUPPORTED.userinfo_algorithms,
        )?,
        keys: keys(metadata, auth_method)?,
        subject: subject(metadata)?,
        sign_in: sign_in(metadata)?,
        logout: logout(metadata)?,
        about: about(metadata)?,
        ..ClientSettings::new(kind(application_type, auth_method), auth_method, grant_types)
    };
    check_pairwise(&settings)?;
    Ok(Wanted {
        name: text("client_name", metadata.client_name.as_ref())?,
        scopes: scopes(metadata, allowed)?,
        settings,
    })
}

/// A word that must be one of those that are offered.
fn offered<T: Copy + PartialEq + std::fmt::Display>(
    member: &str,
    word: &str,
    from_wire: impl Fn(&str) -> Option<T>,
    offered: &[T],
) -> Result<T, OAuthError> {
    let listed = || offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    from_wire(word)
        .filter(|value| offered.contains(value))
        .ok_or_else(|| refused(format!("{member}: {word} is not offered; use one of {}", listed())))
}

fn auth_method(metadata: &ClientMetadata) -> Result<ClientAuthMethod, OAuthError> {
    let Some(word) = &metadata.token_endpoint_auth_method else { return Ok(ClientAuthMethod::ClientSecretBasic) };
    offered("token_endpoint_auth_method", word, ClientAuthMethod::from_wire, SUPPORTED.token_auth_methods)
}

fn response_types(metadata: &ClientMetadata) -> Result<Vec<ResponseType>, OAuthError> {
    let Some(words) = &metadata.response_types else {
        let redirects = metadata.grant_types.as_ref().is_none_or(|grants| {
            grants.is_empty() || grants.iter().any(|grant| grant == GrantType::AuthorizationCode.as_str())
        });
        return Ok(if redirects { vec![ResponseType::Code] } else { Vec::new() });
    };
    check_length("response_types", words.len())?;
    let types = words.iter().map(|word| offered("response_types", word, ResponseType::parse, SUPPORTED.response_types));
    let types = types.collect::<Result<Vec<_>, _>>()?;
    Ok(distinct(types))
}

/// Left out, they are what the response types need.
fn grant_types(
    metadata: &ClientMetadata,
    response_types: &[ResponseType],
    allowed: &Allowed,
) -> Result<Vec<GrantType>, OAuthError> {
    let grants = match metadata.grant_types.as_deref() {
        None | Some([]) => {
            let needed = response_types.iter().flat_map(|response| needed_grants(*response)).collect::<Vec<_>>();
            if needed.is_empty() { vec![GrantType::AuthorizationCode] } else { distinct(needed) }
        }
        Some(words) => {
            check_length("grant_types", words.len())?;
            let grants = words.iter().map(|word| known_grant(word)).collect::<Result<Vec<_>, _>>()?;
            distinct(grants)
        }
    };
    match grants.iter().find(|grant| !allowed.grants.contains(grant)) {
        Some(grant) => Err(refused(format!("grant_types: {grant} is not for clients that register themselves here"))),
        None => Ok(grants),
    }
}

fn known_grant(word: &str) -> Result<GrantType, OAuthError> {
    GrantType::from_wire(word).ok_or_else(|| refused(format!("grant_types: {word} is not known")))
}

/// "The grant types and response types correspond" (OpenID Connect Dynamic Client Registration, section 2).
fn needed_grants(response: ResponseType) -> Vec<GrantType> {
    let mut needed = Vec::new();
    if response.has_code() {
        needed.push(GrantType::AuthorizationCode);
    }
    if response.is_front_channel() {
        needed.push(GrantType::Implicit);
    }
    needed
}

fn check_correspondence(responses: &[ResponseType], grants: &[GrantType]) -> Result<(), OAuthError> {
    for response in responses {
        if let Some(missing) = needed_grants(*response).into_iter().find(|needed| !grants.contains(needed)) {
            return Err(refused(format!("response_types: {response} needs the grant type {missing}")));
        }
    }
    let needs_response = grants.iter().any(|grant| needs_redirect(*grant));
    if responses.is_empty() && needs_response {
        return Err(refused("response_types: the grant types need one"));
    }
    if grants == [GrantType::RefreshToken] {
        return Err(refused("grant_types: refresh_token needs a grant that gives one"));
    }
    Ok(())
}

/// Grants that lead through a browser and back.
pub(super) fn needs_redirect(grant: GrantType) -> bool {
    matches!(grant, GrantType::AuthorizationCode | GrantType::Implicit)
}

fn application_type(metadata: &ClientMetadata) -> Result<ApplicationType, OAuthError> {
    let Some(word) = &metadata.application_type else { return Ok(ApplicationType::Web) };
    offered("application_type", word, ApplicationType::from_wire, ApplicationType::ALL)
}

fn kind(application: ApplicationType, method: ClientAuthMethod) -> ClientKind {
    match (application, method) {
        (ApplicationType::Native, _) => ClientKind::Native,
        (ApplicationType::Web, ClientAuthMethod::None) => ClientKind::Spa,
        (ApplicationType::Web, _) => ClientKind::Web,
    }
}

fn algorithm(
    member: &str,
    word: Option<&str>,
    supported: &[SigningAlgorithm],
) -> Result<Option<SigningAlgorithm>, OAuthError> {
    word.map(|word| offered(member, word, SigningAlgorithm::from_wire, supported)).transpose()
}

fn keys(metadata: &ClientMetadata, method: ClientAuthMethod) -> Result<ClientKeySettings, OAuthError> {
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        return Err(refused("give either jwks or jwks_uri"));
    }
    match metadata.jwks.as_ref().map(JwkSet::of_client) {
        // Keys for encryption alone are of no use here, and do no harm.
        Some(Err(KeySetProblem::NoSigningKey)) if method != ClientAuthMethod::PrivateKeyJwt => {}
        Some(Err(problem)) => return Err(refused(format!("jwks: {problem}"))),
        Some(Ok(_)) | None => {}
    }
    let signing = SUPPORTED.client_signing_algorithms;
    let keys = ClientKeySettings {
        jwks: metadata.jwks.clone(),
        jwks_uri: uris::fetched("jwks_uri", metadata.jwks_uri.as_ref())?,
        assertion_algorithm: algorithm(
            "token_endpoint_auth_signing_alg",
            metadata.token_endpoint_auth_signing_alg.as_deref(),
            signing,
        )?,
        request_object_algorithm: algorithm(
            "request_object_signing_alg",
            metadata.request_object_signing_alg.as_deref(),
            signing,
        )?,
    };
    if method == ClientAuthMethod::PrivateKeyJwt && keys.jwks.is_none() && keys.jwks_uri.is_none() {
        return Err(refused("private_key_jwt needs jwks or jwks_uri"));
    }
    Ok(keys)
}

fn subject(metadata: &ClientMetadata) -> Result<SubjectSettings, OAuthError> {
    let subject_type = match metadata.subject_type.as_deref() {
        None | Some("public") => SubjectType::Public,
        Some("pairwise") => SubjectType::Pairwise,
        Some(other) => return Err(refused(format!("subject_type: {other} is not offered; use public or pairwise"))),
    };
    let sector_identifier_uri = uris::fetched("sector_identifier_uri", metadata.sector_identifier_uri.as_ref())?;
    Ok(SubjectSettings { subject_type, sector_identifier_uri })
}

fn check_pairwise(settings: &ClientSettings) -> Result<(), OAuthError> {
    match settings.subject.subject_type {
        SubjectType::Public => Ok(()),
        SubjectType::Pairwise => {
            settings.sector().map(drop).map_err(|error| refused(error.to_string().replace('`', "")))
        }
    }
}

fn sign_in(metadata: &ClientMetadata) -> Result<SignInSettings, OAuthError> {
    Ok(SignInSettings {
        default_max_age: metadata.default_max_age,
        require_auth_time: metadata.require_auth_time.unwrap_or(false),
        default_acr_values: texts("default_acr_values", metadata.default_acr_values.as_ref())?,
        initiate_login_uri: uris::https("initiate_login_uri", metadata.initiate_login_uri.as_ref())?,
        require_signed_request_object: signs_requests(metadata)?,
        request_uris: uris::request_uris(metadata)?,
    })
}

/// Who signs every request has a key to do it with.
fn signs_requests(metadata: &ClientMetadata) -> Result<bool, OAuthError> {
    let signs = metadata.require_signed_request_object.unwrap_or(false);
    if signs && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
        return Err(refused("require_signed_request_object needs jwks or jwks_uri"));
    }
    Ok(signs)
}

fn logout(metadata: &ClientMetadata) -> Result<LogoutSettings, OAuthError> {
    Ok(LogoutSettings {
        backchannel_uri: uris::logout("backchannel_logout_uri", metadata.backchannel_logout_uri.as_ref())?,
        backchannel_session_required: metadata.backchannel_logout_session_required.unwrap_or(false),
        backchannel_timeout_seconds: None,
        frontchannel_uri: uris::front_channel_logout(metadata)?,
        frontchannel_session_required: metadata.frontchannel_logout_session_required.unwrap_or(false),
    })
}

fn about(metadata: &ClientMetadata) -> Result<ClientAbout, OAuthError> {
    Ok(ClientAbout {
        client_uri: uris::page("client_uri", metadata.client_uri.as_ref())?,
        logo_uri: uris::page("logo_uri", metadata.logo_uri.as_ref())?,
        policy_uri: uris::page("policy_uri", metadata.policy_uri.as_ref())?,
        tos_uri: uris::page("tos_uri", metadata.tos_uri.as_ref())?,
        contacts: texts("contacts", metadata.contacts.as_ref())?,
        software_id: text("software_id", metadata.software_id.as_ref())?,
        software_version: text("software_version", metadata.software_version.as_ref())?,
    })
}

/// "scopes default to the realm's `registrable_scopes`, API scopes only if listed there". None is granted to a request
/// that names none: the client says what it wants.
fn scopes(metadata: &ClientMetadata, allowed: &Allowed) -> Result<Vec<ClientScope>, OAuthError> {
    let wanted = match &metadata.scope {
        None => allowed.usual_scopes.clone(),
        Some(text) => ScopeSet::parse(text).map_err(|error| refused(format!("scope: {error}")))?,
    };
    if let Some(scope) = wanted.iter().find(|scope| !allowed.scopes.contains(scope.as_str())) {
        return Err(refused(format!("scope: {scope} is not for clients that register themselves here")));
    }
    // In the order in which they will be read again.
    let mut scopes: Vec<Scope> = wanted.iter().cloned().collect();
    scopes.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(scopes.into_iter().map(|scope| ClientScope { scope, default: false }).collect())
}

/// A text that people see: no control characters, not too long, not blank.
fn text(member: &str, value: Option<&String>) -> Result<Option<String>, OAuthError> {
    let Some(value) = value else { return Ok(None) };
    let fits =
        !value.trim().is_empty() && value.chars().count() <= LONGEST_TEXT && !value.chars().any(char::is_control);
    if fits {
        Ok(Some(value.clone()))
    } else {
        Err(refused(format!("{member} must have 1 to {LONGEST_TEXT} characters and no control characters")))
    }
}

fn texts(member: &str, values: Option<&Vec<String>>) -> Result<Vec<String>, OAuthError> {
    let Some(values) = values else { return Ok(Vec::new()) };
    check_length(member, values.len())?;
    let read = values.iter().map(|value| text(member, Some(value)));
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

pub(super) fn check_length(member: &str, entries: usize) -> Result<(), OAuthError> {
    if entries <= MOST_ENTRIES {
        Ok(())
    } else {
        Err(refused(format!("{member} has more than {MOST_ENTRIES} entries")))
    }
}

fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut kept, value| {
        if !kept.contains(&value) {
            kept.push(value);
        }
        kept
    })
}

#[cfg(test)]
mod tests;
