//! A body in which secrets are masked on the way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use super::{MASK, Needles, Search, cover, mask_headers};

/// A body in which secrets are masked on the way.
pub(crate) struct Masked<B> {
    inner: B,
    held: Held,
    ended: bool,
    /// A frame that must wait for what is held back.
    next: Option<Frame<Bytes>>,
}

/// The end of what came, held back because a secret may begin in it.
struct Held {
    needles: Arc<Needles>,
    /// As it came: it has to be looked at again.
    bytes: BytesMut,
    /// How many of its first bytes are of a secret that was found.
    covered: usize,
}

impl Held {
    /// Adds what came, and takes out what can be passed on.
    fn take(&mut self, data: &[u8], is_last: bool) -> Option<Frame<Bytes>> {
        self.bytes.extend_from_slice(data);
        let Search { found, open } = self.needles.search(&self.bytes, is_last);
        let mut ready = self.bytes.split_to(open);
        let passed: Vec<_> = found.iter().map(|range| range.start.min(open)..range.end.min(open)).collect();
        cover(&mut ready, &passed);
        let covered = self.covered.min(ready.len());
        if let Some(hidden) = ready.get_mut(..covered) {
            hidden.fill(MASK);
        }
        let ends = found.iter().map(|range| range.end).chain([self.covered]);
        self.covered = ends.max().unwrap_or(0).saturating_sub(open);
        (!ready.is_empty()).then(|| Frame::data(ready.freeze()))
    }
}

impl<B> Masked<B> {
    pub(crate) fn new(inner: B, needles: Arc<Needles>) -> Self {
        let held = Held { needles, bytes: BytesMut::new(), covered: 0 };
        Self { inner, held, ended: false, next: None }
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
                    match this.held.take(&[], true) {
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
                    if let Some(frame) = this.held.take(&data, false) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Err(mut frame) => {
                    if let Some(trailers) = frame.trailers_mut() {
                        mask_headers(&this.held.needles, trailers);
                    }
                    match this.held.take(&[], true) {
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
        self.next.is_none() && self.held.bytes.is_empty() && (self.ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // A mask has the length of what it hides.
        let held = u64::try_from(self.held.bytes.len()).unwrap_or(u64::MAX);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(held));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    use http_body_util::{BodyExt, StreamBody};

    fn masked(secrets: &[&str], parts: Vec<Vec<u8>>) -> String {
        let mut parts = parts.into_iter();
        let stream = StreamBody::new(stream(move || {
            parts.next().map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from(part))))
        }));
        let needles = Needles::new(secrets.iter().map(|secret| secret.as_bytes()));
        let body = Masked::new(stream, Arc::new(needles));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = runtime.block_on(body.collect()).unwrap().to_bytes();
        String::from_utf8(all.to_vec()).unwrap()
    }

    #[test]
    fn hides_a_secret_that_comes_in_pieces() {
        for text in ["<s3cr3t/token+42>", "<s3cr3t%2Ftoken%2b42>", "<s3cr3t\\u002ftoken&#43;42>"] {
            for cut in 0..text.len() {
                let (first, second) = text.split_at(cut);
                let parts = [first, second].map(|part| part.as_bytes().to_vec());
                let out = masked(&["s3cr3t/token+42"], parts.to_vec());
                assert_eq!(out, format!("<{}>", "*".repeat(text.len() - 2)), "cut at {cut}");
            }
            let bytes = text.bytes().map(|byte| vec![byte]).collect();
            assert_eq!(masked(&["s3cr3t/token+42"], bytes), format!("<{}>", "*".repeat(text.len() - 2)));
        }
    }

    #[test]
    fn hides_the_rest_of_a_secret_when_a_longer_one_was_waited_for() {
        let secrets = ["abcdefgh", "efghijkl", "abcdefghijklmnop"];
        for (text, expected) in
            [("abcdefgh!", "********!"), ("abcdefghijkl!", "************!"), ("abcdefghij!", "********ij!")]
        {
            let bytes = text.bytes().map(|byte| vec![byte]).collect();
            assert_eq!(masked(&secrets, bytes), expected);
        }
    }

    fn stream<T>(next: impl FnMut() -> Option<T> + Unpin) -> impl futures_core::Stream<Item = T> + Unpin {
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
