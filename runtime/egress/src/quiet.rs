//! Keeps the network libraries out of the diagnostics of a run that has secrets.
//!
//! They print what a server says, which may be the secret that it was sent: h2 shows the reason in a GOAWAY frame, and
//! again with the state of every stream that the frame ended. They have no option to turn that off, and they print to
//! whatever subscriber the program has. So such a run is polled under its own subscriber, which passes on everything
//! else.

use std::pin::Pin;
use std::task::{Context, Poll};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// Crates that see what a server says before secrets are masked in it.
const LIBRARIES: [&str; 5] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls"];

/// Passes on what does not come from [`LIBRARIES`].
struct Quiet(Dispatch);

/// A future that is polled, and dropped, under a `Quiet` subscriber.
///
/// It is dropped there too: h2 shows the state of its streams when they are dropped.
pub struct Quietly<F> {
    /// `None` if the run has no secrets.
    subscriber: Option<Dispatch>,
    /// `None` once this is dropped.
    future: Option<Pin<Box<F>>>,
}

/// Keeps what the network libraries print in this future from the current subscriber.
pub fn quietly<F: Future>(future: F) -> Quietly<F> {
    let subscriber = Dispatch::new(Quiet(dispatcher::get_default(Clone::clone)));
    Quietly { subscriber: Some(subscriber), future: Some(Box::pin(future)) }
}

/// Runs a future under the quiet subscriber of the current task, if it has one: for futures that go on in a task of
/// their own.
pub fn as_quietly<F: Future>(future: F) -> Quietly<F> {
    let subscriber = dispatcher::get_default(|current| current.is::<Quiet>().then(|| current.clone()));
    Quietly { subscriber, future: Some(Box::pin(future)) }
}

impl<F> Quietly<F> {
    fn under<T>(subscriber: Option<&Dispatch>, act: impl FnOnce() -> T) -> T {
        match subscriber {
            Some(subscriber) => dispatcher::with_default(subscriber, act),
            None => act(),
        }
    }
}

impl<F: Future> Future for Quietly<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { subscriber, future } = &mut *self;
        match future {
            Some(future) => Self::under(subscriber.as_ref(), || future.as_mut().poll(context)),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Quietly<F> {
    fn drop(&mut self) {
        let future = self.future.take();
        Self::under(self.subscriber.as_ref(), || drop(future));
    }
}

fn is_library(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    LIBRARIES.contains(&library)
}

impl Subscriber for Quiet {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_library(metadata) { Interest::never() } else { self.0.register_callsite(metadata) }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !is_library(metadata) && self.0.enabled(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.0.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.0.try_close(id)
    }
}
