//! Diagnostics of a run that has secrets: without those of the network's libraries.
//!
//! They print what a server says, which may be the secret that it was sent: h2 shows the words of a goodbye in full,
//! and again with the state of every stream that it ended. They can't be told not to, and what they print goes to
//! whatever subscriber the program has. So the thread of such a run has a subscriber of its own, which passes on all
//! the rest.

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// Crates that see what a server says before secrets are masked in it.
const LIBRARIES: [&str; 5] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls"];

/// Passes on what does not come from [`LIBRARIES`].
struct Discreet(Dispatch);

/// Keeps the libraries' diagnostics off this thread until it is dropped.
pub(crate) fn keep() -> DefaultGuard {
    let current = dispatcher::get_default(Clone::clone);
    tracing::subscriber::set_default(Discreet(current))
}

fn is_library(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    LIBRARIES.contains(&library)
}

impl Subscriber for Discreet {
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
