//! From a realm to its document: the inverse of `apply`. What `apply` reads from here changes nothing.
//!
//! Nothing of it is secret: passwords and client secrets have no part in it, but for an export that is asked for their
//! hashes.

use std::collections::BTreeMap;

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::{Client, ClientKind, ClientSettings};
use palatine_domain::ids::{ApiId, ClientKey, GroupId, RoleId};
use palatine_domain::mapper::{ClaimMapper, ClaimRule, ClaimSource, MapperOwner, MapperRule};
use palatine_domain::roles::Role;
use palatine_domain::tenant::{RealmProfile, RealmSettings};
use palatine_domain::user::{CustomField, CustomFieldKind};
use palatine_domain::{Instant, RealmSlug};
use palatine_protocol::response::ResponseType;

use super::check::text_of_verifier;
use super::state::{KnownClient, KnownGroup, KnownUser, State};
use crate::document::{
    ApiDocument, ApiVersion, ClientDocument, ClientScopesDocument, CustomFieldDocument, CustomFieldType, GroupDocument,
    Kind, MapperDocument, MapperType, PlainSecret, RealmDocument, RoleDocument, ScopeDocument, SecretHashDocument,
    UserDocument,
};

/// A document about a realm that says nothing but what its own settings are.
pub(crate) fn of_settings(slug: &RealmSlug, profile: RealmProfile, settings: &RealmSettings) -> RealmDocument {
    RealmDocument {
        api_version: ApiVersion::V1,
        kind: Kind::Realm,
        realm: slug.as_str().to_owned(),
        profile,
        display_name: Some(settings.display_name.clone()),
        branding: settings.branding.clone(),
        policy: settings.policy.clone(),
        custom_fields: settings.custom_fields.iter().map(|field| (field.name.clone(), custom_field(field))).collect(),
        apis: BTreeMap::new(),
        scopes: BTreeMap::new(),
        roles: BTreeMap::new(),
        groups: BTreeMap::new(),
        clients: BTreeMap::new(),
        users: BTreeMap::new(),
    }
}

/// A custom field.
pub(crate) fn custom_field(field: &CustomField) -> CustomFieldDocument {
    let (kind, values) = match &field.kind {
        CustomFieldKind::String => (CustomFieldType::String, Vec::new()),
        CustomFieldKind::Enum { values } => (CustomFieldType::Enum, values.clone()),
        CustomFieldKind::Number => (CustomFieldType::Number, Vec::new()),
        CustomFieldKind::Boolean => (CustomFieldType::Boolean, Vec::new()),
    };
    CustomFieldDocument {
        kind,
        values,
        claim: Some(field.claim.clone()),
        scope: Some(field.scope.clone()),
        writable_by: field.writable_by,
    }
}

impl State {
    /// The whole realm, as far as it was read. What every realm has and nothing was changed about is left out, and so
    /// are clients that registered themselves.
    pub(crate) fn document(&self, slug: &RealmSlug, profile: RealmProfile, settings: &RealmSettings) -> RealmDocument {
        RealmDocument {
            apis: self
                .apis
                .values()
                .filter(|api| !crate::built_in::is_admin_api(&api.identifier))
                .map(|api| (api.identifier.clone(), self.api(api)))
                .collect(),
            scopes: self
                .scopes
                .iter()
                .filter(|(_, scope)| scope.api.is_none())
                .map(|(name, scope)| (name.clone(), self.scope(scope)))
                .filter(|(name, document)| !is_untouched_identity_scope(name, document))
                .collect(),
            roles: self
                .roles
                .values()
                .filter(|role| role.client.is_none() && palatine_domain::admin::AdminRole::parse(&role.name).is_none())
                .map(|role| (role.name.clone(), self.role(role)))
                .collect(),
            groups: self.groups_below(None),
            clients: self
                .clients
                .iter()
                .filter(|(_, known)| !known.client.settings.registered)
                .map(|(name, known)| (name.clone(), self.client(known)))
                .collect(),
            users: self.users.values().map(|known| (known.user.username.clone(), self.user(known))).collect(),
            ..of_settings(slug, profile, settings)
        }
    }

    /// An API, with the scopes that it owns.
    pub(crate) fn api(&self, api: &Api) -> ApiDocument {
        let owned = self.scopes.iter().filter(|(_, scope)| scope.api == Some(api.id));
        ApiDocument {
            name: Some(api.name.clone()),
            profile: api.profile,
            algorithm: api.algorithm,
            client: api.client.and_then(|key| self.client_id(key)).map(str::to_owned),
            scopes: owned.map(|(name, scope)| (name.clone(), self.scope(scope))).collect(),
        }
    }

    /// A scope, with its claim mappers.
    pub(crate) fn scope(&self, scope: &ScopeDefinition) -> ScopeDocument {
        ScopeDocument { description: scope.description.clone(), mappers: self.mappers_of(MapperOwner::Scope(scope.id)) }
    }

    /// A role, with what it brings along.
    pub(crate) fn role(&self, role: &Role) -> RoleDocument {
        let brought = self.composites.iter().filter(|(of, _)| *of == role.id).map(|(_, child)| *child);
        RoleDocument { description: role.description.clone(), composites: self.role_names(brought) }
    }

    /// A group alone, without those below it.
    pub(crate) fn group(&self, path: &str) -> Option<GroupDocument> {
        let known = self.groups.get(path)?;
        Some(GroupDocument { roles: self.role_names(known.roles.iter().copied()), groups: BTreeMap::new() })
    }

    fn groups_below(&self, parent: Option<GroupId>) -> BTreeMap<String, GroupDocument> {
        let below = self.groups.values().filter(|known| known.group.parent == parent);
        let document = |known: &KnownGroup| {
            let roles = self.role_names(known.roles.iter().copied());
            (known.group.name.clone(), GroupDocument { roles, groups: self.groups_below(Some(known.group.id)) })
        };
        below.map(document).collect()
    }

    /// A client, without its secrets.
    pub(crate) fn client(&self, known: &KnownClient) -> ClientDocument {
        let client = &known.client;
        let own_roles = self.roles.values().filter(|role| role.client == Some(client.key));
        ClientDocument {
            scopes: scopes(client),
            roles: self.role_names(known.roles.iter().copied()),
            apis: self.api_names(&client.linked_apis),
            client_roles: own_roles.map(|role| (role.name.clone(), self.role(role))).collect(),
            mappers: self.mappers_of(MapperOwner::Client(client.key)),
            ..of_client_settings(&client.name, client.enabled, &client.settings)
        }
    }

    /// A user, without their password.
    pub(crate) fn user(&self, known: &KnownUser) -> UserDocument {
        let user = &known.user;
        let mut groups: Vec<String> = known.groups.iter().filter_map(|group| self.graph.path(*group)).collect();
        groups.sort();
        UserDocument {
            subject: Some(user.subject.clone()),
            enabled: Some(user.enabled),
            email: user.email.clone(),
            email_verified: Some(user.email_verified),
            profile: user.profile.clone(),
            custom: user.custom.clone(),
            roles: self.role_names(known.roles.iter().copied()),
            groups,
            initial_password: None,
            password_hash: None,
        }
    }

    /// What a document names these roles, in order.
    pub(crate) fn role_names(&self, roles: impl IntoIterator<Item = RoleId>) -> Vec<String> {
        let roles: Vec<RoleId> = roles.into_iter().collect();
        let mut names: Vec<String> =
            self.roles.iter().filter(|(_, role)| roles.contains(&role.id)).map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    fn api_names(&self, apis: &[ApiId]) -> Vec<String> {
        self.apis.values().filter(|api| apis.contains(&api.id)).map(|api| api.identifier.clone()).collect()
    }

    /// A claim mapper, by its owner's name and its own with a `/` between.
    pub(crate) fn mapper(&self, name: &str) -> Option<MapperDocument> {
        let owner = |owner| match owner {
            MapperOwner::Scope(id) => {
                self.scopes.values().find(|scope| scope.id == id).map(|scope| scope.scope.as_str())
            }
            MapperOwner::Client(key) => self.client_id(key),
        };
        let full = |mapper: &ClaimMapper| owner(mapper.owner).map(|owner| format!("{owner}/{}", mapper.name));
        let found = self.mappers.iter().find(|mapper| full(mapper).as_deref() == Some(name))?;
        Some(mapper_document(&found.rule))
    }

    /// What a client that was read is called on the wire.
    fn client_id(&self, key: ClientKey) -> Option<&str> {
        let known = self.clients.values().find(|known| known.client.key == key);
        let other = || self.other_clients.iter().find(|(_, other)| **other == key).map(|(name, _)| name.as_str());
        known.map(|known| known.client.client_id.as_str()).or_else(other)
    }

    fn mappers_of(&self, owner: MapperOwner) -> BTreeMap<String, MapperDocument> {
        let own = self.mappers.iter().filter(|mapper| mapper.owner == owner);
        own.map(|mapper: &ClaimMapper| (mapper.name.clone(), mapper_document(&mapper.rule))).collect()
    }
}

/// What is stored of a client's live secrets, by label. Labels that are not unique are numbered.
pub(crate) fn secret_hashes(client: &Client, now: Instant) -> BTreeMap<String, SecretHashDocument> {
    let mut found = BTreeMap::new();
    for secret in client.secrets.iter().filter(|secret| secret.is_live(now)) {
        let numbered = (2..).map(|number| format!("{} {number}", secret.label));
        let mut labels = std::iter::once(secret.label.clone()).chain(numbered);
        let Some(label) = labels.find(|label| !found.contains_key(label)) else { continue };
        let document = SecretHashDocument {
            hash: PlainSecret::new(text_of_verifier(&secret.verifier)),
            hint: secret.hint.clone(),
            expires_at: secret.expires_at.map(Instant::to_rfc3339),
        };
        found.insert(label, document);
    }
    found
}

/// A realm has these without saying so, and pages describe them in the language of whoever reads.
fn is_untouched_identity_scope(name: &str, document: &ScopeDocument) -> bool {
    palatine_protocol::scope::IDENTITY_SCOPES.contains(&name)
        && document.description.is_empty()
        && document.mappers.is_empty()
}

fn scopes(client: &Client) -> ClientScopesDocument {
    let names = |default: bool| {
        let mut names: Vec<String> = client
            .scopes
            .iter()
            .filter(|allowed| allowed.default == default)
            .map(|allowed| allowed.scope.as_str().to_owned())
            .collect();
        names.sort();
        names
    };
    ClientScopesDocument { default: names(true), optional: names(false) }
}

fn of_client_settings(name: &str, enabled: bool, settings: &ClientSettings) -> ClientDocument {
    ClientDocument {
        name: Some(name.to_owned()),
        kind: settings.kind,
        enabled,
        auth_method: Some(settings.auth_method),
        strict_auth_method: settings.strict_auth_method,
        redirect_uris: settings.redirect_uris.clone(),
        post_logout_redirect_uris: settings.post_logout_redirect_uris.clone(),
        web_origins: settings.web_origins.clone(),
        grants: Some(settings.grant_types.clone()),
        scopes: ClientScopesDocument::default(),
        first_party: settings.first_party,
        consent_required: settings.consent_required,
        secret: None,
        secrets: BTreeMap::new(),
        secret_hashes: BTreeMap::new(),
        roles: Vec::new(),
        apis: Vec::new(),
        profile_claims_in_id_token: settings.profile_claims_in_id_token,
        own_id_as_audience: settings.own_id_as_audience,
        id_token_algorithm: Some(settings.id_token_algorithm),
        access_token_profile: settings.access_token_profile,
        access_token_algorithm: settings.access_token_algorithm,
        access_token_seconds: settings.access_token_seconds,
        response_types: response_types(settings),
        userinfo_algorithm: settings.userinfo_algorithm,
        all_roles_in_tokens: settings.all_roles_in_tokens,
        realm_roles_in_tokens: settings.realm_roles_in_tokens.clone(),
        client_roles: BTreeMap::new(),
        mappers: BTreeMap::new(),
        keys: settings.keys.clone(),
        subject: settings.subject.clone(),
        sign_in: settings.sign_in.clone(),
        logout: settings.logout.clone(),
        about: settings.about.clone(),
    }
}

/// Those that its grants allow. A service has no users, and a client without the grants for any has the usual ones only
/// because nothing was said: neither says anything about them.
fn response_types(settings: &ClientSettings) -> Option<Vec<ResponseType>> {
    let allowed = |response_type: &ResponseType| {
        response_type.grant_types().iter().all(|grant| settings.grant_types.contains(grant))
    };
    let types = &settings.response_types;
    let says = settings.kind != ClientKind::Service && (types.is_empty() || types.iter().any(allowed));
    says.then(|| types.iter().copied().filter(allowed).collect())
}

fn mapper_document(rule: &MapperRule) -> MapperDocument {
    match rule {
        MapperRule::Audience(name) => {
            MapperDocument { audience: Some(name.clone()), ..MapperDocument::of(MapperType::Audience) }
        }
        MapperRule::Claim(rule) => MapperDocument {
            claim: Some(rule.claim.to_string()),
            targets: rule.targets.clone(),
            json_type: rule.json_type,
            multivalued: rule.multivalued,
            ..claim_source(rule)
        },
    }
}

fn claim_source(rule: &ClaimRule) -> MapperDocument {
    match &rule.source {
        ClaimSource::UserAttribute(field) => {
            MapperDocument { field: Some(field.clone()), ..MapperDocument::of(MapperType::UserAttribute) }
        }
        ClaimSource::UserProperty(property) => {
            MapperDocument { property: Some(*property), ..MapperDocument::of(MapperType::UserProperty) }
        }
        ClaimSource::Roles { client, prefix } => MapperDocument {
            client: client.clone(),
            prefix: Some(prefix.clone()).filter(|prefix| !prefix.is_empty()),
            ..MapperDocument::of(MapperType::RoleList)
        },
        ClaimSource::Groups { full_path } => {
            MapperDocument { full_path: Some(*full_path), ..MapperDocument::of(MapperType::GroupList) }
        }
        ClaimSource::Hardcoded(value) => {
            MapperDocument { value: Some(value.clone()), ..MapperDocument::of(MapperType::Hardcoded) }
        }
    }
}
