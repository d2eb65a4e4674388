//! The services of one process, from the lowest floor up. Made once, on the main runtime; cheap to clone.

use palatine_authn::{Authenticator, ClientSecrets, HashPool};
use palatine_domain::Ambient;
use palatine_domain::usage::UsageTally;
use palatine_ephemeral::Ephemeral;
use palatine_login_ui::dev;
use palatine_outbound::Outbound;
use palatine_realm::{DemoRealms, MasterKeys, Resolver};
use palatine_store::{Isolation, OperatorProof, Store};
use palatine_token_service::built_in::BuiltInClients;
use palatine_token_service::{People, TokenService};
use url::Url;

use crate::config::Config;
use crate::refusal::{Insecurity, Refusal};
use crate::server::Profile;
use crate::telemetry;

/// Everything that requests and background work are served by.
#[derive(Clone)]
pub struct Services {
    /// Time and randomness.
    pub ambient: Ambient,
    /// What must not be lost.
    pub store: Store,
    /// What may vanish.
    pub ephemeral: Ephemeral,
    /// Where realms are found.
    pub resolver: Resolver,
    /// The threads that hash.
    pub hashing: HashPool,
    /// Who proves that a person is who they say.
    pub authenticator: Authenticator,
    /// The endpoints' service.
    pub tokens: TokenService,
    /// What was used and is not written down yet.
    pub usage: UsageTally,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("store", &self.store).field("resolver", &self.resolver).finish_non_exhaustive()
    }
}

impl Services {
    /// Opens the database and everything above it, for realms below `public_url`.
    ///
    /// # Errors
    ///
    /// A setting that makes no sense, a database that is gone, is behind, or was sealed with another master key.
    pub async fn open(
        config: &Config,
        masters: MasterKeys,
        public_url: Url,
        profile: Profile,
        ambient: Ambient,
    ) -> Result<Self, Refusal> {
        // What follows says what its metrics mean, and sets the first of them, to the recorder that is there by then.
        telemetry::metrics();
        let store = Store::connect(&config.database, ambient.clone()).await?;
        let pending = store.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(Refusal::PendingMigrations(pending));
        }
        check_seal(&store, &masters).await?;
        let ephemeral = Ephemeral::start(config.redis.clone(), ambient.clone())
            .await
            .map_err(|error| setting("redis", &error.to_string().replace("redis_url", "url")))?;
        let hashing = HashPool::start(&config.hashing, ambient.clone())?;
        let mut realms = config.resolver_settings(public_url.clone());
        if profile == Profile::Development {
            realms.demo_realms = DemoRealms::Served;
        }
        let resolver = Resolver::new(realms, store.clone(), ephemeral.clone(), masters, ambient.clone())
            .map_err(|error| setting("realms", &error.to_string()))?;
        let built_in = BuiltInClients::production(&palatine_admin_api::http::docs_callback_url(&public_url));
        let built_in = match profile {
            Profile::Development => built_in.with_dev(&dev::callback_url(&public_url), &dev::start_url(&public_url)),
            Profile::Production => built_in,
        };
        let secrets = ClientSecrets::new(hashing.clone(), &ambient);
        let outbound =
            Outbound::new(config.outbound.clone()).map_err(|error| setting("outbound", &error.to_string()))?;
        let authenticator = Authenticator::new(hashing.clone(), ambient.clone());
        let people = People { authenticator: authenticator.clone(), store: store.clone() };
        let usage = UsageTally::new(config.usage.max_waiting);
        Ok(Self {
            authenticator,
            tokens: TokenService::new(ambient.clone(), people, secrets, built_in, outbound, usage.clone()),
            usage,
            ambient,
            store,
            ephemeral,
            resolver,
            hashing,
        })
    }

    /// What is in the store that must not be served in production.
    pub async fn insecurities(&self) -> Result<Vec<Insecurity>, Refusal> {
        let mut found = Vec::new();
        if let Isolation::Bypassed { role } = self.store.isolation().await? {
            found.push(Insecurity::RoleBypasses(role));
        }
        let demo = self.store.as_operator(OperatorProof::command("serve")).await?.insecure_tenants().await?;
        if !demo.is_empty() {
            found.push(Insecurity::DemoRealms(demo));
        }
        Ok(found)
    }
}

/// What is missing in the settings for production.
pub fn insecure_settings(config: &Config) -> Vec<Insecurity> {
    let mut found = Vec::new();
    match &config.server.public_url {
        None => found.push(Insecurity::NoPublicUrl),
        Some(url) if url.scheme() != "https" && !is_loopback(url) => {
            found.push(Insecurity::PlainHttp(url.to_string()));
        }
        Some(_) => {}
    }
    if config.master_key.key.is_none() {
        found.push(Insecurity::NoMasterKey);
    }
    found
}

fn is_loopback(url: &Url) -> bool {
    crate::http::host::is_loopback(url.host_str().unwrap_or_default())
}

fn setting(section: &'static str, what: &str) -> Refusal {
    Refusal::Setting { section, what: what.to_owned() }
}

/// Refuses before anything is sealed with a key that the rest was not sealed with.
pub(crate) async fn check_seal(store: &Store, masters: &MasterKeys) -> Result<(), Refusal> {
    let in_use = store.as_operator(OperatorProof::command("start")).await?.master_keys_in_use().await?;
    match in_use.iter().filter(|id| !masters.contains(**id)).count() {
        0 => Ok(()),
        missing => Err(Refusal::SealedWithAnother { place: "the configuration".to_owned(), missing }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insecurities(toml: &str) -> Vec<Insecurity> {
        insecure_settings(&Config::parse(toml).unwrap())
    }

    #[test]
    fn production_needs_a_public_url_and_a_master_key() {
        assert_eq!(insecurities(""), [Insecurity::NoPublicUrl, Insecurity::NoMasterKey]);
    }

    #[test]
    fn plain_http_is_taken_for_a_loopback_host_alone() {
        let key = "\n[master_key]\nkey = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='";
        for good in ["https://id.example.com", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:1"] {
            assert_eq!(insecurities(&format!("[server]\npublic_url = '{good}'{key}")), [], "{good}");
        }
        let bad = insecurities(&format!("[server]\npublic_url = 'http://id.example.com'{key}"));
        assert_eq!(bad, [Insecurity::PlainHttp("http://id.example.com/".to_owned())]);
    }
}
