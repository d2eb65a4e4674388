//! `palatine master-key rotate`: wraps the tenants' data keys with the current master key, while nodes serve.

use palatine_admin_api::ops::master_key;
use palatine_domain::Ambient;

use super::keys::open;
use super::{ConfigArgs, load, on_runtime, quiet, say};
use crate::refusal::Refusal;
use crate::services::check_seal;

pub(super) fn rotate(args: ConfigArgs) -> Result<(), Refusal> {
    let config = quiet(load(args.config, Vec::new())?);
    let rewrapped = on_runtime(&config, async {
        let masters = config
            .master_keys()
            .map_err(|error| Refusal::Setting { section: "master_key", what: format!("key: {error}") })?;
        let store = open(&config).await?;
        check_seal(&store, &masters).await?;
        let rotated = master_key::rotate(&store, &masters, &Ambient::system()).await;
        store.close().await;
        rotated.map_err(|error| Refusal::Command(error.to_string()))
    })?;
    match rewrapped {
        0 => say("Every data key is wrapped by the current master key already."),
        count => say(&format!("{count} data keys are wrapped by the current master key now.")),
    }
    say("No earlier master key is needed any more: take it out of master_key.previous_files on all nodes.");
    Ok(())
}
