//! What the benchmarks work on: policies of any size, and journals in memory.

use std::fmt::Write as _;
use std::io;

use wasm_agent_journal::testing::Memory;
use wasm_agent_journal::{
    CallEvent, Encoded, End, FunctionId, Header, Invocation, JournalStore, Keep, Options, RunResult, Writer,
};
use wasm_agent_policy::{Action, GuestPath, HttpAction, Method, Policy, Url};

/// A policy with `grants` filesystem grants and as many HTTP grants. Half of the latter share one host.
pub fn policy(grants: usize) -> Policy {
    let mut text = "version = 1\n".to_owned();
    for number in 0..grants {
        let host = host(number);
        write!(
            text,
            r#"
[[filesystem]]
host = "./d{number}"
guest = "/work/d{number}"
access = "write"
deny = ["**/.git/**"]

[[http]]
url = "https://{host}/repos/r{number}/**"
methods = ["GET", "HEAD"]
"#
        )
        .unwrap();
    }
    Policy::parse(&text).unwrap()
}

/// How many actions a decision is measured with: enough to defeat branch prediction.
const ACTIONS: usize = 256;

/// Reads of files with short and long names, in granted directories and some folders below them.
pub fn file_actions(grants: usize) -> Vec<Action> {
    let folders = ["", "src/", "src/parse/", "docs/notes/2026/", "target/debug/deps/"];
    let names = ["a", "tokens.rs", "README.md", "main.py", "index.html", "a-file-with-a-rather-long-name.tar.gz"];
    spread(grants)
        .map(|(number, grant)| {
            let (folder, name) = (folders[number % folders.len()], names[number % names.len()]);
            Action::FileRead { path: GuestPath::parse(&format!("/work/d{grant}/{folder}{name}")).unwrap() }
        })
        .collect()
}

/// Requests to the host that half of the grants share, and to the hosts of the others.
pub fn http_actions(grants: usize) -> Vec<Action> {
    let paths = ["issues", "issues?state=open", "pulls/17/files", "contents/src/parse/tokens.rs?ref=main"];
    spread(grants)
        .map(|(number, grant)| {
            let host = host(grant);
            let url = format!("https://{host}/repos/r{grant}/{}", paths[number % paths.len()]);
            Action::HttpRequest(Box::new(HttpAction {
                method: Method::parse("GET").unwrap(),
                url: Url::parse_str(&url).unwrap(),
                headers: vec![("accept".to_owned(), b"application/json".to_vec())],
                body: None,
                secrets: Vec::new(),
            }))
        })
        .collect()
}

/// Pairs of an action's number and a grant's, in an order that a processor can't predict.
fn spread(grants: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..ACTIONS).map(move |number| (number, number * 7919 % grants))
}

fn host(grant: usize) -> String {
    if grant.is_multiple_of(2) { "api.example.com".to_owned() } else { format!("h{grant}.example.com") }
}

/// A store that discards everything.
pub struct Nowhere;

impl JournalStore for Nowhere {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer, and the id of the function that its calls name.
pub fn writer(store: impl JournalStore + 'static) -> (Writer, FunctionId) {
    let header = Header {
        invocation: Invocation::Call { export: "run".to_owned(), arguments: String::new() },
        environment: Vec::new(),
        limits: Vec::new(),
        ..Header::sample()
    };
    let writer = Writer::create(store, &header, Options::default()).unwrap();
    let function = writer.intern("wasi:clocks/monotonic-clock#now", &[]).unwrap();
    (writer, function)
}

/// Records a reading of the clock.
pub fn hand_over(writer: &Writer, function: FunctionId, number: u64, arguments: &Encoded, outcome: &Encoded) {
    let event = CallEvent {
        function,
        at_ns: number * 150,
        duration_ns: 40,
        fuel: number * 90,
        arguments,
        outcome,
        decision: None,
    };
    writer.call(&event).unwrap();
}

/// Arguments and outcome of a reading of the clock.
pub fn clock() -> (Encoded, Encoded) {
    let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
    arguments.array(0);
    outcome.array(2).u64(0).u64(1_234_567_890_123);
    (arguments, outcome)
}

/// A finished journal of at least `bytes` bytes. Its calls are readings of the clock or, with `blob_bytes`, reads with
/// contents of that size.
pub fn journal(bytes: usize, blob_bytes: Option<usize>) -> Vec<u8> {
    let store = Memory::default();
    let (writer, function) = writer(store.clone());
    let (arguments, mut outcome) = clock();
    let mut calls = 0;
    while store.length() < bytes {
        for _ in 0..64 {
            if let Some(size) = blob_bytes {
                let mut contents = vec![0; size];
                blake3::Hasher::new().update(&u64::to_le_bytes(calls)).finalize_xof().fill(&mut contents);
                outcome.clear();
                outcome.array(2).u64(0).payload(contents, Keep::Contents);
            }
            hand_over(&writer, function, calls, &arguments, &outcome);
            calls += 1;
        }
    }
    let result = RunResult::Exited { code: 0 };
    let end = End { result, at_ns: calls * 150, fuel: calls * 90, calls, waited_ns: 0, memory_high_bytes: 1 << 20 };
    writer.finish(&end).unwrap();
    store.bytes()
}
