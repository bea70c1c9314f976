//! One run of a tool: from what it is given to a report, with a journal of everything between.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wasm_agent_approval::{Approver, RefuseAll};
use wasm_agent_files::{Guard, OwnThings};
use wasm_agent_ids::{RunId, ToolDigest};
use wasm_agent_journal::{End, Fsync, Header, JournalStore, Options, RunResult, Signer, Summary, Writer};
use wasm_agent_policy::Limits;
use wasmtime::Store;

use crate::discreet;
use crate::error::{LoadError, RunError, chain};
use crate::execute::{Outcome, drive, outcome, store};
use crate::gate::{Gate, Host, Ledger, Session, ToolName, nanoseconds};
use crate::grants::Grants;
use crate::http::Outbound;
use crate::http::client::{Resolver, SystemResolver};
use crate::invoke::Invocation;
use crate::limits::Limiter;
use crate::output::{Discard, OutputSink, Outputs};
use crate::source::Record;
use crate::state::random;
use crate::tool::{Tool, hex};
use crate::world::{Given, World};

/// A run that is set up and not begun.
pub struct Run {
    tool: Tool,
    grants: Arc<Grants>,
    invocation: Invocation,
    arguments: Vec<String>,
    stdin: Vec<u8>,
    approver: Arc<dyn Approver>,
    sink: Arc<dyn OutputSink>,
    resolver: Arc<dyn Resolver>,
    fsync: Fsync,
    signer: Option<Arc<dyn Signer>>,
    own: OwnThings,
    id: RunId,
}

/// What became of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct RunReport {
    /// The run's identifier, in hexadecimal.
    pub run: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Host calls made.
    pub calls: u64,
    /// Those of them that the policy denied, by what was asked or by the addresses that it led to.
    pub denied: u64,
    /// Crossings from guest to host as the engine counts them, its own helpers among them.
    pub crossings: u64,
    /// Fuel used: about one unit for each instruction.
    pub fuel: u64,
    /// Time from start to end.
    pub elapsed: Duration,
    /// Part of it in which the run could only wait for answers.
    pub waited: Duration,
    /// Largest size of the tool's memory, in bytes.
    pub memory_high_bytes: u64,
    /// What the journal holds, and its last seal.
    pub journal: Summary,
}

impl Run {
    /// Sets a run up. It gets what `grants` give and nothing else.
    ///
    /// Defaults: the program name as only argument, empty standard input, output thrown away, no one to approve
    /// anything, no signer, an intent is synced to disk before an irreversible effect.
    ///
    /// # Errors
    ///
    /// When the policy pins another tool, or the machine has no randomness for an identifier.
    pub fn new(tool: &Tool, grants: Arc<Grants>, invocation: Invocation) -> Result<Self, LoadError> {
        if let Some(expected) = grants.policy().tool_sha256()
            && expected != tool.sha256
        {
            return Err(LoadError::Pin { path: tool.name().into(), expected: hex(&expected), found: tool.sha256() });
        }
        let id = RunId::from_bytes(random().map_err(|source| LoadError::Random { source })?.to_le_bytes());
        Ok(Self {
            tool: tool.clone(),
            grants,
            invocation,
            arguments: vec![tool.name().to_owned()],
            stdin: Vec::new(),
            approver: Arc::new(RefuseAll),
            sink: Arc::new(Discard),
            resolver: Arc::new(SystemResolver),
            fsync: Fsync::default(),
            signer: None,
            own: OwnThings::new(),
            id,
        })
    }

    /// The run's identifier, in hexadecimal.
    pub fn id(&self) -> String {
        self.id.to_string()
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
        self.stdin = contents;
        self
    }

    /// Who is asked for approvals.
    #[must_use]
    pub fn approver(mut self, approver: Arc<dyn Approver>) -> Self {
        self.approver = approver;
        self
    }

    /// Who gets what the tool prints.
    #[must_use]
    pub fn output(mut self, sink: Arc<dyn OutputSink>) -> Self {
        self.sink = sink;
        self
    }

    /// Who turns names into addresses. The addresses are checked whatever it answers.
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

    /// Who signs every seal of the journal. A signature that can't be had ends the run.
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// What belongs to the host besides what the grants and the tool name: the journal's file, above all.
    #[must_use]
    pub fn keeping(mut self, things: &OwnThings) -> Self {
        self.own.extend(things);
        self
    }

    /// Runs the tool to its end, on this thread. `journal` is empty and gets the record.
    ///
    /// Nothing of it is left to another run: what an approver or a resolver starts in the run's event loop ends with
    /// it.
    ///
    /// # Authority
    ///
    /// Does what the grants allow. Reads the clock. Starts a thread that writes the journal.
    ///
    /// # Errors
    ///
    /// When the journal can't be written or the host fails. What the tool does is no error: see [`RunReport::outcome`].
    pub fn execute(self, journal: impl JournalStore + 'static) -> Result<RunReport, RunError> {
        let _discreet = self.grants.has_secrets().then(discreet::keep);
        let limits = self.grants.policy().limits().clone();
        let guard = self.guard()?;
        let options = Options { fsync: self.fsync, signer: self.signer.clone(), ..Options::default() };
        let writer = Writer::create(journal, &self.header(&limits), options)
            .map_err(|error| RunError::Journal { message: chain(&error) })?;
        let session = Arc::new(Session::new(self.id, limits.time));
        let ledger = Arc::new(Ledger::new(Arc::clone(&session), writer, limits.journal_bytes));
        let gate = self.gate(&session, &ledger);
        let event_loops = self.tool.engine.event_loops();
        let event_loop = event_loops.begin()?;
        let mut store = self.store(&gate, &limits, guard)?;
        let result = event_loop.block_on(drive(&mut store, &self.tool, &self.invocation));
        let used = Used::of(&store);
        let outcome = outcome(result, &store);
        // What is still under way ends here, and says so in the journal.
        drop(store);
        event_loops.end(event_loop);
        let denied = gate.denied();
        drop(gate);
        self.finish(&session, ledger, denied, outcome, &used)
    }

    fn gate(&self, session: &Arc<Session>, ledger: &Arc<Ledger>) -> Arc<Gate> {
        let tool = ToolName { name: self.tool.name.clone(), digest: ToolDigest::from_bytes(self.tool.sha256) };
        let (grants, approver) = (Arc::clone(&self.grants), Arc::clone(&self.approver));
        Arc::new(Gate::new(Arc::clone(session), grants, approver, Arc::clone(ledger), tool))
    }

    /// What the tool is kept from. A run that has no directory reaches nothing, and looks for nothing.
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
        let given = Given {
            arguments: &self.arguments,
            environment: &environment,
            stdin: self.stdin.clone(),
            sink: Arc::clone(&self.sink),
        };
        let outbound = Outbound::new(&self.grants, Arc::clone(&self.resolver));
        let world = World::new(Arc::clone(gate), limits, given, outbound, guard);
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

    fn header(&self, limits: &Limits) -> Header {
        let policy = self.grants.policy();
        #[expect(clippy::disallowed_methods, reason = "says in the journal when the run began; no guest sees it")]
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Header {
            run_id: self.id,
            component_sha256: ToolDigest::from_bytes(self.tool.sha256),
            component_name: self.tool.name.clone(),
            policy_text: policy.text().to_owned(),
            policy_digest: *policy.digest(),
            arguments: self.arguments.clone(),
            environment: self.environment(),
            invocation: self.invocation.to_record(),
            limits: recorded_limits(limits),
            engine: self.tool.engine.fingerprint().to_owned(),
            started_ns: nanoseconds(started),
            parent: None,
            approver: self.approver.name(),
            signed_by: self.signer.as_ref().map(|signer| signer.public_key()),
            redaction: None,
        }
    }

    fn finish(
        &self,
        session: &Session,
        ledger: Arc<Ledger>,
        denied: u64,
        outcome: Result<Outcome, RunError>,
        used: &Used,
    ) -> Result<RunReport, RunError> {
        let waited = session.clock.waited();
        let elapsed = session.clock.elapsed();
        let end = End {
            result: outcome
                .as_ref()
                .map_or_else(|error| RunResult::HostFailed { message: chain(error) }, Outcome::to_record),
            at_ns: nanoseconds(elapsed),
            fuel: used.fuel,
            calls: used.calls,
            waited_ns: nanoseconds(waited),
            memory_high_bytes: used.memory_high_bytes,
        };
        let lost = || RunError::Journal { message: "a task of the run still holds it".to_owned() };
        let writer = Arc::into_inner(ledger).map(Ledger::into_journal).ok_or_else(lost)?;
        let journal = writer.finish(&end).map_err(|error| RunError::Journal { message: chain(&error) });
        // A journal that failed earlier is reported as the reason of the run's end, not as one that can't be finished.
        let outcome = outcome?;
        Ok(RunReport {
            run: self.id.to_string(),
            outcome,
            calls: used.calls,
            denied,
            crossings: used.crossings,
            fuel: used.fuel,
            elapsed,
            waited,
            memory_high_bytes: used.memory_high_bytes,
            journal: journal?,
        })
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id()).field("tool", &self.tool).finish_non_exhaustive()
    }
}

/// What a run used up.
pub(crate) struct Used {
    pub(crate) calls: u64,
    pub(crate) crossings: u64,
    pub(crate) fuel: u64,
    pub(crate) memory_high_bytes: u64,
}

impl Used {
    pub(crate) fn of(store: &Store<Host>) -> Self {
        let host = store.data();
        Self {
            calls: host.calls(),
            crossings: host.meter.crossings,
            fuel: crate::execute::fuel_used(store),
            memory_high_bytes: u64::try_from(host.limiter.memory_bytes_high()).unwrap_or(u64::MAX),
        }
    }
}

/// Limits as a journal names them.
fn recorded_limits(limits: &Limits) -> Vec<(String, u64)> {
    let mut recorded = vec![
        ("memory-bytes".to_owned(), limits.memory_bytes),
        ("time-ns".to_owned(), nanoseconds(limits.time)),
        ("request-body-bytes".to_owned(), limits.request_body_bytes),
        ("response-body-bytes".to_owned(), limits.response_body_bytes),
        ("output-bytes".to_owned(), limits.output_bytes),
        ("journal-bytes".to_owned(), limits.journal_bytes),
        ("handles".to_owned(), limits.handles.into()),
        ("http-requests".to_owned(), limits.http_requests.into()),
    ];
    recorded.extend(limits.fuel.map(|fuel| ("fuel".to_owned(), fuel)));
    recorded
}
