//! Keeps secrets from coming back: a server that echoes one gets it masked before the guest, or the journal, sees it.
//!
//! Masks have the length of what they hide, so that lengths and digests around them stay true.

use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use zeroize::Zeroizing;

/// What stands for each hidden byte.
const MASK: u8 = b'*';

/// Shortest text that is looked for. Anything shorter comes up by chance.
const NEEDLE_BYTES_MIN: usize = 4;

/// The forms in which secrets are looked for: as they are, percent-encoded, in hexadecimal, in base64 at each offset.
#[derive(Default)]
pub(crate) struct Needles {
    forms: Vec<Zeroizing<Vec<u8>>>,
    longest: usize,
}

impl Needles {
    /// Looks for these values.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut needles = Self::default();
        for value in values {
            for form in forms(value) {
                if form.len() >= NEEDLE_BYTES_MIN {
                    needles.longest = needles.longest.max(form.len());
                    needles.forms.push(Zeroizing::new(form));
                }
            }
        }
        // Longest first, so that a value inside of another doesn't leave the rest of it.
        needles.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        needles
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Masks every occurrence. Answers whether there was one.
    pub(crate) fn mask(&self, bytes: &mut [u8]) -> bool {
        let mut found = false;
        for form in &self.forms {
            let mut from = 0;
            while let Some(rest) = bytes.get_mut(from..) {
                let Some(at) = memchr::memmem::find(rest, form) else { break };
                if let Some(hidden) = rest.get_mut(at..at + form.len()) {
                    hidden.fill(MASK);
                }
                found = true;
                from += at + form.len();
            }
        }
        found
    }

    /// How many of the last bytes could be the beginning of an occurrence.
    fn pending(&self, bytes: &[u8]) -> usize {
        let most = self.longest.saturating_sub(1).min(bytes.len());
        (1..=most)
            .rev()
            .find(|length| {
                let tail = bytes.get(bytes.len() - length..).unwrap_or_default();
                self.forms.iter().any(|form| form.len() > *length && form.starts_with(tail))
            })
            .unwrap_or(0)
    }
}

fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_vec(), percent(value, false), percent(value, true)];
    forms.push(crate::tool::hex(value).into_bytes());
    forms.push(crate::tool::hex(value).to_ascii_uppercase().into_bytes());
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for offset in 0..3 {
            forms.push(base64_at(engine, value, offset));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The characters that a value has in base64 when it begins `offset` bytes into a group of three, without those that
/// it shares with its neighbours.
fn base64_at(engine: &base64::engine::GeneralPurpose, value: &[u8], offset: usize) -> Vec<u8> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(value);
    let text = Zeroizing::new(engine.encode(&padded).into_bytes());
    let start = [0, 2, 3].get(offset).copied().unwrap_or(0);
    // A last group that is not full would go on with the next neighbour's bits.
    let end = (offset + value.len()) / 3 * 4;
    text.get(start..end.min(text.len())).unwrap_or_default().to_vec()
}

fn percent(value: &[u8], lower: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len() * 3);
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(*byte);
        } else {
            let code = crate::tool::hex(&[*byte]);
            text.push(b'%');
            text.extend_from_slice(if lower { code } else { code.to_ascii_uppercase() }.as_bytes());
        }
    }
    text
}

/// A body in which secrets are masked on the way.
pub(crate) struct Masked<B> {
    inner: B,
    needles: std::sync::Arc<Needles>,
    /// The end of what came, held back because it may be the beginning of a secret.
    held: BytesMut,
    ended: bool,
    /// A frame that must wait for what is held back.
    next: Option<Frame<Bytes>>,
}

impl<B> Masked<B> {
    pub(crate) fn new(inner: B, needles: std::sync::Arc<Needles>) -> Self {
        Self { inner, needles, held: BytesMut::new(), ended: false, next: None }
    }

    fn take(&mut self, data: &[u8], last: bool) -> Option<Frame<Bytes>> {
        self.held.extend_from_slice(data);
        self.needles.mask(&mut self.held);
        let keep = if last { 0 } else { self.needles.pending(&self.held) };
        let ready = self.held.split_to(self.held.len() - keep);
        (!ready.is_empty()).then(|| Frame::data(ready.freeze()))
    }
}

impl<B> Body for Masked<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        loop {
            if let Some(frame) = this.next.take() {
                return Poll::Ready(Some(Ok(frame)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            let frame = match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    this.ended = true;
                    match this.take(&[], true) {
                        Some(frame) => return Poll::Ready(Some(Ok(frame))),
                        None => return Poll::Ready(None),
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    if let Some(frame) = this.take(&data, false) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Err(mut frame) => {
                    if let Some(trailers) = frame.trailers_mut() {
                        mask_headers(&this.needles, trailers);
                    }
                    let rest = this.take(&[], true);
                    match rest {
                        Some(rest) => {
                            this.next = Some(frame);
                            return Poll::Ready(Some(Ok(rest)));
                        }
                        None => return Poll::Ready(Some(Ok(frame))),
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.held.is_empty() && (self.ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // A mask has the length of what it hides.
        let held = u64::try_from(self.held.len()).unwrap_or(u64::MAX);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(held));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

/// Masks secrets in the values of headers.
pub(crate) fn mask_headers(needles: &Needles, headers: &mut http::HeaderMap) {
    if needles.is_empty() {
        return;
    }
    for value in headers.values_mut() {
        let mut bytes = value.as_bytes().to_vec();
        if needles.mask(&mut bytes)
            && let Ok(masked) = http::HeaderValue::from_bytes(&bytes)
        {
            *value = masked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    const SECRET: &[u8] = b"s3cr3t/token+42";

    fn masked(text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        Needles::new([SECRET]).mask(&mut bytes);
        bytes
    }

    #[test]
    fn hides_every_form_and_keeps_the_length() {
        for text in ["token is s3cr3t/token+42!", "s3cr3t%2Ftoken%2B42", "s3cr3t%2ftoken%2b42", "733363723374"] {
            let out = masked(text.as_bytes());
            assert_eq!(out.len(), text.len());
        }
        assert_eq!(masked(b"a s3cr3t/token+42 b"), b"a *************** b");
        assert_eq!(masked(b"x=s3cr3t%2Ftoken%2B42"), [b"x=".as_slice(), &b"*".repeat(19)].concat());
        assert_eq!(masked(b"nothing here"), b"nothing here");
    }

    #[test]
    fn hides_base64_wherever_the_secret_begins() {
        for before in ["", "u", "us", "user:", "user22:"] {
            let plain = [before.as_bytes(), SECRET, b"after"].concat();
            let encoded = STANDARD_NO_PAD.encode(&plain);
            let out = String::from_utf8(masked(encoded.as_bytes())).unwrap();
            assert!(out.contains("****************"), "{before}: {out}");
        }
    }

    #[test]
    fn hides_a_secret_that_comes_in_pieces() {
        for cut in 1..SECRET.len() {
            let mut parts =
                vec![b"<".to_vec(), SECRET[..cut].to_vec(), SECRET[cut..].to_vec(), b">".to_vec()].into_iter();
            let stream = http_body_util::StreamBody::new(futures_like(move || {
                parts.next().map(|part| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(part))))
            }));
            let body = Masked::new(stream, std::sync::Arc::new(Needles::new([SECRET])));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let all = runtime.block_on(body.collect()).unwrap().to_bytes();
            assert_eq!(&all[..], b"<***************>", "cut at {cut}");
        }
    }

    fn futures_like<T>(next: impl FnMut() -> Option<T> + Unpin) -> impl futures_core::Stream<Item = T> + Unpin {
        struct Iter<F>(F);
        impl<T, F: FnMut() -> Option<T> + Unpin> futures_core::Stream for Iter<F> {
            type Item = T;
            fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
                Poll::Ready((self.0)())
            }
        }
        Iter(next)
    }
}
