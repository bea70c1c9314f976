//! The HTTP client of the gate: one request to one destination, within stated limits.
//!
//! It owns connections: it resolves names, has every address checked before it is dialled, does the TLS handshake,
//! keeps a bounded pool, and ends every exchange at its deadline or size cap. Its caller decides which requests are
//! allowed; the client knows nothing of policy, approval or journal. It follows no redirects, reads no proxy from the
//! environment, and sends a request once. Where it may be sent again, the error has the body for it: [`Repeated`] says
//! when. What can't be undone asks for a new connection, because nobody knows whether a server that closed an idle one
//! got the request.
//!
//! The rule not to break: no exchange uses a socket, new or pooled, unless the exchange's own [`AddressCheck`] allows
//! its address. Through a [`Proxy`], the check is asked about a destination that is an address, and the proxy resolves
//! names.

mod body;
mod connect;
mod connection;
mod dial;
mod error;
mod pool;
mod proxy;
mod request;
mod resolver;
mod send;
#[cfg(test)]
pub(crate) mod tests;
mod tls;
mod upload;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::Instant;
use wasm_agent_policy::{Host as UrlHost, Scheme as UrlScheme, Url};

pub use body::ResponseBody;
pub use error::{Addresses, BoxError, ClientError, Earlier, ExchangeError, Repeated, RequestFault, SendError};
pub use proxy::Proxy;
pub(crate) use request::belongs_to_connection;
pub use resolver::{Resolver, Resolving, SystemResolver};
pub use send::Client;

/// A request body as the client takes it: streamed, with errors of any type.
pub type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

/// How a [`Client`] connects, and which connections it keeps.
#[derive(Clone)]
pub struct ClientConfig {
    /// Certificate authorities to trust besides the platform's, each a PEM text of one certificate or more.
    pub extra_roots_pem: Vec<Vec<u8>>,
    /// Whether to trust the platform's certificate authorities.
    pub platform_roots: bool,
    /// Turns names into addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Longest time for resolving, dialling and the TLS handshake together.
    pub connect_timeout: Duration,
    /// How long an unused connection can be reused.
    pub idle_timeout: Duration,
    /// Most unused HTTP/1.1 connections kept for one destination.
    pub idle_per_host_max: usize,
    /// Most open connections, in use or not. A request that finds none free waits for at most the connect timeout.
    pub connections_max: usize,
    /// Largest response head, in bytes: names and values together.
    pub header_bytes_max: usize,
    /// Most header fields in a response.
    pub headers_max: usize,
    /// The proxy for exchanges that are [`proxied`](Exchange::proxied).
    pub proxy: Option<Proxy>,
}

impl ClientConfig {
    /// Creates a configuration that resolves with `resolver`.
    ///
    /// Defaults: platform's roots and no others, connect timeout 10 s, idle timeout 30 s, 8 idle connections a
    /// destination, 64 connections in all, 128 KiB and 128 fields of response headers.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self {
            extra_roots_pem: Vec::new(),
            platform_roots: true,
            resolver,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            idle_per_host_max: 8,
            connections_max: 64,
            header_bytes_max: 128 << 10,
            headers_max: 128,
            proxy: None,
        }
    }
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL of this scheme means when it names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The host in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name to resolve, canonical: lower case, ASCII.
    Name(String),
    /// An address, which is checked like a resolved one.
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Ip(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

/// Where a request goes. A connection is reused only for an equal destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// Name or address.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

impl Destination {
    /// Where a request for this URL goes.
    pub(crate) fn of(url: &Url) -> Self {
        Self {
            scheme: match url.scheme() {
                UrlScheme::Http => Scheme::Http,
                UrlScheme::Https => Scheme::Https,
            },
            host: match url.host() {
                UrlHost::Name(name) => Host::Name(name.to_string()),
                UrlHost::Ip(address) => Host::Ip(*address),
            },
            port: url.port(),
        }
    }
}

/// Timeouts of one exchange besides its deadline. By default none is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    /// Connect timeout, where it is shorter than the client's own.
    pub connect: Option<Duration>,
    /// Longest time from sending the request to the response's head.
    pub first_byte: Option<Duration>,
    /// Longest wait for the next part of the response's body.
    pub between_bytes: Option<Duration>,
}

/// One request with the limits it is sent under.
///
/// The caller has made the guest's input safe. The client refuses, with [`ExchangeError::InvalidRequest`], whatever
/// would still change the request's meaning: an invalid path, another authority, hop-by-hop headers.
pub struct Exchange {
    /// Where it goes.
    pub destination: Destination,
    /// Any method but `CONNECT`.
    pub method: Method,
    /// Path and query, starting with `/`.
    pub path_and_query: String,
    /// Value of `host` or `:authority`. It must name the destination.
    pub authority: String,
    /// End-to-end headers.
    pub headers: HeaderMap,
    /// The body, streamed.
    pub body: RequestBody,
    /// Most bytes of request body that are sent.
    pub request_body_max: u64,
    /// Most bytes of response body that are passed on.
    pub response_body_max: u64,
    /// When the whole exchange ends, bodies included, whether or not it is complete.
    pub deadline: Option<Instant>,
    /// Timeouts within the deadline.
    pub timeouts: Timeouts,
    /// Whether it needs a connection that nothing was sent on before. One that was idle may be dead, and a request that
    /// is lost on it may have arrived all the same.
    pub new_connection: bool,
    /// Whether it goes through the client's proxy.
    pub proxied: bool,
}

impl fmt::Debug for Exchange {
    /// Leaves out headers, path and body: they can hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Exchange")
            .field("destination", &self.destination)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Which addresses an exchange may use.
///
/// It is asked about every address before it is dialled, and about the peer of a pooled connection before it is reused,
/// because another grant may have opened that connection.
pub trait AddressCheck: Send + Sync {
    /// Whether `address` may be dialled.
    ///
    /// It gets the address as it was resolved: an IPv4 address inside an IPv6 one (`::ffff:127.0.0.1`) reaches the
    /// inner one.
    fn allows(&self, address: IpAddr) -> bool;
}

/// Allows every address: the operator named the server.
pub(crate) struct AnyAddress;

impl AddressCheck for AnyAddress {
    fn allows(&self, _: IpAddr) -> bool {
        true
    }
}

/// The HTTP version that was spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, or a server's HTTP/1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

/// A response's head, its body still to be read, and how it was reached.
#[derive(Debug)]
pub struct Reply {
    /// The final response: informational ones are skipped, redirects are not followed.
    pub response: http::Response<ResponseBody>,
    /// Address of the server, or of the proxy.
    pub peer: SocketAddr,
    /// Whether it went through a proxy.
    pub proxied: bool,
    /// Whether the connection had been used before.
    pub reused: bool,
    /// The version spoken.
    pub protocol: Protocol,
    /// Whether it went over TLS.
    pub tls: bool,
    /// Earlier attempts to send the same request.
    pub earlier: Vec<Earlier>,
}
