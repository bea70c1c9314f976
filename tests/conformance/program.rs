//! A program, and what came of running it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasm_agent_host::{Outcome, Tool};
use wasm_agent_tests::{Folder, Scene, Script, guests};

use crate::bare;
use crate::server::Server;
use crate::stage::{self, Folders};

/// The file of the guest.
pub const GUEST: &str = "conformance.wasm";

const ENVIRONMENT: [(&str, &str); 3] = [("EMPTY", ""), ("LANG", "C.UTF-8"), ("SPACES", " a = b ")];

/// One run to be compared.
pub struct Program {
    /// The name of its file, which is its first argument.
    pub name: String,
    /// The component, or the core module.
    pub bytes: Arc<[u8]>,
    /// The other arguments.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// What it finds.
    pub folders: Folders,
    /// What it reads.
    pub stdin: &'static str,
    /// The tables of its policy, besides files and environment.
    pub policy: String,
    /// Whether it prints its lines with their parts in random order, as of a hash map.
    pub shuffles: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Status(i32),
    /// By a trap.
    Trapped,
    /// By one of the host's limits, which the bare engine does not have.
    Limit(String),
}

/// What a run printed, and how it ended.
pub struct Ran {
    pub end: End,
    pub stdout: String,
    pub stderr: String,
}

/// What came of a run under the host.
pub struct Here {
    pub answers: Answers,
    /// The functions that it called, without versions.
    pub functions: BTreeSet<String>,
}

/// The answers of one run: case and answer, in order.
pub type Answers = Vec<(String, String)>;

impl Program {
    /// A program of the guest `conformance`.
    pub fn guest(arguments: &[&str]) -> Self {
        static BYTES: std::sync::OnceLock<Arc<[u8]>> = std::sync::OnceLock::new();
        let bytes = BYTES.get_or_init(|| std::fs::read(guests::path("conformance")).unwrap().into());
        Self {
            name: GUEST.to_owned(),
            bytes: Arc::clone(bytes),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: environment(),
            folders: Folders::Staged,
            stdin: "0123456789abcdef",
            policy: String::new(),
            shuffles: false,
        }
    }

    /// The same, with the server's address as its last argument, and every request to the server granted.
    pub fn with_server(mut self, server: &Server) -> Self {
        self.arguments.push(server.authority());
        self.policy = server.grant();
        self
    }

    /// Its name in the table: that of the file, or of the part of the guest.
    pub fn title(&self) -> String {
        let parts = self.arguments.iter().filter(|argument| !argument.contains(':')).map(String::as_str);
        if self.name == GUEST { parts.collect::<Vec<_>>().join(" ") } else { self.name.to_owned() }
    }

    /// Runs it under the bare engine, in a folder of its own.
    pub fn bare(&self) -> Answers {
        let folder = self.folders.make();
        self.answers(&bare::run(self, &folder), &folder)
    }

    /// Runs it under the host, with a policy that grants the same, and replays it.
    pub fn here(&self) -> Here {
        let folder = self.folders.make();
        let variables: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
        let variables = variables.join(", ");
        let policy = format!("{}[environment]\nset = {{ {variables} }}\n{}", self.folders.policy(), self.policy);
        let tool = if self.name == GUEST {
            guests::tool("conformance")
        } else {
            Tool::from_bytes(guests::engine(), self.name.as_ref(), &self.bytes, None).unwrap()
        };
        let arguments = self.arguments.iter().map(String::as_str);
        let run = Scene::tool(&folder, tool)
            .policy(policy)
            .arguments(arguments)
            .stdin(self.stdin)
            .approver(Script::approve())
            .run();
        let end = match run.outcome() {
            Outcome::Exited(status) => End::Status((*status).into()),
            Outcome::Trapped { .. } => End::Trapped,
            Outcome::Limit { which } => End::Limit(which.clone()),
            other => panic!("{other:?}"),
        };
        let functions = run.functions().iter().map(|name| unversioned(name)).collect();
        Here { answers: self.answers(&Ran { end, stdout: run.stdout, stderr: run.stderr }, &folder), functions }
    }

    /// Takes apart what was printed, and adds how the run ended and what is in its folders.
    fn answers(&self, ran: &Ran, folder: &Folder) -> Answers {
        let mut answers = Answers::new();
        let mut lines = 0;
        for line in ran.stdout.lines() {
            match line.split_once(" => ") {
                Some((case, answer)) => answers.push((case.to_owned(), answer.to_owned())),
                None => {
                    lines += 1;
                    let mut line: Vec<char> = line.chars().collect();
                    if self.shuffles {
                        line.sort_unstable();
                    }
                    let line = String::from_iter(line);
                    answers.push((format!("printed line {lines}"), format!("{line:?}")));
                }
            }
        }
        if ran.end != End::Trapped {
            answers.push(("standard error".to_owned(), format!("{:?}", ran.stderr)));
        }
        answers.push(("the end".to_owned(), format!("{:?}", ran.end)));
        for place in self.folders.mounts().iter().map(|mount| mount.host) {
            for (path, entry) in folder.snapshot(place) {
                answers.push((format!("left in {place}: {:?}", path.to_string_lossy()), stage::shown(&entry)));
            }
        }
        answers
    }
}

/// The environment of this project's programs.
pub fn environment() -> Vec<(String, String)> {
    ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The cases whose answers differ: under the bare engine, and here. A case that one of them does not have is `-`.
pub fn differences(bare: &Answers, here: &Answers) -> Vec<(String, String, String)> {
    let (bare, here) = (by_case(bare), by_case(here));
    let missing = "-".to_owned();
    let cases: BTreeSet<&String> = bare.keys().chain(here.keys()).collect();
    cases
        .into_iter()
        .map(|case| (case, bare.get(case).unwrap_or(&missing), here.get(case).unwrap_or(&missing)))
        .filter(|(_, bare, here)| bare != here)
        .map(|(case, bare, here)| (case.clone(), bare.clone(), here.clone()))
        .collect()
}

fn by_case(answers: &Answers) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (case, answer) in answers {
        let before = found.insert(case.clone(), answer.clone());
        assert!(before.is_none(), "two cases are called `{case}`");
    }
    found
}

/// `wasi:io/poll@0.2.12#poll` without its version.
fn unversioned(name: &str) -> String {
    let Some((interface, function)) = name.split_once('#') else { return name.to_owned() };
    format!("{}#{function}", interface.split('@').next().unwrap_or_default())
}
