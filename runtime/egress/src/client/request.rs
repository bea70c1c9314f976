//! From an [`Exchange`] to the request that hyper sends. It refuses everything that would reach the server with another
//! meaning.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use http_body::Body;

use super::error::{ExchangeError, RequestFault};
use super::upload::{OutgoingBody, Upload};
use super::{Destination, Exchange, Host, Protocol, Scheme};

/// A request that can be sent over either version of HTTP.
#[derive(Debug)]
pub(super) struct Outgoing {
    method: Method,
    scheme: Scheme,
    authority: Authority,
    path: PathAndQuery,
    headers: HeaderMap,
    body: OutgoingBody,
    /// Whether it can be sent again where a connection ends without an answer.
    repeatable: bool,
    form: Form,
}

/// How a request over HTTP/1.1 names its target.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// By its path. With an absolute form, a server would act as a proxy.
    Origin,
    /// By its URL, for a proxy, and with the value of `proxy-authorization`.
    Absolute(Option<HeaderValue>),
}

impl Outgoing {
    /// Makes an exchange's request, and returns its destination.
    pub(super) fn new(exchange: Exchange, form: Form) -> Result<(Self, Destination), ExchangeError> {
        let path = path(&exchange)?;
        let authority = authority(&exchange.authority, &exchange.destination)?;
        if exchange.method == Method::CONNECT {
            let method = exchange.method.to_string();
            return Err(RequestFault::Method(method).into());
        }
        check_headers(&exchange.headers)?;
        let declared = declared_length(&exchange)?;

        let outgoing = Self {
            method: exchange.method,
            scheme: exchange.destination.scheme,
            authority,
            path,
            headers: exchange.headers,
            body: OutgoingBody::new(exchange.body, declared, exchange.request_body_max, exchange.deadline),
            repeatable: !exchange.new_connection,
            form,
        };
        Ok((outgoing, exchange.destination))
    }

    /// The state of the body's upload, if there is a body.
    pub(super) fn upload(&self) -> Option<Arc<Upload>> {
        self.body.upload()
    }

    /// Writes the request in the form that `protocol` wants.
    pub(super) fn into_request(self, protocol: Protocol) -> Result<Request<OutgoingBody>, ExchangeError> {
        // HTTP/2 can say that a request was not processed, whatever its method.
        if self.repeatable || protocol == Protocol::Http2 {
            self.body.keep();
        }
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        match protocol {
            Protocol::Http1 => {
                let host = HeaderValue::from_str(self.authority.as_str());
                request.headers_mut().insert(HOST, host.map_err(|_| RequestFault::Path(self.authority.to_string()))?);
                *request.uri_mut() = match self.form {
                    Form::Origin => Uri::from(self.path),
                    Form::Absolute(authorization) => {
                        let authorization = authorization.map(|value| (PROXY_AUTHORIZATION, value));
                        request.headers_mut().extend(authorization);
                        whole(self.scheme, self.authority, self.path)?
                    }
                };
            }
            Protocol::Http2 => {
                *request.uri_mut() = whole(self.scheme, self.authority, self.path)?;
                *request.version_mut() = Version::HTTP_2;
            }
        }
        Ok(request)
    }

    /// Takes back a request of which no byte was written.
    pub(super) fn from_request(
        request: Request<OutgoingBody>,
        scheme: Scheme,
        authority: Authority,
        form: Form,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        headers.remove(HOST);
        headers.remove(PROXY_AUTHORIZATION);
        Self {
            method: parts.method,
            scheme,
            authority,
            path: parts.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")),
            headers,
            body,
            repeatable: false,
            form,
        }
    }

    /// How it names its target over HTTP/1.1.
    pub(super) const fn form(&self) -> &Form {
        &self.form
    }

    /// The value of `host` or `:authority`.
    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }
}

fn whole(scheme: Scheme, authority: Authority, path: PathAndQuery) -> Result<Uri, RequestFault> {
    let uri = Uri::builder().scheme(scheme.as_str()).authority(authority).path_and_query(path.clone()).build();
    uri.map_err(|_| RequestFault::Path(path.to_string()))
}

impl From<RequestFault> for ExchangeError {
    fn from(fault: RequestFault) -> Self {
        Self::InvalidRequest(fault)
    }
}

fn path(exchange: &Exchange) -> Result<PathAndQuery, RequestFault> {
    let text = &exchange.path_and_query;
    PathAndQuery::try_from(text.as_str())
        .ok()
        // The parser drops a fragment. Then the path that is sent would not be the one that was checked.
        .filter(|path| text.starts_with('/') && path.as_str() == text)
        .ok_or_else(|| RequestFault::Path(text.clone()))
}

/// Parses an authority and compares it with the destination. A server that serves several hosts believes this value, so
/// another host here would be a destination that nobody allowed.
fn authority(text: &str, destination: &Destination) -> Result<Authority, RequestFault> {
    let fault = || RequestFault::Authority {
        expected: format!("{}:{}", destination.host, destination.port),
        found: text.to_owned(),
    };
    let authority = Authority::try_from(text).map_err(|_| fault())?;
    let host = authority.host();
    let same_host = match &destination.host {
        Host::Name(name) => host.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.')),
        Host::Ip(address) => {
            let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.unwrap_or(host).parse::<IpAddr>().ok().as_ref() == Some(address)
        }
    };
    let port = authority.port_u16().unwrap_or_else(|| destination.scheme.default_port());
    if same_host && port == destination.port && !text.contains('@') && !text.ends_with(':') {
        Ok(authority)
    } else {
        Err(fault())
    }
}

/// Refuses hop-by-hop headers (RFC 9110 section 7.6.1) and those that the client sets itself.
fn check_headers(headers: &HeaderMap) -> Result<(), RequestFault> {
    headers
        .keys()
        .find(|name| belongs_to_connection(name))
        .map_or(Ok(()), |name| Err(RequestFault::Header(name.clone())))
}

pub(crate) fn belongs_to_connection(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "connection" | "host" | "http2-settings" | "keep-alive" | "te" | "transfer-encoding" | "upgrade")
        || name.starts_with("proxy-")
}

/// The one length that the headers declare, compared with what is known of the body.
fn declared_length(exchange: &Exchange) -> Result<Option<u64>, ExchangeError> {
    let hint = exchange.body.size_hint();
    let limit = exchange.request_body_max;
    let mut values = exchange.headers.get_all(CONTENT_LENGTH).iter();
    let declared = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(_), Some(_)) => return Err(RequestFault::ContentLength.into()),
        (Some(value), None) => Some(parse_length(value).ok_or(RequestFault::ContentLength)?),
    };
    if declared.is_some_and(|length| length > limit) || hint.lower() > limit {
        return Err(ExchangeError::RequestBodyTooLarge { limit });
    }
    let known = if exchange.body.is_end_stream() { Some(0) } else { hint.exact() };
    match (declared, known) {
        (Some(declared), Some(known)) if declared != known => Err(RequestFault::ContentLength.into()),
        _ => Ok(declared),
    }
}

/// Digits only: `u64::from_str` would also accept a leading `+`, which servers read differently.
fn parse_length(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
