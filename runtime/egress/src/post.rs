//! Posts reports about runs to a collector that the operator names. No guest can use it.
//!
//! No policy is asked, because no tool has influence on it: the URL comes from the command line.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::{BodyExt, Full};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use wasm_agent_policy::{Url, UrlError};

use crate::client::{
    AddressCheck, Client, ClientConfig, ClientError, Destination, Exchange, ExchangeError, SystemResolver, Timeouts,
};

/// Longest time for one request and its response. A collector answers in milliseconds, or not at all.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest response that is read, in bytes: a collector's response is short.
const RESPONSE_BYTES_MAX: u64 = 64 << 10;

/// Posts to one URL, and keeps its connections.
pub struct Poster {
    runtime: Runtime,
    client: Client,
    url: Url,
}

/// A collector's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The URL can't be posted to.
    #[error("`{url}` is not a URL")]
    Url {
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// TLS can't be set up.
    #[error("cannot make requests")]
    Client(#[from] ClientError),
    /// The operating system could not start an event loop.
    #[error("cannot make requests")]
    Runtime(#[source] std::io::Error),
    /// The request got no response.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// Allows every address: the operator named the server.
struct AnyAddress;

impl AddressCheck for AnyAddress {
    fn allows(&self, _: IpAddr) -> bool {
        true
    }
}

impl Poster {
    /// Prepares to post to an `http` or `https` URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When it is not such a URL, or no client can be made.
    pub fn new(url: &str) -> Result<Self, PostError> {
        let parsed = Url::parse_str(url).map_err(|source| PostError::Url { url: url.to_owned(), source })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PostError::Runtime)?;
        let client = Client::new(ClientConfig::new(Arc::new(SystemResolver)))?;
        Ok(Self { runtime, client, url: parsed })
    }

    /// Posts a body, and reads the response.
    ///
    /// # Errors
    ///
    /// When no response comes, or only a part of one. The body may have arrived nevertheless.
    pub fn post(&self, content_type: &'static str, body: Vec<u8>) -> Result<Posted, PostError> {
        self.runtime.block_on(async {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(
                header::USER_AGENT,
                HeaderValue::from_static(concat!("wasm-agent/", env!("CARGO_PKG_VERSION"))),
            );
            let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
            let exchange = Exchange {
                destination: Destination::of(&self.url),
                method: Method::POST,
                path_and_query: self.url.path_and_query().to_owned(),
                authority: self.url.authority().to_owned(),
                headers,
                body: Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync(),
                request_body_max: length,
                response_body_max: RESPONSE_BYTES_MAX,
                deadline: Instant::now().checked_add(EXCHANGE_TIMEOUT),
                timeouts: Timeouts::default(),
                new_connection: false,
                proxied: false,
            };
            let reply = self.client.send(exchange, &AnyAddress).await.map_err(|error| error.error)?;
            let (parts, body) = reply.response.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            Ok(Posted { status: parts.status.as_u16(), body })
        })
    }
}
