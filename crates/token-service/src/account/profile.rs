//! A person's own change of their profile.

use palatine_domain::Instant;
use palatine_domain::audit::AuditKind;
use palatine_domain::profile::EditedProfile;
use palatine_domain::user::User;
use palatine_realm::Realm;
use palatine_store::StoreError;
use serde_json::json;

use super::AccountHolder;
use crate::TokenService;
use crate::authorize::Provenance;

/// What became of a changed profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileSaved {
    /// It is stored.
    Saved,
    /// Nothing was different.
    Unchanged,
    /// Somebody changed the account since the form was made: nothing was stored.
    ChangedMeanwhile,
}

impl TokenService {
    /// Stores a profile that was edited on a form which showed the account as of `seen`, its `updated_at`.
    pub async fn save_profile(
        &self,
        realm: &Realm,
        holder: &AccountHolder,
        edited: EditedProfile,
        seen: Instant,
        from: &Provenance,
    ) -> Result<ProfileSaved, StoreError> {
        if holder.user.updated_at != seen {
            return Ok(ProfileSaved::ChangedMeanwhile);
        }
        if edited.changed.is_empty() {
            return Ok(ProfileSaved::Unchanged);
        }
        // The names of the fields alone: what stands in them is the person's.
        let details = json!({ "fields": edited.changed });
        let user = User { profile: edited.profile, custom: edited.custom, ..holder.user.clone() };
        let tx = realm.write().await?;
        if !tx.users().update_profile(&user, seen).await? {
            return Ok(ProfileSaved::ChangedMeanwhile);
        }
        tx.audit().append(&self.own_act(&tx, AuditKind::ProfileChanged, holder, from, details)).await?;
        tx.commit().await?;
        Ok(ProfileSaved::Saved)
    }
}
