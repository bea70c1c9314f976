//! Posts reports about runs to a collector that the operator names. No guest can use it.
//!
//! No policy is asked, because no tool has influence on it: the URL and the headers come from the command line and the
//! environment.

mod credentials;
mod event_loop;
mod retry;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use http_body_util::{BodyExt, Full};
use tokio::time::Instant;
use wasm_agent_policy::{Url, UrlError};

use crate::client::{
    AnyAddress, Client, ClientConfig, ClientError, Destination, Exchange, ExchangeError, SystemResolver, Timeouts,
};
use crate::quiet::quietly;
use crate::redact::shortened;
use credentials::Credentials;
use event_loop::EventLoop;
use retry::Attempt;

/// Longest response that is read, in bytes: a collector's response is short.
const RESPONSE_BYTES_MAX: u64 = 64 << 10;

/// Most causes of an error that are told.
const CAUSES_MAX: usize = 8;

/// Posts to one URL, and keeps its connections.
pub struct Poster {
    events: EventLoop,
    client: Client,
    url: Url,
    credentials: Credentials,
    timeout: Duration,
}

/// How a post ended.
#[derive(Debug)]
pub struct Posted {
    /// The last response, or why there is none. The body may have arrived nevertheless.
    pub result: Result<Response, Unanswered>,
    /// How often the body was sent, or tried to be sent.
    pub attempts: u32,
    /// How long the server asks to wait (`retry-after`), if the last response is one that could be tried again.
    pub asked_to_wait: Option<Duration>,
}

/// Why there is no response. Some causes quote the server: values of the headers that were sent are masked in them, and
/// each has at most 1 KiB.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Unanswered {
    text: String,
    source: Option<Box<Unanswered>>,
}

/// A collector's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body. Values of the headers that were sent are masked in it.
    pub body: String,
}

/// Why nothing can be posted. No text has the value of a header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The URL can't be posted to.
    #[error("`{url}` is not a URL")]
    Url {
        /// The URL as it was given, without a user name and password.
        url: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// The name of a header is not a token.
    #[error("header {number} has a name that is not valid")]
    HeaderName {
        /// Its place, from 1.
        number: usize,
    },
    /// The value of a header has a character that can't be sent.
    #[error("header `{name}` has a value that is not valid")]
    HeaderValue {
        /// Its name.
        name: String,
    },
    /// The header describes the connection or the body.
    #[error("header `{name}` can't be set")]
    OwnHeader {
        /// Its name.
        name: String,
    },
    /// The headers are too many or too long.
    #[error("there can be at most {count_max} headers with {bytes_max} bytes")]
    Headers {
        /// Most headers.
        count_max: usize,
        /// Most bytes of names and values.
        bytes_max: usize,
    },
    /// TLS can't be set up.
    #[error("cannot make requests")]
    Client(#[from] ClientError),
    /// The operating system could not start an event loop.
    #[error("cannot make requests")]
    Runtime(#[source] std::io::Error),
    /// The operating system has no random numbers.
    #[error("cannot make requests")]
    Random(#[source] std::io::Error),
}

impl Poster {
    /// Prepares to post to an `http` or `https` URL, with these headers. Nothing is connected yet.
    ///
    /// A post has this long, with all of its attempts and the waits between them.
    ///
    /// # Errors
    ///
    /// When it is not such a URL, a header can't be sent, or no client can be made.
    pub fn new(url: &str, headers: &[(String, String)], timeout: Duration) -> Result<Self, PostError> {
        let parsed = Url::parse_str(url).map_err(|source| PostError::Url { url: without_user(url), source })?;
        let credentials = Credentials::new(headers)?;
        let events = EventLoop::new().map_err(PostError::Runtime)?;
        let client = Client::new(ClientConfig::new(Arc::new(SystemResolver)))?;
        Ok(Self { events, client, url: parsed, credentials, timeout })
    }

    /// Posts a body, and reads the response. If the server is busy or can't be reached, tries again a few times, after
    /// waits that the server asks for or that double.
    #[must_use]
    pub fn post(&self, content_type: &'static str, body: Vec<u8>) -> Posted {
        let body = Bytes::from(body);
        // Without random numbers, waits are the shortest.
        let jitter = || getrandom::u64().unwrap_or_default();
        // The libraries would print what the server says before it is masked.
        let sending = quietly(async {
            let now = Instant::now();
            let end = now.checked_add(self.timeout).unwrap_or(now);
            retry::attempts(end, jitter, || self.attempt(content_type, body.clone(), end)).await
        });
        let Some(ended) = self.events.block_on(sending) else {
            let result = Err(Unanswered { text: "the event loop has ended".to_owned(), source: None });
            return Posted { result, attempts: 0, asked_to_wait: None };
        };
        let result = ended.last.result.map_err(|error| Unanswered::new(&error, &self.credentials, CAUSES_MAX));
        Posted { result, attempts: ended.attempts, asked_to_wait: ended.last.asked }
    }

    async fn attempt(&self, content_type: &'static str, body: Bytes, end: Instant) -> Attempt {
        match self.exchange(content_type, body, end).await {
            Ok((response, asked)) => Attempt { result: Ok(response), asked },
            Err(error) => Attempt { result: Err(error), asked: None },
        }
    }

    /// Sends the body once. Returns the response, and how long the server asks to wait.
    async fn exchange(
        &self,
        content_type: &'static str,
        body: Bytes,
        end: Instant,
    ) -> Result<(Response, Option<Duration>), ExchangeError> {
        let mut headers = self.credentials.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("wasm-agent/", env!("CARGO_PKG_VERSION"))));
        let exchange = Exchange {
            destination: Destination::of(&self.url),
            method: Method::POST,
            path_and_query: self.url.sent().to_owned(),
            authority: self.url.authority().to_owned(),
            headers,
            request_body_max: u64::try_from(body.len()).unwrap_or(u64::MAX),
            body: Full::new(body).map_err(|never| match never {}).boxed_unsync(),
            response_body_max: RESPONSE_BYTES_MAX,
            deadline: Some(end),
            timeouts: Timeouts::default(),
            new_connection: false,
            proxied: false,
        };
        let reply = self.client.send(exchange, &AnyAddress).await.map_err(|error| error.error)?;
        let (parts, body) = reply.response.into_parts();
        #[expect(clippy::disallowed_methods, reason = "no tool and no journal gets this time")]
        let asked = retry::retry_after(&parts.headers, SystemTime::now());
        let body = body.collect().await?.to_bytes();
        Ok((Response { status: parts.status.as_u16(), body: self.credentials.masked(&body) }, asked))
    }
}

impl Unanswered {
    /// The error and as many of its causes.
    fn new(error: &dyn Error, credentials: &Credentials, causes: usize) -> Self {
        let text = shortened(credentials.masked(error.to_string().as_bytes()));
        let causes = causes.checked_sub(1);
        let source = error.source().zip(causes);
        let source = source.map(|(source, causes)| Box::new(Self::new(source, credentials, causes)));
        Self { text, source }
    }
}

/// A URL without the user name and password that it must not have.
///
/// A password that is not encoded can have any character, so all up to the last `@` may belong to it.
fn without_user(url: &str) -> String {
    let is_scheme = |at: &usize| url.bytes().take(*at).all(|byte| byte.is_ascii_alphanumeric());
    let start = url.find("://").filter(is_scheme).map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", url));
    match rest.rfind('@') {
        Some(at) => format!("{scheme}***{}", rest.get(at..).unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_the_server_is_masked_and_short() {
        let headers = [("authorization".to_owned(), "Bearer tok-\"3f9a77zz".to_owned())];
        let credentials = Credentials::new(&headers).ok().unwrap();
        // As HTTP/2 shows the reason in a `GOAWAY` frame.
        let said = format!("debug data b\"no tok-\\\"3f9a77zz{}\"", "é".repeat(10_000));
        let error = ExchangeError::RequestBodyFailed(std::io::Error::other(said).into());
        let shown = Unanswered::new(&error, &credentials, CAUSES_MAX);
        let cause = shown.source().unwrap().to_string();
        assert_eq!(shown.to_string(), "request body failed");
        assert!(cause.starts_with(&format!("debug data b\"no {}é", "*".repeat(14))), "{cause}");
        assert!(cause.len() <= 1024 && cause.ends_with("é…"), "{cause}");
        assert!(Unanswered::new(&error, &credentials, 0).source().is_none());
    }

    #[test]
    fn a_url_that_is_refused_is_shown_without_its_password() {
        for (url, shown) in [
            ("https://user:pass@example.com/v1", "`https://***@example.com/v1` is not a URL"),
            ("https://a@b@example.com", "`https://***@example.com` is not a URL"),
            ("user:pass@example.com", "`***@example.com` is not a URL"),
            ("example", "`example` is not a URL"),
            ("ftp://example.com/a", "`ftp://example.com/a` is not a URL"),
            ("https://user:pa/ss@example.com/v1", "`https://***@example.com/v1` is not a URL"),
            ("https://user:pa?ss@example.com", "`https://***@example.com` is not a URL"),
            ("https://user:pa#s@s@example.com", "`https://***@example.com` is not a URL"),
            ("user:pa://ss@example.com", "`***@example.com` is not a URL"),
        ] {
            let error = Poster::new(url, &[], Duration::from_secs(1)).err().unwrap();
            assert_eq!(error.to_string(), shown);
        }
    }
}
