//! Logs, traces, metrics of the process. Set up once, before anything else.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Tracer};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, LogSettings, TelemetrySettings};

/// The bounds of the buckets of every histogram of durations, in seconds: from a cached answer to a queue of hashes.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What others say too loudly: each connection that a stranger breaks, each step of a start. The operator's own words
/// about the same modules come later and win.
const HUSHED: &str = "actix_http::h1::dispatcher=off,actix_server=warn,sea_orm_migration=warn";

/// How long an export, and the last one at the end, may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Keeps traces flowing; to be finished at the end of the process.
#[derive(Debug)]
#[must_use = "traces that were not exported yet are lost if it is not finished"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
#[error("telemetry.otlp_endpoint: {0}")]
pub struct TelemetryError(String);

impl Telemetry {
    /// Sets up the log and, if an endpoint is given, traces. A second call in one process changes nothing.
    pub fn start(log: &LogSettings, telemetry: &TelemetrySettings) -> Result<Self, TelemetryError> {
        let provider =
            telemetry.otlp_endpoint.as_ref().map(|url| tracer_provider(url.as_str(), telemetry)).transpose()?;
        let tracer: Option<Tracer> = provider.as_ref().map(|provider| provider.tracer("palatine"));
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new(format!("{HUSHED},{}", log.level)))
            .with(log_layer(log.format))
            .with(tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer)));
        if subscriber.try_init().is_ok() {
            log_panics();
        }
        Ok(Self { traces: provider })
    }

    /// Whether requests are traced.
    pub fn traces(&self) -> bool {
        self.traces.is_some()
    }

    /// Exports what is left. Blocks for a few seconds at most; not to be called on a runtime's thread.
    pub fn finish(self) {
        if let Some(provider) = self.traces
            && let Err(error) = provider.shutdown_with_timeout(EXPORT_TIMEOUT)
        {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

fn log_layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    }
}

/// A provider whose batches are sent from a thread of its own, so that neither workers nor the main runtime wait.
fn tracer_provider(endpoint: &str, settings: &TelemetrySettings) -> Result<SdkTracerProvider, TelemetryError> {
    let endpoint = endpoint.to_owned();
    // A blocking client has a runtime inside, which must be made outside of ours.
    let exporter = std::thread::spawn(move || exporter(&endpoint))
        .join()
        .map_err(|_| TelemetryError("the exporter could not be made".to_owned()))??;
    let resource = Resource::builder_empty().with_service_name(settings.service_name.clone()).build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        // By the trace's id alone: a caller's wish to be sampled would let strangers fill the collector.
        .with_sampler(Sampler::TraceIdRatioBased(settings.sample_ratio))
        .with_resource(resource)
        .build())
}

fn exporter(endpoint: &str) -> Result<SpanExporter, TelemetryError> {
    let client = reqwest::blocking::Client::builder()
        .timeout(EXPORT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| TelemetryError(error.to_string()))?;
    SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|error| TelemetryError(error.to_string()))
}

/// A panic ends one request or one job; the log says where it happened.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("(no message)");
        tracing::error!(place, message, "panicked");
    }));
}

/// The metrics of this process, for `/metrics`. The first call installs the recorder.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        // An error would say that there are no bounds.
        let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder is installed; /metrics stays empty");
        }
        handle
    })
}
