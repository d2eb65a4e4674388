//! What can go wrong on the way out.

use std::path::PathBuf;

/// Why nothing was fetched. The texts may be shown to whoever chose the URL: they tell neither addresses nor whether a
/// name exists inside our network. Details go to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not an absolute URL with a host and without credentials.
    #[error("the URL is not absolute, or carries credentials")]
    Url,
    /// A scheme other than `https`.
    #[error("the URL does not begin with https://")]
    NotHttps,
    /// The name has no address, or one that is not public: from outside these are the same.
    #[error("the host has no public address")]
    NoPublicAddress,
    /// Nobody accepts connections there, or the connection broke.
    #[error("the host cannot be reached")]
    Unreachable,
    /// The certificate is not that of the host, or is from an authority that is not trusted here.
    #[error("the certificate of the host is not trusted")]
    Certificate,
    /// It took longer than allowed.
    #[error("the host did not answer in time")]
    TimedOut,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
}

/// Why the client could not be made: the operator's mistake.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A number that cannot be used.
    #[error("{setting}: {what}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The file of certificate authorities cannot be read.
    #[error("extra_ca_file: {path} cannot be read as PEM certificates: {what}", path = path.display())]
    ExtraCa {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}
