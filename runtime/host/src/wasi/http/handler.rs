//! The one function that sends a request: from a `wasi:http` resource to an action, and through the gate.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use tokio::sync::Semaphore;
use wasm_agent_egress::Timeouts;
use wasm_agent_egress::quiet::as_quietly;
use wasm_agent_egress::readable::ask_readably;
use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{
    Act, Action, DenialReason, HttpAction, InvalidRequest, Method as PolicyMethod, Origin, Scheme as PolicyScheme, Url,
    UrlError,
};
use wasmtime_wasi_http::p2::bindings::http::types;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};

use super::{FutureResponse, Options, Outgoing};
use crate::call::{Call, Host};
use crate::http::{Begun, Response, Sending, send};

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
        let mut action = match describe(&request) {
            Ok(action) => action,
            Err(Refused { request, reason, error }) => {
                call.decided(gate.barred(&Action::HttpInvalid(Box::new(request)), reason));
                return Err(error.into());
            }
        };
        action.secrets = policy.secrets_for(&action.method, &action.url).to_vec();
        // From now on, a secret that this server may have received, under any grant, can come back from it.
        let mut within_reach: Vec<String> = policy.secrets_at(&action.url).map(str::to_owned).collect();
        // A proxy that answers in the server's place could send back its own secret.
        within_reach.extend(policy.proxy_secret_for(&action.method, &action.url).map(str::to_owned));
        if !within_reach.is_empty() {
            ask_readably(&mut headers);
        }
        action.headers =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        let admitted = world.outbound.admits(&gate.grants).inspect_err(|_| {
            let max = policy.limits().http_requests_total;
            gate.reached("http-requests-total", || format!("the run made {max} requests, and another one failed"));
        });
        let equipped = admitted.and_then(|()| world.outbound.prepare(&gate.grants, within_reach));
        let (client, needles) = match equipped {
            Ok(equipped) => equipped,
            Err(error) => {
                let (_, decision) = gate.check(Act::request(action), Origin::Foreign, call.asker);
                let denied = decision.verdict == Verdict::Deny;
                call.decided(decision);
                return Err(if denied { types::ErrorCode::HttpRequestDenied } else { error }.into());
            }
        };
        let places = Arc::clone(&world.outbound.places);
        let (method, url) = (action.method.clone(), action.url.clone());
        let sending = Sending { gate, client, method, url, needles, body, preview: None, timeouts };
        let response = begin(call, sending, action, places)?;
        world.outbound.count();
        Ok(world.table.push(HostFutureIncomingResponse::Pending(response))?)
    }
}

type Sent = wasmtime_wasi::runtime::AbortOnDropJoinHandle<Result<(Response, Driver), wasmtime_wasi_http::Error>>;
type Driver = wasmtime_wasi::runtime::AbortOnDropJoinHandle<()>;

/// Starts to send a request. The call is answered once the decision is made, and a task does the rest.
///
/// Where as many requests are in flight as may be, this one waits for a place before anybody is asked about it and
/// before its intent is recorded.
fn begin(call: &mut Call, sending: Sending, request: HttpAction, places: Arc<Semaphore>) -> HttpResult<Sent> {
    let (gate, tasks) = (Arc::clone(&sending.gate), sending.gate.tasks.clone());
    let begun = Arc::new(Begun::default());
    let noted = Arc::clone(&begun);
    let decided = move |record: DecisionRecord| {
        let place = if record.verdict == Verdict::Deny { None } else { Some(Arc::clone(&places).try_acquire_owned()) };
        // It is decided only once.
        let _ = noted.decision.set(record);
        async move {
            tokio::task::yield_now().await;
            let place = match place {
                None => return,
                Some(Ok(place)) => place,
                Some(Err(_)) => {
                    let max = gate.grants.policy().limits().http_requests;
                    gate.reached("http-requests", || format!("{max} requests were in flight, and another one waited"));
                    // It is never closed.
                    let Ok(place) = places.acquire_owned().await else { return };
                    place
                }
            };
            let _ = noted.place.set(place);
        }
    };
    // Boxed right away, so that it is not moved again on its way into the runtime.
    let mut response = Box::pin(send(sending, call.asker, request, Arc::clone(&begun), decided));
    // Nothing is awaited before the decision, so the first poll makes it.
    let first = response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    if let Some(decision) = begun.decision.get() {
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

/// A request that no policy can grant.
struct Refused {
    /// For the record.
    request: InvalidRequest,
    reason: DenialReason,
    /// For the tool.
    error: types::ErrorCode,
}

/// Describes a request in canonical form. From here on, only this description is matched, shown and sent.
fn describe(request: &HostOutgoingRequest) -> Result<HttpAction, Refused> {
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
    let scheme = match &request.scheme {
        None | Some(types::Scheme::Https) => "https",
        Some(types::Scheme::Http) => "http",
        Some(types::Scheme::Other(other)) => other,
    };
    let authority = request.authority.as_deref().unwrap_or_default();
    let path = request.path_with_query.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let refused = |why: &dyn std::fmt::Display, reason, error| {
        let url = format!("{scheme}://{authority}{path}");
        Refused { request: InvalidRequest::new(method, &url, &why.to_string()), reason, error }
    };
    let parsed = PolicyMethod::parse(method)
        .map_err(|error| refused(&error, DenialReason::Method, types::ErrorCode::HttpRequestMethodInvalid))?;
    let url =
        PolicyScheme::parse(scheme).ok_or(UrlError::Scheme).and_then(|scheme| Url::parse(scheme, authority, path));
    let url = url.map_err(|error| {
        let code = match error {
            UrlError::Scheme => types::ErrorCode::HttpProtocolError,
            _ => types::ErrorCode::HttpRequestUriInvalid,
        };
        refused(&error, DenialReason::Url, code)
    })?;
    Ok(HttpAction::new(parsed, url))
}
