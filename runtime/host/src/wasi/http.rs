//! `wasi:http`: the resources for requests and responses, and the one function that sends a request.

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

use crate::call::wire;
use crate::call::{View, host_calls};

type Fields = Resource<FieldMap>;
type Outgoing = Resource<HostOutgoingRequest>;
type Incoming = Resource<HostIncomingResponse>;
type Options = Resource<RequestOptions>;
type FutureResponse = Resource<HostFutureIncomingResponse>;
type Body = Resource<HostOutgoingBody>;
type SetResult = Result<(), ()>;
type Trailers = Result<Option<Fields>, types::ErrorCode>;

host_calls! {
    impl outgoing_handler::Host as "wasi:http/outgoing-handler" {
        fn handle(request: Outgoing, options: Option<Options>) -> HttpResult<FutureResponse>
            = |host, call| host.handle(call, request, options);
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
        host_calls!(@call self, false, types::Host as "wasi:http/types", http_error_code,
        (error: Resource<wasmtime::Error>), wasmtime::Result<Option<types::ErrorCode>>,
        |host, _call| match host.world() {
            Ok(world) => types::Host::http_error_code(&mut world.http(), error),
            Err(error) => Err(error),
        })
    }
}

host_calls! {
    impl types::HostFields as "wasi:http/types" {
        fn new() -> wasmtime::Result<Fields> = via http;
        fn from_list(entries: Vec<(String, Vec<u8>)>) -> HeaderResult<Fields> = via http;
        fn get(fields: Fields, name: String) -> wasmtime::Result<Vec<Vec<u8>>> = via http;
        fn has(fields: Fields, name: String) -> wasmtime::Result<bool> = via http;
        fn set(fields: Fields, name: String, value: Vec<Vec<u8>>) -> HeaderResult<()> = via http;
        fn delete(fields: Fields, name: String) -> HeaderResult<()> = via http;
        fn append(fields: Fields, name: String, value: Vec<u8>) -> HeaderResult<()> = via http;
        fn entries(fields: Fields) -> wasmtime::Result<Vec<(String, Vec<u8>)>> = via http;
        fn clone(fields: Fields) -> wasmtime::Result<Fields> = via http;
        fn drop(fields: Fields) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostIncomingRequest as "wasi:http/types" {
        fn method(request: Resource<HostIncomingRequest>) -> wasmtime::Result<types::Method> = via http;
        fn path_with_query(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<String>> = via http;
        fn scheme(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<types::Scheme>> = via http;
        fn authority(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Option<String>> = via http;
        fn headers(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Fields> = via http;
        fn consume(request: Resource<HostIncomingRequest>) -> wasmtime::Result<Result<Resource<HostIncomingBody>, ()>>
            = via http;
        fn drop(request: Resource<HostIncomingRequest>) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostOutgoingRequest as "wasi:http/types" {
        fn new(headers: Fields) -> wasmtime::Result<Outgoing> = via http;
        fn body(request: Outgoing) -> wasmtime::Result<Result<Body, ()>> = via http;
        fn method(request: Outgoing) -> wasmtime::Result<types::Method> = via http;
        fn set_method(request: Outgoing, method: types::Method) -> wasmtime::Result<SetResult> = via http;
        fn path_with_query(request: Outgoing) -> wasmtime::Result<Option<String>> = via http;
        fn set_path_with_query(request: Outgoing, path: Option<String>) -> wasmtime::Result<SetResult> = via http;
        fn scheme(request: Outgoing) -> wasmtime::Result<Option<types::Scheme>> = via http;
        fn set_scheme(request: Outgoing, scheme: Option<types::Scheme>) -> wasmtime::Result<SetResult> = via http;
        fn authority(request: Outgoing) -> wasmtime::Result<Option<String>> = via http;
        fn set_authority(request: Outgoing, authority: Option<String>) -> wasmtime::Result<SetResult> = via http;
        fn headers(request: Outgoing) -> wasmtime::Result<Fields> = via http;
        fn drop(request: Outgoing) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostRequestOptions as "wasi:http/types" {
        fn new() -> wasmtime::Result<Options> = via http;
        fn connect_timeout(options: Options) -> wasmtime::Result<Option<u64>> = via http;
        fn set_connect_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<SetResult> = via http;
        fn first_byte_timeout(options: Options) -> wasmtime::Result<Option<u64>> = via http;
        fn set_first_byte_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<SetResult> = via http;
        fn between_bytes_timeout(options: Options) -> wasmtime::Result<Option<u64>> = via http;
        fn set_between_bytes_timeout(options: Options, duration: Option<u64>) -> wasmtime::Result<SetResult> = via http;
        fn drop(options: Options) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostResponseOutparam as "wasi:http/types" {
        fn set(
            param: Resource<HostResponseOutparam>,
            response: Result<Resource<HostOutgoingResponse>, types::ErrorCode>
        ) -> wasmtime::Result<()>
            = via http;
        fn send_informational(param: Resource<HostResponseOutparam>, status: u16, headers: Fields) -> HttpResult<()>
            = via http;
        fn drop(param: Resource<HostResponseOutparam>) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostIncomingResponse as "wasi:http/types" {
        fn status(response: Incoming) -> wasmtime::Result<u16> = via http;
        fn headers(response: Incoming) -> wasmtime::Result<Fields> = via http;
        fn consume(response: Incoming) -> wasmtime::Result<Result<Resource<HostIncomingBody>, ()>> = via http;
        fn drop(response: Incoming) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostIncomingBody as "wasi:http/types" {
        fn stream(body: Resource<HostIncomingBody>) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>>
            = via http;
        fn finish(body: Resource<HostIncomingBody>) -> wasmtime::Result<Resource<HostFutureTrailers>> = via http;
        fn drop(body: Resource<HostIncomingBody>) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostFutureTrailers as "wasi:http/types" {
        fn subscribe(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<Resource<DynPollable>> = via http;
        fn get(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<Option<Result<Trailers, ()>>>
            = via http;
        fn drop(trailers: Resource<HostFutureTrailers>) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostOutgoingResponse as "wasi:http/types" {
        fn new(headers: Fields) -> wasmtime::Result<Resource<HostOutgoingResponse>> = via http;
        fn status_code(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<u16> = via http;
        fn set_status_code(response: Resource<HostOutgoingResponse>, code: u16) -> wasmtime::Result<SetResult>
            = via http;
        fn headers(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<Fields> = via http;
        fn body(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<Result<Body, ()>> = via http;
        fn drop(response: Resource<HostOutgoingResponse>) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostOutgoingBody as "wasi:http/types" {
        fn write(body: Body) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> = via http;
        fn finish(body: Body, trailers: Option<Fields>) -> HttpResult<()>
            = |host, _call| host.finish_body(body, trailers);
        fn drop(body: Body) -> wasmtime::Result<()> = via http;
    }
}

host_calls! {
    impl types::HostFutureIncomingResponse as "wasi:http/types" {
        fn subscribe(response: FutureResponse) -> wasmtime::Result<Resource<DynPollable>> = via http;
        fn get(response: FutureResponse) -> wasmtime::Result<Option<Result<Result<Incoming, types::ErrorCode>, ()>>>
            = via http;
        fn drop(response: FutureResponse) -> wasmtime::Result<()> = via http;
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
