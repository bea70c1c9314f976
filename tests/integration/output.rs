//! What a tool prints goes to whoever listens, and whoever stops listening breaks nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_agent_host::journal::{Event, Reader};
use wasm_agent_host::{Capture, OutputSink, Stream};
use wasm_agent_tests::recorded::replay;
use wasm_agent_tests::store::Memory;
use wasm_agent_tests::{Folder, Scene, guests, wat};

/// Takes one write, then is gone, as a pipe into `head` is.
#[derive(Default)]
struct Gone(AtomicUsize);

impl OutputSink for Gone {
    fn write(&self, _: Stream, _: &[u8]) -> io::Result<()> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}

#[test]
fn listener_that_goes_away_is_a_closed_stream_and_the_run_goes_on() {
    let folder = Folder::new();
    let tool = guests::from_text("cat.wasm", &wat::preview1_cat());
    let store = Memory::default();
    let sink = Arc::new(Gone::default());
    let run = Scene::tool(&folder, tool.clone()).stdin(vec![b'x'; 20_000]).set_up().unwrap().output(sink.clone());
    let report = run.execute_blocking(store.clone()).unwrap();
    assert_eq!(report.outcome, wasm_agent_host::Outcome::Exited(0));
    assert_eq!(sink.0.load(Ordering::SeqCst), 2);
    let mut reader = Reader::open(io::Cursor::new(store.bytes())).unwrap();
    let records = std::iter::from_fn(|| reader.next().unwrap());
    let outcomes = records.filter_map(|record| match record.event {
        Event::Call(call) if call.function.name.contains("output-stream") => Some(call.outcome.to_vec()),
        _ => None,
    });
    // The code of an error, and `closed`.
    assert_eq!(outcomes.filter(|outcome| outcome == b"\x82\x01\xf6").count(), 1);
    let again = replay(&store.bytes(), &tool, &Arc::new(Capture::default())).unwrap();
    assert_eq!(again.outcome, report.outcome);
}

#[test]
fn tool_that_prints_for_nobody_is_stopped() {
    let folder = Folder::new();
    let print = wat::preview1_print("x").replace("(drop (call", "(loop $again (drop (call");
    let endless = print.replace("(i32.const 8)))))", "(i32.const 8))) (br $again))))");
    let tool = guests::from_text("endless.wasm", &endless);
    let store = Memory::default();
    let run = Scene::tool(&folder, tool.clone()).set_up().unwrap().output(Arc::new(Gone::default()));
    let report = run.execute_blocking(store.clone()).unwrap();
    let reason = "nobody reads standard output any more".to_owned();
    assert_eq!(report.outcome, wasm_agent_host::Outcome::Cancelled { reason });
    assert_eq!(replay(&store.bytes(), &tool, &Arc::new(Capture::default())).unwrap().outcome, report.outcome);
}

#[test]
fn output_is_the_tools_own_bytes() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let tool = guests::from_text("cat.wasm", &wat::preview1_cat());
    let store = Memory::default();
    let attempt = Scene::tool(&folder, tool.clone()).stdin(bytes.clone()).attempt(&store);
    attempt.report.unwrap();
    assert_eq!(attempt.output.contents(Stream::Stdout), bytes);
    let again = Arc::new(Capture::default());
    replay(&store.bytes(), &tool, &again).unwrap();
    assert_eq!(again.contents(Stream::Stdout), bytes);
}
