//! A run that a test describes: tool, policy, files, answers. Runs it and checks what must hold of every run.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasm_agent_host::approval::{Approver, RefuseAll};
use wasm_agent_host::egress::{Resolver, SystemResolver};
use wasm_agent_host::journal::{Fsync, Signer};
use wasm_agent_host::{Capture, Grants, Invocation, LoadError, OwnThings, Run, RunError, RunReport, Stream, Tool};

use crate::recorded::Recorded;
use crate::store::Memory;
use crate::{Folder, guests};

/// The description of one run.
pub struct Scene<'f> {
    folder: &'f Folder,
    tool: Tool,
    policy: Option<String>,
    call: Call,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: Vec<u8>,
    approver: Arc<dyn Approver>,
    resolver: Arc<dyn Resolver>,
    fsync: Fsync,
    signer: Option<Arc<dyn Signer>>,
    own: OwnThings,
}

enum Call {
    Command,
    Wave(String),
    Json { export: String, arguments: String },
}

/// What a run left behind, however it ended.
#[derive(Debug)]
pub struct Attempt {
    /// The report, or why there is none.
    pub report: Result<RunReport, RunError>,
    /// The journal's bytes.
    pub journal: Vec<u8>,
    /// What the tool printed.
    pub output: Arc<Capture>,
}

impl<'f> Scene<'f> {
    /// A guest that `cargo xtask guests` builds, in a folder.
    pub fn guest(folder: &'f Folder, name: &str) -> Self {
        Self::tool(folder, guests::tool(name))
    }

    /// Any tool, in a folder. By default nothing is granted, and nobody answers.
    pub fn tool(folder: &'f Folder, tool: Tool) -> Self {
        Self {
            folder,
            tool,
            policy: None,
            call: Call::Command,
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            stdin: Vec::new(),
            approver: Arc::new(RefuseAll),
            resolver: Arc::new(SystemResolver),
            fsync: Fsync::default(),
            signer: None,
            own: OwnThings::new(),
        }
    }

    /// The policy, without its first line. Paths in it are relative to the folder.
    #[must_use]
    pub fn policy(mut self, text: impl AsRef<str>) -> Self {
        self.policy = Some(format!("version = 1\n{}", text.as_ref()));
        self
    }

    /// The policy of an example tool as it is in the project, with some of its text replaced.
    #[must_use]
    pub fn policy_of(mut self, guest: &str, replace: &[(&str, &str)]) -> Self {
        let path = guests::root().join("guest-tools").join(guest).join("policy.toml");
        let mut text = std::fs::read_to_string(path).unwrap();
        for (from, to) in replace {
            assert!(text.contains(from), "the policy of `{guest}` does not have `{from}`");
            text = text.replace(from, to);
        }
        self.policy = Some(text);
        self
    }

    /// Arguments after the program's name.
    #[must_use]
    pub fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments = arguments.into_iter().map(str::to_owned).collect();
        self
    }

    /// Calls a typed export, in WAVE syntax.
    #[must_use]
    pub fn call(mut self, wave: &str) -> Self {
        self.call = Call::Wave(wave.to_owned());
        self
    }

    /// Calls a typed export with arguments in JSON.
    #[must_use]
    pub fn call_json(mut self, export: &str, arguments: &str) -> Self {
        self.call = Call::Json { export: export.to_owned(), arguments: arguments.to_owned() };
        self
    }

    /// A variable of the operator's environment, from which secrets are read.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What the tool reads from standard input.
    #[must_use]
    pub fn stdin(mut self, contents: impl Into<Vec<u8>>) -> Self {
        self.stdin = contents.into();
        self
    }

    /// The approver.
    #[must_use]
    pub fn approver(mut self, approver: Arc<dyn Approver>) -> Self {
        self.approver = approver;
        self
    }

    /// The resolver of names.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// When the journal is synced.
    #[must_use]
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// The signer of the journal's seals.
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The host's own things, besides the policy and the files that it names.
    #[must_use]
    pub fn keeping(mut self, own: &OwnThings) -> Self {
        self.own.extend(own);
        self
    }

    /// Loads the policy and checks the call, without running anything.
    ///
    /// # Errors
    ///
    /// The error that an operator would get.
    pub fn set_up(self) -> Result<Run, LoadError> {
        let invocation = match &self.call {
            Call::Command => Invocation::command(&self.tool)?,
            Call::Wave(text) => Invocation::parse(&self.tool, text)?,
            Call::Json { export, arguments } => Invocation::from_json(&self.tool, export, arguments)?,
        };
        let grants = match &self.policy {
            None => Grants::none(),
            Some(text) => {
                self.folder.write("policy.toml", text);
                Grants::load(&self.folder.path("policy.toml"), &|name| self.environment.get(name).cloned())?
            }
        };
        let grants = grants.keeping(&self.own)?;
        let run = Run::new(&self.tool, Arc::new(grants), invocation)?;
        let run = run
            .arguments(self.arguments)
            .stdin(self.stdin)
            .approver(self.approver)
            .resolver(self.resolver)
            .fsync(self.fsync);
        Ok(match self.signer {
            Some(signer) => run.signer(signer),
            None => run,
        })
    }

    /// Runs it with its journal in `store`. Nothing is checked.
    pub fn attempt(self, store: &Memory) -> Attempt {
        let output = Arc::new(Capture::default());
        let run = self.set_up().unwrap().output(output.clone());
        let report = run.execute_blocking(store.clone());
        Attempt { report, journal: store.bytes(), output }
    }

    /// Runs it, checks what must hold of every run, and replays it without its folder.
    pub fn run(self) -> Recorded {
        let (folder, tool) = (self.folder, self.tool.clone());
        let attempt = self.attempt(&Memory::default());
        let text = |stream| String::from_utf8_lossy(&attempt.output.contents(stream)).into_owned();
        let recorded =
            Recorded::new(tool, attempt.report.unwrap(), attempt.journal, text(Stream::Stdout), text(Stream::Stderr));
        crate::invariants::assert_hold(&recorded);
        folder.hidden(|| recorded.replays_identically());
        recorded
    }
}
