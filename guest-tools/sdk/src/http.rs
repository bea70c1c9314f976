//! A small blocking client over `wasi:http`.
//!
//! It follows no redirects, keeps no cookies and adds no headers. What a tool sends is what an approver sees and what
//! the policy decides about.

use std::error::Error;
use std::fmt;

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;

/// Largest piece that `blocking-write-and-flush` accepts at once, in bytes, according to its WIT.
const WRITE_BYTES_MAX: usize = 4096;

/// How much of a body is requested at once, in bytes. The host may return less.
const READ_BYTES: u64 = 64 << 10;

/// A request, to be sent once.
#[derive(Debug)]
pub struct Request {
    method: Method,
    scheme: Scheme,
    authority: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

/// A server's response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, in the order they came in, with names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub enum RequestError {
    /// The URL is not an `http` or `https` URL with a host.
    Url(String),
    /// The host refuses this header.
    Header(String),
    /// The policy, or a person, denied the request.
    Denied,
    /// The response body is larger than the tool wants to read, in bytes.
    TooLarge(usize),
    /// Anything else that kept the request from being answered.
    Failed(String),
}

impl Request {
    /// Makes a request of any method.
    ///
    /// # Errors
    /// When `url` is not `http://…` or `https://…`. The rest is passed on as it is: the host decides whether the URL is
    /// valid.
    pub fn new(method: &str, url: &str) -> Result<Self, RequestError> {
        let bad = || RequestError::Url(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(bad()),
        };
        // A fragment is never sent.
        let rest = rest.split('#').next().unwrap_or(rest);
        let path_start = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_start);
        if authority.is_empty() {
            return Err(bad());
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self {
            method: named_method(method),
            scheme,
            authority: authority.to_owned(),
            path,
            headers: Vec::new(),
            body: None,
        })
    }

    /// Makes a GET request.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn get(url: &str) -> Result<Self, RequestError> {
        Self::new("GET", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces the path and query, exactly as they are sent: nothing is encoded or checked here.
    #[must_use]
    pub fn target(mut self, path_with_query: &str) -> Self {
        path_with_query.clone_into(&mut self.path);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the request, and reads the response, whose body may have up to `body_bytes_max` bytes.
    ///
    /// # Errors
    /// When the request is denied, when it can't be answered, or when the body is larger than that.
    pub fn send(self, body_bytes_max: usize) -> Result<Response, RequestError> {
        let mut body = Vec::new();
        let response = self.send_each(|piece| {
            if piece.len() > body_bytes_max.saturating_sub(body.len()) {
                return Err(RequestError::TooLarge(body_bytes_max));
            }
            body.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Response { body, ..response })
    }

    /// Sends the request, and passes the response's body to `each` piece by piece, as it comes. The returned response
    /// has an empty body.
    ///
    /// # Errors
    /// When the request is denied, when it can't be answered, or when `each` returns an error, with that error.
    pub fn send_each(self, each: impl FnMut(&[u8]) -> Result<(), RequestError>) -> Result<Response, RequestError> {
        let fields = Fields::from_list(&self.headers).map_err(|error| RequestError::Header(format!("{error:?}")))?;
        let request = OutgoingRequest::new(fields);
        let not_taken = |()| RequestError::Url(format!("{}{}", self.authority, self.path));
        let from_code = |code| match code {
            ErrorCode::HttpRequestUriInvalid => not_taken(()),
            other => from_code(other),
        };
        request.set_method(&self.method).map_err(not_taken)?;
        request.set_scheme(Some(&self.scheme)).map_err(not_taken)?;
        request.set_authority(Some(&self.authority)).map_err(not_taken)?;
        request.set_path_with_query(Some(&self.path)).map_err(not_taken)?;
        let body = request.body().map_err(|()| RequestError::Failed("the request has no body".to_owned()))?;

        // Sent before the body is written: the host reads the body as it is written.
        let pending = outgoing_handler::handle(request, None).map_err(from_code)?;
        let written = write(body, self.body.as_deref().unwrap_or_default());
        pending.subscribe().block();
        let response = pending
            .get()
            .ok_or_else(|| RequestError::Failed("the response is not ready".to_owned()))?
            .map_err(|()| RequestError::Failed("the response was taken already".to_owned()))?
            .map_err(from_code)?;
        // Checked last: a denied request also closes its body, and the denial is the reason to report.
        written?;
        read(&response, each)
    }
}

impl Response {
    /// The first header of this name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "`{url}` is not a URL that can be requested"),
            Self::Header(why) => write!(f, "a header was not accepted: {why}"),
            Self::Denied => f.write_str("the request was denied"),
            Self::TooLarge(bytes_max) => {
                write!(f, "the response has more than {bytes_max} bytes")
            }
            Self::Failed(why) => write!(f, "the request failed: {why}"),
        }
    }
}

impl Error for RequestError {}

fn named_method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn from_code(code: ErrorCode) -> RequestError {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => RequestError::Denied,
        other => RequestError::Failed(format!("{other:?}")),
    }
}

fn from_stream(error: StreamError) -> RequestError {
    RequestError::Failed(match error {
        StreamError::Closed => "the connection was closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    })
}

fn write(body: OutgoingBody, content: &[u8]) -> Result<(), RequestError> {
    let stream = body.write().map_err(|()| RequestError::Failed("the body was written already".to_owned()))?;
    for piece in content.chunks(WRITE_BYTES_MAX) {
        stream.blocking_write_and_flush(piece).map_err(from_stream)?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(from_code)
}

fn read(
    response: &IncomingResponse,
    mut each: impl FnMut(&[u8]) -> Result<(), RequestError>,
) -> Result<Response, RequestError> {
    let status = response.status();
    let headers = response.headers().entries();
    let incoming = response.consume().map_err(|()| RequestError::Failed("the body was read already".to_owned()))?;
    let stream = incoming.stream().map_err(|()| RequestError::Failed("the body was read already".to_owned()))?;
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(piece) => each(&piece)?,
            Err(StreamError::Closed) => break,
            Err(error) => return Err(from_stream(error)),
        }
    }
    drop(stream);
    drop(IncomingBody::finish(incoming));
    Ok(Response { status, headers, body: Vec::new() })
}
