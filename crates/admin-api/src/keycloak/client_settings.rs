//! What else a client has: keys, algorithms, sign-out, and attributes.

use palatine_domain::client::{ClientAuthMethod, ClientKind};
use palatine_domain::policy::{MAX_TOKEN_SECONDS, RealmPolicy};
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_protocol::logout::check_logout_uri;
use palatine_protocol::redirect_uri::origin_of;
use palatine_protocol::request_object::MAX_REQUEST_URI_BYTES;
use serde_json::Value;
use url::Url;

use super::json::{Object, says_something};
use super::policy::algorithm;
use super::realm::Realm;
use crate::document::ClientDocument;

/// Reads the settings of a client.
pub(super) struct Settings<'s, 'a> {
    pub(super) realm: &'s Realm<'a>,
    pub(super) policy: &'s RealmPolicy,
}

impl Settings<'_, '_> {
    /// How it authenticates, and its keys.
    pub(super) fn keys_and_method(
        &self,
        object: &mut Object<'_>,
        attributes: &mut Object<'_>,
        public: bool,
        client: &mut ClientDocument,
    ) -> ClientAuthMethod {
        self.keys(attributes, client);
        let has_keys = client.keys.jwks.is_some() || client.keys.jwks_uri.is_some();
        let path = object.at("clientAuthenticatorType");
        let authenticator = object.text("clientAuthenticatorType").unwrap_or("client-secret");
        let method = match authenticator {
            _ if public => ClientAuthMethod::None,
            "client-secret" => ClientAuthMethod::ClientSecretBasic,
            "client-jwt" if has_keys => ClientAuthMethod::PrivateKeyJwt,
            other => {
                let what = format!("how the client authenticates (`{other}`)");
                let why =
                    if other == "client-jwt" { "its public keys are not in the export" } else { "it is not offered" };
                let todo = "It has `client_secret_basic` now; set another method, and what it needs.";
                self.realm.notes.changed(&path, what, why, todo);
                ClientAuthMethod::ClientSecretBasic
            }
        };
        let usual = match client.kind {
            ClientKind::Spa | ClientKind::Native => ClientAuthMethod::None,
            ClientKind::Web | ClientKind::Service => ClientAuthMethod::ClientSecretBasic,
        };
        client.auth_method = Some(method).filter(|method| *method != usual);
        let chosen = self.signing(attributes, "token.endpoint.auth.signing.alg");
        client.keys.assertion_algorithm = chosen.filter(|_| method == ClientAuthMethod::PrivateKeyJwt);
        client.keys.request_object_algorithm = self.signing(attributes, "request.object.signature.alg");
        method
    }

    fn keys(&self, attributes: &mut Object<'_>, client: &mut ClientDocument) {
        let (by_url, by_value) = (attributes.flag("use.jwks.url"), attributes.flag("use.jwks.string"));
        let (url, text) = (attributes.words("jwks.url"), attributes.words("jwks.string"));
        if let Some(url) = url.filter(|_| by_url == Some(true)) {
            if is_fetchable(url) {
                client.keys.jwks_uri = Some(url.to_owned());
                return;
            }
            let why = "it is no URL that can be fetched";
            self.realm.notes.lost(&attributes.at("jwks.url"), "where the keys of a client are", why, "Set `keys`.");
        }
        let Some(text) = text.filter(|_| by_value == Some(true)) else { return };
        let keys = serde_json::from_str::<Value>(text).ok().filter(|keys| JwkSet::of_client(keys).is_ok());
        if keys.is_none() {
            let why = "they are no JWKS that can be used here";
            self.realm.notes.lost(&attributes.at("jwks.string"), "the keys of a client", why, "Set `keys`.");
        }
        client.keys.jwks = keys;
    }

    /// An algorithm of an attribute, which may also say that any will do.
    fn signing(&self, attributes: &mut Object<'_>, key: &str) -> Option<SigningAlgorithm> {
        let path = attributes.at(key);
        let name = attributes.words(key).filter(|name| !matches!(*name, "any" | "none" | "unsigned"))?;
        algorithm(self.realm.notes, &path, name)
    }

    /// All the rest.
    pub(super) fn rest(&self, object: &mut Object<'_>, mut attributes: Object<'_>, client: &mut ClientDocument) {
        client.id_token_algorithm = self.signing(&mut attributes, "id.token.signed.response.alg");
        client.access_token_algorithm = self.signing(&mut attributes, "access.token.signed.response.alg");
        client.userinfo_algorithm = self.signing(&mut attributes, "user.info.response.signature.alg");
        client.access_token_seconds = self.access_token_seconds(&mut attributes);
        self.sign_in(&mut attributes, client);
        self.logout(object, &mut attributes, client);
        about(object, &mut attributes, client);
        members(object);
        self.attributes(attributes);
    }

    fn access_token_seconds(&self, attributes: &mut Object<'_>) -> Option<u64> {
        let path = attributes.at("access.token.lifespan");
        let given = attributes.number("access.token.lifespan").and_then(|given| u64::try_from(given).ok());
        let given = given.filter(|given| *given > 0)?;
        let keys = &self.policy.keys;
        let most = keys.retention_seconds.saturating_sub(keys.rotation_seconds).min(MAX_TOKEN_SECONDS);
        let taken = given.clamp(10, most.max(10));
        if taken != given {
            let why = format!("it must be from 10 to {most} seconds; {taken} are taken");
            self.realm.notes.changed(&path, format!("{given} seconds"), why, "");
        }
        Some(taken)
    }

    fn sign_in(&self, attributes: &mut Object<'_>, client: &mut ClientDocument) {
        let has_keys = client.keys.jwks.is_some() || client.keys.jwks_uri.is_some();
        let path = attributes.at("request.uris");
        for uri in attributes.words("request.uris").unwrap_or_default().split("##").filter(|uri| !uri.is_empty()) {
            let usable = uri.len() <= MAX_REQUEST_URI_BYTES && is_http(uri);
            if !usable || !has_keys {
                let why = "it cannot be fetched, or the client has no public keys";
                self.realm.notes.lost(&path, format!("the request URI `{uri}`"), why, "");
            } else if !client.sign_in.request_uris.iter().any(|listed| listed == uri) {
                client.sign_in.request_uris.push(uri.to_owned());
            }
        }
        for value in attributes.words("default.acr.values").unwrap_or_default().split("##") {
            let listed = &mut client.sign_in.default_acr_values;
            if !value.is_empty() && !value.contains(' ') && !listed.iter().any(|listed| listed == value) {
                listed.push(value.to_owned());
            }
        }
    }

    fn logout(&self, object: &mut Object<'_>, attributes: &mut Object<'_>, client: &mut ClientDocument) {
        let front = object.flag("frontchannelLogout") == Some(true);
        client.logout.backchannel_session_required =
            attributes.flag("backchannel.logout.session.required") == Some(true);
        client.logout.frontchannel_session_required =
            attributes.flag("frontchannel.logout.session.required") == Some(true);
        client.logout.backchannel_uri = self.logout_uri(attributes, "backchannel.logout.url");
        let Some(uri) = self.logout_uri(attributes, "frontchannel.logout.url").filter(|_| front) else { return };
        let of_redirects = client.redirect_uris.iter().any(|redirect| origin_of(redirect) == origin_of(&uri));
        if of_redirects {
            client.logout.frontchannel_uri = Some(uri);
        } else {
            let why = "it must have scheme, host and port of one of the redirect URIs";
            self.realm.notes.lost(&attributes.at("frontchannel.logout.url"), format!("the URI `{uri}`"), why, "");
        }
    }

    fn logout_uri(&self, attributes: &mut Object<'_>, key: &str) -> Option<String> {
        let uri = attributes.words(key)?;
        match check_logout_uri(uri) {
            Ok(()) => Some(uri.to_owned()),
            Err(error) => {
                self.realm.notes.lost(&attributes.at(key), format!("the URI `{uri}`"), error.to_string(), "");
                None
            }
        }
    }

    /// Attributes without a counterpart.
    fn attributes(&self, mut attributes: Object<'_>) {
        attributes.ignore(&[
            "client.secret.creation.time",
            "realm_client",
            "display.on.consent.screen",
            "consent.screen.text",
            "use.refresh.tokens",
            "exclude.session.state.from.auth.response",
            // A code is bound to a challenge whenever the request has one, and public clients must have one.
            "pkce.code.challenge.method",
            "access.token.header.type.rfc9068",
            "id.token.as.detached.signature",
            "require.pushed.authorization.requests",
        ]);
        for key in attributes.unread() {
            let path = attributes.at(key);
            if attributes.take(key).is_some_and(says_something) {
                let what = format!("the attribute `{key}` of clients");
                self.realm.notes.lost(&path, what, "it has no counterpart", "See whether the client relies on it.");
            }
        }
    }
}

/// What people are told about it.
fn about(object: &mut Object<'_>, attributes: &mut Object<'_>, client: &mut ClientDocument) {
    let url = |text: Option<&str>| text.filter(|text| is_http(text)).map(str::to_owned);
    client.about.client_uri = url(object.words("baseUrl"));
    client.about.logo_uri = url(attributes.words("logoUri"));
    client.about.policy_uri = url(attributes.words("policyUri"));
    client.about.tos_uri = url(attributes.words("tosUri"));
}

/// Members without a counterpart.
fn members(object: &mut Object<'_>) {
    object.ignore(&[
        "id",
        "access",
        "surrogateAuthRequired",
        "alwaysDisplayInConsole",
        "nodeReRegistrationTimeout",
        "registeredNodes",
        "registrationAccessToken",
        "notBefore",
        "origin",
        "type",
        "clientTemplate",
        "directGrantsOnly",
    ]);
    let see = "See whether the client relies on it.";
    object.needless("description", "descriptions of clients", "clients have a name alone");
    object.no_counterpart("adminUrl", "where Keycloak calls a client", "clients hear of sign-outs by `logout`", see);
    object.no_counterpart(
        "authenticationFlowBindingOverrides",
        "flows of one client",
        "there is one way to sign in",
        see,
    );
    object.no_counterpart("authorizationServicesEnabled", "authorization services", "they are not offered", see);
    object.no_counterpart("authorizationSettings", "authorization services", "they are not offered", see);
}

fn is_http(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none()
    })
}

/// Whether the server could fetch it: no user, no fragment.
fn is_fetchable(text: &str) -> bool {
    is_http(text) && Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}
