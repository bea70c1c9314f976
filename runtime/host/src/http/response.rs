//! A response on its way to the tool.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use wasm_agent_egress::redact::{Needles, masked};
use wasm_agent_egress::{ExchangeError, Reply};
use wasm_agent_policy::Method;
use wasmtime_wasi_http::{Error, WasiBody};

use super::Begun;
use super::errors::to_wasi_error;
use crate::gate::Gate;

/// A response as `wasi:http` passes it on.
pub(crate) type Response = http::Response<WasiBody>;

/// Wraps the response so that secrets in it are masked, and its place is free once nothing more of it can come.
pub(super) fn respond(
    reply: Reply,
    needles: Arc<Needles>,
    method: &Method,
    begun: Arc<Begun>,
    gate: Weak<Gate>,
) -> Response {
    masked(reply.response, method.as_str(), needles).map(|body| {
        let begun = (!body.is_end_stream()).then_some(begun);
        ReceivedBody { body, begun, gate }.boxed_unsync()
    })
}

/// The body of a response, which holds the request's place until it ends.
struct ReceivedBody<B> {
    body: B,
    begun: Option<Arc<Begun>>,
    /// The body can outlive the run by a moment, so it does not keep the gate.
    gate: Weak<Gate>,
}

impl<B: Body<Data = Bytes, Error = ExchangeError> + Unpin> Body for ReceivedBody<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || this.body.is_end_stream() {
            this.begun = None;
        }
        polled.map_err(|error| {
            if let Some(gate) = this.gate.upgrade() {
                note_limit(&gate, &error);
            }
            to_wasi_error(&error)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Notes that a body was larger than it may be.
pub(super) fn note_limit(gate: &Gate, error: &ExchangeError) {
    let name = match error {
        ExchangeError::RequestBodyTooLarge { .. } => "request-body",
        ExchangeError::ResponseBodyTooLarge { .. } => "response-body",
        _ => return,
    };
    gate.reached(name, || error.to_string());
}
