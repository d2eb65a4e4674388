//! `palatine export` and `palatine schema`: a realm as its document, and what such a document may hold.

use palatine_admin_api::document;
use palatine_admin_api::ops::export::{ExportError, export, export_with_hashes};
use palatine_domain::{Ambient, RealmSlug};
use palatine_store::Store;
use url::Url;

use super::remote::Remote;
use super::{ExportArgs, data_folder, load, on_runtime, quiet, say};
use crate::config::Environment;
use crate::refusal::Refusal;

pub(super) fn run(args: &ExportArgs) -> Result<(), Refusal> {
    let slug = RealmSlug::parse(&args.realm.realm)
        .map_err(|error| Refusal::Command(format!("{}: {error}", args.realm.realm)))?;
    let yaml = match &args.remote.server {
        Some(server) => at_server(args, server, &slug)?,
        None => here(args, &slug)?,
    };
    if args.with_hashes {
        eprintln!(
            "palatine: this export holds the hashes of passwords and client secrets, which can be guessed at: keep it \
             like the database, send it over the network to nobody, and remove it when it is applied"
        );
    }
    say(yaml.trim_end());
    Ok(())
}

fn at_server(args: &ExportArgs, server: &Url, slug: &RealmSlug) -> Result<String, Refusal> {
    let config = quiet(load(None, Vec::new())?);
    let remote = Remote::new(&args.remote, server, &Environment::of_process())?;
    on_runtime(&config, async {
        let exported = remote.export(slug.as_str(), !args.without_users).await;
        exported.map_err(|words| Refusal::Command(format!("the realm `{slug}`: {words}")))
    })
}

fn here(args: &ExportArgs, slug: &RealmSlug) -> Result<String, Refusal> {
    let config = quiet(data_folder::config_of(&args.realm.store)?);
    on_runtime(&config, async {
        let store = Store::connect(&config.database, Ambient::system()).await?;
        let pending = store.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(Refusal::PendingMigrations(pending));
        }
        let users = !args.without_users;
        let yaml = if args.with_hashes {
            export_with_hashes(&store, slug, users).await
        } else {
            export(&store, slug, users).await
        };
        store.close().await;
        yaml.map_err(|error| match error {
            ExportError::Store(error) => error.into(),
            error => Refusal::Command(error.to_string()),
        })
    })
}

pub(super) fn schema() -> Result<(), Refusal> {
    let text = serde_json::to_string_pretty(&document::json_schema())
        .map_err(|error| Refusal::Command(format!("the schema cannot be written: {error}")))?;
    say(&text);
    Ok(())
}
