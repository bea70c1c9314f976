//! Errors of an exchange, sorted so that each maps to one `wasi:http` error code.

use std::error::Error;
use std::net::SocketAddr;
use std::{fmt, io};

use http::HeaderName;

use super::RequestBody;
use crate::readable::Unreadable;

/// An error of any type, for request bodies: the caller chooses the type.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// An extra root could not be read.
    #[error("certificate authority {index} is not a PEM certificate: {reason}")]
    RootUnreadable {
        /// Its place in `extra_roots_pem`, from 0.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Why an exchange failed, and whether the server may have seen it.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendError {
    /// What went wrong.
    pub error: ExchangeError,
    /// Whether a byte of the request may have been sent: if so, its effect may have happened.
    pub request_sent: bool,
    /// The addresses involved, for the operator. The guest does not see them.
    pub addresses: Addresses,
    /// Whether these are addresses of the proxy.
    pub proxied: bool,
    /// Earlier attempts to send the same request.
    pub earlier: Vec<Earlier>,
    /// How the request can be sent again, if it can.
    pub(crate) again: Option<Box<Again>>,
}

/// An attempt that failed, and after which the request was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The address of the server, or of the proxy.
    pub peer: SocketAddr,
    /// Why the request was sent again.
    pub why: Repeated,
}

/// Why a request can be sent again although it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// A kept connection ended before a byte of the answer came. The request may have arrived, so only what changes
    /// nothing is sent again (RFC 9110 section 9.2.2), once.
    Unanswered,
    /// The server said that it did not process the request, by `REFUSED_STREAM` or a `GOAWAY` frame with a lower stream
    /// (RFC 9113 section 8.7).
    NotProcessed,
}

impl fmt::Display for Repeated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unanswered => "a kept connection ended without an answer",
            Self::NotProcessed => "the server did not process the request",
        })
    }
}

/// What is needed to send a request again.
#[derive(Debug)]
pub(crate) struct Again {
    /// Why it can be.
    pub(crate) why: Repeated,
    /// The whole body.
    pub(crate) body: RequestBody,
}

/// What happened with the addresses that a name resolves to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Addresses dialled, in this order. The last one may have been connected to.
    pub tried: Vec<SocketAddr>,
    /// Addresses that the [`AddressCheck`](super::AddressCheck) refused; they were not dialled.
    pub refused: Vec<SocketAddr>,
}

impl SendError {
    /// A failure before any byte of the request was handed to a connection.
    pub(crate) fn unsent(error: ExchangeError) -> Self {
        Self {
            error,
            request_sent: false,
            addresses: Addresses::default(),
            proxied: false,
            earlier: Vec::new(),
            again: None,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// What went wrong, while sending or while the response's body was read.
///
/// The texts are for the operator: they can name addresses and certificates, which a guest must not see.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The request would not be sent as described.
    #[error("request cannot be sent: {0}")]
    InvalidRequest(RequestFault),
    /// The name has no address, or the resolver failed.
    #[error("`{host}` cannot be resolved")]
    Dns {
        /// The name.
        host: String,
        /// The resolver's reason; absent if it answered with no address.
        #[source]
        source: Option<io::Error>,
    },
    /// The resolver did not answer in time.
    #[error("`{host}` was not resolved in time")]
    DnsTimeout {
        /// The name.
        host: String,
    },
    /// Every address was refused by the [`AddressCheck`](super::AddressCheck).
    #[error("no address of `{host}` may be dialled")]
    AddressDenied {
        /// Name or address.
        host: String,
    },
    /// The server's machine refused the connection.
    #[error("connection refused")]
    ConnectionRefused,
    /// Dialling or the TLS handshake took too long.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// All connections that the client may hold were in use for too long.
    #[error("all {limit} connections are in use")]
    ConnectionLimit {
        /// Most connections.
        limit: usize,
    },
    /// The proxy made no tunnel.
    #[error("proxy made no tunnel: it answered with status {status}")]
    ProxyRefused {
        /// The status of its answer.
        status: u16,
    },
    /// The server cannot be reached.
    #[error("destination cannot be reached")]
    DestinationUnavailable(#[source] io::Error),
    /// The server said that it did not process the request.
    #[error("server did not process the request")]
    NotProcessed(#[source] hyper::Error),
    /// The connection ended before the exchange did.
    #[error("connection ended before the exchange was complete")]
    ConnectionTerminated,
    /// The server's certificate is not trusted, or not for this host.
    #[error("certificate of the server is not accepted")]
    TlsCertificate(#[source] rustls::Error),
    /// The server ended TLS with an alert.
    #[error("server sent TLS alert {code}")]
    TlsAlert {
        /// Its number, RFC 8446 section 6.
        code: u8,
    },
    /// Anything else about TLS.
    #[error("TLS failed")]
    TlsProtocol(#[source] rustls::Error),
    /// The request's body is over its cap.
    #[error("request body is larger than {limit} bytes")]
    RequestBodyTooLarge {
        /// The cap, in bytes.
        limit: u64,
    },
    /// The request's body is not as long as `content-length` says.
    #[error("request body is not the {declared} bytes that `content-length` declares")]
    RequestBodyLength {
        /// What the header says, in bytes.
        declared: u64,
    },
    /// The caller's body failed.
    #[error("request body failed")]
    RequestBodyFailed(#[source] BoxError),
    /// The response's body is over its cap.
    #[error("response body is larger than {limit} bytes")]
    ResponseBodyTooLarge {
        /// The cap, in bytes.
        limit: u64,
    },
    /// The deadline or a timeout passed after the connection was made.
    #[error("exchange did not end in time")]
    ResponseTimeout,
    /// The response's head is over its limits. Over HTTP/2 this can also show as [`Self::Protocol`].
    #[error("response headers are too large")]
    HeaderTooLarge,
    /// The server switched protocols although nobody asked for it.
    #[error("server switched protocols without being asked")]
    UnexpectedUpgrade,
    /// The response can't be searched for the secrets that the server may have got.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The server broke HTTP.
    #[error("server does not follow HTTP")]
    Protocol(#[source] hyper::Error),
}

/// Why a request can't be sent as described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// The permit is for something other than a request.
    #[error("the permitted action is not a request")]
    NotARequest,
    /// The path would be changed before it is sent.
    #[error("`{0}` is not a path with a query that starts with `/`")]
    Path(String),
    /// `CONNECT` asks for a tunnel.
    #[error("method `{0}` is not supported")]
    Method(String),
    /// The authority is not a host with a port, or not that of the destination.
    #[error("authority `{found}` is not `{expected}`")]
    Authority {
        /// The destination's authority.
        expected: String,
        /// The authority that was given.
        found: String,
    },
    /// A name or value that HTTP does not allow.
    #[error("header `{0}` is not valid")]
    InvalidHeader(String),
    /// A hop-by-hop header, or one that the client sets itself.
    #[error("header `{0}` belongs to the connection")]
    Header(HeaderName),
    /// The value is not one number, or not the body's length.
    #[error("header `content-length` is not one number that fits the body")]
    ContentLength,
}

/// Sorts an error of a running connection.
pub(super) fn classify(error: hyper::Error) -> ExchangeError {
    if error.is_parse_too_large() {
        return ExchangeError::HeaderTooLarge;
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return ExchangeError::ConnectionTerminated;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<h2::Error>() {
            return match cause.get_io() {
                Some(cause) => classify_io(cause),
                None if is_not_processed(cause) => ExchangeError::NotProcessed(error),
                None => ExchangeError::Protocol(error),
            };
        }
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return classify_io(cause);
        }
        source = cause.source();
    }
    ExchangeError::Protocol(error)
}

/// Whether the server said that it did nothing with the request. `GOAWAY` is the error of those streams alone that are
/// above its last one, and of requests that got no stream any more.
fn is_not_processed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}

/// Sorts an I/O error of a connection, or of its TLS handshake.
pub(super) fn classify_io(error: &io::Error) -> ExchangeError {
    tls_error(error).map_or(ExchangeError::ConnectionTerminated, sort_tls)
}

/// Sorts an error of dialling.
pub(super) fn classify_dial(error: io::Error) -> ExchangeError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ExchangeError::ConnectionRefused,
        io::ErrorKind::TimedOut => ExchangeError::ConnectTimeout,
        _ => ExchangeError::DestinationUnavailable(error),
    }
}

fn tls_error(error: &io::Error) -> Option<rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}

fn sort_tls(error: rustls::Error) -> ExchangeError {
    match error {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::InvalidCertRevocationList(_) => ExchangeError::TlsCertificate(error),
        rustls::Error::AlertReceived(alert) => ExchangeError::TlsAlert { code: u8::from(alert) },
        _ => ExchangeError::TlsProtocol(error),
    }
}
