//! Stores that fail: the n-th write or sync, for every n.

use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use wasm_agent_journal::{
    CallEvent, DecisionRecord, Encoded, Event, Fsync, JournalError, JournalStore, Keep, Note, Options, ReadError,
    Verdict, Writer, format, verify,
};

use crate::support::{Memory, Taken, call, contents, decision, end, header, intent, options, records, write_sample};

#[test]
fn reports_every_failed_write_and_sync_and_leaves_a_readable_journal() {
    for fsync in [Fsync::Effects, Fsync::All, Fsync::None] {
        let options = Options { fsync, ..options() };
        let sound = Memory::default();
        write_sample(sound.clone(), options.clone()).unwrap();
        let mut failed = 0;
        for operation in 0.. {
            let store = Memory::failing_at(operation, Taken::Half);
            if write_sample(store.clone(), options.clone()).is_ok() {
                break;
            }
            failed += 1;
            let bytes = store.bytes();
            assert!(sound.bytes().starts_with(&bytes), "operation {operation}");
            match verify(Cursor::new(bytes.as_slice())) {
                // The last sync may fail under a whole file.
                Ok(verified) => assert!(!verified.complete || *bytes == *sound.bytes(), "operation {operation}"),
                Err(error) => assert!(matches!(error, ReadError::NoHeader { .. }), "operation {operation}: {error}"),
            }
        }
        // Header, request, intent and end are each waited for; a thread of the pool may write in between.
        let least = match fsync {
            Fsync::Effects => 6,
            Fsync::All => 9,
            Fsync::None => 4,
        };
        assert!(failed >= least, "{fsync:?}: {failed}");
    }
}

#[test]
fn acknowledges_no_intent_that_did_not_reach_the_store() {
    const INTENTS: u64 = 6;
    for operation in 0.. {
        let store = Memory::failing_at(operation, Taken::Half);
        let mut acknowledged = Vec::new();
        let mut sound = false;
        if let Ok(writer) = Writer::create(store.clone(), &header(), options()) {
            let mut failed = false;
            for effect in 0..INTENTS {
                let irreversible = effect % 2 == 0;
                match writer.intent(&intent(effect, irreversible)) {
                    Ok(()) => {
                        assert!(!failed, "operation {operation}: a failed journal took intent {effect}");
                        acknowledged.push(effect);
                        let length = store.length();
                        assert!(!irreversible || store.synced() == length, "operation {operation}");
                    }
                    Err(_) => failed = true,
                }
            }
            sound = writer.finish(&end()).is_ok();
            assert!(!(sound && failed));
        }
        let bytes = store.bytes();
        let written: Vec<u64> = records(&bytes)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|record| if let Event::Intent(intent) = record.event { Some(intent.effect.0) } else { None })
            .collect();
        assert!(written.starts_with(&acknowledged), "operation {operation}: {written:?}, {acknowledged:?}");
        if sound {
            assert!(operation > INTENTS);
            break;
        }
    }
}

#[test]
fn returns_the_first_error_from_every_later_call() {
    let store = Memory::failing_at(1, Taken::Half);
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    assert!(matches!(writer.intent(&intent(0, true)), Err(JournalError::Write { .. })));
    let length = store.bytes().len();
    let operations = store.operations();
    let note = Note { at_ns: 0, name: "intent".to_owned(), text: String::new() };
    assert!(matches!(writer.note(&note), Err(JournalError::Write { .. })));
    assert!(matches!(writer.intent(&intent(1, true)), Err(JournalError::Write { .. })));
    assert!(matches!(writer.intern("a#b", &[]), Err(JournalError::Write { .. })));
    assert!(matches!(writer.finish(&end()), Err(JournalError::Write { .. })));
    assert_eq!((store.bytes().len(), store.operations()), (length, operations));
}

/// Whether everything written so far is synced.
fn is_synced(store: &Memory) -> bool {
    store.synced() == store.length()
}

#[test]
fn syncs_as_often_as_the_mode_asks() {
    for (fsync, irreversible, expected) in [
        (Fsync::Effects, true, [false, true, true]),
        (Fsync::Effects, false, [false, false, false]),
        (Fsync::All, false, [true, true, true]),
        (Fsync::None, true, [false, false, false]),
    ] {
        let store = Memory::default();
        let writer = Writer::create(store.clone(), &header(), Options { fsync, ..options() }).unwrap();
        let begun = is_synced(&store);
        writer.intent(&intent(0, irreversible)).unwrap();
        let announced = is_synced(&store);
        writer.finish(&end()).unwrap();
        assert_eq!([begun, announced, is_synced(&store)], expected, "{fsync:?}, irreversible: {irreversible}");
    }
}

#[test]
fn refuses_what_no_reader_would_take() {
    let writer = Writer::create(Memory::default(), &header(), options()).unwrap();
    let function = writer.intern("a#b", &["c"]).unwrap();
    assert_eq!(writer.intern("a#b", &["c"]).unwrap(), function);
    let nothing = Encoded::nothing();
    let mut short = Encoded::new();
    short.array(2).u64(1);
    let mut long = Encoded::new();
    long.u64(1).u64(2);
    let mut deep = Encoded::new();
    for _ in 0..100 {
        deep.array(1);
    }
    deep.null();
    for item in [&Encoded::new(), &short, &long, &deep] {
        let refused = writer.call(&call(function, item, &nothing));
        assert!(matches!(refused, Err(JournalError::NotAnItem { what: "arguments" })));
        let refused = writer.call(&call(function, &nothing, item));
        assert!(matches!(refused, Err(JournalError::NotAnItem { what: "outcome" })));
    }
    for action in [vec![], vec![0x82, 1], vec![1, 2], vec![0x9f, 0xff], vec![0xff]] {
        let mut intent = intent(0, true);
        intent.action = action.clone();
        assert!(matches!(writer.intent(&intent), Err(JournalError::NotAnItem { what: "action" })));
        let deny = DecisionRecord { action: Some(action), ..decision(Verdict::Deny) };
        let refused = writer.call(&CallEvent { decision: Some(&deny), ..call(function, &nothing, &nothing) });
        assert!(matches!(refused, Err(JournalError::NotAnItem { what: "action" })));
    }
    assert!(matches!(writer.intern(&"n".repeat(257), &[]), Err(JournalError::TooLarge { .. })));
    // None of that reached the file, and the journal goes on.
    writer.finish(&end()).unwrap();
}

#[test]
fn ends_at_a_payload_that_is_too_large_and_keeps_what_came_before() {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    let function = writer.intern("a#b", &[]).unwrap();
    let nothing = Encoded::nothing();
    let mut large = Encoded::new();
    large.payload(vec![0; format::BLOB_BYTES_MAX + 1], Keep::Contents);
    writer.call(&call(function, &nothing, &nothing)).unwrap();
    writer.call(&call(function, &nothing, &large)).unwrap();
    assert!(matches!(writer.finish(&end()), Err(JournalError::TooLarge { what: "a payload", .. })));
    let calls = records(&store.bytes()).unwrap().into_iter().filter(|record| matches!(record.event, Event::Call(_)));
    assert_eq!(calls.count(), 1);
}

/// A store that takes nothing until as many calls were handed over as the queue has room for.
struct Reluctant {
    store: Memory,
    handed_over: Arc<(Mutex<u64>, Condvar)>,
    wanted: u64,
}

impl JournalStore for Reluctant {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if !self.store.bytes().is_empty() {
            let (count, changed) = &*self.handed_over;
            drop(changed.wait_while(count.lock().unwrap(), |count| *count < self.wanted).unwrap());
        }
        self.store.write_all(bytes)
    }

    fn sync_data(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn makes_the_guest_wait_rather_than_hold_more_than_the_queue() {
    const QUEUE_BYTES: usize = 1 << 20;
    const PAYLOAD_BYTES: usize = 10_000;
    let store = Memory::default();
    let handed_over = Arc::new((Mutex::new(0), Condvar::new()));
    let wanted = u64::try_from(QUEUE_BYTES / 2 / PAYLOAD_BYTES).unwrap() - 2;
    let reluctant = Reluctant { store: store.clone(), handed_over: Arc::clone(&handed_over), wanted };
    let options = Options { queue_bytes: QUEUE_BYTES, ..options() };
    let writer = Writer::create(reluctant, &header(), options).unwrap();
    let function = writer.intern("a#b", &[]).unwrap();
    let nothing = Encoded::nothing();
    let unique = AtomicU64::new(0);
    for _ in 0..1000 {
        let mut payload = contents(PAYLOAD_BYTES);
        payload[..8].copy_from_slice(&unique.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        let mut outcome = Encoded::new();
        outcome.payload(payload, Keep::Contents);
        writer.call(&call(function, &nothing, &outcome)).unwrap();
        *handed_over.0.lock().unwrap() += 1;
        handed_over.1.notify_all();
    }
    let summary = writer.finish(&end()).unwrap();
    assert!(summary.queued_bytes_high <= QUEUE_BYTES / 2);
    assert!(summary.bytes > 10_000_000);
    assert!(verify(Cursor::new(store.bytes().as_slice())).unwrap().complete);
}

/// A store that panics once the header is written.
struct Panicking(Memory);

impl JournalStore for Panicking {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        assert!(self.0.bytes().is_empty(), "this store panics");
        self.0.write_all(bytes)
    }

    fn sync_data(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn fails_rather_than_waits_for_a_store_that_panicked() {
    let writer = Writer::create(Panicking(Memory::default()), &header(), options()).unwrap();
    let note = Note { at_ns: 0, name: "intent".to_owned(), text: "x".repeat(1000) };
    let error = loop {
        if let Err(error) = writer.note(&note) {
            break error;
        }
    };
    assert!(matches!(error, JournalError::StorePanicked));
    assert!(matches!(writer.finish(&end()), Err(JournalError::StorePanicked)));
    // The guest's own thread writes an intent, and gets an error rather than the panic.
    let writer = Writer::create(Panicking(Memory::default()), &header(), options()).unwrap();
    assert!(matches!(writer.intent(&intent(0, true)), Err(JournalError::StorePanicked)));
    assert!(matches!(writer.note(&note), Err(JournalError::StorePanicked)));
}

/// A store that tells when it was written to.
#[derive(Clone, Default)]
struct Telling {
    store: Memory,
    written: Arc<(Mutex<()>, Condvar)>,
}

impl JournalStore for Telling {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let _turn = self.written.0.lock().unwrap();
        self.written.1.notify_all();
        self.store.write_all(bytes)
    }

    fn sync_data(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn seals_an_idle_run_once_the_interval_is_over() {
    let store = Telling::default();
    // Longer than records are left to gather, so that the seal is a write of its own.
    let options = Options { seal_interval: Some(Duration::from_millis(30)), ..options() };
    let writer = Writer::create(store.clone(), &header(), options).unwrap();
    writer.note(&Note { at_ns: 0, name: "intent".to_owned(), text: String::new() }).unwrap();
    let sealed = |_: &mut ()| verify(Cursor::new(store.store.bytes().as_slice())).unwrap().sealed_records < 4;
    drop(store.written.1.wait_while(store.written.0.lock().unwrap(), sealed).unwrap());
    drop(writer);
    let verified = verify(Cursor::new(store.store.bytes().as_slice())).unwrap();
    assert_eq!((verified.records, verified.tail), (4, None));
}
