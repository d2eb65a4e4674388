//! What a client is told of itself: all that is registered, defaults filled in (RFC 7591, section 3.2.1).

use palatine_domain::client::{Client, ClientKind, SubjectType};
use palatine_domain::registration::ClientRegistration;
use palatine_domain::secret::SecretToken;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::redirect_uri::ApplicationType;
use palatine_protocol::registration::{ClientInformation, ClientMetadata};
use palatine_realm::Realm;

use super::configuration_url;

pub(super) fn information(
    realm: &Realm,
    client: &Client,
    registration: &ClientRegistration,
    token: &str,
    secret: Option<&SecretToken>,
) -> ClientInformation {
    ClientInformation {
        client_id: client.client_id.as_str().to_owned(),
        client_secret: secret.map(SecretToken::to_wire),
        client_id_issued_at: registration.registered_at.as_seconds(),
        // "REQUIRED if client_secret is issued […] or 0 if it will not expire."
        client_secret_expires_at: secret.map(|_| 0),
        registration_access_token: token.to_owned(),
        registration_client_uri: configuration_url(realm, client),
        metadata: metadata(client),
    }
}

fn metadata(client: &Client) -> ClientMetadata {
    let settings = &client.settings;
    let algorithm = |algorithm: SigningAlgorithm| algorithm.as_str().to_owned();
    let redirects = (!settings.redirect_uris.is_empty()).then(|| settings.redirect_uris.clone());
    let subject = match settings.subject.subject_type {
        SubjectType::Public => "public",
        SubjectType::Pairwise => "pairwise",
    };
    let application = match settings.kind {
        ClientKind::Native => ApplicationType::Native,
        ClientKind::Web | ClientKind::Spa | ClientKind::Service => ApplicationType::Web,
    };
    ClientMetadata {
        redirect_uris: redirects,
        response_types: Some(settings.response_types.iter().map(ToString::to_string).collect()),
        grant_types: Some(settings.grant_types.iter().map(ToString::to_string).collect()),
        application_type: Some(application.to_string()),
        client_name: (client.name != client.client_id.as_str()).then(|| client.name.clone()),
        jwks_uri: settings.keys.jwks_uri.clone(),
        jwks: settings.keys.jwks.clone(),
        sector_identifier_uri: settings.subject.sector_identifier_uri.clone(),
        subject_type: Some(subject.to_owned()),
        id_token_signed_response_alg: Some(algorithm(settings.id_token_algorithm)),
        userinfo_signed_response_alg: settings.userinfo_algorithm.map(algorithm),
        request_object_signing_alg: settings.keys.request_object_algorithm.map(algorithm),
        token_endpoint_auth_method: Some(settings.auth_method.to_string()),
        token_endpoint_auth_signing_alg: settings.keys.assertion_algorithm.map(algorithm),
        scope: Some(client.allowed_scopes().to_string()),
        post_logout_redirect_uris: listed(&settings.post_logout_redirect_uris),
        ..of_sign_in(client)
    }
}

/// What is known about the application, and what its sign-ins and its sign-out must fulfil.
fn of_sign_in(client: &Client) -> ClientMetadata {
    let (about, sign_in, logout) = (&client.settings.about, &client.settings.sign_in, &client.settings.logout);
    ClientMetadata {
        contacts: listed(&about.contacts),
        logo_uri: about.logo_uri.clone(),
        client_uri: about.client_uri.clone(),
        policy_uri: about.policy_uri.clone(),
        tos_uri: about.tos_uri.clone(),
        software_id: about.software_id.clone(),
        software_version: about.software_version.clone(),
        default_max_age: sign_in.default_max_age,
        require_auth_time: Some(sign_in.require_auth_time),
        require_signed_request_object: Some(sign_in.require_signed_request_object),
        default_acr_values: listed(&sign_in.default_acr_values),
        initiate_login_uri: sign_in.initiate_login_uri.clone(),
        request_uris: listed(&sign_in.request_uris),
        backchannel_logout_uri: logout.backchannel_uri.clone(),
        backchannel_logout_session_required: Some(logout.backchannel_session_required),
        frontchannel_logout_uri: logout.frontchannel_uri.clone(),
        frontchannel_logout_session_required: Some(logout.frontchannel_session_required),
        ..ClientMetadata::default()
    }
}

fn listed(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}
