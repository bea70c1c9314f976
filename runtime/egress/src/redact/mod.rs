//! Keeps secrets from coming back: a server that echoes one gets it masked before the guest, or the journal, sees it.
//!
//! Masks have the length of what they hide, so that lengths around them stay true. What is found is a secret in the
//! spellings that `POLICY.md` lists: a server that means to tell the guest a secret can do it in a code of the two's
//! own, and no search helps against that. It does against servers that report the request they got.
//!
//! The rule not to break: until the whole of a secret has been found, nothing that can be observed depends on it. Not
//! what is passed on and when ([`Masked`]), and not how much work that is ([`Search`]). Otherwise a tool would have its
//! guesses echoed and be told how much of each is right, character by character.

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
use body::Masked;
use framing::Framing;
use headers::mask_headers;
use search::Search;

pub use bounds::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};
pub use needles::Needles;

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
        // A server that sends one all the same was not asked how it is encoded.
        drop(body);
        return Response::from_parts(parts, Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    Response::from_parts(parts, Masked::new(body, framing, search).boxed_unsync())
}

#[cfg(test)]
mod tests;
