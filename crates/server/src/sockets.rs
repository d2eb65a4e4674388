//! The ports of a server, taken before anything else is touched.

use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use crate::config::ServerSettings;
use crate::refusal::Refusal;

/// The listening sockets.
#[derive(Debug)]
pub struct Sockets {
    pub(crate) plain: Option<TcpListener>,
    pub(crate) tls: Option<TcpListener>,
    pub(crate) management: TcpListener,
}

/// Where they listen: the ports that were bound if 0 was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    /// Plain HTTP.
    pub(crate) plain: Option<SocketAddr>,
    /// TLS.
    pub(crate) tls: Option<SocketAddr>,
    /// Health and metrics.
    pub(crate) management: SocketAddr,
}

impl Sockets {
    /// Takes all ports.
    ///
    /// # Errors
    ///
    /// [`Refusal::CannotListen`], with the port, the setting and the flag.
    pub fn bind(settings: &ServerSettings) -> Result<Self, Refusal> {
        let listen = |address, setting, flag| {
            listen(address, settings.backlog).map_err(|error| Refusal::CannotListen { address, setting, flag, error })
        };
        Ok(Self {
            plain: settings.listen.map(|address| listen(address, "server.listen", "--listen")).transpose()?,
            tls: settings.tls.listen.map(|address| listen(address, "server.tls.listen", "--tls-listen")).transpose()?,
            management: listen(settings.management, "server.management", "--management")?,
        })
    }

    pub(crate) fn addresses(&self) -> Result<Addresses, Refusal> {
        Ok(Addresses {
            plain: self.plain.as_ref().map(address).transpose()?,
            tls: self.tls.as_ref().map(address).transpose()?,
            management: address(&self.management)?,
        })
    }
}

impl Addresses {
    /// Where realms are served: over plain HTTP if that is listened on, else over TLS.
    pub(crate) fn main(&self) -> Option<SocketAddr> {
        self.plain.or(self.tls)
    }
}

fn address(socket: &TcpListener) -> Result<SocketAddr, Refusal> {
    socket.local_addr().map_err(|error| Refusal::System("a socket has no address", error))
}

fn listen(address: SocketAddr, backlog: u32) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted server must not wait for the old one's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)?.into_std()
}
