//! `palatine migrate`: the database's schema, brought up to date.

use palatine_store::Store;

use super::{ConfigArgs, load, on_runtime, quiet, say};
use crate::refusal::Refusal;

pub(super) fn run(args: ConfigArgs) -> Result<(), Refusal> {
    let config = quiet(load(args.config, Vec::new())?);
    let report = on_runtime(&config, async { Ok(Store::migrate(&config.database).await?) })?;
    match report.applied.as_slice() {
        [] => say("The schema is up to date."),
        applied => {
            for name in applied {
                say(&format!("applied {name}"));
            }
            say("The schema is up to date now.");
        }
    }
    Ok(())
}
