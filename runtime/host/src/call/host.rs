//! The state of one run that host functions work on, and the beginning and end of each call.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use wasm_agent_ids::CallId;
use wasm_agent_journal::{Encoded, Keep};
use wasm_agent_policy::Asker;
use wasmtime::component::ResourceTable;

use super::wire::Sink;
use super::{Answer, Call, Function};
use crate::gate::Session;
use crate::run::limits::Limiter;
use crate::source::{AnswerFrom, Source};
use crate::world::output::Outputs;
use crate::world::{Folders, World};

/// The state of one run, live or replayed. The state of a call is in its [`Call`].
pub(crate) struct Host {
    pub(crate) session: Arc<Session>,
    /// Where answers come from.
    pub(crate) source: Box<dyn Source>,
    /// The world that a live run acts on. A replay has none.
    world: Option<Box<World>>,
    pub(crate) outputs: Outputs,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Meter,
    /// The status that the tool ended itself with.
    pub(crate) exited: Option<u8>,
    /// Host calls begun so far.
    calls: u64,
    /// A call that has ended, whose memory the next one reuses.
    spare: Option<Box<Call>>,
    outcome: Encoded,
}

/// The counters of the store's call hook.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Fuel of the run in total.
    pub(crate) fuel_total: u64,
    /// Fuel used up when the guest last crossed to the host.
    pub(crate) fuel: u64,
    /// How many crossings from guest to host are under way, one inside the other.
    pub(crate) depth: u32,
    /// Crossings from guest to host that the engine counted, its own helpers among them.
    pub(crate) crossings: u64,
    /// Fuel at which the run is to stop. It takes effect once the guest is back from a crossing of this depth.
    pub(crate) stop_at: Option<(u32, u64)>,
}

impl Host {
    pub(crate) fn new(
        session: Arc<Session>,
        source: Box<dyn Source>,
        world: Option<Box<World>>,
        outputs: Outputs,
        limiter: Limiter,
    ) -> Self {
        Self {
            session,
            source,
            world,
            outputs,
            limiter,
            meter: Meter::default(),
            exited: None,
            calls: 0,
            spare: None,
            outcome: Encoded::new(),
        }
    }

    /// Host calls made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// The world of a live run.
    pub(crate) fn world(&mut self) -> wasmtime::Result<&mut World> {
        self.world.as_deref_mut().ok_or_else(|| wasmtime::Error::msg("a replay has no world to act on"))
    }

    /// What the tool did with its folders.
    pub(crate) fn folders(&self) -> Folders {
        self.world.as_ref().map_or(Folders::default(), |world| world.folders)
    }

    /// Whether the tool read standard input that was given in advance.
    pub(crate) fn has_read_input(&self) -> bool {
        self.session.has_read_input.load(Ordering::Relaxed)
    }

    /// The table of the guest's handles.
    pub(crate) fn table(&mut self) -> wasmtime::Result<&mut ResourceTable> {
        Ok(&mut self.world()?.table)
    }

    /// Begins a call, and returns where its answer comes from.
    ///
    /// # Errors
    ///
    /// When the run ends for a reason outside of the guest, or a replay diverges. The guest ends there.
    pub(crate) fn enter(
        &mut self,
        function: &'static Function,
        blocking: bool,
        arguments: impl FnOnce(&mut Sink<'_>),
    ) -> wasmtime::Result<(AnswerFrom, Box<Call>)> {
        self.session.ending.check()?;
        #[expect(clippy::disallowed_methods, reason = "says in the journal how long a call took; no guest sees it")]
        let started = if self.world.is_some() { Instant::now() } else { self.session.clock.started() };
        let asker = Asker { run: self.session.run, call: CallId(self.calls) };
        self.calls += 1;
        self.session.tracker.calls_begun(self.calls);
        let mut call = self.call(asker, function, started);
        (call.blocking, call.fuel, call.depth) = (blocking, self.meter.fuel, self.meter.depth);
        // In a replay the guest passes these bytes again, so the digest is enough.
        let mut sink = Sink { encoded: &mut call.arguments, keep: Keep::DigestOnly };
        sink.encoded.array(u64::try_from(function.parameters.len()).unwrap_or(u64::MAX));
        arguments(&mut sink);
        let from = self.source.begin(&call)?;
        if blocking && from == AnswerFrom::World {
            self.session.clock.blocked(true);
        }
        Ok((from, call))
    }

    fn call(&mut self, asker: Asker, function: &'static Function, started: Instant) -> Box<Call> {
        match self.spare.take() {
            Some(mut call) => {
                call.arguments.clear();
                (call.asker, call.function, call.started, call.decision) = (asker, function, started, None);
                call
            }
            None => Box::new(Call {
                asker,
                function,
                arguments: Encoded::new(),
                fuel: 0,
                started,
                depth: 0,
                blocking: false,
                decision: None,
            }),
        }
    }

    /// Ends a call that was performed. The outcome is recorded first; only then does the guest get it.
    pub(crate) fn leave<A: Answer>(&mut self, call: Box<Call>, answer: A) -> A {
        let recorded = self.record(&call, answer);
        self.spare = Some(call);
        recorded.unwrap_or_else(A::trap)
    }

    fn record<A: Answer>(&mut self, call: &Call, answer: A) -> wasmtime::Result<A> {
        if call.blocking {
            self.session.clock.blocked(false);
        }
        let answer = match &mut self.world {
            Some(world) => answer.settle(&mut world.table),
            None => answer,
        };
        self.outcome.clear();
        answer.put(&mut Sink { encoded: &mut self.outcome, keep: Keep::Contents });
        self.source.end(call, &self.outcome)?;
        Ok(answer)
    }

    /// Answers a call as recorded.
    pub(crate) fn replayed<A: Answer>(&mut self, call: Box<Call>) -> A {
        let answer = self.recorded(&call);
        self.spare = Some(call);
        answer.unwrap_or_else(A::trap)
    }

    fn recorded<A: Answer>(&mut self, call: &Call) -> wasmtime::Result<A> {
        let taken = A::take(&mut self.source.recorded()?);
        let answer = taken.map_err(|malformed| self.source.unreadable(malformed))?;
        if self.source.answered(call, answer.is_trap()).is_continue() {
            self.meter.stop_at = self.source.stop_at(call.fuel).map(|fuel| (call.depth, fuel));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Mutex;
    use std::time::Duration;

    use wasm_agent_calls::named;
    use wasm_agent_ids::RunId;

    use super::*;
    use crate::call::wire::{self, Malformed, Wire};
    use crate::run::Outcome;
    use crate::world::output::Discard;

    /// What the in-memory source keeps of a call: its number, function, arguments and outcome.
    type RecordedCall = (u64, &'static str, Vec<u8>, Vec<u8>);

    /// Keeps the ended calls, in the order in which they ended.
    struct Memory(Arc<Mutex<Vec<RecordedCall>>>);

    impl Source for Memory {
        fn begin(&mut self, _: &Call) -> wasmtime::Result<AnswerFrom> {
            Ok(AnswerFrom::World)
        }

        fn end(&mut self, call: &Call, outcome: &Encoded) -> wasmtime::Result<()> {
            let kept = (call.asker.call.0, call.function.name, call.arguments.to_inline(), outcome.to_inline());
            self.0.lock().unwrap().push(kept);
            Ok(())
        }

        fn recorded(&mut self) -> wasmtime::Result<wire::Source<'_>> {
            Err(wasmtime::Error::msg("nothing is recorded"))
        }

        fn unreadable(&mut self, Malformed(message): Malformed) -> wasmtime::Error {
            wasmtime::Error::msg(message)
        }

        fn answered(&mut self, _: &Call, _: bool) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }

        fn stop_at(&mut self, _: u64) -> Option<u64> {
            None
        }

        fn out_of_fuel(&self) -> Option<Outcome> {
            None
        }
    }

    fn list(values: &[u64]) -> Vec<u8> {
        let mut encoded = Encoded::new();
        encoded.array(u64::try_from(values.len()).unwrap());
        for value in values {
            encoded.u64(*value);
        }
        encoded.to_inline()
    }

    #[test]
    fn several_calls_are_under_way_and_end_in_another_order_than_they_began() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let session = Arc::new(Session::new(RunId::from_bytes([1; 16]), Duration::MAX, Arc::default(), Arc::default()));
        let source = Box::new(Memory(Arc::clone(&kept)));
        let mut host = Host::new(session, source, None, Outputs::new(Arc::new(Discard)), Limiter::new(0));
        let bytes = named("wasi:random/random#get-random-bytes");
        let mut begin = |length: u64| {
            let (from, call) = host.enter(bytes, true, |sink| Wire::put(&length, sink)).unwrap();
            assert_eq!(from, AnswerFrom::World);
            call
        };
        let calls = [begin(10), begin(20), begin(30)];
        let [first, second, third] = calls;
        for (call, answer) in [(second, 21u64), (third, 31), (first, 11)] {
            assert_eq!(host.leave::<wasmtime::Result<u64>>(call, Ok(answer)).unwrap(), answer);
        }
        let kept = std::mem::take(&mut *kept.lock().unwrap());
        // A call that returned is recorded as the value of a `result`.
        let expected = [(1, 20, 21), (2, 30, 31), (0, 10, 11)]
            .map(|(number, length, answer)| (number, "get-random-bytes", list(&[length]), list(&[0, answer])));
        assert_eq!(kept, expected);
    }
}
