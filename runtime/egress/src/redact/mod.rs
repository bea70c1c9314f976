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
mod digits;
mod escape;
mod framing;
mod hash;
mod search;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use zeroize::Zeroizing;

use body::Masked;
use framing::Framing;
use hash::{Base, Pattern, folded};
use search::Search;

use crate::client::ExchangeError;
use crate::readable::{is_bodiless, remove_digests};

/// What stands for each hidden byte.
const MASK: u8 = b'*';

/// Fewest bytes that a secret must have. Anything shorter comes up by chance: letters in either case, in a body of
/// 16 MiB, about once in a thousand with six characters, and never with eight.
pub const SECRET_BYTES_MIN: usize = 8;

/// Most bytes that a secret may have. Tokens, signed ones too where they can be revoked, have fewer.
pub const SECRET_BYTES_MAX: usize = 512;

/// Most bytes that a secret takes in any spelling, separators included: 32 for each of the longest secret's. What takes
/// more is not found; what is held back of a body follows from it.
const SPELLING_BYTES_MAX: usize = 32 * SECRET_BYTES_MAX;

/// What is looked for: the secrets that one server can have got.
pub struct Needles {
    base: Base,
    /// Each secret.
    plain: Vec<Pattern>,
    /// Each secret, and what is left of it when everything is unescaped. Always two, that their number says nothing.
    decoded: Vec<Pattern>,
}

impl Needles {
    /// Looks for these values, of [`SECRET_BYTES_MIN`] to [`SECRET_BYTES_MAX`] bytes. `random` is of this run alone.
    pub fn new<'a>(random: u64, values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let base = Base::new(random);
        let pattern = |bytes: &[u8]| {
            let text: Vec<u8> = bytes.iter().copied().map(folded).collect();
            Pattern::new(base, Zeroizing::new(text))
        };
        let (mut plain, mut decoded) = (Vec::new(), Vec::new());
        for value in values {
            let bare = Zeroizing::new(search::without_escapes(value));
            let bare = Some(&*bare).filter(|bare| bare.len() >= SECRET_BYTES_MIN);
            plain.push(pattern(value));
            decoded.extend([pattern(value), pattern(bare.map_or(value, Vec::as_slice))]);
        }
        Self { base, plain, decoded }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// A text with every occurrence masked.
    #[must_use]
    pub fn masked(self: &Arc<Self>, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Search::new(Arc::clone(self)).mask(&mut bytes);
        // A mask may end in the middle of a character that is no part of any secret.
        String::from_utf8_lossy(&bytes).into_owned()
    }
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
        // A server that sends one all the same was not asked how it is encoded.
        drop(body);
        return Response::from_parts(parts, Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    Response::from_parts(parts, Masked::new(body, framing, search).boxed_unsync())
}

/// Masks secrets in the names and values of headers.
fn mask_headers(search: &mut Search, headers: &mut HeaderMap) {
    let mut masked = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter() {
        masked.append(mask_name(search, name), mask_value(search, value));
    }
    *headers = masked;
}

fn mask_name(search: &mut Search, name: &HeaderName) -> HeaderName {
    let mut bytes = name.as_str().as_bytes().to_vec();
    if !search.mask(&mut bytes) {
        return name.clone();
    }
    // A name with a mask in it is one still.
    HeaderName::from_bytes(&bytes).unwrap_or(HeaderName::from_static("x-masked"))
}

fn mask_value(search: &mut Search, value: &HeaderValue) -> HeaderValue {
    let mut bytes = value.as_bytes().to_vec();
    if !search.mask(&mut bytes) {
        return value.clone();
    }
    HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("***"))
}

#[cfg(test)]
mod tests;
