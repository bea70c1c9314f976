//! How fast journals are verified and read: `cargo run --release -p wasm-agent-journal --example speed [CALLS]`.
//!
//! Writes journals into memory, of the smallest records there are and of larger ones, and goes through each a few times.
//! The best time counts: what else the machine does only ever adds to it.

#![expect(clippy::disallowed_methods, reason = "an example is a program of its own")]
#![expect(clippy::print_stdout, reason = "an example prints what it measures")]

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Cursor};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasm_agent_journal::{
    CallEvent, DecisionRecord, Encoded, Header, Invocation, JournalStore, Keep, Options, Reader, Verdict, Writer,
    verify,
};

/// Times that each journal is gone through.
const ROUNDS: usize = 5;

/// A journal in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl JournalStore for Memory {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the calls of a journal are like.
#[derive(Clone, Copy)]
enum Calls {
    Clock,
    File,
    Payload,
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls = std::env::args().nth(1).map_or(Ok(300_000), |calls| calls.parse())?;
    for (name, kind, calls) in
        [("clock", Calls::Clock, calls), ("file", Calls::File, calls), ("64 KiB", Calls::Payload, calls / 1000)]
    {
        let journal = write(kind, calls)?;
        let verified = best(|| {
            black_box(verify(Cursor::new(&journal))?);
            Ok(())
        })?;
        let read = best(|| {
            let mut reader = Reader::open(Cursor::new(&journal))?;
            while let Some(record) = reader.next()? {
                black_box(record);
            }
            Ok(())
        })?;
        let bytes = u64::try_from(journal.len())?;
        println!(
            "{name:>7}: {:>4} bytes a call; verify {:>5} MB/s, {:>4} ns a call; read {:>5} MB/s, {:>4} ns a call",
            bytes / calls,
            rate(bytes, verified),
            per(verified, calls),
            rate(bytes, read),
            per(read, calls),
        );
    }
    Ok(())
}

fn best(mut run: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}

/// Bytes a microsecond, which are megabytes a second.
fn rate(bytes: u64, time: Duration) -> u128 {
    u128::from(bytes) / time.as_micros().max(1)
}

fn per(time: Duration, calls: u64) -> u128 {
    time.as_nanos() / u128::from(calls.max(1))
}

fn write(kind: Calls, calls: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), Options { seal_interval: None, ..Options::default() })?;
    let now = writer.intern("wasi:clocks/monotonic-clock#now", &[])?;
    let open = writer.intern("wasi:filesystem/types#[method]descriptor.open-at", &["self", "path"])?;
    let grant = Some("filesystem grant `/notes` (line 6)".into());
    let allow = DecisionRecord { verdict: Verdict::Allow, grant, reason: None, action: None };
    let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
    for number in 0..calls {
        arguments.clear();
        outcome.clear();
        let (function, decision) = match kind {
            Calls::Clock => {
                arguments.array(0);
                outcome.array(2).u64(0).u64(1_234_567_890 + number * 2_500);
                (now, None)
            }
            Calls::File => {
                arguments.array(5).u64(3).u64(1).str("notes/2026/11/aa.txt").u64(0).u64(3);
                outcome.array(2).u64(0).u64(number);
                (open, Some(&allow))
            }
            Calls::Payload => {
                arguments.array(0);
                let mut contents = vec![0xa5; 64 << 10];
                contents.extend_from_slice(&number.to_le_bytes());
                outcome.array(2).u64(0).payload(contents, Keep::Contents);
                (open, Some(&allow))
            }
        };
        writer.call(&CallEvent {
            function,
            at_ns: number * 2_500,
            duration_ns: 900,
            fuel: number * 70_000,
            arguments: &arguments,
            outcome: &outcome,
            decision,
        })?;
    }
    drop(writer);
    let journal = store.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(journal)
}

fn header() -> Header {
    Header {
        run_id: wasm_agent_ids::RunId::from_bytes([0; 16]),
        component_sha256: wasm_agent_ids::ToolDigest::from_bytes([0; 32]),
        component_name: "tool.wasm".to_owned(),
        policy_text: "version = 1".to_owned(),
        policy_digest: wasm_agent_ids::PolicyDigest::from_bytes([0; 32]),
        arguments: Vec::new(),
        environment: Vec::new(),
        invocation: Invocation::Command,
        limits: Vec::new(),
        engine: String::new(),
        started_ns: 0,
        parent: None,
        approver: "refuse".to_owned(),
        signed_by: None,
        redaction: None,
    }
}
