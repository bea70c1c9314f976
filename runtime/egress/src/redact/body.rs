//! Masks secrets in a body while it is passed on.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use super::bounds::{MASK, SPELLING_BYTES_MAX};
use super::framing::Framing;
use super::headers::mask_headers;
use super::search::Search;
use crate::client::ExchangeError;
use crate::readable::{Unreadable, is_packed, is_wide, remove_digests};

/// How much is searched at once, in bytes. All but the last [`SPELLING_BYTES_MAX`] of it is then passed on.
const BLOCK_BYTES: usize = 4 * SPELLING_BYTES_MAX;

/// The longest escape, in bytes, that a block's end moves back for so as not to split it.
const ESCAPE_BYTES_MAX: usize = 1024;

/// A body whose secrets are masked while it is passed on.
///
/// When it passes bytes on depends on how many have arrived and on where the body declares a part complete, and never
/// on the secrets: a tool that could tell how much is held back could tell how much of its guess is right. After an
/// error the held bytes are dropped, because they may end within a secret.
pub(super) struct MaskedBody<B> {
    inner: B,
    held: HeldBytes,
    ended: bool,
    /// A frame that must wait until the held bytes are passed on.
    next: Option<Frame<Bytes>>,
}

/// The last bytes that arrived, not yet passed on.
struct HeldBytes {
    search: Search,
    framing: Framing,
    /// The bytes as they arrived, because they have to be searched again.
    bytes: Vec<u8>,
    /// How many of the first bytes belong to a secret that was found.
    covered: usize,
    /// Whether nothing has been searched so far.
    first: bool,
}

impl HeldBytes {
    /// Adds bytes that arrived, and takes out those that can be passed on.
    fn take(&mut self, mut data: &[u8], ready: &mut BytesMut) -> Result<(), ExchangeError> {
        while !data.is_empty() {
            let boundary = self.framing.next(data);
            let (mut part, rest) = data.split_at_checked(boundary.unwrap_or(data.len())).unwrap_or((data, &[]));
            while !part.is_empty() {
                let room = BLOCK_BYTES.saturating_sub(self.bytes.len());
                let (now, later) = part.split_at_checked(room).unwrap_or((part, &[]));
                self.bytes.extend_from_slice(now);
                if self.bytes.len() >= BLOCK_BYTES {
                    self.pass_on(false, ready)?;
                }
                part = later;
            }
            if boundary.is_some() {
                self.pass_on(true, ready)?;
            }
            data = rest;
        }
        Ok(())
    }

    /// Searches the held bytes and passes them on: all of them, or all but a tail in which a longer secret may begin.
    fn pass_on(&mut self, is_complete: bool, ready: &mut BytesMut) -> Result<(), ExchangeError> {
        if std::mem::take(&mut self.first) && (is_packed(&self.bytes) || is_wide(&self.bytes)) {
            return Err(Unreadable::Body.into());
        }
        let found = self.search.find(&self.bytes).to_vec();
        let end = if is_complete { self.bytes.len() } else { self.cut() };
        let start = ready.len();
        ready.extend_from_slice(self.bytes.get(..end).unwrap_or_default());
        let passed = ready.get_mut(start..).unwrap_or_default();
        hide(passed, 0..self.covered);
        // Secrets that begin after the cut are found again.
        let found = found.iter().filter(|range| range.start < end);
        let mut covered = self.covered;
        for range in found {
            hide(passed, range.clone());
            covered = covered.max(range.end);
        }
        self.covered = covered.saturating_sub(end);
        self.bytes.drain(..end);
        Ok(())
    }

    /// Where to cut a full block.
    fn cut(&self) -> usize {
        let limit = BLOCK_BYTES - SPELLING_BYTES_MAX;
        Some(self.search.cut(limit)).filter(|cut| limit - cut < ESCAPE_BYTES_MAX).unwrap_or(limit)
    }

    /// Passes on the rest at the end.
    fn finish(&mut self) -> Result<Option<Frame<Bytes>>, ExchangeError> {
        let mut ready = BytesMut::new();
        self.pass_on(true, &mut ready)?;
        Ok(frame(ready))
    }
}

/// Masks the part of a range that is in `bytes`.
fn hide(bytes: &mut [u8], range: Range<usize>) {
    let end = range.end.min(bytes.len());
    if let Some(hidden) = bytes.get_mut(range.start..end) {
        hidden.fill(MASK);
    }
}

fn frame(ready: BytesMut) -> Option<Frame<Bytes>> {
    (!ready.is_empty()).then(|| Frame::data(ready.freeze()))
}

impl<B> MaskedBody<B> {
    /// Masks what `search` finds in `inner`, a body that is divided by `framing`.
    pub(super) fn new(inner: B, framing: Framing, search: Search) -> Self {
        let held = HeldBytes { search, framing, bytes: Vec::new(), covered: 0, first: true };
        Self { inner, held, ended: false, next: None }
    }

    /// Takes what `inner` returned, and answers with the next frame to pass on; `None` if more has to arrive first.
    fn accept(
        &mut self,
        came: Option<Result<Frame<Bytes>, ExchangeError>>,
    ) -> Result<Option<Frame<Bytes>>, ExchangeError> {
        let Some(frame) = came.transpose()? else {
            self.ended = true;
            return self.held.finish();
        };
        match frame.into_data() {
            Ok(data) => {
                let mut ready = BytesMut::new();
                self.held.take(&data, &mut ready)?;
                Ok(self::frame(ready))
            }
            Err(mut frame) => {
                if let Some(trailers) = frame.trailers_mut() {
                    remove_digests(trailers);
                    mask_headers(&mut self.held.search, trailers);
                }
                let rest = self.held.finish()?;
                self.next = Some(frame);
                Ok(rest)
            }
        }
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.held.search.steps()
    }
}

impl<B> Body for MaskedBody<B>
where
    B: Body<Data = Bytes, Error = ExchangeError> + Unpin,
{
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let this = &mut *self;
        loop {
            if let Some(frame) = this.next.take() {
                return Poll::Ready(Some(Ok(frame)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            let Poll::Ready(came) = Pin::new(&mut this.inner).poll_frame(cx) else { return Poll::Pending };
            match this.accept(came) {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) => {}
                Err(error) => {
                    this.ended = true;
                    this.held.bytes.clear();
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.held.bytes.is_empty() && (self.ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // A mask is as long as what it hides.
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
mod tests;
