//! The gate: the one way from a guest to anything outside of it.
//!
//! Every function that a tool can import is implemented on [`View`] by the macro [`host_calls`], which expands each
//! signature to the same steps:
//!
//! ```text
//! guest ─► enter ─► perform ─► leave ─► guest          an observation: recorded once, after
//!            │         └─ check ─► ask ─► intent ─► effect ─► outcome      what changes something: see `context`
//!            └─► replayed ─► guest                     a replay: answered from the journal
//! ```
//!
//! The traits that are implemented are wasmtime's own, so the compiler proves that no function is left out.
//! Files in `wasi/` translate between WIT and the gate. They know nothing of approvers and the journal.

mod answer;
mod approve;
mod context;
mod ending;
mod function;
mod labels;
pub(crate) mod wire;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use wasm_agent_journal::{CallEvent, DecisionRecord, Encoded, FunctionId, Keep, Verdict};
use wasmtime::component::{HasData, ResourceTable};

pub(crate) use answer::{Answer, number};
pub(crate) use context::{Context, Denied, Effect, Subject, Why, nanoseconds};
pub(crate) use ending::Ended;
pub(crate) use function::Function;

use crate::limits::Limiter;
use crate::live::Live;
use crate::output::Outputs;
use crate::replay::Replay;
use wire::Sink;

/// State of one run: what host functions work on.
pub(crate) struct Host {
    /// What a run's background tasks share with it.
    pub(crate) context: Arc<Context>,
    pub(crate) backend: Backend,
    pub(crate) outputs: Outputs,
    pub(crate) limiter: Limiter,
    /// Fuel that the run has in all.
    pub(crate) fuel_total: u64,
    /// Fuel used up when the guest entered the current host call; kept by the store's call hook.
    pub(crate) fuel: u64,
    /// How many crossings from guest to host are under way, one within the other.
    pub(crate) depth: u32,
    /// The depth of the current host call.
    pub(crate) call_depth: u32,
    /// Crossings from guest to host that the engine counted, its own helpers among them.
    pub(crate) crossings: u64,
    /// Host calls begun so far. The number of the current one is one less.
    calls: u64,
    functions: Vec<Option<FunctionId>>,
    arguments: Encoded,
    outcome: Encoded,
    current: Option<Current>,
    /// The status that the tool ended itself with.
    pub(crate) exited: Option<u8>,
    /// Fuel at which a replay is to stop, as the recorded run was stopped there.
    pub(crate) stop_at: Option<u64>,
}

/// Where answers come from.
pub(crate) enum Backend {
    /// The world, through WASI.
    Live(Box<Live>),
    /// A journal. There is no WASI state at all.
    Replay(Box<Replay>),
}

/// The call that is being answered.
struct Current {
    function: &'static Function,
    started: Instant,
    decision: Option<DecisionRecord>,
    blocking: bool,
}

/// Which way a call goes.
pub(crate) enum Turn {
    Live,
    Replay,
}

/// Marker for linking: host functions get a [`View`] of the store's data.
pub(crate) struct Gate;

impl HasData for Gate {
    type Data<'a> = View<'a>;
}

/// What host functions are implemented on.
pub(crate) struct View<'a> {
    pub(crate) host: &'a mut Host,
}

impl Host {
    pub(crate) fn new(context: Arc<Context>, backend: Backend, outputs: Outputs, limiter: Limiter) -> Self {
        Self {
            context,
            backend,
            outputs,
            limiter,
            fuel_total: 0,
            fuel: 0,
            depth: 0,
            call_depth: 0,
            crossings: 0,
            calls: 0,
            functions: Vec::new(),
            arguments: Encoded::new(),
            outcome: Encoded::new(),
            current: None,
            exited: None,
            stop_at: None,
        }
    }

    /// Host calls made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// The number of the call that is being answered.
    pub(crate) fn call(&self) -> u64 {
        self.calls.saturating_sub(1)
    }

    /// When the current call of a live run began.
    pub(crate) fn started(&self) -> Option<Instant> {
        self.current.as_ref().map(|current| current.started)
    }

    /// Begins a call: its arguments are recorded or, in a replay, compared.
    ///
    /// # Errors
    ///
    /// When the run is over for a reason outside of the guest, or a replay diverges. The guest ends there.
    pub(crate) fn enter(
        &mut self,
        function: &'static Function,
        blocking: bool,
        arguments: impl FnOnce(&mut Sink<'_>),
    ) -> wasmtime::Result<Turn> {
        self.context.ending.check()?;
        self.calls += 1;
        self.call_depth = self.depth;
        self.arguments.clear();
        // What a guest hands over it will hand over again in a replay: the digest is enough.
        let mut sink = Sink { encoded: &mut self.arguments, keep: Keep::DigestOnly };
        sink.encoded.array(function.arity());
        arguments(&mut sink);
        match &mut self.backend {
            Backend::Live(_) => {
                if blocking {
                    self.context.clock.blocked(true);
                }
                #[expect(
                    clippy::disallowed_methods,
                    reason = "says in the journal how long a call took; no guest sees it"
                )]
                let started = Instant::now();
                self.current = Some(Current { function, started, decision: None, blocking });
                Ok(Turn::Live)
            }
            Backend::Replay(replay) => {
                replay
                    .expect(function, &self.arguments, self.fuel)
                    .map_err(|error| self.context.ending.replay(error))?;
                Ok(Turn::Replay)
            }
        }
    }

    /// Ends a call: its outcome is recorded, and only then goes to the guest.
    pub(crate) fn leave<A: Answer>(&mut self, answer: A) -> A {
        match self.record(answer) {
            Ok(answer) => answer,
            Err(error) => A::trap(error),
        }
    }

    fn record<A: Answer>(&mut self, answer: A) -> wasmtime::Result<A> {
        let Some(current) = self.current.take() else {
            return Err(wasmtime::Error::msg("a host call ended that had not begun"));
        };
        if current.blocking {
            self.context.clock.blocked(false);
        }
        let answer = match &mut self.backend {
            Backend::Live(live) => answer.settle(&mut live.table),
            Backend::Replay(_) => answer,
        };
        self.outcome.clear();
        answer.put(&mut Sink { encoded: &mut self.outcome, keep: Keep::Contents });
        let action = current.decision.as_ref().and_then(|decision| decision.action.as_ref()).map_or(0, Vec::len);
        let bytes = self.arguments.recorded_bytes().saturating_add(self.outcome.recorded_bytes());
        self.context.count(bytes.saturating_add(u64::try_from(action).unwrap_or(u64::MAX)))?;
        let function = self.function(current.function)?;
        let journal = self.context.journal()?;
        let duration = current.started.elapsed();
        journal
            .call(&CallEvent {
                function,
                at_ns: self.context.since_start_ns(current.started),
                duration_ns: nanoseconds(duration),
                fuel: self.fuel,
                arguments: &self.arguments,
                outcome: &self.outcome,
                decision: current.decision.as_ref(),
            })
            .map_err(|error| self.context.ending.journal(error))?;
        // A call can take long and cost the guest little fuel, by which it is interrupted otherwise.
        self.context.limit_time(current.started + duration);
        Ok(answer)
    }

    /// Answers a call from the journal.
    pub(crate) fn replayed<A: Answer>(&mut self) -> A {
        match &mut self.backend {
            Backend::Replay(replay) => match replay.answer(&self.arguments) {
                Ok((answer, ControlFlow::Continue(()))) => {
                    self.stop_at = replay.stopped_at(self.fuel);
                    answer
                }
                Ok((answer, ControlFlow::Break(halted))) => {
                    // The tool still gets this answer; it has no say in anything after it.
                    self.context.ending.replay(halted);
                    answer
                }
                Err(error) => A::trap(self.context.ending.replay(error)),
            },
            Backend::Live(_) => A::trap(wasmtime::Error::msg("a live run has nothing to replay")),
        }
    }

    /// The world behind a live run.
    pub(crate) fn live(&mut self) -> wasmtime::Result<&mut Live> {
        match &mut self.backend {
            Backend::Live(live) => Ok(live),
            Backend::Replay(_) => Err(wasmtime::Error::msg("a replay has no world to act on")),
        }
    }

    /// The decision that the current call is recorded with.
    pub(crate) fn decided(&mut self, decision: DecisionRecord) {
        if decision.verdict == Verdict::Deny {
            self.context.count_denied();
        }
        if let Some(current) = &mut self.current {
            current.decision = Some(decision);
        }
    }

    /// The table of the guest's handles.
    pub(crate) fn table(&mut self) -> wasmtime::Result<&mut ResourceTable> {
        Ok(&mut self.live()?.table)
    }
}

/// Implements one of wasmtime's host traits on [`View`], each function by the same steps.
///
/// A function's last part says how it is performed in a live run:
/// - `via view`: wasmtime-wasi answers, through the view of that name on [`Live`];
/// - `|host| expression`: the expression answers, with `host: &mut Host`.
///
/// `again |host, answer| expression` says what a replay does with the recorded answer besides returning it. A function `by hand` is
/// written out, with `@call` in it, as its arguments or answer are recorded as another type than it has.
macro_rules! host_calls {
    (impl $trait:path as $interface:literal { $($functions:tt)* }) => {
        impl $trait for $crate::gate::View<'_> {
            $crate::gate::host_calls! { @ $trait, $interface, $($functions)* }
        }
    };
    (@ $trait:path, $interface:literal,) => {};
    (@ $trait:path, $interface:literal, by hand { $($functions:tt)* } $($rest:tt)*) => {
        $($functions)*
        $crate::gate::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = $wit:literal via $view:ident
        $(, again |$host:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::gate::host_calls!(@call self, false, $interface, $wit, ($($arg: $type),*), $ret,
                |live_host| match live_host.live() {
                    Ok(live) => <_ as $trait>::$name(&mut live.$view(), $($arg),*),
                    Err(error) => $crate::gate::Answer::trap(error),
                } $(, again |$host, $answer| $again)?)
        }
        $crate::gate::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        async fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = $wit:literal via $view:ident
        $(, again |$host:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        async fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::gate::host_calls!(@call self, true, $interface, $wit, ($($arg: $type),*), $ret,
                |live_host| match live_host.live() {
                    Ok(live) => <_ as $trait>::$name(&mut live.$view(), $($arg),*).await,
                    Err(error) => $crate::gate::Answer::trap(error),
                } $(, again |$host, $answer| $again)?)
        }
        $crate::gate::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = $wit:literal |$host:ident| $perform:expr
        $(, again |$other:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::gate::host_calls!(@call self, false, $interface, $wit, ($($arg: $type),*), $ret,
                |$host| $perform $(, again |$other, $answer| $again)?)
        }
        $crate::gate::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        async fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = $wit:literal |$host:ident| $perform:expr
        $(, again |$other:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        async fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::gate::host_calls!(@call self, true, $interface, $wit, ($($arg: $type),*), $ret,
                |$host| $perform $(, again |$other, $answer| $again)?)
        }
        $crate::gate::host_calls! { @ $trait, $interface, $($rest)* }
    };
    // The steps themselves.
    (@call $self:ident, $blocking:literal, $interface:literal, $wit:literal, ($($arg:ident: $type:ty),*), $ret:ty,
        |$host:ident| $perform:expr $(, again |$other:ident, $answer:ident| $again:expr)?) => {{
        static FUNCTION: $crate::gate::Function =
            $crate::gate::Function::new(concat!($interface, "#", $wit), &[$(stringify!($arg)),*]);
        let $host = &mut *$self.host;
        match $host.enter(&FUNCTION, $blocking, |_arguments| { $($crate::gate::wire::Wire::put(&$arg, _arguments);)* }) {
            Err(error) => <$ret as $crate::gate::Answer>::trap(error),
            Ok($crate::gate::Turn::Replay) => {
                let answer: $ret = $host.replayed();
                $(let ($other, $answer) = ($host, answer); let answer = $again;)?
                answer
            }
            Ok($crate::gate::Turn::Live) => {
                let answer: $ret = $perform;
                $host.leave(answer)
            }
        }
    }};
}
pub(crate) use host_calls;
