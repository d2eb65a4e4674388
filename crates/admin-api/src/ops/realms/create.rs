//! Makes a realm. It needs `realms:write`. It has no key yet: keys are made when the first token needs one.

use palatine_domain::RealmSlug;
use palatine_domain::admin::Permission;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::{Branding, RealmProfile, RealmSettings};
use palatine_store::{Store, StoreError};
use serde::Deserialize;
use serde_json::json;

use super::RealmView;
use super::list::{PROOF, read};
use crate::access::{Operator, Origin};
use crate::document::SourcedDocument;
use crate::engine::guard::Guard;
use crate::engine::hashes::Hashes;
use crate::engine::run::Work;
use crate::engine::state::State;
use crate::engine::{Extent, check, export};
use crate::ops::error::OpError;

/// A realm that is to be made.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRealm {
    /// Its name in URLs: `[a-z0-9-]`, 1 to 63 characters, not reserved; it never changes.
    pub realm: String,
    /// The name people see. Default: the realm's.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// Makes a realm with the usual settings.
pub async fn create(operator: &Operator, store: &Store, new: NewRealm, from: &Origin) -> Result<RealmView, OpError> {
    operator.needs(Permission::RealmsWrite)?;
    let slug = RealmSlug::parse_new(&new.realm).map_err(|error| OpError::invalid("/realm", error.to_string()))?;
    let settings = RealmSettings {
        display_name: new.display_name.unwrap_or_else(|| new.realm.clone()),
        branding: Branding::default(),
        policy: RealmPolicy::default(),
        custom_fields: Vec::new(),
    };
    let document = export::of_settings(&slug, RealmProfile::Standard, &settings);
    let source = SourcedDocument::of_request(document);
    let desired = check::check(&source).map_err(|problems| OpError::of_problems(problems, 0))?;
    let tx = match store.as_operator(PROOF).await?.create_tenant(&slug, RealmProfile::Standard).await {
        Err(StoreError::Conflict { .. }) => {
            return Err(OpError::Conflict(
                "there is a realm of this name, or there was one; choose another".to_owned(),
            ));
        }
        made => made?,
    };
    let state = State::of_a_new_realm(&tx).await?;
    let hashes = Hashes::of_none(&desired, &state);
    let (extent, ambient, guard) = (Extent::ADD, store.ambient(), Guard::Unlimited);
    let work = Work { source: &source, desired: &desired, hashes: &hashes, extent, ambient, guard };
    work.run(&tx, &state).await.map_err(|error| OpError::of_run(error, 0))?;
    let event = AuditEvent {
        id: ambient.id(),
        at: tx.now(),
        kind: AuditKind::RealmCreated,
        actor: Actor::Operator(operator.name().to_owned()),
        user: None,
        client: None,
        session: None,
        address: from.address.clone(),
        request_id: from.request_id.clone(),
        details: json!({ "realm": slug.as_str() }),
    };
    tx.audit().append(&event).await?;
    tx.commit().await?;
    tracing::info!(realm = %slug, operator = operator.name(), "a realm was made");
    read(operator, store, &slug).await
}
