//! One exchange from the request to the response's head: reuse a connection or make one, send, check the response.

use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::body::{BodyTimer, ResponseBody};
use super::connect::Connector;
use super::connection::{Connection, Link};
use super::error::{Addresses, Again, ClientError, ExchangeError, Repeated, SendError, classify};
use super::pool::{Lease, Pool};
use super::request::{Form, Outgoing};
use super::tls::Tls;
use super::upload::Upload;
use super::{AddressCheck, ClientConfig, Destination, Exchange, Host, Protocol, Reply, Scheme, Timeouts};

/// Longest connect timeout that is accepted: more than any network needs, and short enough to be added to any time.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(3600);

/// An HTTP client. Clones share its connections. All connections end with the last clone, even if a response is half
/// read.
#[derive(Clone)]
pub struct Client {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
}

/// The limits of one exchange.
struct Terms {
    destination: Destination,
    proxied: bool,
    response_body_max: u64,
    deadline: Option<Instant>,
    timeouts: Timeouts,
}

/// An attempt that failed. It has the request if no byte of it was written.
#[derive(Debug)]
struct Failed {
    error: SendError,
    unsent: Option<Box<Outgoing>>,
}

impl Client {
    /// Creates a client without connections.
    ///
    /// # Errors
    ///
    /// If an extra root is not a certificate in PEM.
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let tls = Tls::new(&config.extra_roots_pem, config.platform_roots)?;
        Ok(Self { pool: Arc::new(Pool::new(&config)), connector: Arc::new(Connector { config, tls }) })
    }

    /// Sends one request and returns once the head of its response has arrived.
    ///
    /// The request is sent at most once. Only if a kept connection turns out to be dead before a byte of the request
    /// was written is it sent on a new connection, once. Where it may be sent again although bytes were written, the
    /// error has the body for it. Dropping the future ends the exchange.
    ///
    /// # Errors
    ///
    /// See [`ExchangeError`]; [`SendError::request_sent`] says whether the request may have had its effect.
    pub(crate) async fn send(&self, exchange: Exchange, check: &dyn AddressCheck) -> Result<Reply, SendError> {
        let (response_body_max, deadline) = (exchange.response_body_max, exchange.deadline);
        let (timeouts, new_connection) = (exchange.timeouts, exchange.new_connection);
        let proxied = exchange.proxied;
        let form = self.form(proxied, exchange.destination.scheme);
        let (mut outgoing, destination) = Outgoing::new(exchange, form).map_err(SendError::unsent)?;
        // The proxy will dial this address, and resolves any name itself.
        if proxied
            && let Host::Ip(address) = destination.host
            && !check.allows(address)
        {
            let host = destination.host.to_string();
            let refused = vec![SocketAddr::new(address, destination.port)];
            let addresses = Addresses { tried: Vec::new(), refused };
            return Err(SendError { addresses, ..SendError::unsent(ExchangeError::AddressDenied { host }) });
        }
        let terms = Terms { destination, proxied, response_body_max, deadline, timeouts };

        if !new_connection && let Some(kept) = self.pool.check_out(&terms.destination, proxied, check).await {
            match self.attempt(kept, outgoing, &terms, true).await {
                Ok(reply) => return Ok(reply),
                Err(Failed { unsent: Some(unsent), .. }) => outgoing = *unsent,
                Err(failed) => return Err(failed.error),
            }
        }
        // Boxed: most requests find a connection, and their futures need not have room for making one.
        Box::pin(self.connect_and_send(outgoing, &terms, check)).await
    }

    /// How the request names its target: a proxy is told the whole URL, unless it makes a tunnel.
    fn form(&self, proxied: bool, scheme: Scheme) -> Form {
        match &self.connector.config.proxy {
            Some(proxy) if proxied && scheme == Scheme::Http => Form::Absolute(proxy.authorization.clone()),
            _ => Form::Origin,
        }
    }

    /// Sends on a new connection.
    async fn connect_and_send(
        &self,
        outgoing: Outgoing,
        terms: &Terms,
        check: &dyn AddressCheck,
    ) -> Result<Reply, SendError> {
        let by = self.connect_by(terms);
        let connection = self.connector.connect(&self.pool, &terms.destination, terms.proxied, check, by).await?;
        self.pool.publish(&connection);
        self.attempt(connection, outgoing, terms, false).await.map_err(|failed| failed.error)
    }

    /// When a new connection must be established.
    fn connect_by(&self, terms: &Terms) -> Instant {
        let own = self.connector.config.connect_timeout.min(CONNECT_TIMEOUT_MAX);
        let timeout = terms.timeouts.connect.map_or(own, |asked| asked.min(own));
        let by = Instant::now() + timeout;
        terms.deadline.map_or(by, |deadline| deadline.min(by))
    }

    /// Sends on one connection.
    async fn attempt(
        &self,
        connection: Connection,
        outgoing: Outgoing,
        terms: &Terms,
        reused: bool,
    ) -> Result<Reply, Failed> {
        let protocol = connection.protocol();
        let (authority, form) = (outgoing.authority().clone(), outgoing.form().clone());
        let upload = outgoing.upload();
        let request = outgoing
            .into_request(protocol)
            .map_err(|error| Failed { error: SendError::unsent(error), unsent: None })?;
        let mut lease = Lease::new(connection, &self.pool);
        let (written, read) = (lease.connection().written(), lease.connection().read());

        let result = {
            // Pinned here, so that the timer around it holds a pointer and not a second copy of the space.
            let sending = pin!(lease.connection().send(request));
            within(terms.head_by(), sending).await
        };
        let Some(result) = result else {
            // The driver may be writing right now.
            return Err(failed(ExchangeError::ResponseTimeout, lease.link()));
        };
        let response = match result {
            Ok(response) => response,
            Err(mut refused) => {
                let unsent = refused
                    .take_message()
                    .map(|request| Outgoing::from_request(request, terms.destination.scheme, authority, form));
                // On HTTP/1.1 nothing else writes to the connection; on HTTP/2 other requests do.
                let written = protocol == Protocol::Http2 || lease.connection().written() > written;
                let answered = protocol == Protocol::Http1 && lease.connection().read() > read;
                let reason = upload.as_ref().and_then(|upload| upload.take_failure());
                let error = reason.unwrap_or_else(|| classify(refused.into_error()));
                let why = if unsent.is_none() { repeatable(&error, reused && !answered) } else { None };
                return Err(Failed {
                    error: SendError {
                        request_sent: unsent.is_none() && written,
                        error,
                        addresses: reached(lease.link().peer),
                        proxied: terms.proxied,
                        earlier: Vec::new(),
                        again: why.and_then(|why| again(why, upload.as_deref())),
                    },
                    unsent: unsent.map(Box::new),
                });
            }
        };
        if let Some(upload) = &upload {
            upload.keep_no_longer();
        }
        let peer = lease.link().peer;
        self.check_response(&response, terms).map_err(|error| failed(error, lease.link()))?;
        let timer = BodyTimer::new(terms.deadline, terms.timeouts.between_bytes);
        let limit = terms.response_body_max;
        Ok(Reply {
            response: response.map(|body| ResponseBody::new(body, lease, limit, timer, upload)),
            peer,
            proxied: terms.proxied,
            reused,
            protocol,
            tls: terms.destination.scheme == Scheme::Https,
            earlier: Vec::new(),
        })
    }

    /// Refuses a response whose head already breaks a limit.
    fn check_response(&self, response: &Response<Incoming>, terms: &Terms) -> Result<(), ExchangeError> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(ExchangeError::UnexpectedUpgrade);
        }
        let config = &self.connector.config;
        let headers = response.headers();
        if headers.len() > config.headers_max || header_bytes(headers) > config.header_bytes_max {
            return Err(ExchangeError::HeaderTooLarge);
        }
        let limit = terms.response_body_max;
        if response.body().size_hint().lower() > limit {
            return Err(ExchangeError::ResponseBodyTooLarge { limit });
        }
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Terms {
    /// When the response's head must have arrived.
    fn head_by(&self) -> Option<Instant> {
        let first_byte = self.timeouts.first_byte.and_then(|timeout| Instant::now().checked_add(timeout));
        self.deadline.into_iter().chain(first_byte).min()
    }
}

/// The error of a request that this server may have seen.
fn failed(error: ExchangeError, link: &Link) -> Failed {
    let (addresses, proxied) = (reached(link.peer), link.proxied);
    let error = SendError { request_sent: true, addresses, proxied, ..SendError::unsent(error) };
    Failed { error, unsent: None }
}

/// Why a request that was sent can be sent again. `lost`: its connection was kept, and no byte of an answer came.
fn repeatable(error: &ExchangeError, lost: bool) -> Option<Repeated> {
    match error {
        ExchangeError::NotProcessed(_) => Some(Repeated::NotProcessed),
        ExchangeError::ConnectionTerminated | ExchangeError::TlsAlert { .. } if lost => Some(Repeated::Unanswered),
        _ => None,
    }
}

fn again(why: Repeated, upload: Option<&Upload>) -> Option<Box<Again>> {
    let body = match upload {
        Some(upload) => upload.take_back()?,
        None => Empty::new().map_err(|never| match never {}).boxed_unsync(),
    };
    Some(Box::new(Again { why, body }))
}

fn reached(peer: SocketAddr) -> Addresses {
    Addresses { tried: vec![peer], refused: Vec::new() }
}

/// Waits for `future`, until `end` at the latest.
async fn within<T>(end: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match end {
        Some(end) => timeout_at(end, future).await.ok(),
        None => Some(future.await),
    }
}

fn header_bytes(headers: &HeaderMap) -> usize {
    let sizes = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bytes::Bytes;
    use http::Method;
    use http_body_util::Full;
    use tokio::net::TcpListener;

    use super::super::{AnyAddress, SystemResolver};
    use super::*;

    fn exchange(address: SocketAddr) -> Exchange {
        Exchange {
            destination: Destination { scheme: Scheme::Http, host: Host::Ip(address.ip()), port: address.port() },
            method: Method::POST,
            path_and_query: "/a?b".to_owned(),
            authority: address.to_string(),
            headers: HeaderMap::new(),
            body: Full::new(Bytes::from_static(b"body")).map_err(|never| match never {}).boxed_unsync(),
            request_body_max: 8,
            response_body_max: 8,
            deadline: None,
            timeouts: Timeouts::default(),
            new_connection: false,
            proxied: false,
        }
    }

    #[tokio::test]
    async fn takes_back_request_that_dead_connection_did_not_write() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = Client::new(ClientConfig::new(Arc::new(SystemResolver))).unwrap();
        let (outgoing, destination) = Outgoing::new(exchange(address), Form::Origin).unwrap();
        let terms =
            Terms { destination, proxied: false, response_body_max: 8, deadline: None, timeouts: Timeouts::default() };
        let by = client.connect_by(&terms);
        let connection =
            client.connector.connect(&client.pool, &terms.destination, false, &AnyAddress, by).await.unwrap();
        // The driver ends after the connection was found to be alive.
        connection.link.tasks.end();

        let failed = client.attempt(connection, outgoing, &terms, true).await.unwrap_err();
        assert!(!failed.error.request_sent);
        let again = failed.unsent.unwrap().into_request(Protocol::Http2).unwrap();
        assert_eq!(*again.method(), Method::POST);
        assert_eq!(again.uri().to_string(), format!("http://{address}/a?b"));
        assert!(again.headers().is_empty());
        let body = again.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "body");
    }
}
