//! Which objects there are, where each stands in the realm document, and who may see and change it.

use palatine_domain::admin::{AdminRole, Permission};
use palatine_domain::client::{ClientId, RESERVED_CLIENT_ID_PREFIX};
use palatine_domain::ids::UserId;
use palatine_store::TenantTx;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::access::About;
use crate::built_in;
use crate::document::{RealmDocument, did_you_mean};
use crate::engine::change::What;
use crate::engine::check::Desired;
use crate::engine::export;
use crate::engine::plan::Op;
use crate::engine::state::{KnownUser, State, Wanted};
use crate::ops::error::{FieldError, OpError};

/// An object of a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The realm's settings, or a part of them.
    Settings(SettingsPart),
    /// A client, with its scopes, roles and claim mappers, and the roles of its service account.
    Client(ClientId),
    /// An API, with the scopes that it owns.
    Api(String),
    /// A scope, with its claim mappers.
    Scope(String),
    /// A role of the realm.
    Role(String),
    /// A person.
    User(UserId),
    /// A person who is being made, by username.
    NewUser(String),
}

/// Which of the realm's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsPart {
    /// All of them.
    All,
    /// Colours and links of the pages.
    Branding,
    /// Lifetimes, limits and choices.
    Policy,
    /// Fields of people beyond the standard claims.
    CustomFields,
}

impl SettingsPart {
    /// The member of the document; `None`: several.
    fn member(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Branding => Some("branding"),
            Self::Policy => Some("policy"),
            Self::CustomFields => Some("custom_fields"),
        }
    }
}

/// The members of the document that are settings.
const SETTINGS: [&str; 4] = ["display_name", "branding", "policy", "custom_fields"];

impl Object {
    /// What it is, for people.
    pub(crate) fn what(&self) -> What {
        match self {
            Self::Settings(_) => What::Settings,
            Self::Client(_) => What::Client,
            Self::Api(_) => What::Api,
            Self::Scope(_) => What::Scope,
            Self::Role(_) => What::Role,
            Self::User(_) | Self::NewUser(_) => What::User,
        }
    }

    /// Who may see it.
    pub fn read_permission(&self) -> Permission {
        match self {
            Self::Settings(_) => Permission::SettingsRead,
            Self::Client(_) | Self::Api(_) | Self::Scope(_) => Permission::ClientsRead,
            Self::Role(_) => Permission::RolesRead,
            Self::User(_) | Self::NewUser(_) => Permission::UsersRead,
        }
    }

    /// Who may change it, beside what the principal rule says.
    pub fn write_permission(&self) -> Permission {
        match self {
            Self::Settings(_) => Permission::SettingsWrite,
            Self::Client(_) | Self::Api(_) | Self::Scope(_) => Permission::ClientsWrite,
            Self::Role(_) => Permission::RolesWrite,
            Self::User(_) | Self::NewUser(_) => Permission::UsersWrite,
        }
    }

    /// How many keys deep its part of the document stands.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Settings(SettingsPart::All) => 0,
            Self::Settings(_) => 1,
            Self::Client(_) | Self::Api(_) | Self::Scope(_) | Self::Role(_) | Self::User(_) | Self::NewUser(_) => 2,
        }
    }

    /// What has to be read.
    pub(crate) async fn wanted<A>(&self, tx: &TenantTx<A>) -> Result<Wanted, OpError> {
        Ok(match self {
            Self::Client(client_id) => Wanted::client(client_id.clone()),
            Self::User(id) => match tx.users().by_id(*id).await? {
                Some(user) => Wanted::user(&user),
                None => Wanted::default(),
            },
            Self::NewUser(username) => Wanted::username(username),
            Self::Settings(_) | Self::Api(_) | Self::Scope(_) | Self::Role(_) => Wanted::default(),
        })
    }

    /// Its name, for the audit log.
    pub(crate) fn name(&self, state: &State) -> String {
        match self {
            Self::Settings(_) => "settings".to_owned(),
            Self::Client(client_id) => client_id.as_str().to_owned(),
            Self::Api(name) | Self::Scope(name) | Self::Role(name) | Self::NewUser(name) => name.clone(),
            Self::User(_) => self.user(state).map(|known| known.user.username.clone()).unwrap_or_default(),
        }
    }

    /// Whom or what an act on it is about.
    pub(crate) fn about(&self, state: &State) -> About {
        match self {
            Self::Client(client_id) => {
                let known = state.clients.get(client_id.as_str());
                known.map(|known| About::client(known.client.key)).unwrap_or_default()
            }
            Self::User(_) | Self::NewUser(_) => {
                self.user(state).map(|known| About::user(known.user.id)).unwrap_or_default()
            }
            Self::Settings(_) | Self::Api(_) | Self::Scope(_) | Self::Role(_) => About::default(),
        }
    }

    fn user<'s>(&self, state: &'s State) -> Option<&'s KnownUser> {
        match self {
            Self::User(id) => state.users.values().find(|known| known.user.id == *id),
            Self::NewUser(name) => state.users.get(name),
            Self::Settings(_) | Self::Client(_) | Self::Api(_) | Self::Scope(_) | Self::Role(_) => None,
        }
    }

    /// Its part of the document, as it can be changed; `None` if there is none such.
    pub(crate) fn editable(&self, state: &State) -> Option<Value> {
        let shown = match self {
            Self::Settings(part) => return settings(*part, state),
            Self::Client(client_id) => serde_json::to_value(state.client(state.clients.get(client_id.as_str())?)),
            Self::Api(name) => serde_json::to_value(state.api(state.apis.get(name)?)),
            Self::Scope(name) => serde_json::to_value(state.scope(state.scopes.get(name)?)),
            Self::Role(name) => {
                let role = state.roles.get(name).filter(|role| role.client.is_none())?;
                serde_json::to_value(state.role(role))
            }
            Self::User(_) | Self::NewUser(_) => {
                let known = self.user(state)?;
                let mut shown = serde_json::to_value(state.user(known)).ok()?;
                shown.as_object_mut()?.insert("username".to_owned(), json!(known.user.username));
                Ok(shown)
            }
        };
        shown.ok()
    }

    /// What is shown of it: its part of the document, and what is only to be read beside it.
    pub(crate) fn view(&self, state: &State) -> Option<Value> {
        let mut view = self.editable(state)?;
        let members = view.as_object_mut()?;
        match self {
            Self::Settings(_) => {}
            Self::Client(client_id) => {
                let known = state.clients.get(client_id.as_str())?;
                members.insert("client_id".to_owned(), json!(client_id.as_str()));
                members.insert("registered".to_owned(), json!(known.client.settings.registered));
            }
            Self::Api(name) => {
                members.insert("identifier".to_owned(), json!(name));
                members.insert("built_in".to_owned(), json!(built_in::is_admin_api(name)));
            }
            Self::Scope(name) => {
                let scope = state.scopes.get(name)?;
                let owner = state.apis.values().find(|api| Some(api.id) == scope.api);
                members.insert("name".to_owned(), json!(name));
                members.insert("api".to_owned(), json!(owner.map(|api| &api.identifier)));
            }
            Self::Role(name) => {
                members.insert("name".to_owned(), json!(name));
                members.insert("built_in".to_owned(), json!(AdminRole::parse(name).is_some()));
            }
            Self::User(_) | Self::NewUser(_) => {
                let user = &self.user(state)?.user;
                members.insert("id".to_owned(), json!(user.id));
                members.insert("created_at".to_owned(), json!(user.created_at.to_rfc3339()));
                members.insert("updated_at".to_owned(), json!(user.updated_at.to_rfc3339()));
            }
        }
        Some(view)
    }

    /// Puts it into a document that holds the realm's settings.
    pub(crate) fn put(&self, document: &mut RealmDocument, body: Value) -> Result<(), OpError> {
        match self {
            Self::Settings(part) => put_settings(*part, document, body)?,
            Self::Client(client_id) => {
                refuse_secrets(&body)?;
                document.clients.insert(client_id.as_str().to_owned(), typed(body)?);
            }
            Self::Api(name) => {
                refuse_reserved(name)?;
                document.apis.insert(name.clone(), typed(body)?);
            }
            Self::Scope(name) => {
                document.scopes.insert(name.clone(), typed(body)?);
            }
            Self::Role(name) => {
                document.roles.insert(name.clone(), typed(body)?);
            }
            Self::User(_) | Self::NewUser(_) => put_user(document, body)?,
        }
        Ok(())
    }

    /// Says in the checked document whose it is.
    pub(crate) fn identify(&self, desired: &mut Desired) {
        if let Self::User(id) = self {
            for wanted in &mut desired.users {
                wanted.id = Some(*id);
            }
        }
    }

    /// The object under the name that it has afterwards.
    pub(crate) fn renamed(&self, desired: &Desired) -> Self {
        match self {
            Self::NewUser(_) => {
                desired.users.first().map_or_else(|| self.clone(), |user| Self::NewUser(user.username.clone()))
            }
            other => other.clone(),
        }
    }

    /// The write that removes it.
    pub(crate) fn removal(&self, state: &State) -> Result<Op, OpError> {
        let op = match self {
            Self::Settings(_) => None,
            Self::Client(client_id) => {
                state.clients.get(client_id.as_str()).map(|known| Op::DeleteClient(known.client.key))
            }
            Self::Api(name) => {
                refuse_reserved(name)?;
                state.apis.get(name).map(|api| Op::DeleteApi(api.id))
            }
            Self::Scope(name) => {
                let scope = state.scopes.get(name);
                if scope.is_some_and(|scope| scope.scope.is_identity()) || built_in::is_admin_scope(name) {
                    return Err(OpError::Conflict("every realm has this scope; it cannot be removed".to_owned()));
                }
                scope.map(|scope| Op::DeleteScope(scope.id))
            }
            Self::Role(name) => {
                if AdminRole::parse(name).is_some() {
                    return Err(OpError::Conflict("every realm has this role; it cannot be removed".to_owned()));
                }
                state.roles.get(name).filter(|role| role.client.is_none()).map(|role| Op::DeleteRole(role.id))
            }
            Self::User(_) | Self::NewUser(_) => self.user(state).map(|known| Op::DeleteUser(known.user.id)),
        };
        op.ok_or(OpError::NotFound)
    }
}

fn settings(part: SettingsPart, state: &State) -> Option<Value> {
    let settings = state.settings.as_ref()?;
    let fields: Map<String, Value> = settings
        .custom_fields
        .iter()
        .filter_map(|field| Some((field.name.clone(), serde_json::to_value(export::custom_field(field)).ok()?)))
        .collect();
    let all = json!({
        "display_name": settings.display_name,
        "branding": settings.branding,
        "policy": settings.policy,
        "custom_fields": fields,
    });
    match part.member() {
        Some(member) => all.get(member).cloned(),
        None => Some(all),
    }
}

fn put_settings(part: SettingsPart, document: &mut RealmDocument, body: Value) -> Result<(), OpError> {
    match part {
        SettingsPart::Branding => document.branding = typed(body)?,
        SettingsPart::Policy => document.policy = typed(body)?,
        SettingsPart::CustomFields => document.custom_fields = typed(body)?,
        SettingsPart::All => {
            let Value::Object(mut members) = body else {
                return Err(OpError::invalid("", "send a JSON object"));
            };
            for name in members.keys() {
                if !SETTINGS.contains(&name.as_str()) {
                    let words = format!("unknown member `{name}`{}", did_you_mean(name, SETTINGS));
                    return Err(OpError::invalid(crate::engine::difference::below("", name), words));
                }
            }
            let mut take = |name: &str| members.remove(name).unwrap_or(Value::Null);
            document.display_name = typed_below("display_name", take("display_name"))?;
            document.branding = or_default("branding", take("branding"))?;
            document.policy = or_default("policy", take("policy"))?;
            document.custom_fields = or_default("custom_fields", take("custom_fields"))?;
        }
    }
    Ok(())
}

fn or_default<T: DeserializeOwned + Default>(member: &str, value: Value) -> Result<T, OpError> {
    if value.is_null() { Ok(T::default()) } else { typed_below(member, value) }
}

/// The name is a member of what is sent, not a key of it.
fn put_user(document: &mut RealmDocument, body: Value) -> Result<(), OpError> {
    let Value::Object(mut members) = body else { return Err(OpError::invalid("", "send a JSON object")) };
    let username = match members.remove("username") {
        Some(Value::String(username)) => username,
        Some(_) => return Err(OpError::invalid("/username", "this must be text")),
        None => return Err(OpError::invalid("/username", "a person needs a name to sign in with")),
    };
    for name in ["initial_password", "password_hash"] {
        if members.contains_key(name) {
            let words = "passwords are set at the person's `password` resource, or by `password` or `password_hash` \
                         when they are made";
            return Err(OpError::invalid(format!("/{name}"), words));
        }
    }
    document.users.insert(username, typed(Value::Object(members))?);
    Ok(())
}

/// What the API shows once and never reads again.
fn refuse_secrets(body: &Value) -> Result<(), OpError> {
    for name in ["secret", "secrets", "secret_hashes"] {
        if body.get(name).is_some() {
            let words = "secrets are made and removed at the client's `secrets` resource";
            return Err(OpError::invalid(format!("/{name}"), words));
        }
    }
    Ok(())
}

fn refuse_reserved(identifier: &str) -> Result<(), OpError> {
    if identifier.starts_with(RESERVED_CLIENT_ID_PREFIX) {
        return Err(OpError::Conflict("this API is the platform's own; it cannot be changed".to_owned()));
    }
    Ok(())
}

/// A body as its type; what is wrong with it says where.
pub fn typed<T: DeserializeOwned>(body: Value) -> Result<T, OpError> {
    typed_at("", body)
}

fn typed_below<T: DeserializeOwned>(member: &str, body: Value) -> Result<T, OpError> {
    typed_at(&crate::engine::difference::below("", member), body)
}

fn typed_at<T: DeserializeOwned>(at: &str, body: Value) -> Result<T, OpError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let pointer = error.path().iter().fold(at.to_owned(), |at, segment| match segment {
            serde_path_to_error::Segment::Map { key } => crate::engine::difference::below(&at, key),
            serde_path_to_error::Segment::Seq { index } => format!("{at}/{index}"),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => at,
        });
        let message = explained(&error.into_inner().to_string());
        OpError::Invalid(vec![FieldError { pointer, message }])
    })
}

/// What the JSON reader says of an unknown member, with what was probably meant.
fn explained(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => {
            format!("unknown member `{unknown}`{}", did_you_mean(unknown, known.iter().copied()))
        }
        Some((unknown, known)) if message.starts_with("unknown variant") => {
            format!("unknown value `{unknown}`{}", did_you_mean(unknown, known.iter().copied()))
        }
        _ => message.to_owned(),
    }
}
