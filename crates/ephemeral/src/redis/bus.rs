//! The invalidation bus over Redis's publish and subscribe, on a connection of its own.

use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, RedisResult};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::bus::{BusEvent, Invalidation, Listeners};
use crate::settings::EphemeralSettings;
use crate::telemetry;

/// A quiet subscription is asked so often whether it still stands: a connection can die without saying so.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// The subscription and the task that renews it.
pub(super) struct Bus {
    channel: String,
    task: JoinHandle<()>,
}

impl Bus {
    /// Tries to subscribe once, and from then on keeps trying in a task of the current runtime.
    pub(super) async fn start(client: Client, settings: &EphemeralSettings, listeners: Listeners) -> Self {
        let channel = format!("{}:{{global:bus}}", settings.namespace);
        let subscriber = Subscriber {
            client,
            channel: channel.clone(),
            within: settings.connect_timeout(),
            again_after: settings.probe_every(),
            listeners,
        };
        let first = subscriber.subscribe().await;
        Self { channel, task: tokio::spawn(subscriber.run(first)) }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Subscriber {
    client: Client,
    channel: String,
    within: Duration,
    again_after: Duration,
    listeners: Listeners,
}

type Subscribed = (PubSubSink, PubSubStream);

impl Subscriber {
    async fn subscribe(&self) -> Option<Subscribed> {
        let attempt = async {
            let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
            sink.subscribe(&self.channel).await?;
            RedisResult::Ok((sink, stream))
        };
        timeout(self.within, attempt).await.ok()?.ok()
    }

    async fn run(self, first: Option<Subscribed>) {
        let mut subscribed = first;
        loop {
            if let Some((sink, stream)) = subscribed {
                telemetry::bus_up(true);
                // Whatever was published while nobody listened is lost.
                self.listeners.tell(BusEvent::Gap);
                self.listen(sink, stream).await;
                tracing::info!("the subscription to the invalidation bus is lost; changes arrive by polling");
            }
            telemetry::bus_up(false);
            sleep(self.again_after).await;
            subscribed = self.subscribe().await;
        }
    }

    /// Passes events on until the connection is lost.
    async fn listen(&self, mut sink: PubSubSink, mut stream: PubSubStream) {
        loop {
            tokio::select! {
                message = stream.next() => {
                    let Some(message) = message else { return };
                    let read = message.get_payload::<String>().ok().and_then(|text| Invalidation::from_wire(&text));
                    // A message that cannot be read, perhaps of a newer version, may have been about anything.
                    self.listeners.tell(read.map_or(BusEvent::Gap, BusEvent::Invalidation));
                }
                () = sleep(ASK_EVERY) => {
                    if !matches!(timeout(self.within, sink.ping::<redis::Value>()).await, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }
}
