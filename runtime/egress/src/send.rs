//! The one function that sends a guest's request. It takes the request's permit.

use std::net::IpAddr;
use std::pin::pin;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use wasm_agent_approval::Permit;
use wasm_agent_policy::{Action, GrantId, HttpAction, Policy, kind};

use crate::busy_poll::busy_poll;
use crate::client::{
    AddressCheck, Client, Destination, Earlier, Exchange, Repeated, Reply, RequestBody, RequestFault, SendError,
    Timeouts,
};

/// Most attempts to send one request. A server that refuses three times in a row has no room for it now, and says so to
/// the tool.
const ATTEMPTS_MAX: usize = 3;

/// What the host adds to a permitted request, and the request's limits.
pub struct Provision {
    /// Headers with secrets. They replace the guest's headers that a server may take for the same.
    pub secrets: Vec<(HeaderName, HeaderValue)>,
    /// The body, streamed.
    pub body: RequestBody,
    /// Most bytes of request body that are sent.
    pub request_body_max: u64,
    /// Most bytes of response body that are passed on.
    pub response_body_max: u64,
    /// When the whole exchange ends, bodies included, whether or not it is complete.
    pub deadline: Option<Instant>,
    /// Timeouts within the deadline.
    pub timeouts: Timeouts,
}

/// Sends the permitted request to addresses that its grant allows. Returns once the response's head has arrived.
///
/// The request is made from the permit's action, so it can't be another one. It is sent again on a new connection, for
/// the reasons in [`Repeated`]: this is the same action, to the same grant's addresses, with the same body. A request
/// that can't be undone, or that a person approved, is sent on a new connection from the start. Dropping the future
/// ends the exchange.
///
/// # Authority
///
/// Resolves the host's name and opens a connection, as the permit's grant allows.
///
/// # Errors
///
/// See [`ExchangeError`](crate::ExchangeError). [`SendError::request_sent`] says whether the request may have had its
/// effect.
pub async fn send(
    client: &Client,
    permit: Permit<kind::Request>,
    policy: &Policy,
    provision: Provision,
) -> Result<Reply, SendError> {
    let networks = Networks { policy, grant: permit.grant() };
    let proxied = policy.proxies(permit.grant());
    let once = permit.approval().is_some();
    // There is no other action to compare this one with.
    let Ok(Action::HttpRequest(request)) = permit.spend(|_| true) else {
        return Err(SendError::unsent(RequestFault::NotARequest.into()));
    };
    // Pinned here, so that polling it twice as busily does not take twice the space.
    let attempts = pin!(attempts(client, &request, &networks, Route { proxied, once }, provision));
    busy_poll(attempts).await
}

/// What the permit says of the way to the server.
struct Route {
    proxied: bool,
    /// A person approved it, so it must not arrive twice, whatever its method: it is not sent on a kept connection.
    once: bool,
}

/// Sends until there is a response, or the request can't be sent again.
async fn attempts(
    client: &Client,
    request: &HttpAction,
    networks: &Networks<'_>,
    route: Route,
    mut provision: Provision,
) -> Result<Reply, SendError> {
    let mut earlier = Vec::new();
    loop {
        let exchange = exchange(request, &mut provision, &route, !earlier.is_empty());
        let exchange = exchange.map_err(|fault| SendError::unsent(fault.into()))?;
        let mut failed = match client.send(exchange, networks).await {
            Ok(reply) => return Ok(Reply { earlier, ..reply }),
            Err(failed) => failed,
        };
        match again(&mut failed, request, &mut earlier) {
            Some(body) => provision.body = body,
            None => return Err(after(earlier, failed)),
        }
    }
}

/// The body for another attempt, if there is one. The attempt that failed is added to the `earlier` ones.
fn again(failed: &mut SendError, request: &HttpAction, earlier: &mut Vec<Earlier>) -> Option<RequestBody> {
    let again = failed.again.take()?;
    let allowed = match again.why {
        Repeated::Unanswered => request.method.is_safe(),
        Repeated::NotProcessed => true,
    };
    let peer = failed.addresses.tried.last().copied();
    let (true, true, Some(peer)) = (allowed, earlier.len() + 1 < ATTEMPTS_MAX, peer) else { return None };
    earlier.push(Earlier { peer, why: again.why });
    Some(again.body)
}

/// The error of the last attempt, with what is to be said of all of them.
fn after(earlier: Vec<Earlier>, last: SendError) -> SendError {
    let mut addresses = last.addresses;
    addresses.tried.splice(0..0, earlier.iter().map(|earlier| earlier.peer));
    // A server that says that it did not process a request is not believed here: the bytes went out.
    let request_sent = last.request_sent || !earlier.is_empty();
    SendError { request_sent, addresses, earlier, ..last }
}

/// The request as it is sent: the action, the operator's secrets, and the body, which is taken. `again`: this is not
/// the first attempt.
fn exchange(
    request: &HttpAction,
    provision: &mut Provision,
    route: &Route,
    again: bool,
) -> Result<Exchange, RequestFault> {
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let invalid = || RequestFault::InvalidHeader(name.clone());
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        headers.append(parsed, HeaderValue::from_bytes(value).map_err(|_| invalid())?);
    }
    insert_secrets(&mut headers, &provision.secrets);
    let method = request.method.as_str();
    Ok(Exchange {
        destination: Destination::of(&request.url),
        method: method.parse().map_err(|_| RequestFault::Method(method.to_owned()))?,
        path_and_query: request.url.sent().to_owned(),
        authority: request.url.authority().to_owned(),
        headers,
        body: std::mem::take(&mut provision.body),
        request_body_max: provision.request_body_max,
        response_body_max: provision.response_body_max,
        deadline: provision.deadline,
        timeouts: provision.timeouts,
        new_connection: route.once || again || !request.method.is_safe(),
        proxied: route.proxied,
    })
}

/// The addresses that the grant of a request allows.
struct Networks<'a> {
    policy: &'a Policy,
    grant: GrantId,
}

impl AddressCheck for Networks<'_> {
    fn allows(&self, address: IpAddr) -> bool {
        self.policy.network_allows(self.grant, address)
    }
}

/// Puts secrets into the headers of a request. The operator's values win over what the tool wrote, under any name that
/// a server takes for the same.
fn insert_secrets(headers: &mut HeaderMap, secrets: &[(HeaderName, HeaderValue)]) {
    let is_secret = |name: &&HeaderName| secrets.iter().any(|(secret, _)| are_alike(name.as_str(), secret.as_str()));
    let aliases: Vec<HeaderName> = headers.keys().filter(is_secret).cloned().collect();
    for name in aliases {
        headers.remove(name);
    }
    for (name, value) in secrets {
        headers.insert(name.clone(), value.clone());
    }
}

/// Whether a server that passes headers on as variables takes two names for the same: it replaces everything but
/// letters and digits by one character.
fn are_alike(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).all(|(one, other)| match other {
            letter if letter.is_ascii_alphanumeric() => one.eq_ignore_ascii_case(&letter),
            _ => !one.is_ascii_alphanumeric(),
        })
}

/// A secret as a header, marked as sensitive so that no diagnostic prints it. `None` if either part is not valid in a
/// header.
#[must_use]
pub fn secret_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

#[cfg(test)]
mod tests;
