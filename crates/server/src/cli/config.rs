//! `palatine config`: what there is to set, and what is wrong with what was set.

use palatine_domain::Ambient;

use super::{ConfigCommand, load, say};
use crate::config::{Config, DEFAULT_FILE};
use crate::refusal::Refusal;
use crate::services::insecure_settings;
use crate::tls::{self, Concern, Pair};

pub(super) fn run(command: ConfigCommand) -> Result<(), Refusal> {
    match command {
        ConfigCommand::Default => {
            say(DEFAULT_FILE.trim_end());
            Ok(())
        }
        ConfigCommand::Check(args) => {
            let config = load(args.config, Vec::new())?;
            let insecure = insecure_settings(&config);
            if !insecure.is_empty() {
                return Err(Refusal::Insecure(insecure));
            }
            for concern in concerns(&config) {
                eprintln!("palatine: {concern}");
            }
            say("OK");
            Ok(())
        }
    }
}

/// What is doubtful about the TLS listener's certificate. That it can be read was seen before.
fn concerns(config: &Config) -> Vec<Concern> {
    let server = &config.server;
    let files = server.tls.files().filter(|_| server.tls.listen.is_some());
    let pair = files.and_then(|files| Pair::load(&files).ok());
    pair.map_or_else(Vec::new, |pair| tls::concerns(&pair, server.public_url.as_ref(), Ambient::system().now()))
}
