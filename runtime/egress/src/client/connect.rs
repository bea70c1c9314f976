//! Makes a new connection: resolve, check, dial, handshake, in that order and within one time limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Link, Sender, Stream, TaskExecutor, Tasks, Transport};
use super::dial::{dial, in_turn};
use super::error::{Addresses, ExchangeError, SendError, classify};
use super::pool::{Pool, STREAMS_MAX};
use super::resolver::ADDRESSES_MAX;
use super::tls::Tls;
use super::{AddressCheck, AnyAddress, ClientConfig, Destination, Host, Protocol, Proxy, Scheme};

/// Flow-control window of one HTTP/2 response, in bytes. It bounds what a guest can leave unread in the host's memory,
/// and at a round trip of 50 ms it allows 20 MB/s.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;

/// Flow-control window of an HTTP/2 connection, in bytes: enough for all its responses.
#[expect(clippy::cast_possible_truncation, reason = "a small constant")]
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_MAX as u32;

/// Largest HTTP/2 frame accepted, in bytes: four times the minimum, so that long bodies take fewer steps.
const FRAME_BYTES_MAX: u32 = 64 << 10;

/// Most bytes of a request body buffered in one HTTP/2 stream.
const SEND_BUFFER_BYTES_MAX: usize = 256 << 10;

/// Largest read buffer of an HTTP/1.1 connection, in bytes; it grows to this only on long bodies.
const READ_BUFFER_BYTES_MAX: usize = 512 << 10;

/// How a connection gets to its destination.
#[derive(Clone, Copy)]
struct Route<'a> {
    /// Where it is dialled: the destination, or the proxy.
    to: &'a Destination,
    destination: &'a Destination,
    proxy: Option<&'a Proxy>,
}

/// Makes connections.
pub(super) struct Connector {
    pub(super) config: ClientConfig,
    pub(super) tls: Tls,
}

impl Connector {
    /// Connects to `destination` at an address that `check` allows, or through the proxy, until `by`.
    pub(super) async fn connect(
        &self,
        pool: &Pool,
        destination: &Destination,
        proxied: bool,
        check: &dyn AddressCheck,
        by: Instant,
    ) -> Result<Connection, SendError> {
        let mut seen = Addresses::default();
        let proxy = if proxied { self.config.proxy.as_ref() } else { None };
        let connected = match proxy {
            // The operator named it.
            Some(proxy) => {
                let to = proxy.destination();
                self.connect_noting(
                    pool,
                    Route { to: &to, destination, proxy: Some(proxy) },
                    &AnyAddress,
                    by,
                    &mut seen,
                )
                .await
            }
            None if proxied => Err(ExchangeError::DestinationUnavailable(io::Error::other("there is no proxy"))),
            None => {
                let route = Route { to: destination, destination, proxy: None };
                self.connect_noting(pool, route, check, by, &mut seen).await
            }
        };
        connected.map_err(|error| SendError { addresses: seen, proxied, ..SendError::unsent(error) })
    }

    /// Connects, and notes what happened with each address.
    async fn connect_noting(
        &self,
        pool: &Pool,
        route: Route<'_>,
        check: &dyn AddressCheck,
        by: Instant,
        seen: &mut Addresses,
    ) -> Result<Connection, ExchangeError> {
        let found = self.resolve(route.to, by).await?;
        let (addresses, mut refused): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|address| check.allows(address.ip()));
        let mut addresses = in_turn(addresses);
        addresses.truncate(ADDRESSES_MAX);
        refused.truncate(ADDRESSES_MAX);
        seen.refused = refused;
        if addresses.is_empty() {
            let host = route.to.host.to_string();
            return Err(ExchangeError::AddressDenied { host });
        }
        let permit = timeout_at(by, pool.permit())
            .await
            .ok()
            .flatten()
            .ok_or(ExchangeError::ConnectionLimit { limit: self.config.connections_max })?;
        let (stream, peer) = dial(&addresses, by, &mut seen.tried).await?;
        timeout_at(by, self.establish(pool, route, stream, peer, permit))
            .await
            .unwrap_or(Err(ExchangeError::ConnectTimeout))
    }

    async fn resolve(&self, destination: &Destination, by: Instant) -> Result<Vec<SocketAddr>, ExchangeError> {
        let name = match &destination.host {
            Host::Ip(address) => return Ok(vec![SocketAddr::new(*address, destination.port)]),
            Host::Name(name) => name,
        };
        let host = name.clone();
        match timeout_at(by, self.config.resolver.resolve(name, destination.port)).await {
            Err(_) => Err(ExchangeError::DnsTimeout { host }),
            Ok(Err(error)) => Err(ExchangeError::Dns { host, source: Some(error) }),
            Ok(Ok(addresses)) if addresses.is_empty() => Err(ExchangeError::Dns { host, source: None }),
            Ok(Ok(addresses)) => Ok(addresses),
        }
    }

    /// Does the TLS handshake where asked for, agrees on the HTTP version, and starts the tasks that drive the
    /// connection.
    async fn establish(
        &self,
        pool: &Pool,
        route: Route<'_>,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) -> Result<Connection, ExchangeError> {
        let destination = route.destination;
        let stream = match (route.proxy, destination.scheme) {
            (Some(proxy), Scheme::Https) => proxy.tunnel(stream, destination).await?,
            (Some(_), Scheme::Http) | (None, _) => stream,
        };
        let (stream, protocol) = match destination.scheme {
            Scheme::Http => (Stream::Plain(stream), Protocol::Http1),
            Scheme::Https => {
                let (stream, protocol) = self.tls.handshake(stream, &destination.host).await?;
                (Stream::Tls(Box::new(stream)), protocol)
            }
        };
        let tasks = Tasks::new();
        pool.register(&tasks);
        let link = Arc::new(Link {
            destination: destination.clone(),
            peer,
            proxied: route.proxy.is_some(),
            traffic: Arc::default(),
            tasks,
        });
        let transport = TokioIo::new(Transport { stream, traffic: Arc::clone(&link.traffic), _permit: permit });
        let sender = match protocol {
            Protocol::Http1 => self.start_http1(transport, &link.tasks).await,
            Protocol::Http2 => self.start_http2(transport, &link.tasks).await,
        };
        let sender = sender.map_err(classify)?;
        Ok(Connection { link, sender })
    }

    async fn start_http1(&self, transport: TokioIo<Transport>, tasks: &Arc<Tasks>) -> hyper::Result<Sender> {
        let (sender, driver) = http1::Builder::new()
            .max_headers(self.config.headers_max)
            .max_header_size(self.config.header_bytes_max)
            .max_buf_size(READ_BUFFER_BYTES_MAX.max(self.config.header_bytes_max))
            .handshake(transport)
            .await?;
        tasks.spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "an HTTP/1.1 connection failed");
            }
        });
        Ok(Sender::Http1(sender))
    }

    async fn start_http2(&self, transport: TokioIo<Transport>, tasks: &Arc<Tasks>) -> hyper::Result<Sender> {
        let header_bytes_max = u32::try_from(self.config.header_bytes_max).unwrap_or(u32::MAX);
        let (sender, driver) = http2::Builder::new(TaskExecutor(Arc::downgrade(tasks)))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES_MAX)
            .max_header_list_size(header_bytes_max)
            .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
            .handshake(transport)
            .await?;
        tasks.spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "an HTTP/2 connection failed");
            }
        });
        Ok(Sender::Http2(sender))
    }
}
