//! Requests that must not leave the sandbox.

use crate::Attack;
use wasm_agent_sdk::http::{Request, RequestError};

/// More than the test servers' answers have, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Records a request that must be answered.
pub fn control(attack: &mut Attack, url: &str) {
    attack.control(&format!("GET {url}"), Request::get(url).and_then(|request| request.send(BODY_BYTES_MAX)));
}

/// Records a GET that must not be sent.
pub fn attempt(attack: &mut Attack, url: &str) {
    attempt_request(attack, &format!("GET {url}"), Request::get(url));
}

/// Records a request that must not be sent.
///
/// No answer alone proves nothing: a connection that is refused or times out was tried.
pub fn attempt_request(attack: &mut Attack, what: &str, request: Result<Request, RequestError>) {
    match request.and_then(|request| request.send(BODY_BYTES_MAX)) {
        Ok(response) => attack.broken(&format!("{what}: answered {}", response.status)),
        Err(RequestError::Failed(why)) => attack.broken(&format!("{what}: was tried: {why}")),
        Err(error) => attack.held(&format!("{what}: {error}")),
    }
}

/// Splits `http://AUTHORITY/…` into scheme and authority.
#[must_use]
pub fn authority(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme, rest.split('/').next()?))
}
