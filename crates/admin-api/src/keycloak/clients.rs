//! Clients: which are imported, what kind each is, and what it may do.

use std::collections::BTreeMap;

use palatine_domain::client::{
    ClientAuthMethod, ClientId, ClientKind, ClientSettings, RESERVED_CLIENT_ID_PREFIX, SubjectSettings,
};
use palatine_protocol::response::ResponseType;
use palatine_protocol::scope::IDENTITY_SCOPES;
use palatine_protocol::token::GrantType;
use serde_json::Value;

use super::json::Object;
use super::mappers::{self, Owner};
use super::realm::{Realm, is_words};
use super::{built_in, client_settings, client_uris};
use crate::document::{ApiDocument, ClientDocument, RealmDocument, SecretSource};

/// Why a client is not imported.
pub(super) enum NotImported<'a> {
    /// It is Keycloak's own.
    BuiltIn,
    /// It speaks another protocol.
    Protocol(&'a str),
    /// It has no name that one can have here.
    Name(&'static str),
}

/// The `client_id` of a client that is imported.
pub(super) fn imported_id<'a>(realm: &str, client: &'a Value) -> Result<&'a str, NotImported<'a>> {
    let text = |key: &str| client.get(key).and_then(Value::as_str);
    let id = text("clientId").ok_or(NotImported::Name("it has no `clientId`"))?;
    let protocol = text("protocol").unwrap_or("openid-connect");
    if built_in::is_client(id, realm) {
        Err(NotImported::BuiltIn)
    } else if protocol != "openid-connect" {
        Err(NotImported::Protocol(protocol))
    } else if id.starts_with(RESERVED_CLIENT_ID_PREFIX) {
        Err(NotImported::Name("names that begin with `palatine-` are reserved"))
    } else if ClientId::parse(id).is_err() {
        Err(NotImported::Name("a client_id has 1 to 255 printable ASCII characters and no spaces"))
    } else {
        Ok(id)
    }
}

/// The clients of the realm.
pub(super) fn clients(
    realm: &Realm<'_>,
    root: &mut Object<'_>,
    document: &RealmDocument,
    apis: &mut BTreeMap<String, ApiDocument>,
) -> BTreeMap<String, ClientDocument> {
    let mut clients = BTreeMap::new();
    let listed = root.list("clients");
    for (value, object) in listed.iter().filter(|value| value.is_object()).zip(root.objects("clients")) {
        match imported_id(realm.name, value) {
            Ok(id) if clients.contains_key(id) => {
                realm.notes.lost(object.path(), format!("the client `{id}`"), "it stands here a second time", "");
            }
            Ok(id) => {
                let client = Importing { realm, document, id }.client(object, apis);
                clients.insert(id.to_owned(), client);
            }
            Err(why) => not_imported(realm, value, &why),
        }
    }
    clients
}

fn not_imported(realm: &Realm<'_>, client: &Value, why: &NotImported<'_>) {
    let id = client.get("clientId").and_then(Value::as_str).unwrap_or_default();
    let (path, what) = (format!("clients/{id}"), format!("the client `{id}`"));
    match why {
        NotImported::BuiltIn => {
            realm.notes.left_out(
                &path,
                what,
                "it is Keycloak's own: account, admin console and command line are built in",
            );
        }
        NotImported::Protocol(protocol) => {
            let todo = "Move the application to OpenID Connect.";
            realm.notes.lost(&path, what, format!("it speaks `{protocol}`, which is not offered"), todo);
        }
        NotImported::Name(why) => realm.notes.lost(&path, what, *why, "Make a client of another name."),
    }
}

/// How a client gets tokens.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the export")]
struct Flows {
    public: bool,
    bearer_only: bool,
    standard: bool,
    implicit: bool,
    direct: bool,
    service: bool,
    device: bool,
    refresh: bool,
}

impl Flows {
    fn read(client: &mut Object<'_>, attributes: &mut Object<'_>) -> Self {
        let bearer_only = client.flag("bearerOnly") == Some(true);
        let public = client.flag("publicClient") == Some(true) && !bearer_only;
        let mut flow = |key: &str, usual: bool| client.flag(key).unwrap_or(usual) && !bearer_only;
        Self {
            standard: flow("standardFlowEnabled", true),
            implicit: flow("implicitFlowEnabled", false),
            direct: flow("directAccessGrantsEnabled", false),
            service: flow("serviceAccountsEnabled", false) && !public,
            device: attributes.flag("oauth2.device.authorization.grant.enabled") == Some(true) && !bearer_only,
            refresh: attributes.flag("use.refresh.tokens") != Some(false),
            public,
            bearer_only,
        }
    }

    /// Whether a person is ever there.
    fn has_people(&self) -> bool {
        self.standard || self.implicit || self.direct || self.device
    }

    fn grants(&self) -> Vec<GrantType> {
        let brings_refresh = self.refresh && (self.standard || self.direct || self.device);
        let all = [
            (GrantType::AuthorizationCode, self.standard),
            (GrantType::RefreshToken, brings_refresh),
            (GrantType::Implicit, self.implicit),
            (GrantType::Password, self.direct),
            (GrantType::ClientCredentials, self.service),
            (GrantType::DeviceCode, self.device),
        ];
        all.into_iter().filter(|(_, is_used)| *is_used).map(|(grant, _)| grant).collect()
    }

    /// With the implicit flow a client of Keycloak may ask for all of them.
    fn response_types(&self) -> Option<Vec<ResponseType>> {
        let fits = |kind: &ResponseType| {
            kind.grant_types().iter().all(|grant| match grant {
                GrantType::AuthorizationCode => self.standard,
                _ => self.implicit,
            })
        };
        self.implicit.then(|| ResponseType::ALL.iter().copied().filter(fits).collect())
    }
}

/// A client on its way.
struct Importing<'i, 'a> {
    realm: &'i Realm<'a>,
    document: &'i RealmDocument,
    id: &'i str,
}

impl Importing<'_, '_> {
    fn client(&self, mut object: Object<'_>, apis: &mut BTreeMap<String, ApiDocument>) -> ClientDocument {
        object.name(format!("clients/{}", self.id));
        object.ignore(&["clientId", "protocol"]);
        let mut attributes = object.object_or_empty("attributes");
        let mut flows = Flows::read(&mut object, &mut attributes);
        let uris = client_uris::Listed::read(&mut object, &mut attributes);
        let mut client = ClientDocument::of(kind(&flows, &uris));
        uris.put(self.realm.notes, object.path(), &mut client);
        self.without_redirects(object.path(), &mut flows, &client);
        if flows.bearer_only {
            let why = "it is a service that gets no tokens; it may look at those that are for it";
            self.realm.notes.changed(object.path(), "a client that takes tokens alone (bearer-only)", why, "");
        }
        client.enabled = object.flag("enabled").unwrap_or(true);
        client.name = object.words("name").filter(|name| is_words(name) && !name.starts_with("${")).map(str::to_owned);
        client.consent_required = object.flag("consentRequired") == Some(true);
        client.grants = Some(flows.grants()).filter(|grants| *grants != usual_grants(client.kind));
        client.response_types = flows.response_types();
        // As Keycloak's own scopes do.
        client.profile_claims_in_id_token = flows.has_people();
        let settings = client_settings::Settings { realm: self.realm, policy: &self.document.policy };
        let method = settings.keys_and_method(&mut object, &mut attributes, flows.public, &mut client);
        client.secret = self.secret(&mut object, method, flows.bearer_only);
        self.scopes(&mut object, &mut client, &flows);
        self.roles(&mut object, &mut client);
        let mapped = mappers::mappers(self.realm, &mut object, &Owner::Client, apis);
        client.mappers = mapped.mappers;
        client.subject = self.subject(object.path(), mapped.subject, method, &client);
        settings.rest(&mut object, attributes, &mut client);
        object.finish();
        client
    }

    /// A flow that answers at a redirect URI needs one.
    fn without_redirects(&self, path: &str, flows: &mut Flows, client: &ClientDocument) {
        if (flows.standard || flows.implicit) && client.redirect_uris.is_empty() {
            let todo = "Register the client's redirect URIs and add `authorization_code` to its grants.";
            let why = "none of its redirect URIs was imported";
            self.realm.notes.lost(path, "sign-in of people by this client", why, todo);
            (flows.standard, flows.implicit) = (false, false);
        }
    }

    fn secret(&self, object: &mut Object<'_>, method: ClientAuthMethod, bearer_only: bool) -> Option<SecretSource> {
        let (secret, path) = (object.text("secret").filter(|secret| !secret.is_empty()), object.at("secret"));
        let needs_one = matches!(method, ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost);
        let todo = "Give the client a new secret.";
        match secret {
            _ if !needs_one => None,
            None if bearer_only => None,
            None => {
                self.realm.notes.lost(&path, "the secret of a client", "it is not in the export", todo);
                None
            }
            Some(secret) if secret.bytes().all(|byte| byte == b'*') => {
                let todo = "Export with `kc.sh export`, which writes secrets, or give the client a new one.";
                self.realm.notes.lost(&path, "the secret of a client", "the export hides it", todo);
                None
            }
            Some(secret) if secret.starts_with("${") => {
                self.realm.notes.lost(&path, "the secret of a client", "it is kept in a vault", todo);
                None
            }
            Some(secret) if secret.len() > palatine_authn::MAX_SECRET_BYTES => {
                self.realm.notes.lost(&path, "the secret of a client", "it is longer than 512 bytes", todo);
                None
            }
            Some(secret) => Some(SecretSource::plain(secret)),
        }
    }

    fn scopes(&self, object: &mut Object<'_>, client: &mut ClientDocument, flows: &Flows) {
        if flows.has_people() {
            client.scopes.default.push("openid".to_owned());
        }
        let is_known = |scope: &str| IDENTITY_SCOPES.contains(&scope) || self.document.scopes.contains_key(scope);
        for key in ["defaultClientScopes", "optionalClientScopes"] {
            let path = object.at(key);
            for scope in object.texts(key) {
                let has = |list: &[String]| list.iter().any(|listed| listed == scope);
                if has(&client.scopes.default) || has(&client.scopes.optional) {
                    continue;
                }
                if built_in::is_needless_scope(scope) {
                    self.realm.notes.left_out(
                        &path,
                        format!("the scope `{scope}`"),
                        "what it does is done here without it",
                    );
                } else if !is_known(scope) {
                    let why = "the realm has no such scope, or it was not imported";
                    self.realm.notes.lost(&path, format!("the scope `{scope}`"), why, "");
                } else if key == "defaultClientScopes" {
                    client.scopes.default.push(scope.to_owned());
                } else {
                    client.scopes.optional.push(scope.to_owned());
                }
            }
        }
    }

    fn roles(&self, object: &mut Object<'_>, client: &mut ClientDocument) {
        client.client_roles = self.realm.access.roles_of(Some(self.id));
        object.no_counterpart("defaultRoles", "roles of a client that everybody has", "there are none", "");
        if object.flag("fullScopeAllowed").unwrap_or(!client.consent_required) {
            client.all_roles_in_tokens = true;
            return;
        }
        let scopes = client.scopes.default.iter().chain(&client.scopes.optional);
        let scopes: Vec<&str> = scopes.map(String::as_str).collect();
        client.realm_roles_in_tokens = Some(self.realm.access.shown(self.id, &scopes));
    }

    /// Pairwise subjects, if there is a sector for them.
    fn subject(
        &self,
        path: &str,
        wanted: Option<SubjectSettings>,
        method: ClientAuthMethod,
        client: &ClientDocument,
    ) -> SubjectSettings {
        let Some(subject) = wanted else { return SubjectSettings::default() };
        let settings = ClientSettings {
            redirect_uris: client.redirect_uris.clone(),
            subject,
            ..ClientSettings::new(client.kind, method, Vec::new())
        };
        match settings.sector() {
            Ok(_) if client.kind != ClientKind::Service => {
                let why = "they are made by another rule, so the client takes everybody for somebody new";
                let todo = "Let the client find people by their e-mail address once.";
                self.realm.notes.changed(path, "pairwise subjects", why, todo);
                settings.subject
            }
            Ok(_) => SubjectSettings::default(),
            Err(error) => {
                self.realm.notes.lost(path, "pairwise subjects", error.to_string(), "The client sees the public ones.");
                SubjectSettings::default()
            }
        }
    }
}

/// The grants that a document need not list.
fn usual_grants(kind: ClientKind) -> Vec<GrantType> {
    match kind {
        ClientKind::Service => vec![GrantType::ClientCredentials],
        ClientKind::Web | ClientKind::Spa | ClientKind::Native => {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        }
    }
}

/// What kind of application it most likely is.
fn kind(flows: &Flows, uris: &client_uris::Listed) -> ClientKind {
    if flows.bearer_only || !flows.has_people() && flows.service {
        ClientKind::Service
    } else if uris.have_custom_schemes() {
        ClientKind::Native
    } else if !flows.public {
        ClientKind::Web
    } else if uris.are_of_this_machine() {
        ClientKind::Native
    } else {
        ClientKind::Spa
    }
}
