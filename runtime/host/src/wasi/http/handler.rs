//! The one function that sends a request: from a `wasi:http` resource to an action, and through the gate.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;
use wasm_agent_egress::Timeouts;
use wasm_agent_egress::quiet::as_quietly;
use wasm_agent_egress::readable::ask_readably;
use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{Act, HttpAction, Method as PolicyMethod, Origin, Scheme as PolicyScheme, Url};
use wasmtime_wasi_http::p2::bindings::http::types;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};

use super::{FutureResponse, Options, Outgoing};
use crate::call::{Call, Host};
use crate::http::{Response, Sending, send};

impl Host {
    /// Describes a request and starts to send it. Unless the policy denies it, a separate task does the rest.
    pub(super) fn handle(
        &mut self,
        call: &mut Call,
        request: Outgoing,
        options: Option<Options>,
    ) -> HttpResult<FutureResponse> {
        let world = self.world().map_err(HttpError::trap)?;
        let gate = Arc::clone(&world.gate);
        let policy = gate.grants.policy();
        let timeouts = match options {
            None => Timeouts::default(),
            Some(options) => {
                let options = world.table.get(&options)?;
                Timeouts {
                    connect: options.connect_timeout,
                    first_byte: options.first_byte_timeout,
                    between_bytes: options.between_bytes_timeout,
                }
            }
        };
        let mut request = world.table.delete(request)?;
        let body = request.body.take();
        let mut headers: HeaderMap = std::mem::take(&mut request.headers).into();
        let mut action = describe(&request)?;
        action.secrets = policy.secrets_for(&action.method, &action.url).to_vec();
        // From now on, a secret that this server may have received, under any grant, can come back from it.
        let within_reach: Vec<String> = policy.secrets_at(&action.url).map(str::to_owned).collect();
        if !within_reach.is_empty() {
            ask_readably(&mut headers);
        }
        action.headers =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        let place = Arc::clone(&world.outbound.places).try_acquire_owned();
        let place = place.map_err(|_| types::ErrorCode::ConnectionLimitReached);
        let equipped = place.and_then(|place| Ok((place, world.outbound.prepare(&gate.grants, within_reach)?)));
        let (place, (client, needles)) = match equipped {
            Ok(equipped) => equipped,
            Err(error) => {
                let (_, decision) = gate.check(Act::request(action), Origin::Foreign, call.asker);
                let denied = decision.verdict == Verdict::Deny;
                call.decided(decision);
                return Err(if denied { types::ErrorCode::HttpRequestDenied } else { error }.into());
            }
        };
        let (method, url) = (action.method.clone(), action.url.clone());
        let sending = Sending { gate, client, method, url, needles, body, preview: None, timeouts };
        let response = begin(call, sending, action, place)?;
        Ok(world.table.push(HostFutureIncomingResponse::Pending(response))?)
    }
}

type Sent = wasmtime_wasi::runtime::AbortOnDropJoinHandle<Result<(Response, Driver), wasmtime_wasi_http::Error>>;
type Driver = wasmtime_wasi::runtime::AbortOnDropJoinHandle<()>;

/// Starts to send a request. The call is answered once the decision is made, and a task does the rest.
fn begin(call: &mut Call, sending: Sending, request: HttpAction, place: OwnedSemaphorePermit) -> HttpResult<Sent> {
    let tasks = sending.gate.tasks.clone();
    let decision = Arc::new(OnceLock::new());
    let noted = Arc::clone(&decision);
    let decided = move |record| {
        // It is decided only once.
        let _ = noted.set(record);
        tokio::task::yield_now()
    };
    // Boxed right away, so that it is not moved again on its way into the runtime.
    let mut response = Box::pin(send(sending, call.asker, request, place, decided));
    // Nothing is awaited before the decision, so the first poll makes it.
    let first = response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    if let Some(decision) = decision.get() {
        call.decided(DecisionRecord::clone(decision));
        if decision.verdict == Verdict::Deny {
            return Err(types::ErrorCode::HttpRequestDenied.into());
        }
    }
    let task = async move {
        let response = match first {
            Poll::Ready(response) => response,
            Poll::Pending => response.await,
        };
        // The client drives its own connections; nothing is left to drive here.
        Ok((response?, wasmtime_wasi::runtime::spawn(std::future::ready(()))))
    };
    Ok(wasmtime_wasi::runtime::spawn(tasks.track_future(as_quietly(task))))
}

/// Describes a request in canonical form. From here on, only this form is matched, shown and sent.
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
