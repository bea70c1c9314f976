//! One request on its way: asked about, recorded, sent, and its outcome recorded.
//!
//! Runs beside the guest, which meanwhile holds a future. The order is the gate's: nothing leaves before the intent is
//! in the journal.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wasm_agent_journal::{EffectResult, Encoded};
use wasm_agent_policy::{Action, BodyDigest, GrantId, HttpAction, Origin};
use wasmtime_wasi_http::{Error, WasiBody};

use super::awake::awake;
use super::client::{
    AddressCheck, Addresses, Client, Destination, Exchange, ExchangeError, Host, Protocol, Reply, Scheme, SendError,
    Timeouts,
};
use super::errors::told;
use super::readable;
use super::redact::{Framing, Masked, Needles, Search, mask_headers};
use crate::approval::{Detail, PREVIEW_BYTES_MAX, Preview};
use crate::gate::{Context, Denied, Effect, Why};
use crate::grants::Grants;

/// A request that the policy does not deny, and what it takes to send it.
pub(crate) struct Task {
    pub(crate) context: Arc<Context>,
    pub(crate) client: Client,
    /// The secrets that the server can have got.
    pub(crate) needles: Arc<Needles>,
    pub(crate) call: u64,
    pub(crate) request: HttpAction,
    /// Whether somebody is going to be asked, who then wants to see the body.
    pub(crate) asks: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<WasiBody>,
    pub(crate) timeouts: Timeouts,
    pub(crate) place: OwnedSemaphorePermit,
}

/// A response as `wasi:http` passes it on.
pub(crate) type Response = http::Response<WasiBody>;

impl Task {
    /// Carries the request out.
    pub(crate) async fn run(mut self) -> Result<Response, Error> {
        let context = Arc::clone(&self.context);
        let limits = context.grants.policy().limits();
        // What few requests do is boxed here and below: the rest of them need not carry the room for it.
        let preview = if self.asks { Box::pin(self.collect(limits.request_body_bytes)).await? } else { None };
        let action = Action::HttpRequest(self.request.clone());
        let shown = || detail(&self.request, preview);
        let effect = context.permit(self.call, &action, Origin::Foreign, shown, || None).await;
        let mut effect = match effect {
            Ok(effect) => Open { context: Arc::clone(&context), effect: Some(effect) },
            Err(Denied { why: Why::Policy | Why::Refused(_), .. }) => return Err(Error::HttpRequestDenied),
            // The run is ending, and this answer with it.
            Err(Denied { why: Why::Over(_), .. }) => return Err(Error::InternalError(None)),
        };
        let reply = self.send(&mut effect, limits.request_body_bytes, limits.response_body_bytes).await?;
        Ok(self.respond(reply))
    }

    /// Reads the whole body, so that what is approved is what is sent.
    async fn collect(&mut self, limit: u64) -> Result<Option<Preview>, Error> {
        let Some(mut body) = self.body.take() else { return Ok(None) };
        let mut contents = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame?;
            if let Ok(data) = frame.into_data() {
                let length = contents.len().saturating_add(data.len());
                if u64::try_from(length).unwrap_or(u64::MAX) > limit {
                    return Err(Error::HttpRequestBodySize(Some(limit)));
                }
                contents.extend_from_slice(&data);
            }
        }
        let contents = contents.freeze();
        let length = u64::try_from(contents.len()).unwrap_or(u64::MAX);
        self.request.body = Some(BodyDigest { len: length, blake3: *blake3::hash(&contents).as_bytes() });
        let head = contents.get(..contents.len().min(PREVIEW_BYTES_MAX)).unwrap_or_default();
        let preview = Preview::new(head, length);
        let full = Full::new(contents).map_err(|never| match never {});
        self.body = Some(full.boxed_unsync());
        Ok(Some(preview))
    }

    /// Sends the request, and records what came of it.
    async fn send(&mut self, effect: &mut Open, request_max: u64, response_max: u64) -> Result<Reply, Error> {
        let grants = Arc::clone(&self.context.grants);
        insert_secrets(&mut self.headers, grants.secret_headers(&self.request.secrets).collect());
        let exchange = Exchange {
            destination: destination(&self.request),
            method: self.request.method.as_str().parse().map_err(|_| Error::HttpRequestMethodInvalid)?,
            path_and_query: self.request.url.path_and_query().to_owned(),
            authority: self.request.url.authority().to_owned(),
            headers: std::mem::take(&mut self.headers),
            body: self.body.take().map_or_else(
                || http_body_util::Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync(),
                |body| body.map_err(|error| Box::new(error).into()).boxed_unsync(),
            ),
            request_body_max: request_max,
            response_body_max: response_max,
            deadline: Instant::now().checked_add(self.context.clock.left().unwrap_or(Duration::ZERO)),
            timeouts: self.timeouts,
        };
        let check = Allowed { grants, grant: effect.grant() };
        match awake(self.client.send(exchange, &check)).await {
            Ok(reply) => {
                // Nobody asked for an answer in such a form.
                let check = || readable::check(self.request.method.as_str(), &reply.response).err();
                let unreadable = if self.needles.is_empty() { None } else { check() };
                effect.done(&reply, unreadable.map(readable::Unreadable::sentence))?;
                unreadable.map_or(Ok(reply), |unreadable| Err(unreadable.told()))
            }
            Err(error) => {
                effect.failed(&error, &self.needles)?;
                Err(told(&error.error))
            }
        }
    }

    /// Wraps the response so that no secret comes back in it, and its place is free once it has been read.
    fn respond(self, reply: Reply) -> Response {
        let Self { needles, place, request, .. } = self;
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
        if readable::is_bodiless(request.method.as_str(), parts.status) {
            // A server that sends one all the same was not asked how it is encoded.
            drop(body);
            let none = http_body_util::Empty::<Bytes>::new().map_err(|never| match never {});
            return http::Response::from_parts(parts, none.boxed_unsync());
        }
        http::Response::from_parts(parts, Masked::new(body, framing, search).boxed_unsync())
    }
}

/// An effect under way. Dropped before its outcome is known, it says so: the guest gave the request up.
struct Open {
    context: Arc<Context>,
    effect: Option<Effect>,
}

impl Open {
    fn grant(&self) -> GrantId {
        self.effect.as_ref().map_or(GrantId::Checkpoint, |effect| effect.permit.grant())
    }

    /// `detail` is what there is to say, where the tool does not get it.
    fn done(&mut self, reply: &Reply, detail: Option<&str>) -> Result<(), Error> {
        let mut extra = Encoded::new();
        let protocol = match reply.protocol {
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
        };
        extra.map(4);
        extra.str("peer").str(&reply.peer.to_string());
        extra.str("reused").bool(reply.reused);
        extra.str("status").u64(u64::from(reply.response.status().as_u16()));
        extra.str("protocol").str(protocol);
        self.end(EffectResult::Done, detail, Some(&extra))
    }

    fn failed(&mut self, error: &SendError, needles: &Arc<Needles>) -> Result<(), Error> {
        if matches!(error.error, ExchangeError::AddressDenied { .. }) {
            self.context.count_denied();
        }
        let result = if error.request_sent { EffectResult::Failed } else { EffectResult::Denied };
        // Some errors quote the server: a certificate's names, the words of a goodbye.
        let detail = needles.masked(&crate::error::chain(&error.error));
        self.end(result, Some(&detail), addresses(&error.addresses).as_ref())
    }

    fn end(&mut self, result: EffectResult, detail: Option<&str>, extra: Option<&Encoded>) -> Result<(), Error> {
        let Some(Effect { number, permit, .. }) = self.effect.take() else { return Ok(()) };
        drop(permit);
        self.context.outcome(number, result, detail, extra).map_err(|_| Error::InternalError(None))
    }
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

impl Drop for Open {
    fn drop(&mut self) {
        if self.effect.is_some() {
            // A journal that can't be written has ended the run already.
            drop(self.end(
                EffectResult::Failed,
                Some("given up by the tool before the response; it may have happened"),
                None,
            ));
        }
    }
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
