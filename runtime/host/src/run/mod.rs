//! One run of a tool, from its inputs to a report, with a journal of everything in between.

pub(crate) mod event_loop;
pub(crate) mod execute;
mod handle;
pub(crate) mod limits;
mod outcome;
mod record;
mod report;
pub(crate) mod shortage;

use std::os::fd::OwnedFd;
use std::sync::Arc;

use wasm_agent_approval::{Approver, RefuseAll};
use wasm_agent_egress::quiet::quietly;
use wasm_agent_egress::{Resolver, SystemResolver};
use wasm_agent_files::{Guard, OwnThings};
use wasm_agent_ids::{RunId, ToolDigest};
use wasm_agent_journal::{Fsync, JournalStore, Options, Signer, Writer};
use wasm_agent_policy::Limits;
use wasmtime::Store;

use crate::call::Host;
use crate::error::{LoadError, RunError};
use crate::gate::{Ending, Gate, Ledger, ProgressTracker, Session, ToolName};
use crate::grants::Grants;
use crate::http::Outbound;
use crate::run::execute::{drive, outcome, store};
use crate::run::limits::Limiter;
use crate::source::Record;
use crate::state::random;
use crate::tool::Tool;
use crate::tool::invoke::Invocation;
use crate::world::input::Input;
use crate::world::output::{Discard, OutputSink, Outputs};
use crate::world::{ToolIo, World};

pub use handle::RunHandle;
pub use outcome::Outcome;
pub use report::RunReport;
pub(crate) use report::Usage;

/// A run that is set up but has not begun.
pub struct Run {
    tool: Tool,
    grants: Arc<Grants>,
    invocation: Invocation,
    arguments: Vec<String>,
    stdin: Input,
    approver: Arc<dyn Approver>,
    sink: Arc<dyn OutputSink>,
    resolver: Arc<dyn Resolver>,
    fsync: Fsync,
    signer: Option<Arc<dyn Signer>>,
    own: OwnThings,
    id: RunId,
    ending: Arc<Ending>,
    tracker: Arc<ProgressTracker>,
}

impl Run {
    /// Sets up a run. It gets what `grants` give and nothing else.
    ///
    /// Defaults: the program's name as the only argument, empty standard input, output discarded, no approver, no
    /// signer, an intent is synced to disk before an irreversible effect.
    ///
    /// # Errors
    ///
    /// When the policy pins another tool, or the machine has no random bytes for an identifier.
    pub fn new(tool: &Tool, grants: Arc<Grants>, invocation: Invocation) -> Result<Self, LoadError> {
        if let Some(expected) = grants.policy().tool_sha256()
            && expected != *tool.sha256.as_bytes()
        {
            return Err(LoadError::Pin {
                path: tool.name().into(),
                expected: ToolDigest::from_bytes(expected),
                found: tool.sha256(),
            });
        }
        let id = RunId::from_bytes(random().map_err(|source| LoadError::Random { source })?.to_le_bytes());
        Ok(Self {
            tool: tool.clone(),
            grants,
            invocation,
            arguments: vec![tool.name().to_owned()],
            stdin: Input::Given(Vec::new()),
            approver: Arc::new(RefuseAll),
            sink: Arc::new(Discard),
            resolver: Arc::new(SystemResolver),
            fsync: Fsync::default(),
            signer: None,
            own: OwnThings::new(),
            id,
            ending: Arc::default(),
            tracker: Arc::default(),
        })
    }

    /// The run's identifier.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Arguments after the program's name.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.truncate(1);
        self.arguments.extend(arguments);
        self
    }

    /// What the tool reads from standard input.
    #[must_use]
    pub fn stdin(mut self, contents: Vec<u8>) -> Self {
        self.stdin = Input::Given(contents);
        self
    }

    /// An open file, pipe or terminal that the tool reads standard input from. Nothing is read before the tool asks for
    /// it, and no more than it asks for; the journal keeps it.
    ///
    /// Waiting for a terminal alone does not count against the time limit. While a question waits for its answer, a
    /// terminal is not read.
    ///
    /// # Authority
    ///
    /// Reads from `source`.
    #[must_use]
    pub fn stdin_from(mut self, source: impl Into<OwnedFd>) -> Self {
        self.stdin = Input::Open(Arc::new(source.into()));
        self
    }

    /// The approver.
    #[must_use]
    pub fn approver(mut self, approver: Arc<dyn Approver>) -> Self {
        self.approver = approver;
        self
    }

    /// The receiver of the tool's output.
    #[must_use]
    pub fn output(mut self, sink: Arc<dyn OutputSink>) -> Self {
        self.sink = sink;
        self
    }

    /// The resolver of names. The addresses that it returns are checked in any case.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// What is synced to disk, and when.
    #[must_use]
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// The signer of the journal's seals. If it can't sign, the run ends.
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The host's own things besides those of the grants and the tool: above all the journal's file.
    #[must_use]
    pub fn keeping(mut self, things: &OwnThings) -> Self {
        self.own.extend(things);
        self
    }

    /// A handle that observes the run and can stop it, from any thread.
    pub fn handle(&self) -> RunHandle {
        RunHandle::new(self.id, Arc::clone(&self.ending), Arc::clone(&self.tracker))
    }

    /// Runs the tool to its end. `journal` must be empty and gets the record.
    ///
    /// It needs a tokio runtime with time and I/O enabled, and shares its threads with other runs: a computing tool
    /// yields every millisecond or so. Reading and writing files, and waiting for the disk before an irreversible
    /// effect, block the thread meanwhile. If the future is dropped before its end, the run ends there, with a journal
    /// like that of a process that was killed.
    ///
    /// # Authority
    ///
    /// Does what the grants allow. Reads the clock. Other threads of this process write the journal.
    ///
    /// # Errors
    ///
    /// When the journal can't be written or the host fails. What the tool does is not an error: see
    /// [`RunReport::outcome`].
    pub async fn execute(self, journal: impl JournalStore + 'static) -> Result<RunReport, RunError> {
        if self.grants.has_secrets() {
            return quietly(self.begin(journal)).await;
        }
        self.begin(journal).await
    }

    /// [`execute`](Self::execute) for a program without an event loop: runs the tool to its end, on this thread.
    ///
    /// Nothing of it remains for another run: what an approver or a resolver starts in the run's event loop ends with
    /// it.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute), and [`RunError::Start`] on a thread that has a tokio runtime already.
    pub fn execute_blocking(self, journal: impl JournalStore + 'static) -> Result<RunReport, RunError> {
        let engine = self.tool.engine.clone();
        engine.event_loops().run(self.execute(journal))?
    }

    async fn begin(self, journal: impl JournalStore + 'static) -> Result<RunReport, RunError> {
        let _running = self.tracker.run();
        let mut limits = self.grants.policy().limits().clone();
        // Before descriptors are counted: it opens what it knows.
        let guard = self.guard()?;
        let fewer = shortage::handles(&limits, !self.grants.policy().http().is_empty())
            .map_err(|fewer| RunError::Shortage { source: wasmtime::Error::new(fewer) })?;
        // Recorded in the header, so that a replay has as few.
        limits.handles = fewer.as_ref().map_or(limits.handles, |fewer| fewer.handles);
        let options = Options { fsync: self.fsync, signer: self.signer.clone(), ..Options::default() };
        let writer =
            Writer::create(journal, &self.header(&limits), options).map_err(|source| RunError::Journal { source })?;
        let (ending, tracker) = (Arc::clone(&self.ending), Arc::clone(&self.tracker));
        let session = Arc::new(Session::new(self.id, limits.time, ending, tracker));
        let ledger = Arc::new(Ledger::new(Arc::clone(&session), writer, limits.journal_bytes));
        let gate = self.gate(&session, &ledger);
        let mut store = self.store(&gate, &limits, guard)?;
        store.data_mut().limiter.fewer_handles = fewer;
        let result = drive(&mut store, &self.tool, &self.invocation).await;
        let used = Usage::of(&store);
        let outcome = outcome(result, &store);
        // Requests that are still under way end here, and their outcomes are recorded.
        drop(store);
        gate.tasks.close();
        gate.tasks.wait().await;
        let held_back = gate.held_back();
        drop(gate);
        self.finish(&session, ledger, held_back, outcome, &used)
    }

    fn gate(&self, session: &Arc<Session>, ledger: &Arc<Ledger>) -> Arc<Gate> {
        let tool = ToolName { name: self.tool.name.clone(), digest: self.tool.sha256 };
        let (grants, approver) = (Arc::clone(&self.grants), Arc::clone(&self.approver));
        Arc::new(Gate::new(Arc::clone(session), grants, approver, Arc::clone(ledger), tool))
    }

    /// What the tool must not access. A run without directories reaches no files, so nothing is looked up.
    fn guard(&self) -> Result<Guard, RunError> {
        if self.grants.preopens().is_empty() {
            return Ok(Guard::default());
        }
        let mut own = self.grants.own_things().clone();
        own.extend(&self.tool.own);
        own.extend(&self.own);
        Guard::new(&own).map_err(|source| RunError::OwnThing { source })
    }

    fn store(&self, gate: &Arc<Gate>, limits: &Limits, guard: Guard) -> Result<Store<Host>, RunError> {
        let environment: Vec<(String, String)> = self.environment();
        let io = ToolIo {
            arguments: &self.arguments,
            environment: &environment,
            stdin: self.stdin.clone(),
            sink: Arc::clone(&self.sink),
        };
        let outbound = Outbound::new(&self.grants, Arc::clone(&self.resolver));
        let world = World::new(Arc::clone(gate), limits, io, outbound, guard);
        let outputs = Outputs::new(Arc::clone(&self.sink));
        let limiter = Limiter::new(usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX));
        let source = Record::new(Arc::clone(&gate.session), Arc::clone(&gate.ledger));
        let session = Arc::clone(&gate.session);
        let host = Host::new(session, Box::new(source), Some(Box::new(world)), outputs, limiter);
        store(&self.tool, host, limits.fuel, limits.handles).map_err(|source| RunError::Host { source })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let set = self.grants.policy().environment();
        set.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id()).field("tool", &self.tool).finish_non_exhaustive()
    }
}
