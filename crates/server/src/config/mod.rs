//! The configuration: a commented default file, then a TOML file, then the environment, then flags.
//!
//! Each crate has its own `Settings`; here they are sections. To add a setting: a field in the crate that reads it, and
//! a commented line in `palatine.default.toml`, which is also the list of the settings that exist.

mod check;
mod environment;
mod known;
mod layer;
mod problem;
mod read;
mod secrets;
mod settings;

use std::path::PathBuf;

use figment::Figment;
use figment::value::Value;
use palatine_authn::HashSettings;
use palatine_ephemeral::EphemeralSettings;
use palatine_outbound::OutboundSettings;
use palatine_realm::{MasterKeyError, MasterKeys, ResolverSettings};
use palatine_store::StoreSettings;
use url::Url;

pub use environment::Environment;
pub use problem::{ConfigError, Problem};
pub(crate) use settings::parse_address;
pub use settings::{
    CourierSettings, JobSettings, LogFormat, LogSettings, MasterKeySettings, MetricsSettings, ServerSettings,
    TelemetrySettings, TlsSettings, TlsVersion, UsageSettings,
};

use layer::Layer;
use read::Reader;

/// The commented default file: every setting, its default, its unit, what it is for.
pub const DEFAULT_FILE: &str = known::DEFAULT_FILE;

/// Stands in for the public URL while it is not known which port was bound.
const UNKNOWN_URL: &str = "http://localhost";

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`.
    pub server: ServerSettings,
    /// `[database]`.
    pub database: StoreSettings,
    /// `[redis]`.
    pub redis: EphemeralSettings,
    /// `[realms]`; its public URL is that of `[server]`, see [`Config::resolver_settings`].
    pub realms: ResolverSettings,
    /// `[hashing]`.
    pub hashing: HashSettings,
    /// `[master_key]`.
    pub master_key: MasterKeySettings,
    /// `[outbound]`.
    pub outbound: OutboundSettings,
    /// `[jobs]`.
    pub jobs: JobSettings,
    /// `[courier]`.
    pub courier: CourierSettings,
    /// `[usage]`.
    pub usage: UsageSettings,
    /// `[log]`.
    pub log: LogSettings,
    /// `[telemetry]`.
    pub telemetry: TelemetrySettings,
    /// `[metrics]`.
    pub metrics: MetricsSettings,
}

/// Where settings come from, besides the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// What the command decides itself, by dotted names; above the environment, below the flags.
    pub command: Vec<(&'static str, String)>,
    /// Flags, by the dotted names of the settings.
    pub flags: Vec<(&'static str, String)>,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each with the setting, where it was set, and what is allowed.
    pub fn load(sources: Sources) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let file = sources.file.as_deref().and_then(|path| Layer::file(path, &mut problems));
        let environment = Layer::environment(sources.environment.variables(), &mut problems);
        let command = Layer::command("set by the command", sources.command);
        let flags = Layer::flags(sources.flags, &mut problems);
        let layers = file.into_iter().chain([environment, command, flags]);
        Self::from_layers(layers, problems)
    }

    /// The defaults, and what a TOML text says otherwise. Reads nothing else: for tests, and for servers inside another
    /// program.
    pub fn parse(toml: &str) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let layer = Layer::toml("configuration", toml, &mut problems);
        Self::from_layers(layer.into_iter(), problems)
    }

    fn from_layers(layers: impl Iterator<Item = Layer>, problems: Vec<Problem>) -> Result<Self, ConfigError> {
        let merged = layers.fold(Figment::from(Layer::defaults()), Figment::merge);
        let mut reader = Reader::new(merged, problems);
        let config = Self::read(&mut reader);
        let mut problems = reader.problems.clone();
        if let Some(config) = &config {
            let with_place = |problem: Problem| Problem { place: reader.place(&problem.key), ..problem };
            problems.extend(check::check(config).into_iter().map(with_place));
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError(problems)),
        }
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        // All sections are read before one that is missing ends it.
        let server: Option<ServerSettings> = reader.section("server", |_| {});
        let database = reader.section("database", |_| {});
        let redis = reader.section("redis", |redis| {
            if let Some(url) = redis.remove("url") {
                redis.insert("redis_url".to_owned(), url);
            }
        });
        let public_url = server.as_ref().and_then(|server| server.public_url.clone());
        let public_url = public_url.map_or_else(|| UNKNOWN_URL.to_owned(), String::from);
        let realms = reader.section("realms", |realms| {
            realms.insert("public_url".to_owned(), Value::from(public_url.as_str()));
        });
        let hashing = reader.section("hashing", |_| {});
        let master_key = reader.section("master_key", |_| {});
        let outbound = reader.section("outbound", |_| {});
        let jobs = reader.section("jobs", |_| {});
        let courier = reader.section("courier", |_| {});
        let usage = reader.section("usage", |_| {});
        let log = reader.section("log", |_| {});
        let telemetry = reader.section("telemetry", |_| {});
        let metrics = reader.section("metrics", |_| {});
        Some(Self {
            server: server?,
            database: database?,
            redis: redis?,
            realms: realms?,
            hashing: hashing?,
            master_key: master_key?,
            outbound: outbound?,
            jobs: jobs?,
            courier: courier?,
            usage: usage?,
            log: log?,
            telemetry: telemetry?,
            metrics: metrics?,
        })
    }

    /// The settings of the resolver, for the public URL that the server has.
    pub fn resolver_settings(&self, public_url: Url) -> ResolverSettings {
        ResolverSettings { public_url, ..self.realms.clone() }
    }

    /// The master keys, the current one first.
    pub fn master_keys(&self) -> Result<MasterKeys, MasterKeyError> {
        MasterKeys::parse(self.master_key_texts())
    }

    fn master_key_texts(&self) -> impl Iterator<Item = &str> {
        self.master_key.key.iter().chain(&self.master_key.previous).map(palatine_domain::SecretText::expose)
    }

    /// Empty: what may vanish is kept in memory.
    pub(crate) fn redis_url(&self) -> &str {
        self.redis.redis_url.as_ref().map_or("", |url| url.expose().trim())
    }
}

#[cfg(test)]
mod tests;
