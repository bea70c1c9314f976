//! A request on its way: the effect that sends it, and the response as the tool gets it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wasm_agent_approval::{Detail, PREVIEW_BYTES_MAX, Permit, Preview};
use wasm_agent_journal::{DecisionRecord, EffectResult, Encoded};
use wasm_agent_policy::{Act, Action, Asker, BodyDigest, GrantId, HttpAction, Method, Origin, Pending, kind};
use wasmtime_wasi_http::{Error, WasiBody};

use super::awake::awake;
use super::client::{
    AddressCheck, Addresses, Client, Destination, Exchange, ExchangeError, Host, Protocol, Reply, Scheme, SendError,
    Timeouts,
};
use super::errors::told;
use super::readable::{self, Unreadable};
use super::redact::{Framing, Masked, Needles, Search, mask_headers};
use crate::gate::{Effect, Extra, Gate, NotDone};
use crate::grants::Grants;

/// What it takes to send a request.
pub(crate) struct Sending {
    pub(crate) gate: Arc<Gate>,
    pub(crate) client: Client,
    /// The secrets that the server can have got.
    pub(crate) needles: Arc<Needles>,
    pub(crate) body: Option<WasiBody>,
    /// The beginning of the body, once somebody is to be asked.
    pub(crate) preview: Option<Preview>,
    pub(crate) timeouts: Timeouts,
}

/// What a server answered.
pub(crate) struct Answered {
    reply: Reply,
    /// Why the tool does not get it, where it can't be searched for secrets.
    unreadable: Option<Unreadable>,
}

/// Why there is no answer.
pub(crate) struct Unanswered {
    error: Error,
    result: EffectResult,
    extra: Extra,
}

/// A response as `wasi:http` passes it on.
pub(crate) type Response = http::Response<WasiBody>;

/// Sends a request, if the policy allows it or a person does. `place` is the request's among those under way.
///
/// `decided` gets the decision for the record of the call; nothing more happens before what it returns has ended.
pub(crate) async fn send<F: Future<Output = ()> + Send>(
    sending: Sending,
    asker: Asker,
    request: HttpAction,
    place: OwnedSemaphorePermit,
    decided: impl FnOnce(DecisionRecord) -> F + Send,
) -> Result<Response, Error> {
    let (gate, needles) = (Arc::clone(&sending.gate), Arc::clone(&sending.needles));
    let method = request.method.clone();
    let answered = gate.effect(asker, Act::request(request), Origin::Foreign, sending, decided).await;
    match answered {
        Ok(Answered { unreadable: Some(unreadable), .. }) => Err(unreadable.told()),
        Ok(Answered { reply, unreadable: None }) => Ok(respond(reply, needles, &method, place)),
        Err(NotDone::Denied | NotDone::Refused(_)) => Err(Error::HttpRequestDenied),
        // The run is ending, and this answer with it.
        Err(NotDone::Over(_)) => Err(Error::InternalError(None)),
        Err(NotDone::Failed(unanswered)) => Err(unanswered.error),
    }
}

impl Effect for Sending {
    type Kind = kind::Request;
    type Done = Answered;
    type Failed = Unanswered;

    /// Reads the whole body, so that what is approved is what is sent.
    async fn complete(&mut self, pending: Pending<kind::Request>) -> Result<Pending<kind::Request>, Unanswered> {
        let Some(body) = self.body.take() else { return Ok(pending) };
        // Boxed: few requests are asked about, and the rest of them need not carry the room for it.
        let limit = self.gate.grants.policy().limits().request_body_bytes;
        let contents = Box::pin(collect(body, limit)).await.map_err(Unanswered::unsent)?;
        let length = u64::try_from(contents.len()).unwrap_or(u64::MAX);
        let digest = BodyDigest { len: length, blake3: *blake3::hash(&contents).as_bytes() };
        let head = contents.get(..contents.len().min(PREVIEW_BYTES_MAX)).unwrap_or_default();
        self.preview = Some(Preview::new(head, length));
        self.body = Some(Full::new(contents).map_err(|never| match never {}).boxed_unsync());
        Ok(pending.with_body(digest))
    }

    fn detail(&self, action: &Action) -> Detail {
        match action {
            Action::HttpRequest(request) => detail(request, self.preview.clone()),
            other => Detail::Checkpoint { title: other.to_string(), detail: String::new() },
        }
    }

    async fn perform(mut self, permit: Permit<kind::Request>) -> Result<Answered, Unanswered> {
        let grant = permit.grant();
        // What is sent is made of the permitted action, so there is nothing to compare it with.
        let request = match permit.spend(|_| true) {
            Ok(Action::HttpRequest(request)) => request,
            Ok(_) | Err(_) => return Err(Unanswered::unsent(Error::HttpRequestDenied)),
        };
        let exchange = self.exchange(&request).map_err(Unanswered::unsent)?;
        let check = Allowed { grants: Arc::clone(&self.gate.grants), grant };
        match awake(self.client.send(exchange, &check)).await {
            Ok(reply) => {
                // Nobody asked for an answer in such a form.
                let check = || readable::check(request.method.as_str(), &reply.response).err();
                let unreadable = if self.needles.is_empty() { None } else { check() };
                Ok(Answered { reply, unreadable })
            }
            Err(error) => Err(self.unanswered(&error)),
        }
    }

    fn outcome(result: &Result<Answered, Unanswered>) -> (EffectResult, Extra) {
        match result {
            Ok(Answered { reply, unreadable }) => {
                let detail = unreadable.as_ref().map(|unreadable| unreadable.sentence().to_owned());
                (EffectResult::Done, Extra { detail, fields: Some(fields(reply)) })
            }
            Err(Unanswered { result, extra, .. }) => (*result, extra.clone()),
        }
    }
}

impl Sending {
    /// The request as it is sent: the action, with the secrets that the operator adds and the body.
    fn exchange(&mut self, request: &HttpAction) -> Result<Exchange, Error> {
        let gate = &self.gate;
        let limits = gate.grants.policy().limits();
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::HttpProtocolError)?;
            headers.append(name, HeaderValue::from_bytes(value).map_err(|_| Error::HttpProtocolError)?);
        }
        insert_secrets(&mut headers, gate.grants.secret_headers(&request.secrets).collect());
        Ok(Exchange {
            destination: destination(request),
            method: request.method.as_str().parse().map_err(|_| Error::HttpRequestMethodInvalid)?,
            path_and_query: request.url.path_and_query().to_owned(),
            authority: request.url.authority().to_owned(),
            headers,
            body: self.body.take().map_or_else(
                || http_body_util::Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync(),
                |body| body.map_err(|error| Box::new(error).into()).boxed_unsync(),
            ),
            request_body_max: limits.request_body_bytes,
            response_body_max: limits.response_body_bytes,
            deadline: Instant::now().checked_add(gate.session.clock.left().unwrap_or(Duration::ZERO)),
            timeouts: self.timeouts,
        })
    }

    fn unanswered(&self, error: &SendError) -> Unanswered {
        if matches!(error.error, ExchangeError::AddressDenied { .. }) {
            self.gate.count_denied();
        }
        // Some errors quote the server: a certificate's names, the words of a goodbye.
        let detail = Some(self.needles.masked(&crate::error::chain(&error.error)));
        let result = if error.request_sent { EffectResult::Failed } else { EffectResult::Denied };
        Unanswered { error: told(&error.error), result, extra: Extra { detail, fields: addresses(&error.addresses) } }
    }
}

impl Unanswered {
    /// A request that was not sent.
    fn unsent(error: Error) -> Self {
        Self { error, result: EffectResult::Denied, extra: Extra::default() }
    }
}

/// All of a body, of at most `limit` bytes.
async fn collect(mut body: WasiBody, limit: u64) -> Result<Bytes, Error> {
    let mut contents = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let length = contents.len().saturating_add(data.len());
            if u64::try_from(length).unwrap_or(u64::MAX) > limit {
                return Err(Error::HttpRequestBodySize(Some(limit)));
            }
            contents.extend_from_slice(&data);
        }
    }
    Ok(contents.freeze())
}

/// What an outcome says of an answer.
fn fields(reply: &Reply) -> Encoded {
    let mut fields = Encoded::new();
    let protocol = match reply.protocol {
        Protocol::Http1 => "HTTP/1.1",
        Protocol::Http2 => "HTTP/2",
    };
    fields.map(4);
    fields.str("peer").str(&reply.peer.to_string());
    fields.str("reused").bool(reply.reused);
    fields.str("status").u64(u64::from(reply.response.status().as_u16()));
    fields.str("protocol").str(protocol);
    fields
}

/// Wraps the response so that no secret comes back in it, and its place is free once it has been read.
fn respond(reply: Reply, needles: Arc<Needles>, method: &Method, place: OwnedSemaphorePermit) -> Response {
    let (mut parts, body) = reply.response.into_parts();
    let body = body.map_err(move |error| {
        let _held = &place;
        told(&error)
    });
    if needles.is_empty() {
        return http::Response::from_parts(parts, body.boxed_unsync());
    }
    let mut search = Search::new(needles);
    readable::remove_digests(&mut parts.headers);
    let framing = Framing::of(&parts.headers);
    mask_headers(&mut search, &mut parts.headers);
    if readable::is_bodiless(method.as_str(), parts.status) {
        // A server that sends one all the same was not asked how it is encoded.
        drop(body);
        let none = http_body_util::Empty::<Bytes>::new().map_err(|never| match never {});
        return http::Response::from_parts(parts, none.boxed_unsync());
    }
    http::Response::from_parts(parts, Masked::new(body, framing, search).boxed_unsync())
}

/// What an outcome says of the addresses of a request that failed; nothing where it did not come to any.
fn addresses(addresses: &Addresses) -> Option<Encoded> {
    let named = [("tried", &addresses.tried), ("refused", &addresses.refused)];
    let named: Vec<_> = named.into_iter().filter(|(_, addresses)| !addresses.is_empty()).collect();
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let mut extra = Encoded::new();
    extra.map(length(named.len()));
    for (name, addresses) in &named {
        extra.str(name).array(length(addresses.len()));
        for address in *addresses {
            extra.str(&address.to_string());
        }
    }
    (!named.is_empty()).then_some(extra)
}

/// Which addresses the grant of a request allows.
struct Allowed {
    grants: Arc<Grants>,
    grant: GrantId,
}

impl AddressCheck for Allowed {
    fn allows(&self, address: IpAddr) -> bool {
        self.grants.policy().network_allows(self.grant, address)
    }
}

fn destination(request: &HttpAction) -> Destination {
    Destination {
        scheme: match request.url.scheme() {
            wasm_agent_policy::Scheme::Http => Scheme::Http,
            wasm_agent_policy::Scheme::Https => Scheme::Https,
        },
        host: match request.url.host() {
            wasm_agent_policy::Host::Name(name) => Host::Name(name.to_string()),
            wasm_agent_policy::Host::Ip(address) => Host::Ip(*address),
        },
        port: request.url.port(),
    }
}

fn detail(request: &HttpAction, body: Option<Preview>) -> Detail {
    Detail::Http {
        method: request.method.as_str().to_owned(),
        url: request.url.as_str().to_owned(),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect(),
        secrets: request.secrets.clone(),
        body,
        body_bytes: request.body.map(|body| body.len),
        body_blake3: request.body.map(|body| crate::tool::hex(&body.blake3)),
    }
}

/// Puts secrets into the headers of a request. The operator's values stand, whatever the tool wrote there, and under
/// whatever name a server takes for the same.
fn insert_secrets(headers: &mut HeaderMap, secrets: Vec<(HeaderName, HeaderValue)>) {
    let is_secret = |name: &&HeaderName| secrets.iter().any(|(secret, _)| are_alike(name.as_str(), secret.as_str()));
    let aliases: Vec<HeaderName> = headers.keys().filter(is_secret).cloned().collect();
    for name in aliases {
        headers.remove(name);
    }
    for (name, value) in secrets {
        headers.insert(name, value);
    }
}

/// Whether two names are one for servers that pass headers on as variables: for them all but letters and digits are
/// alike.
fn are_alike(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).all(|(one, other)| match other {
            letter if letter.is_ascii_alphanumeric() => one.eq_ignore_ascii_case(&letter),
            _ => !one.is_ascii_alphanumeric(),
        })
}

/// A secret as a header, marked so that no diagnostic prints it.
pub(crate) fn secret_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_replaces_each_header_that_a_server_may_take_for_its_own() {
        let mut headers = HeaderMap::new();
        for name in ["x-k", "x_k", "x.k", "X_K", "x-kk", "x-k2", "accept"] {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("tool"));
        }
        let secrets = ["x-k", "x_k"].map(|name| secret_header(name, "operator").unwrap());
        insert_secrets(&mut headers, secrets.to_vec());
        let mut left: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        left.sort_unstable();
        let kept = [("accept", "tool"), ("x-k", "operator"), ("x-k2", "tool"), ("x-kk", "tool"), ("x_k", "operator")];
        assert_eq!(left, kept);
    }
}
