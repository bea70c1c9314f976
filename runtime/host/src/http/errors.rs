//! The errors that a guest gets for failed requests: the kind of failure, and nothing about hosts, addresses or policy.

use wasm_agent_egress::readable::Unreadable;
use wasm_agent_egress::{ExchangeError, RequestFault};
use wasmtime_wasi_http::Error;

/// The `wasi:http` error for a failed exchange.
pub(crate) fn to_wasi_error(error: &ExchangeError) -> Error {
    match error {
        ExchangeError::InvalidRequest(fault) => match fault {
            RequestFault::NotARequest => Error::HttpRequestDenied,
            RequestFault::Method(_) => Error::HttpRequestMethodInvalid,
            RequestFault::InvalidHeader(_) => Error::HttpProtocolError,
            RequestFault::Path(_)
            | RequestFault::Authority { .. }
            | RequestFault::Header(_)
            | RequestFault::ContentLength => Error::HttpRequestUriInvalid,
        },
        ExchangeError::Dns { .. } => Error::DnsError { rcode: None, info_code: None },
        ExchangeError::DnsTimeout { .. } => Error::DnsTimeout,
        ExchangeError::AddressDenied { .. } => Error::DestinationIpProhibited,
        ExchangeError::ConnectionRefused => Error::ConnectionRefused,
        ExchangeError::ConnectTimeout => Error::ConnectionTimeout,
        ExchangeError::ConnectionLimit { .. } => Error::ConnectionLimitReached,
        ExchangeError::DestinationUnavailable(_) | ExchangeError::ProxyRefused { .. } => Error::DestinationUnavailable,
        ExchangeError::ConnectionTerminated | ExchangeError::NotProcessed(_) => Error::ConnectionTerminated,
        ExchangeError::TlsCertificate(_) => Error::TlsCertificateError,
        ExchangeError::TlsAlert { code } => Error::TlsAlertReceived { alert_id: Some(*code), alert_message: None },
        ExchangeError::TlsProtocol(_) => Error::TlsProtocolError,
        ExchangeError::RequestBodyTooLarge { limit } => Error::HttpRequestBodySize(Some(*limit)),
        ExchangeError::RequestBodyLength { .. } => Error::HttpRequestBodySize(None),
        ExchangeError::RequestBodyFailed(_) => Error::InternalError(Some("the request's body failed".to_owned())),
        ExchangeError::ResponseBodyTooLarge { limit } => Error::HttpResponseBodySize(Some(*limit)),
        ExchangeError::ResponseTimeout => Error::HttpResponseTimeout,
        ExchangeError::HeaderTooLarge => Error::HttpResponseHeaderSectionSize(None),
        ExchangeError::UnexpectedUpgrade => Error::HttpUpgradeFailed,
        ExchangeError::Unreadable(unreadable) => unreadable_to_wasi_error(*unreadable),
        ExchangeError::Protocol(_) => Error::HttpProtocolError,
    }
}

/// The `wasi:http` error for a response that can't be searched for secrets.
pub(crate) fn unreadable_to_wasi_error(unreadable: Unreadable) -> Error {
    match unreadable {
        Unreadable::TransferCoding => Error::HttpResponseTransferCoding(None),
        Unreadable::Part | Unreadable::ContentCoding | Unreadable::Type | Unreadable::Charset | Unreadable::Body => {
            Error::HttpResponseContentCoding(None)
        }
    }
}
