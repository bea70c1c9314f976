//! The guest's requests: from a `wasi:http` resource to an action, and from a permit to the network.

mod errors;
mod outbound;
mod outcome;
mod response;
mod sending;

use http::HeaderName;
use http::uri::Scheme;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiHttpHooks};

pub(crate) use outbound::{Begun, Outbound};
pub(crate) use response::Response;
pub(crate) use sending::{Sending, send};

/// Tells wasmtime's `wasi:http` the rules of this host. It never sends anything itself.
pub(crate) struct Hooks;

impl WasiHttpHooks for Hooks {
    /// Headers that a guest can neither set nor see: those about the connection, not about the request.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        std::sync::Arc::new(is_forbidden)
    }

    /// `outgoing-handler.handle` goes through the gate; nothing calls this.
    fn send_request(
        &mut self,
        _: http::Request<wasmtime_wasi_http::WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }

    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS
    }
}

type Driver = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<wasmtime_wasi_http::WasiBody>, Driver), Error>;

fn is_forbidden(name: &HeaderName) -> bool {
    let name = name.as_str();
    if frames(name) {
        return true;
    }
    // Servers that pass headers on as variables take all characters but letters and digits for the same.
    name.bytes().any(|byte| byte != b'-' && !byte.is_ascii_alphanumeric()) && {
        let plain = name.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
        plain == "content-length" || frames(&plain)
    }
}

/// Whether a header is about the connection.
fn frames(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "expect"
            | "host"
            | "http2-settings"
            | "keep-alive"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    ) || name.starts_with("proxy-")
}
