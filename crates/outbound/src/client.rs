//! The guarded client.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use rustls::ClientConfig;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::destination::{Destination, Pinned};
use crate::error::{OutboundError, SetupError};
use crate::resolve::{Resolve, SystemResolver};
use crate::settings::OutboundSettings;
use crate::tls;

/// How others see us.
const USER_AGENT: &str = concat!("Palatine/", env!("CARGO_PKG_VERSION"));

/// The most of an answer that is read when only its status matters, in bytes.
const STATUS_ONLY_BYTES: usize = 64 * 1024;

/// The one way out. Cheap to clone.
///
/// Every request has a connection of its own: a pooled one would stay on the runtime that opened it, and answer late
/// whenever that one is busy.
#[derive(Clone)]
pub struct Outbound {
    inner: Arc<Inner>,
}

struct Inner {
    settings: OutboundSettings,
    tls: ClientConfig,
    names: Arc<dyn Resolve>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

/// What one fetch may cost, within what the settings allow.
#[derive(Clone, Copy, Debug)]
pub struct GetLimits {
    /// In all, from the look-up to the last byte.
    pub timeout: Duration,
    /// Bytes of the body.
    pub max_bytes: usize,
    /// What is asked for in `Accept`.
    pub accept: &'static str,
}

impl GetLimits {
    /// For a JSON document of at most so many bytes, such as a key set.
    pub const fn json(max_bytes: usize) -> Self {
        Self { timeout: Duration::from_secs(5), max_bytes, accept: "application/json" }
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status. A redirect is one like any other: it is not followed.
    pub status: u16,
    /// `Content-Type`, in lower case and without its parameters.
    pub content_type: Option<String>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Outbound {
    /// From the operator's settings.
    ///
    /// # Errors
    ///
    /// A number or a file that cannot be used.
    pub fn new(settings: OutboundSettings) -> Result<Self, SetupError> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// With another way to look names up.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn with_resolver(settings: OutboundSettings, names: Arc<dyn Resolve>) -> Result<Self, SetupError> {
        settings.check()?;
        let tls = tls::config(settings.extra_ca_file.as_deref())?;
        Ok(Self { inner: Arc::new(Inner { settings, tls, names }) })
    }

    /// Fetches a document.
    ///
    /// # Errors
    ///
    /// Why nothing was fetched. An answer of any status is an answer.
    pub async fn get(&self, url: &str, limits: &GetLimits) -> Result<Fetched, OutboundError> {
        let max_bytes = limits.max_bytes.min(self.inner.settings.max_response_bytes);
        self.within(limits.timeout, async {
            let (client, url) = self.connected(url).await?;
            exchange(client.get(url).header(ACCEPT, limits.accept), max_bytes).await
        })
        .await
    }

    /// Posts a form, and gives the status of the answer.
    ///
    /// # Errors
    ///
    /// Why nobody answered.
    pub async fn post_form(&self, url: &str, pairs: &[(&str, &str)], timeout: Duration) -> Result<u16, OutboundError> {
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.within(timeout, async {
            let (client, url) = self.connected(url).await?;
            let request = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            Ok(exchange(request, STATUS_ONLY_BYTES).await?.status)
        })
        .await
    }

    async fn within<T>(
        &self,
        timeout: Duration,
        work: impl Future<Output = Result<T, OutboundError>>,
    ) -> Result<T, OutboundError> {
        let timeout = timeout.min(self.inner.settings.timeout());
        tokio::time::timeout(timeout, work).await.unwrap_or(Err(OutboundError::TimedOut))
    }

    /// A client that connects to the checked addresses of this URL alone.
    async fn connected(&self, url: &str) -> Result<(Client, Url), OutboundError> {
        let Inner { settings, tls, names } = &*self.inner;
        let destination = Destination::parse(url, &settings.allowed)?;
        let Pinned { url, host, addresses } = destination.pin(names.as_ref(), &settings.allowed).await?;
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .resolve_to_addrs(&host, &addresses)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(settings.connect_timeout())
            .tls_backend_preconfigured(tls.clone())
            .build();
        let client = client.map_err(|error| refused(&error))?;
        Ok((client, url))
    }
}

/// Sends a request and reads its answer up to the limit.
async fn exchange(request: RequestBuilder, max_bytes: usize) -> Result<Fetched, OutboundError> {
    let mut response = request.send().await.map_err(|error| refused(&error))?;
    if announced(&response).is_some_and(|bytes| bytes > max_bytes as u64) {
        return Err(OutboundError::TooLarge);
    }
    let (status, content_type) = (response.status().as_u16(), content_type(&response));
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| refused(&error))? {
        if bytes.len() + chunk.len() > max_bytes {
            return Err(OutboundError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched { status, content_type, bytes })
}

fn announced(response: &Response) -> Option<u64> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// What outsiders are told of a failure; the rest is logged here, without the URL, whose query may hold a secret.
fn refused(error: &reqwest::Error) -> OutboundError {
    let host = error.url().and_then(Url::host_str).unwrap_or_default();
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    tracing::info!(%host, error = %cause, "an outgoing request failed");
    if error.is_timeout() {
        OutboundError::TimedOut
    } else if is_about_certificate(error) {
        OutboundError::Certificate
    } else {
        OutboundError::Unreachable
    }
}

fn is_about_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return true;
    }
    // An I/O error that wraps another gives the other's source, not the other.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let cause = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    cause.is_some_and(is_about_certificate)
}
