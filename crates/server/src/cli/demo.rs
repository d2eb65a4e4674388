//! `palatine demo remove`: takes the demo realms out of a database, so that `palatine serve` may have it.

use palatine_domain::tenant::RealmProfile;
use palatine_domain::{Ambient, RealmSlug};
use palatine_store::{OperatorProof, Store};

use super::{StoreArgs, data_folder, on_runtime, say};
use crate::refusal::Refusal;

pub(super) fn remove(args: &StoreArgs) -> Result<(), Refusal> {
    let config = data_folder::config_of(args)?;
    let removed = on_runtime(&config, async {
        let store = Store::connect(&config.database, Ambient::system()).await?;
        let tx = store.as_operator(OperatorProof::command("demo remove")).await?;
        let slugs = tx.insecure_tenants().await?;
        tx.delete_tenants_of_profile(RealmProfile::InsecureDemo).await?;
        tx.commit().await?;
        store.close().await;
        Ok(slugs)
    })?;
    let names: Vec<&str> = removed.iter().map(RealmSlug::as_str).collect();
    match names.as_slice() {
        [] => say("There are no demo realms."),
        names => say(&format!("Removed {} with all that was theirs.", names.join(", "))),
    }
    Ok(())
}
