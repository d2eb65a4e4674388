//! Protocol mappers.

use std::collections::BTreeMap;

use palatine_domain::client::{RESERVED_CLIENT_ID_PREFIX, SubjectSettings, SubjectType};
use palatine_domain::mapper::{ClaimPath, ClaimTarget, JsonType, MAX_HARDCODED_BYTES, MAX_MAPPERS_PER_OWNER};
use serde_json::Value;

use super::json::Object;
use super::realm::{Realm, is_words};
use super::{attributes, built_in};
use crate::document::{ApiDocument, MapperDocument, MapperType};

/// Whose the mappers are.
pub(super) enum Owner<'o> {
    Scope(&'o str),
    Client,
}

/// What mappers came to.
#[derive(Default)]
pub(super) struct Mapped {
    pub(super) mappers: BTreeMap<String, MapperDocument>,
    /// What one of them says about `sub`.
    pub(super) subject: Option<SubjectSettings>,
}

/// What one mapper came to.
enum Outcome {
    Mapper(Box<MapperDocument>),
    Subject(SubjectSettings),
    /// It is done here without a mapper.
    Needless,
    /// Why it cannot be one of ours.
    Lost(String),
}

/// The member `protocolMappers` of a scope or a client.
pub(super) fn mappers(
    realm: &Realm<'_>,
    owner: &mut Object<'_>,
    of: &Owner<'_>,
    apis: &mut BTreeMap<String, ApiDocument>,
) -> Mapped {
    let mut mapped = Mapped::default();
    let above = owner.path().to_owned();
    for mut object in owner.objects("protocolMappers") {
        let name = object.text("name").unwrap_or_default();
        object.name(format!("{above}/protocolMappers/{name}"));
        object.ignore(&["id", "consentRequired", "consentText"]);
        let kind = object.text("protocolMapper").unwrap_or_default();
        let protocol = object.text("protocol").unwrap_or("openid-connect");
        let config = object.object_or_empty("config");
        let path = object.path().to_owned();
        object.finish();
        let mut reader = Reader { realm, path: &path, of, config };
        let outcome = match protocol {
            "openid-connect" => reader.mapper(kind, apis),
            other => Outcome::Lost(format!("it is of the protocol `{other}`")),
        };
        take(realm, &path, name, kind, outcome, &mut mapped);
    }
    mapped
}

fn take(realm: &Realm<'_>, path: &str, name: &str, kind: &str, outcome: Outcome, mapped: &mut Mapped) {
    let todo = "See who reads what it wrote.";
    match outcome {
        Outcome::Needless => {
            realm.notes.left_out(path, "a mapper of what is there by itself", "the same stands in tokens without it");
        }
        Outcome::Lost(why) => realm.notes.lost(path, format!("a mapper of the type `{kind}`"), why, todo),
        Outcome::Subject(subject) => mapped.subject = Some(subject),
        Outcome::Mapper(_) if !is_words(name) => {
            realm.notes.lost(
                path,
                "a mapper",
                "its name must have 1 to 255 characters, none a control character",
                todo,
            );
        }
        Outcome::Mapper(_) if mapped.mappers.len() >= MAX_MAPPERS_PER_OWNER => {
            let why = format!("a scope or a client has at most {MAX_MAPPERS_PER_OWNER} mappers");
            realm.notes.lost(path, "a mapper", why, todo);
        }
        Outcome::Mapper(document) => {
            mapped.mappers.insert(name.to_owned(), *document);
        }
    }
}

/// Reads one mapper.
struct Reader<'r, 'a> {
    realm: &'r Realm<'a>,
    path: &'r str,
    of: &'r Owner<'r>,
    config: Object<'r>,
}

impl Reader<'_, '_> {
    fn mapper(&mut self, kind: &str, apis: &mut BTreeMap<String, ApiDocument>) -> Outcome {
        match kind {
            "oidc-usermodel-attribute-mapper" => self.writing(Self::attribute),
            "oidc-usermodel-property-mapper" => self.writing(Self::property),
            "oidc-full-name-mapper" => self.full_name(),
            "oidc-usermodel-realm-role-mapper" => self.writing(|mapper| Ok(mapper.realm_roles())),
            "oidc-usermodel-client-role-mapper" => self.writing(Self::client_roles),
            "oidc-group-membership-mapper" => self.writing(|mapper| Ok(mapper.groups())),
            "oidc-hardcoded-claim-mapper" => self.writing(Self::hardcoded),
            "oidc-audience-mapper" => self.audience(apis),
            "oidc-sha256-pairwise-sub-mapper" => self.pairwise(),
            "oidc-address-mapper" if matches!(self.of, Owner::Scope("address")) => Outcome::Needless,
            "oidc-audience-resolve-mapper"
            | "oidc-allowed-origins-mapper"
            | "oidc-acr-mapper"
            | "oidc-amr-mapper"
            | "oidc-sub-mapper"
            | "oidc-nonce-backwards-compatible-mapper" => Outcome::Needless,
            "oidc-usersessionmodel-note-mapper" => self.session_note(),
            _ => Outcome::Lost("there is no mapper like it".to_owned()),
        }
    }

    fn text(&mut self, key: &str) -> &str {
        self.config.words(key).unwrap_or_default()
    }

    fn is_set(&mut self, key: &str) -> bool {
        self.config.flag(key) == Some(true)
    }

    /// A mapper that writes a claim.
    fn writing(&mut self, source: fn(&mut Self) -> Result<MapperDocument, String>) -> Outcome {
        match self.claim() {
            Err(outcome) => outcome,
            Ok((claim, targets)) => match source(self) {
                Ok(mapper) => self.finished(MapperDocument { claim: Some(claim), targets, ..mapper }),
                Err(why) => Outcome::Lost(why),
            },
        }
    }

    fn finished(&mut self, mut mapper: MapperDocument) -> Outcome {
        let label = self.text("jsonType.label").to_owned();
        mapper.multivalued = self.is_set("multivalued") && mapper.kind != MapperType::Hardcoded;
        mapper.json_type = match label.as_str() {
            "long" | "int" => Some(JsonType::Number),
            "boolean" => Some(JsonType::Boolean),
            "JSON" => Some(JsonType::Json),
            _ => None,
        };
        Outcome::Mapper(Box::new(mapper))
    }

    /// The claim, and where it is written.
    fn claim(&mut self) -> Result<(String, Vec<ClaimTarget>), Outcome> {
        let claim = self.text("claim.name").to_owned();
        if let Owner::Scope(scope) = self.of
            && built_in::claims_of_scope(scope).contains(&claim.as_str())
        {
            return Err(self.native(scope));
        }
        let path = ClaimPath::parse(&claim).map_err(|error| Outcome::Lost(error.to_string()))?;
        if path.is_reserved() {
            let how = match path.first() {
                "roles" | "realm_access" | "resource_access" => "; the scope `roles` shows roles",
                "groups" => "; the scope `groups` shows groups",
                "email" | "email_verified" => "; the scope `email` shows it",
                "phone_number" | "phone_number_verified" => "; the scope `phone` shows it",
                "preferred_username" | "updated_at" => "; the scope `profile` shows it",
                _ => "",
            };
            return Err(Outcome::Lost(format!("the claim `{}` is the protocol's{how}", path.first())));
        }
        let targets = self.targets();
        if targets.is_empty() {
            return Err(Outcome::Lost("it writes into no token and not into userinfo".to_owned()));
        }
        Ok((claim, targets))
    }

    /// A claim that the scope releases by itself.
    fn native(&mut self, scope: &str) -> Outcome {
        if self.is_set("access.token.claim") && !matches!(scope, "roles" | "groups") {
            let why = "they are in ID tokens and in userinfo, not in access tokens";
            let todo = "Let APIs that need them ask userinfo; a mapper may write `name`, `given_name` and the like.";
            self.realm.notes.changed(self.path, format!("claims of the scope `{scope}`"), why, todo);
        }
        Outcome::Needless
    }

    fn targets(&mut self) -> Vec<ClaimTarget> {
        let id_token = self.is_set("id.token.claim");
        // Before there was a switch for userinfo, the one of ID tokens was for both.
        let userinfo = self.config.flag("userinfo.token.claim").unwrap_or(id_token);
        let all = [
            (ClaimTarget::AccessToken, self.is_set("access.token.claim")),
            (ClaimTarget::IdToken, id_token),
            (ClaimTarget::Userinfo, userinfo),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(target, _)| target).collect()
    }

    fn attribute(&mut self) -> Result<MapperDocument, String> {
        let attribute = self.text("user.attribute").to_owned();
        if let Some(property) = attributes::property(&attribute) {
            return Ok(MapperDocument { property: Some(property), ..MapperDocument::of(MapperType::UserProperty) });
        }
        if attribute.is_empty() || attributes::is_standard(&attribute) {
            return Err(format!(
                "no mapper writes the attribute `{attribute}`; the scopes `profile` and `address` show it"
            ));
        }
        if self.is_set("aggregate.attrs") {
            let why = "what the groups of a person have is not added";
            self.realm.notes.changed(self.path, "a mapper that adds up values of groups", why, "");
        }
        let field = self.realm.attributes.field(self.path, &attribute);
        let field = field.ok_or_else(|| "its attribute is not imported".to_owned())?;
        Ok(MapperDocument { field: Some(field), ..MapperDocument::of(MapperType::UserAttribute) })
    }

    fn property(&mut self) -> Result<MapperDocument, String> {
        let name = self.text("user.attribute").to_owned();
        let property = attributes::property(&name).ok_or_else(|| format!("accounts have no property `{name}`"))?;
        if name == "createdTimestamp" {
            let why = "it is in seconds, and of the time of the import";
            self.realm.notes.changed(self.path, "when an account was made", why, "");
        }
        Ok(MapperDocument { property: Some(property), ..MapperDocument::of(MapperType::UserProperty) })
    }

    /// It always writes the claim `name`.
    fn full_name(&mut self) -> Outcome {
        if matches!(self.of, Owner::Scope("profile")) {
            return self.native("profile");
        }
        let targets = self.targets();
        if targets.is_empty() {
            return Outcome::Lost("it writes into no token and not into userinfo".to_owned());
        }
        let property = Some(palatine_domain::mapper::UserProperty::Name);
        let mapper = MapperDocument::of(MapperType::UserProperty);
        Outcome::Mapper(Box::new(MapperDocument { property, claim: Some("name".to_owned()), targets, ..mapper }))
    }

    fn realm_roles(&mut self) -> MapperDocument {
        let prefix = self.config.words("usermodel.realmRoleMapping.rolePrefix").map(str::to_owned);
        MapperDocument { prefix, ..MapperDocument::of(MapperType::RoleList) }
    }

    fn client_roles(&mut self) -> Result<MapperDocument, String> {
        let client = self.text("usermodel.clientRoleMapping.clientId").to_owned();
        if !self.realm.access.has_client(&client) {
            return Err("it is about the roles of all clients, or of one that is not imported".to_owned());
        }
        let prefix = self.config.words("usermodel.clientRoleMapping.rolePrefix").map(str::to_owned);
        Ok(MapperDocument { client: Some(client), prefix, ..MapperDocument::of(MapperType::RoleList) })
    }

    fn groups(&mut self) -> MapperDocument {
        let full_path = self.config.flag("full.path").unwrap_or(true);
        if full_path {
            let why = "a path does not begin with `/`";
            self.realm.notes.changed(self.path, "paths of groups in a claim", why, "See who compares them.");
        }
        MapperDocument { full_path: Some(full_path), ..MapperDocument::of(MapperType::GroupList) }
    }

    fn hardcoded(&mut self) -> Result<MapperDocument, String> {
        let kind = self.text("jsonType.label").to_owned();
        let text = self.config.text("claim.value").unwrap_or_default();
        let value = match kind.as_str() {
            "long" | "int" => text.trim().parse::<i64>().ok().map(Value::from),
            "boolean" => text.trim().parse::<bool>().ok().map(Value::from),
            "JSON" => serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_null()),
            _ => Some(Value::from(text)),
        };
        let value = value.filter(|value| value.to_string().len() <= MAX_HARDCODED_BYTES);
        let value =
            value.ok_or_else(|| format!("its value is not of its type, or longer than {MAX_HARDCODED_BYTES} bytes"))?;
        Ok(MapperDocument { value: Some(value), ..MapperDocument::of(MapperType::Hardcoded) })
    }

    fn audience(&mut self, apis: &mut BTreeMap<String, ApiDocument>) -> Outcome {
        if !self.is_set("access.token.claim") {
            return Outcome::Lost("audiences are added to access tokens alone".to_owned());
        }
        let client = self.text("included.client.audience").to_owned();
        let custom = self.text("included.custom.audience").to_owned();
        let has_client = |name: &str| self.realm.access.has_client(name);
        let audience = match (client.as_str(), custom.as_str()) {
            ("", "") => Err("it names no audience".to_owned()),
            ("", name) if has_client(name) => Ok(custom),
            ("", _) => self.api(custom, apis),
            (name, _) if has_client(name) => Ok(client),
            (name, _) => Err(format!("the client `{name}` is not imported")),
        };
        match audience {
            Ok(audience) => {
                let mapper = MapperDocument::of(MapperType::Audience);
                Outcome::Mapper(Box::new(MapperDocument { audience: Some(audience), ..mapper }))
            }
            Err(why) => Outcome::Lost(why),
        }
    }

    /// An audience that is no client is an API.
    fn api(&self, identifier: String, apis: &mut BTreeMap<String, ApiDocument>) -> Result<String, String> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        if identifier.len() > 255 || identifier.contains(blank) {
            return Err("the identifier of an API has 1 to 255 bytes and no spaces".to_owned());
        }
        if identifier.starts_with(RESERVED_CLIENT_ID_PREFIX) {
            return Err(format!("identifiers that begin with `{RESERVED_CLIENT_ID_PREFIX}` are reserved"));
        }
        apis.entry(identifier.clone()).or_default();
        let what = format!("the audience `{identifier}`");
        self.realm.notes.changed(self.path, what, "it is an API of the realm, without scopes", "");
        Ok(identifier)
    }

    fn pairwise(&mut self) -> Outcome {
        let uri = self.config.words("sectorIdentifierUri").map(str::to_owned);
        Outcome::Subject(SubjectSettings { subject_type: SubjectType::Pairwise, sector_identifier_uri: uri })
    }

    /// What a session knows: some of it stands in tokens anyway.
    fn session_note(&mut self) -> Outcome {
        let note = self.text("user.session.note").to_owned();
        match note.as_str() {
            "AUTH_TIME" | "client_id" | "clientId" | "clientHost" | "clientAddress" => Outcome::Needless,
            _ => Outcome::Lost("sessions have no notes".to_owned()),
        }
    }
}
