//! The body of a response. Each frame is checked against the size cap and the deadlines.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::{ExchangeError, classify};
use super::pool::Lease;
use super::upload::Upload;

/// A response's body. It ends at its size cap or its deadline.
///
/// If it is dropped before its end, an HTTP/1.1 connection is closed and an HTTP/2 stream is reset. Reading it to its
/// end frees the connection for the next request. After an error nothing more comes.
#[derive(Debug)]
pub struct ResponseBody {
    /// `None` once it has ended or failed.
    inner: Option<Incoming>,
    lease: Option<Lease>,
    received: u64,
    limit: u64,
    timer: BodyTimer,
    upload: Option<Arc<Upload>>,
}

impl ResponseBody {
    pub(super) fn new(
        inner: Incoming,
        lease: Lease,
        limit: u64,
        timer: BodyTimer,
        upload: Option<Arc<Upload>>,
    ) -> Self {
        let mut body = Self { inner: Some(inner), lease: Some(lease), received: 0, limit, timer, upload };
        body.finish_if_complete();
        body
    }

    /// Gives the connection back as soon as nothing more can come.
    fn finish_if_complete(&mut self) {
        if self.inner.as_ref().is_some_and(Body::is_end_stream) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.inner = None;
        if let Some(lease) = self.lease.take() {
            let request_complete = self.upload.as_ref().is_none_or(|upload| upload.is_done());
            lease.release(request_complete, self.timer.deadline);
        }
    }

    fn fail(&mut self, reason: ExchangeError) -> ExchangeError {
        self.inner = None;
        self.lease = None;
        let upload = self.upload.as_ref().and_then(|upload| upload.take_failure());
        upload.unwrap_or(reason)
    }

    fn check(&mut self, frame: &Frame<Bytes>) -> Result<(), ExchangeError> {
        // A server that always has one more byte ready never leads to `Poll::Pending`.
        if self.timer.is_over() {
            return Err(ExchangeError::ResponseTimeout);
        }
        self.timer.progress();
        if let Some(data) = frame.data_ref() {
            self.received = self.received.saturating_add(length(data));
        }
        if self.received > self.limit {
            return Err(ExchangeError::ResponseBodyTooLarge { limit: self.limit });
        }
        Ok(())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let this = self.get_mut();
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let result = match Pin::new(inner).poll_frame(context) {
            Poll::Pending if this.timer.poll_over(context) => Err(ExchangeError::ResponseTimeout),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => this.check(&frame).map(|()| frame),
            Poll::Ready(Some(Err(error))) => Err(classify(error)),
            Poll::Ready(None) => {
                this.finish();
                return Poll::Ready(None);
            }
        };
        match result {
            Ok(frame) => {
                this.finish_if_complete();
                Poll::Ready(Some(Ok(frame)))
            }
            Err(reason) => Poll::Ready(Some(Err(this.fail(reason)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// The timer of a body: its deadline, and the longest wait between frames.
#[derive(Debug)]
pub(super) struct BodyTimer {
    deadline: Option<Instant>,
    between: Option<Duration>,
    /// Made on the first wait: a body that is never late needs no timer.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the timer is set for the current wait.
    armed: bool,
}

impl BodyTimer {
    /// Ends at `deadline`, and earlier if nothing comes for as long as `between`.
    pub(super) const fn new(deadline: Option<Instant>, between: Option<Duration>) -> Self {
        Self { deadline, between, sleep: None, armed: false }
    }

    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// A frame came: the next wait starts anew.
    fn progress(&mut self) {
        // Without a time between bytes the timer stays at the deadline and need not be set again.
        self.armed &= self.between.is_none();
    }

    /// Whether the wait is over; if not, the task is woken when it is.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> bool {
        if !self.armed {
            let stalled = self.between.and_then(|between| Instant::now().checked_add(between));
            let Some(end) = self.deadline.into_iter().chain(stalled).min() else {
                return false;
            };
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(end),
                None => self.sleep = Some(Box::pin(sleep_until(end))),
            }
            self.armed = true;
        }
        self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(context).is_ready())
    }
}

/// Length in bytes. Every buffer's length fits a `u64`.
pub(super) fn length(data: &Bytes) -> u64 {
    u64::try_from(data.len()).unwrap_or(u64::MAX)
}
