//! Masks secrets in responses: if a server echoes one, neither the guest nor the journal sees it.
//!
//! A mask is as long as what it hides, so that lengths around it stay true. Secrets are found in the spellings that
//! `POLICY.md` lists. That helps against servers that report the request they got. It does not help against a server
//! that wants to pass a secret to the guest: the two can agree on an encoding that no search knows.
//!
//! The rule not to break: until a whole secret has been found, nothing that can be observed depends on it. Neither what
//! is passed on and when (`MaskedBody`), nor how much work that is (`Search`). Otherwise a tool could have its
//! guesses echoed and learn how much of each is right, character by character.

mod body;
mod bounds;
mod digits;
mod escape;
mod framing;
mod hash;
mod headers;
mod needles;
mod search;

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};

use crate::client::ExchangeError;
use crate::readable::{is_bodiless, remove_digests};
use body::MaskedBody;
use framing::Framing;
use headers::mask_headers;
use search::Search;

pub use bounds::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};
pub use needles::Needles;

/// Most bytes of an error that quotes a server.
const QUOTE_BYTES_MAX: usize = 1024;

/// An error that quotes a server, of at most 1 KiB. It is masked first: the end of a secret that is cut is not found.
#[must_use]
pub fn shortened(mut masked: String) -> String {
    if masked.len() > QUOTE_BYTES_MAX {
        masked.truncate(masked.floor_char_boundary(QUOTE_BYTES_MAX - '…'.len_utf8()));
        masked.push('…');
    }
    masked
}

/// A response with every secret masked, in its headers, body and trailers.
pub fn masked<B>(
    response: Response<B>,
    method: &str,
    needles: Arc<Needles>,
) -> Response<UnsyncBoxBody<Bytes, ExchangeError>>
where
    B: Body<Data = Bytes, Error = ExchangeError> + Send + Unpin + 'static,
{
    let (mut parts, body) = response.into_parts();
    if needles.is_empty() {
        return Response::from_parts(parts, body.boxed_unsync());
    }
    let mut search = Search::new(needles);
    remove_digests(&mut parts.headers);
    let framing = Framing::of(&parts.headers);
    mask_headers(&mut search, &mut parts.headers);
    if is_bodiless(method, parts.status) {
        // A server that declares an encoding nevertheless was not asked for one.
        drop(body);
        return Response::from_parts(parts, Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    Response::from_parts(parts, MaskedBody::new(body, framing, search).boxed_unsync())
}

#[cfg(test)]
mod tests;
