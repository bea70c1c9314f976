//! The body of a request. Each frame is checked against the size cap and the deadline, and the first ones are kept
//! where the request may have to be sent again.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::body::{BodyTimer, length};
use super::error::ExchangeError;
use super::{BoxError, RequestBody};

/// Most bytes of a body that are kept to be sent again. A server refuses a stream within a round trip, in which a few
/// flow-control windows of 64 KiB can be sent. A request that has sent more can't be repeated.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// A request body that is being sent.
#[derive(Debug)]
pub(super) struct OutgoingBody {
    /// `None` if it is empty: most requests have no body, and then there is nothing to share.
    upload: Option<Arc<Upload>>,
    /// What `content-length` says, in bytes.
    declared: Option<u64>,
    sent: u64,
    limit: u64,
    timer: BodyTimer,
}

impl OutgoingBody {
    pub(super) fn new(body: RequestBody, declared: Option<u64>, limit: u64, deadline: Option<Instant>) -> Self {
        let upload = (!body.is_end_stream()).then(|| Arc::new(Upload::new(body)));
        Self { upload, declared, sent: 0, limit, timer: BodyTimer::new(deadline, None) }
    }

    pub(super) fn upload(&self) -> Option<Arc<Upload>> {
        self.upload.clone()
    }

    /// Keeps what is sent, so that it can be sent again.
    pub(super) fn keep(&self) {
        if let Some(upload) = &self.upload {
            upload.lock().kept.get_or_insert_default();
        }
    }

    /// Counts a frame against the cap and the declared length.
    fn check(&mut self, frame: &Frame<Bytes>) -> Result<(), ExchangeError> {
        if self.timer.is_over() {
            return Err(ExchangeError::ResponseTimeout);
        }
        let Some(data) = frame.data_ref() else {
            return Ok(());
        };
        self.sent = self.sent.saturating_add(length(data));
        if self.sent > self.limit {
            return Err(ExchangeError::RequestBodyTooLarge { limit: self.limit });
        }
        match self.declared {
            Some(declared) if self.sent > declared => Err(ExchangeError::RequestBodyLength { declared }),
            _ => Ok(()),
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = UploadFailed;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadFailed>>> {
        let this = self.get_mut();
        if this.is_end_stream() {
            return Poll::Ready(None);
        }
        let Some(upload) = this.upload.clone() else {
            return Poll::Ready(None);
        };
        let mut source = upload.lock();
        let result = match source.poll(context) {
            Poll::Pending if this.timer.poll_over(context) => Err(ExchangeError::ResponseTimeout),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => this.check(&frame).map(|()| frame),
            Poll::Ready(Some(Err(error))) => Err(ExchangeError::RequestBodyFailed(error)),
            Poll::Ready(None) => match this.declared {
                Some(declared) => Err(ExchangeError::RequestBodyLength { declared }),
                None => {
                    source.rest = Rest::Ended;
                    return Poll::Ready(None);
                }
            },
        };
        // The reason is kept until someone asks why the exchange failed.
        Poll::Ready(Some(result.map_err(|reason| source.fail(reason))))
    }

    fn is_end_stream(&self) -> bool {
        let Some(upload) = &self.upload else {
            return true;
        };
        match (&upload.lock().rest, self.declared) {
            (Rest::Ended, _) => true,
            // It did not end. Polling says so.
            (Rest::TakenBack, _) => false,
            // Both versions of HTTP end the request here and ask for nothing after it. A body that ends earlier is an
            // error, which only polling can report.
            (Rest::Unread(_), Some(declared)) => self.sent == declared,
            (Rest::Unread(body), None) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.upload.as_ref().map(|upload| upload.lock()) {
            Some(source) => source.rest.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if let Some(upload) = &self.upload {
            upload.done.store(true, Ordering::Release);
        }
    }
}

/// The error that hyper gets when a request body fails; the reason is in [`Upload`].
#[derive(Debug, thiserror::Error)]
#[error("request body failed")]
pub(super) struct UploadFailed;

/// A request body's state, shared by the connection that sends it and the exchange that waits for the response.
#[derive(Debug)]
pub(super) struct Upload {
    done: AtomicBool,
    source: Mutex<Source>,
}

/// Where the frames come from, and what became of them.
#[derive(Debug)]
struct Source {
    rest: Rest,
    /// Whether a frame was taken out.
    begun: bool,
    /// What was taken out so far, if it is kept.
    kept: Option<Kept>,
    /// Whether the body's length was known from the start: another attempt declares one only if the first did.
    has_length: bool,
    failure: Option<ExchangeError>,
}

/// What was not sent yet.
#[derive(Debug)]
enum Rest {
    Unread(RequestBody),
    /// There is no more, or it failed.
    Ended,
    /// Another attempt has it.
    TakenBack,
}

/// The bytes that were sent, without the limits of their frames: each frame would cost more than a short one's bytes.
#[derive(Debug, Default)]
struct Kept {
    contents: BytesMut,
}

impl Upload {
    fn new(body: RequestBody) -> Self {
        let has_length = body.size_hint().exact().is_some();
        let source = Source { rest: Rest::Unread(body), begun: false, kept: None, has_length, failure: None };
        Self { done: AtomicBool::new(false), source: Mutex::new(source) }
    }

    /// Whether nothing more of the body will be sent.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Why the body failed, once.
    pub(super) fn take_failure(&self) -> Option<ExchangeError> {
        self.lock().failure.take()
    }

    /// Takes the whole body back, to send it again. A connection that still has it gets no more of it.
    ///
    /// `None` if it can't be sent again: a part of it was sent and not kept, or it failed.
    pub(super) fn take_back(&self) -> Option<RequestBody> {
        let mut source = self.lock();
        let kept = match source.kept.take() {
            Some(kept) => kept,
            None if source.begun => return None,
            None => Kept::default(),
        };
        let rest = match std::mem::replace(&mut source.rest, Rest::TakenBack) {
            Rest::Unread(body) => Some(body),
            Rest::Ended => None,
            Rest::TakenBack => return None,
        };
        Some(Again { kept: kept.contents.freeze(), rest, has_length: source.has_length }.boxed_unsync())
    }

    /// Frees what is kept, and keeps nothing more. It can't be sent again from then on.
    pub(super) fn keep_no_longer(&self) {
        self.lock().kept = None;
    }

    fn lock(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// The next frame, without those that carry nothing. HTTP/2 does not wait for room to send an empty frame, so any
    /// number of them would queue up here for a server that reads none.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            let body = match &mut self.rest {
                Rest::Unread(body) => body,
                Rest::Ended => return Poll::Ready(None),
                Rest::TakenBack => return Poll::Ready(Some(Err(UploadFailed.into()))),
            };
            let polled = Pin::new(body).poll_frame(context);
            let Poll::Ready(Some(Ok(frame))) = &polled else { return polled };
            if frame.data_ref().is_some_and(Bytes::is_empty) {
                continue;
            }
            self.begun = true;
            if !self.kept.as_mut().is_some_and(|kept| kept.add(frame)) {
                self.kept = None;
            }
            return polled;
        }
    }

    /// Ends the body.
    fn fail(&mut self, reason: ExchangeError) -> UploadFailed {
        if matches!(self.rest, Rest::Unread(_)) {
            self.rest = Rest::Ended;
            self.failure.get_or_insert(reason);
            // It can't be sent again.
            (self.begun, self.kept) = (true, None);
        }
        UploadFailed
    }
}

impl Rest {
    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Unread(body) => body.size_hint(),
            Self::Ended | Self::TakenBack => SizeHint::with_exact(0),
        }
    }
}

impl Kept {
    /// False if it has no room for the frame.
    fn add(&mut self, frame: &Frame<Bytes>) -> bool {
        let Some(data) = frame.data_ref() else { return false };
        if self.contents.len().saturating_add(data.len()) > KEPT_BYTES_MAX {
            return false;
        }
        self.contents.extend_from_slice(data);
        true
    }
}

/// A body that is sent again: what was kept of it, and then the rest.
struct Again {
    kept: Bytes,
    rest: Option<RequestBody>,
    has_length: bool,
}

impl Body for Again {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if !this.kept.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.kept)))));
        }
        match &mut this.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        // An empty body has a length, and the first attempt did not know it.
        self.has_length && self.kept.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        if !self.has_length {
            return SizeHint::default();
        }
        let (rest, kept) = (self.rest.as_ref().map(Body::size_hint), length(&self.kept));
        match rest.map_or(Some(0), |rest| rest.exact()) {
            Some(rest) => SizeHint::with_exact(rest.saturating_add(kept)),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
