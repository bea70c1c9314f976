//! Posting to a collector that the operator names: for reports about runs, never for a guest.
//!
//! No policy is asked, as no tool has a say in it: the address comes from the command line.

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

/// Longest time for one request and its response. Collectors answer in milliseconds, or are not there.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest response that is read, in bytes: a collector says little.
const RESPONSE_BYTES_MAX: u64 = 64 << 10;

/// Posts to one URL, over connections that are kept.
pub struct Poster {
    runtime: Runtime,
    client: Client,
    url: Url,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// Not a URL that can be posted to.
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
    /// The operating system has no event loop to give.
    #[error("cannot make requests")]
    Runtime(#[source] std::io::Error),
    /// The request was not answered.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// Every address is allowed: the operator named the server.
struct Any;

impl AddressCheck for Any {
    fn allows(&self, _: IpAddr) -> bool {
        true
    }
}

impl Poster {
    /// Gets ready to post to a URL, `http` or `https`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When it is no such URL, or no request can be made at all.
    pub fn new(url: &str) -> Result<Self, PostError> {
        let parsed = Url::parse_str(url).map_err(|source| PostError::Url { url: url.to_owned(), source })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PostError::Runtime)?;
        let client = Client::new(ClientConfig::new(Arc::new(SystemResolver)))?;
        Ok(Self { runtime, client, url: parsed })
    }

    /// Posts a body, and reads the answer.
    ///
    /// # Errors
    ///
    /// When no answer comes, or only a part of one. It may have arrived nevertheless.
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
            };
            let reply = self.client.send(exchange, &Any).await.map_err(|error| error.error)?;
            let (parts, body) = reply.response.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            Ok(Posted { status: parts.status.as_u16(), body })
        })
    }
}
