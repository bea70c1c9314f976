//! The end of a request's body.

use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, HostOutgoingBody as _};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};

use super::{Body, Fields};
use crate::call::Host;

impl Host {
    /// Ends a request's body. With trailers it fails instead, and so does the request.
    ///
    /// Trailers come after everything that was checked, shown and approved, and are not part of it. Over HTTP/1.1, and
    /// after a body of declared length, they would not be sent anyway. The error tells the tool so.
    pub(super) fn finish_body(&mut self, body: Body, trailers: Option<Fields>) -> HttpResult<()> {
        let world = self.world().map_err(HttpError::trap)?;
        let Some(trailers) = trailers else {
            return world.http().finish(body, None);
        };
        if world.table.delete(trailers)?.is_empty() {
            return world.http().finish(body, None);
        }
        world.http().drop(body).map_err(HttpError::trap)?;
        Err(ErrorCode::HttpRequestTrailerSectionSize(Some(0)).into())
    }
}
