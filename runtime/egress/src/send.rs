//! The one function that sends a guest's request. It takes the request's permit.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use wasm_agent_approval::Permit;
use wasm_agent_policy::{Action, GrantId, Policy, kind};

use crate::busy_poll::busy_poll;
use crate::client::{
    AddressCheck, Client, Destination, Exchange, Reply, RequestBody, RequestFault, SendError, Timeouts,
};

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
/// The request is made from the permit's action, so it can't be another one. Dropping the future ends the exchange.
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
    let exchange = exchange(permit, provision).map_err(|fault| SendError::unsent(fault.into()))?;
    busy_poll(client.send(exchange, &networks)).await
}

/// The request as it is sent: the action, the operator's secrets, and the body.
fn exchange(permit: Permit<kind::Request>, provision: Provision) -> Result<Exchange, RequestFault> {
    // There is no other action to compare this one with.
    let Ok(Action::HttpRequest(request)) = permit.spend(|_| true) else { return Err(RequestFault::NotARequest) };
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let invalid = || RequestFault::InvalidHeader(name.clone());
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        headers.append(parsed, HeaderValue::from_bytes(value).map_err(|_| invalid())?);
    }
    insert_secrets(&mut headers, provision.secrets);
    let method = request.method.as_str();
    Ok(Exchange {
        destination: Destination::of(&request.url),
        method: method.parse().map_err(|_| RequestFault::Method(method.to_owned()))?,
        path_and_query: request.url.sent().to_owned(),
        authority: request.url.authority().to_owned(),
        headers,
        body: provision.body,
        request_body_max: provision.request_body_max,
        response_body_max: provision.response_body_max,
        deadline: provision.deadline,
        timeouts: provision.timeouts,
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
