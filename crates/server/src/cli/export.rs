//! `palatine export` and `palatine schema`: a realm as its document, and what such a document may hold.

use palatine_admin_api::document;
use palatine_admin_api::ops::export::{ExportError, export};
use palatine_domain::{Ambient, RealmSlug};
use palatine_store::Store;

use super::{ExportArgs, data_folder, on_runtime, quiet, say};
use crate::refusal::Refusal;

pub(super) fn run(args: &ExportArgs) -> Result<(), Refusal> {
    let config = quiet(data_folder::config_of(&args.realm.store)?);
    let slug = RealmSlug::parse(&args.realm.realm)
        .map_err(|error| Refusal::Command(format!("{}: {error}", args.realm.realm)))?;
    let yaml = on_runtime(&config, async {
        let store = Store::connect(&config.database, Ambient::system()).await?;
        let pending = store.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(Refusal::PendingMigrations(pending));
        }
        let yaml = export(&store, &slug, !args.without_users).await;
        store.close().await;
        yaml.map_err(|error| match error {
            ExportError::Store(error) => error.into(),
            error => Refusal::Command(error.to_string()),
        })
    })?;
    say(yaml.trim_end());
    Ok(())
}

pub(super) fn schema() -> Result<(), Refusal> {
    let text = serde_json::to_string_pretty(&document::json_schema())
        .map_err(|error| Refusal::Command(format!("the schema cannot be written: {error}")))?;
    say(&text);
    Ok(())
}
