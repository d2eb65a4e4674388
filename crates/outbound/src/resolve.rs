//! From a name to its addresses.

use std::io;
use std::net::IpAddr;

/// Looks names up. Handed in, so that a test can lie.
#[async_trait::async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Every address of the name.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own way: its resolver's configuration, `/etc/hosts` included, as operators expect of a server in a
/// container.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
