//! `wasi:http`: resources that hold requests and responses, and the one function that sends anything.

mod body;
mod handler;

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
use crate::gate::{View, host_calls};

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
        fn handle(request: Outgoing, options: Option<Options>) -> HttpResult<Pending> = "handle" |host, call| host.handle(call, request, options);
    }
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
        |host, _call| match host.world() {
            Ok(world) => types::Host::http_error_code(&mut world.http(), error),
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
        fn finish(body: Body, trailers: Option<Fields>) -> HttpResult<()> = "[static]outgoing-body.finish" |host, _call| host.finish_body(body, trailers);
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
