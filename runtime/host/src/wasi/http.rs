//! `wasi:http`: resources that hold requests and responses, and the one function that sends anything.

mod body;

use std::sync::Arc;

use http::HeaderMap;
use wasm_agent_policy::{Action, Decision, HttpAction, Method as PolicyMethod, Origin, Scheme as PolicyScheme, Url};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};
use wasmtime_wasi_http::FieldMap;
use wasmtime_wasi_http::RequestOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::p2::body::{HostFutureTrailers, HostIncomingBody, HostOutgoingBody};
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest, HostOutgoingResponse,
    HostResponseOutparam,
};
use wasmtime_wasi_http::p2::{HeaderError, HeaderResult, HttpError, HttpResult};

use crate::gate::wire;
use crate::gate::{Host, View, host_calls};
use crate::http::client::Timeouts;
use crate::http::{Task, ask_readably};

type Fields = Resource<FieldMap>;
type Outgoing = Resource<HostOutgoingRequest>;
type Incoming = Resource<HostIncomingResponse>;
type Options = Resource<RequestOptions>;
type Pending = Resource<HostFutureIncomingResponse>;
type Body = Resource<HostOutgoingBody>;
type Refused = Result<(), ()>;
type Trailers = Result<Option<Fields>, types::ErrorCode>;

host_calls! {
    impl outgoing_handler::Host as "wasi:http/outgoing-handler" {
        fn handle(request: Outgoing, options: Option<Options>) -> HttpResult<Pending> = "handle" |host| host.handle(request, options);
    }
}

impl Host {
    /// Describes and checks a request. What the policy does not deny goes its way in a task of its own.
    fn handle(&mut self, request: Outgoing, options: Option<Options>) -> HttpResult<Pending> {
        let context = Arc::clone(&self.context);
        let call = self.call();
        let live = self.live().map_err(HttpError::trap)?;
        let timeouts = match options {
            None => Timeouts::default(),
            Some(options) => {
                let options = live.table.get(&options)?;
                Timeouts {
                    connect: options.connect_timeout,
                    first_byte: options.first_byte_timeout,
                    between_bytes: options.between_bytes_timeout,
                }
            }
        };
        let mut request = live.table.delete(request)?;
        let body = request.body.take();
        let mut headers: HeaderMap = std::mem::take(&mut request.headers).into();
        let mut action = describe(&request)?;
        action.secrets = context.grants.policy().secrets_for(&action.method, &action.url).to_vec();
        // What this server can have got under any grant can come back from it now.
        let within_reach: Vec<String> = context.grants.policy().secrets_at(&action.url).map(str::to_owned).collect();
        if !within_reach.is_empty() {
            ask_readably(&mut headers);
        }
        action.headers =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        let described = Action::HttpRequest(action);
        let (decision, record) = context.check(&described, Origin::Foreign);
        self.decided(record);
        let asks = match decision {
            Decision::Deny(_) => return Err(types::ErrorCode::HttpRequestDenied.into()),
            Decision::Ask { .. } => true,
            Decision::Allow(_) => false,
        };
        let Action::HttpRequest(action) = described else {
            return Err(HttpError::trap(wasmtime::Error::msg("a request is described as something else")));
        };
        let live = self.live().map_err(HttpError::trap)?;
        let Ok(place) = Arc::clone(&live.outbound.places).try_acquire_owned() else {
            return Err(types::ErrorCode::ConnectionLimitReached.into());
        };
        let client = live.outbound.client(&context.grants).map_err(|error| {
            tracing::error!(%error, "cannot set up TLS");
            types::ErrorCode::ConfigurationError
        })?;
        let needles = live.outbound.needles(&context.grants, within_reach).map_err(|error| {
            tracing::error!(%error, "cannot search responses for secrets");
            types::ErrorCode::ConfigurationError
        })?;
        let task = Task { context, client, needles, call, request: action, asks, headers, body, timeouts, place };
        // Boxed at once, and not moved again on its way into the runtime.
        let response = Box::pin(task.run());
        let handle = wasmtime_wasi::runtime::spawn(async move {
            let response = response.await?;
            // The client drives its own connections; there is nothing left to drive here.
            Ok((response, wasmtime_wasi::runtime::spawn(std::future::ready(()))))
        });
        Ok(live.table.push(HostFutureIncomingResponse::Pending(handle))?)
    }
}

/// Says what a request is, canonically. From here on nothing else is matched, shown or sent.
fn describe(request: &HostOutgoingRequest) -> Result<HttpAction, types::ErrorCode> {
    let method = match &request.method {
        types::Method::Get => "GET",
        types::Method::Head => "HEAD",
        types::Method::Post => "POST",
        types::Method::Put => "PUT",
        types::Method::Delete => "DELETE",
        types::Method::Connect => "CONNECT",
        types::Method::Options => "OPTIONS",
        types::Method::Trace => "TRACE",
        types::Method::Patch => "PATCH",
        types::Method::Other(other) => other,
    };
    let method = PolicyMethod::parse(method).map_err(|_| types::ErrorCode::HttpRequestMethodInvalid)?;
    let scheme = match &request.scheme {
        None | Some(types::Scheme::Https) => PolicyScheme::Https,
        Some(types::Scheme::Http) => PolicyScheme::Http,
        Some(types::Scheme::Other(other)) => {
            PolicyScheme::parse(other).ok_or(types::ErrorCode::HttpRequestUriInvalid)?
        }
    };
    let authority = request.authority.as_deref().ok_or(types::ErrorCode::HttpRequestUriInvalid)?;
    let path = request.path_with_query.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let url = Url::parse(scheme, authority, path).map_err(|_| types::ErrorCode::HttpRequestUriInvalid)?;
    Ok(HttpAction::new(method, url))
}

impl types::Host for View<'_> {
    fn convert_error_code(&mut self, error: HttpError) -> wasmtime::Result<types::ErrorCode> {
        error.downcast()
    }

    fn convert_header_error(&mut self, error: HeaderError) -> wasmtime::Result<types::HeaderError> {
        error.downcast()
    }

    fn http_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<types::ErrorCode>> {
        host_calls!(@call self, false, "wasi:http/types", "http-error-code",
        (error: Resource<wasmtime::Error>), wasmtime::Result<Option<types::ErrorCode>>,
        |host| match host.live() {
            Ok(live) => types::Host::http_error_code(&mut live.http(), error),
            Err(error) => Err(error),
        })
    }
}

host_calls! {
    impl types::HostFields as "wasi:http/types" {
        fn new() -> wasmtime::Result<Fields> = "[constructor]fields" via http;
        fn from_list(entries: Vec<(String, Vec<u8>)>) -> HeaderResult<Fields> = "[static]fields.from-list" via http;
        fn get(fields: Fields, name: String) -> wasmtime::Result<Vec<Vec<u8>>> = "[method]fields.get" via http;
        fn has(fields: Fields, name: String) -> wasmtime::Result<bool> = "[method]fields.has" via http;
        fn set(fields: Fields, name: String, value: Vec<Vec<u8>>) -> HeaderResult<()> = "[method]fields.set" via http;
        fn delete(fields: Fields, name: String) -> HeaderResult<()> = "[method]fields.delete" via http;
        fn append(fields: Fields, name: String, value: Vec<u8>) -> HeaderResult<()> = "[method]fields.append" via http;
        fn entries(fields: Fields) -> wasmtime::Result<Vec<(String, Vec<u8>)>> = "[method]fields.entries" via http;
        fn clone(fields: Fields) -> wasmtime::Result<Fields> = "[method]fields.clone" via http;
        fn drop(fields: Fields) -> wasmtime::Result<()> = "[resource-drop]fields" via http;
    }
}

host_calls! {
    impl types::HostIncomingRequest as "wasi:http/types" {
        fn method(request: Resource<HostIncomingRequest>) -> wasmtime::Result<types::Method> = "[method]incoming-request.method" via http;
        fn path_with_query(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<String>> = "[method]incoming-request.path-with-query" via http;
        fn scheme(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<types::Scheme>> = "[method]incoming-request.scheme" via http;
        fn authority(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<String>> = "[method]incoming-request.authority" via http;
        fn headers(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Fields> = "[method]incoming-request.headers" via http;
        fn consume(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Result<Resource<HostIncomingBody>, ()>> = "[method]incoming-request.consume" via http;
        fn drop(request: Resource<HostIncomingRequest>) -> wasmtime::Result<()> = "[resource-drop]incoming-request" via http;
    }
}

host_calls! {
    impl types::HostOutgoingRequest as "wasi:http/types" {
        fn new(headers: Fields) -> wasmtime::Result<Outgoing> = "[constructor]outgoing-request" via http;
        fn body(request: Outgoing) -> wasmtime::Result<Result<Body, ()>> = "[method]outgoing-request.body" via http;
        fn method(request: Outgoing) -> wasmtime::Result<types::Method> = "[method]outgoing-request.method" via http;
        fn set_method(request: Outgoing, method: types::Method) -> wasmtime::Result<Refused> = "[method]outgoing-request.set-method" via http;
        fn path_with_query(request: Outgoing) -> wasmtime::Result<Option<String>> = "[method]outgoing-request.path-with-query" via http;
        fn set_path_with_query(request: Outgoing, path: Option<String>) -> wasmtime::Result<Refused> = "[method]outgoing-request.set-path-with-query" via http;
        fn scheme(request: Outgoing) -> wasmtime::Result<Option<types::Scheme>> = "[method]outgoing-request.scheme" via http;
        fn set_scheme(request: Outgoing, scheme: Option<types::Scheme>) -> wasmtime::Result<Refused> = "[method]outgoing-request.set-scheme" via http;
        fn authority(request: Outgoing) -> wasmtime::Result<Option<String>> = "[method]outgoing-request.authority" via http;
        fn set_authority(request: Outgoing, authority: Option<String>) -> wasmtime::Result<Refused> = "[method]outgoing-request.set-authority" via http;
        fn headers(request: Outgoing) -> wasmtime::Result<Fields> = "[method]outgoing-request.headers" via http;
        fn drop(request: Outgoing) -> wasmtime::Result<()> = "[resource-drop]outgoing-request" via http;
    }
}

host_calls! {
    impl types::HostRequestOptions as "wasi:http/types" {
        fn new() -> wasmtime::Result<Options> = "[constructor]request-options" via http;
        fn connect_timeout(options: Options) -> wasmtime::Result<Option<u64>> = "[method]request-options.connect-timeout" via http;
        fn set_connect_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<Refused> = "[method]request-options.set-connect-timeout" via http;
        fn first_byte_timeout(options: Options) -> wasmtime::Result<Option<u64>> = "[method]request-options.first-byte-timeout" via http;
        fn set_first_byte_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<Refused> = "[method]request-options.set-first-byte-timeout" via http;
        fn between_bytes_timeout(options: Options) -> wasmtime::Result<Option<u64>> = "[method]request-options.between-bytes-timeout" via http;
        fn set_between_bytes_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<Refused> = "[method]request-options.set-between-bytes-timeout" via http;
        fn drop(options: Options) -> wasmtime::Result<()> = "[resource-drop]request-options" via http;
    }
}

host_calls! {
    impl types::HostResponseOutparam as "wasi:http/types" {
        fn set(param: Resource<HostResponseOutparam>, response: Result<Resource<HostOutgoingResponse>, types::ErrorCode>) -> wasmtime::Result<()>
            = "[static]response-outparam.set" via http;
        fn send_informational(param: Resource<HostResponseOutparam>, status: u16, headers: Fields) -> HttpResult<()>
            = "[method]response-outparam.send-informational" via http;
        fn drop(param: Resource<HostResponseOutparam>) -> wasmtime::Result<()> = "[resource-drop]response-outparam" via http;
    }
}

host_calls! {
    impl types::HostIncomingResponse as "wasi:http/types" {
        fn status(response: Incoming) -> wasmtime::Result<u16> = "[method]incoming-response.status" via http;
        fn headers(response: Incoming) -> wasmtime::Result<Fields> = "[method]incoming-response.headers" via http;
        fn consume(response: Incoming) -> wasmtime::Result<Result<Resource<HostIncomingBody>, ()>> = "[method]incoming-response.consume" via http;
        fn drop(response: Incoming) -> wasmtime::Result<()> = "[resource-drop]incoming-response" via http;
    }
}

host_calls! {
    impl types::HostIncomingBody as "wasi:http/types" {
        fn stream(body: Resource<HostIncomingBody>) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> = "[method]incoming-body.stream" via http;
        fn finish(body: Resource<HostIncomingBody>) -> wasmtime::Result<Resource<HostFutureTrailers>> = "[static]incoming-body.finish" via http;
        fn drop(body: Resource<HostIncomingBody>) -> wasmtime::Result<()> = "[resource-drop]incoming-body" via http;
    }
}

host_calls! {
    impl types::HostFutureTrailers as "wasi:http/types" {
        fn subscribe(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<Resource<DynPollable>> = "[method]future-trailers.subscribe" via http;
        fn get(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<Option<Result<Trailers, ()>>>
            = "[method]future-trailers.get" via http;
        fn drop(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<()> = "[resource-drop]future-trailers" via http;
    }
}

host_calls! {
    impl types::HostOutgoingResponse as "wasi:http/types" {
        fn new(headers: Fields) -> wasmtime::Result<Resource<HostOutgoingResponse>> = "[constructor]outgoing-response" via http;
        fn status_code(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<u16> = "[method]outgoing-response.status-code" via http;
        fn set_status_code(response: Resource<HostOutgoingResponse>, code: u16) -> wasmtime::Result<Refused> = "[method]outgoing-response.set-status-code" via http;
        fn headers(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<Fields> = "[method]outgoing-response.headers" via http;
        fn body(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<Result<Body, ()>> = "[method]outgoing-response.body" via http;
        fn drop(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<()> = "[resource-drop]outgoing-response" via http;
    }
}

host_calls! {
    impl types::HostOutgoingBody as "wasi:http/types" {
        fn write(body: Body) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> = "[method]outgoing-body.write" via http;
        fn finish(body: Body, trailers: Option<Fields>) -> HttpResult<()> = "[static]outgoing-body.finish" |host| host.finish_body(body, trailers);
        fn drop(body: Body) -> wasmtime::Result<()> = "[resource-drop]outgoing-body" via http;
    }
}

host_calls! {
    impl types::HostFutureIncomingResponse as "wasi:http/types" {
        fn subscribe(response: Pending) -> wasmtime::Result<Resource<DynPollable>> = "[method]future-incoming-response.subscribe" via http;
        fn get(response: Pending) -> wasmtime::Result<Option<Result<Result<Incoming, types::ErrorCode>, ()>>>
            = "[method]future-incoming-response.get" via http;
        fn drop(response: Pending) -> wasmtime::Result<()> = "[resource-drop]future-incoming-response" via http;
    }
}

wire::variant! {
    types::Method {
        Get = "get", Head = "head", Post = "post", Put = "put", Delete = "delete", Connect = "connect",
        Options = "options", Trace = "trace", Patch = "patch", ;
        Other = "other",
    }
}

wire::variant! { types::Scheme { Http = "HTTP", Https = "HTTPS", ; Other = "other", } }

wire::enumeration! {
    types::HeaderError { InvalidSyntax = "invalid-syntax", Forbidden = "forbidden", Immutable = "immutable", }
}

wire::record! {
    types::DnsErrorPayload { 2: rcode, info_code }
    types::TlsAlertReceivedPayload { 2: alert_id, alert_message }
    types::FieldSizePayload { 2: field_name, field_size }
}

wire::variant! {
    types::ErrorCode {
        DnsTimeout = "DNS-timeout",
        DestinationNotFound = "destination-not-found",
        DestinationUnavailable = "destination-unavailable",
        DestinationIpProhibited = "destination-IP-prohibited",
        DestinationIpUnroutable = "destination-IP-unroutable",
        ConnectionRefused = "connection-refused",
        ConnectionTerminated = "connection-terminated",
        ConnectionTimeout = "connection-timeout",
        ConnectionReadTimeout = "connection-read-timeout",
        ConnectionWriteTimeout = "connection-write-timeout",
        ConnectionLimitReached = "connection-limit-reached",
        TlsProtocolError = "TLS-protocol-error",
        TlsCertificateError = "TLS-certificate-error",
        HttpRequestDenied = "HTTP-request-denied",
        HttpRequestLengthRequired = "HTTP-request-length-required",
        HttpRequestMethodInvalid = "HTTP-request-method-invalid",
        HttpRequestUriInvalid = "HTTP-request-URI-invalid",
        HttpRequestUriTooLong = "HTTP-request-URI-too-long",
        HttpResponseIncomplete = "HTTP-response-incomplete",
        HttpResponseTimeout = "HTTP-response-timeout",
        HttpUpgradeFailed = "HTTP-upgrade-failed",
        HttpProtocolError = "HTTP-protocol-error",
        LoopDetected = "loop-detected",
        ConfigurationError = "configuration-error",
        ;
        DnsError = "DNS-error",
        TlsAlertReceived = "TLS-alert-received",
        HttpRequestBodySize = "HTTP-request-body-size",
        HttpRequestHeaderSectionSize = "HTTP-request-header-section-size",
        HttpRequestHeaderSize = "HTTP-request-header-size",
        HttpRequestTrailerSectionSize = "HTTP-request-trailer-section-size",
        HttpRequestTrailerSize = "HTTP-request-trailer-size",
        HttpResponseHeaderSectionSize = "HTTP-response-header-section-size",
        HttpResponseHeaderSize = "HTTP-response-header-size",
        HttpResponseBodySize = "HTTP-response-body-size",
        HttpResponseTrailerSectionSize = "HTTP-response-trailer-section-size",
        HttpResponseTrailerSize = "HTTP-response-trailer-size",
        HttpResponseTransferCoding = "HTTP-response-transfer-coding",
        HttpResponseContentCoding = "HTTP-response-content-coding",
        InternalError = "internal-error",
    }
}
