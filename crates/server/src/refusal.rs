//! Why Palatine does not start, in words that say what to do. One paragraph each; never a secret.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use palatine_authn::HashSettingsError;
use palatine_domain::RealmSlug;
use palatine_realm::MasterKeyError;
use palatine_store::StoreError;

use crate::config::ConfigError;
use crate::telemetry::TelemetryError;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Settings that cannot be used.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Settings that each crate checks itself when it starts.
    #[error("the configuration cannot be used\n  - {section}.{what}")]
    Setting {
        /// The section.
        section: &'static str,
        /// The setting and what is wrong.
        what: String,
    },
    /// An address that cannot be listened on.
    #[error("{}", cannot_listen(*.address, setting, flag, error))]
    CannotListen {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// The flag that would change it.
        flag: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// `palatine dev` on an address that others can reach.
    #[error(
        "palatine dev serves demo realms whose passwords everybody knows, and {0} is not a loopback address: use one, \
         such as --listen 127.0.0.1:8080 and --management 127.0.0.1:9000, or add --i-know if nobody else can reach it"
    )]
    NotLoopback(SocketAddr),
    /// The data folder of `palatine dev`.
    #[error("the data folder {} cannot be used: {error}; give one that you may write to with --data-dir", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another `palatine dev` has the data folder.
    #[error(
        "the data folder {} is in use by another `palatine dev`: stop that one, or give another folder with --data-dir",
        .0.display()
    )]
    DataFolderInUse(PathBuf),
    /// A file of the data folder or of the command line.
    #[error("{} cannot be {verb}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        verb: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// A `master.key` that is none.
    #[error(
        "{} does not hold a master key: {error}. Put the right key back; without it the data beside it cannot be read. \
         If nothing in the folder matters, remove the whole folder", path.display()
    )]
    MasterKeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: MasterKeyError,
    },
    /// The store needs a master key that is not configured.
    #[error(
        "the database was sealed with another master key than the one in {place}: {missing} of the keys that it needs \
         are not there. Put the right key back (or name it among `master_key.previous_files` while the keys are \
         changed); nothing was written"
    )]
    SealedWithAnother {
        /// Where the configured key is.
        place: String,
        /// How many keys are missing.
        missing: usize,
    },
    /// What `palatine serve` does not do.
    #[error("palatine serve refuses to run{}", reasons(.0))]
    Insecure(Vec<Insecurity>),
    /// The schema is older than this program.
    #[error(
        "the database lacks {} migration(s), the first is {}: run `palatine migrate` with the same configuration, then \
         start again", .0.len(), .0.first().map_or("unknown", String::as_str)
    )]
    PendingMigrations(Vec<String>),
    /// The database cannot be opened or does not answer.
    #[error("{}", database(.0))]
    Database(#[from] StoreError),
    /// Password hashing cannot start.
    #[error("the configuration cannot be used\n  - hashing.{0}")]
    Hashing(#[from] HashSettingsError),
    /// Traces cannot be exported.
    #[error("{0}")]
    Telemetry(#[from] TelemetryError),
    /// Realm documents that cannot be applied.
    #[error("not every realm could be applied; those named here are as they were before\n{0}")]
    Documents(String),
    /// `palatine apply --check` found differences.
    #[error("the realms are not what their documents say; see above")]
    Drifted,
    /// What a command was asked to do, and cannot.
    #[error("{0}")]
    Command(String),
    /// The operating system's.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
}

/// A setting, or something in the store, that is not fit for production.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Insecurity {
    /// No public URL.
    #[error("server.public_url is not set: give the https URL that clients and browsers use")]
    NoPublicUrl,
    /// A public URL over plain HTTP.
    #[error(
        "server.public_url is {0}: tokens and cookies would travel in the clear; use https, with TLS ending here \
         (`[server.tls]`) or at the proxy in front (plain http is taken for a loopback host alone)"
    )]
    PlainHttp(String),
    /// No master key.
    #[error(
        "master_key.key_file is not set: make a key with `openssl rand -base64 32`, keep it where only this service can \
         read it, and name the file"
    )]
    NoMasterKey,
    /// The database role sees every tenant.
    #[error(
        "the database role {0} bypasses row-level security: connect as palatine_app, or as a login that is a member of \
         it alone (`palatine migrate` makes it)"
    )]
    RoleBypasses(String),
    /// Demo realms.
    #[error("{}", demo_realms(.0))]
    DemoRealms(Vec<RealmSlug>),
}

impl Refusal {
    /// The exit code of the process: 2 for what the operator wrote, 3 for what is refused as unsafe, 1 for all else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Setting { .. } | Self::Hashing(_) | Self::Telemetry(_) | Self::Documents(_) => 2,
            Self::Insecure(_) | Self::NotLoopback(_) | Self::SealedWithAnother { .. } => 3,
            Self::Drifted => 4,
            Self::CannotListen { .. }
            | Self::DataFolder { .. }
            | Self::DataFolderInUse(_)
            | Self::File { .. }
            | Self::MasterKeyFile { .. }
            | Self::PendingMigrations(_)
            | Self::Database(_)
            | Self::Command(_)
            | Self::System(..) => 1,
        }
    }
}

fn cannot_listen(address: SocketAddr, setting: &str, flag: &str, error: &std::io::Error) -> String {
    let free = SocketAddr::new(address.ip(), 0);
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {} is in use: another program listens on {address}. Stop it, or choose another with {flag} or \
             `{setting}` ({flag} {free} picks a free one)",
            address.port()
        ),
        ErrorKind::PermissionDenied => format!(
            "no permission to listen on {address}: ports below 1024 belong to root. Choose a higher one with {flag} or \
             `{setting}`"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {}: choose another with {flag} or `{setting}`", address.ip())
        }
        _ => format!("cannot listen on {address} (`{setting}`): {error}"),
    }
}

fn database(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable { reason } => format!(
            "the database does not answer: {reason}. See that it runs, that `database.url` names it, and that this \
             machine may connect"
        ),
        StoreError::RolesMissing { .. } => format!("the PostgreSQL roles are missing; {error}"),
        StoreError::Settings(what) if what.starts_with("cannot open the database file") => {
            format!("{what}. If it was never made, `palatine migrate` makes it; its folder must exist and be writable")
        }
        StoreError::Settings(what) => format!("the configuration cannot be used\n  - database.url: {what}"),
        StoreError::Conflict { .. } | StoreError::Corrupt { .. } | StoreError::Driver(_) => {
            format!("the database cannot be used: {error}")
        }
    }
}

fn reasons(insecurities: &[Insecurity]) -> String {
    let lines: Vec<String> = insecurities.iter().map(|insecurity| format!("\n  - {insecurity}")).collect();
    lines.concat()
}

fn demo_realms(slugs: &[RealmSlug]) -> String {
    let names: Vec<&str> = slugs.iter().map(RealmSlug::as_str).collect();
    format!(
        "the database holds demo realms, whose passwords everybody knows: {}. `palatine demo remove` with the same \
         configuration removes them with all their data",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(kind: ErrorKind) -> String {
        let address = "127.0.0.1:8080".parse().unwrap();
        let refusal = Refusal::CannotListen { address, setting: "server.listen", flag: "--listen", error: kind.into() };
        refusal.to_string()
    }

    #[test]
    fn a_port_in_use_is_answered_with_the_port_and_a_way_out() {
        assert_eq!(
            listening(ErrorKind::AddrInUse),
            "port 8080 is in use: another program listens on 127.0.0.1:8080. Stop it, or choose another with --listen \
             or `server.listen` (--listen 127.0.0.1:0 picks a free one)"
        );
        assert!(listening(ErrorKind::PermissionDenied).contains("ports below 1024"));
    }

    #[test]
    fn every_insecurity_is_named_in_one_refusal() {
        let refusal = Refusal::Insecure(vec![
            Insecurity::PlainHttp("http://id.example.com/".to_owned()),
            Insecurity::NoMasterKey,
            Insecurity::RoleBypasses("postgres".to_owned()),
            Insecurity::DemoRealms(vec![RealmSlug::parse("acme-corp").unwrap(), RealmSlug::parse("dev").unwrap()]),
        ]);
        let text = refusal.to_string();
        for expected in [
            "server.public_url is http://id.example.com/",
            "openssl rand -base64 32",
            "role postgres bypasses row-level security",
            "acme-corp, dev. `palatine demo remove`",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        assert_eq!(refusal.exit_code(), 3);
    }

    #[test]
    fn a_database_that_is_gone_or_never_was_says_what_to_do() {
        let gone = Refusal::Database(StoreError::Unavailable { reason: "connection refused".to_owned() });
        assert!(gone.to_string().contains("See that it runs") && gone.exit_code() == 1);
        let missing = StoreError::Settings("cannot open the database file data/palatine.db: unable".to_owned());
        assert!(Refusal::Database(missing).to_string().contains("`palatine migrate` makes it"));
    }

    #[test]
    fn pending_migrations_name_the_command() {
        let text = Refusal::PendingMigrations(vec!["m1".to_owned(), "m2".to_owned()]).to_string();
        assert!(
            text.starts_with("the database lacks 2 migration(s), the first is m1: run `palatine migrate`"),
            "{text}"
        );
    }
}
