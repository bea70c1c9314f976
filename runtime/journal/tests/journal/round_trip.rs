//! What is written is read.

use std::io::Cursor;

use minicbor::Decoder;
use wasm_agent_journal::{
    CallId, EffectId, Event, Header, PayloadRef, PublicKey, Record, Redaction, Verdict, Writer, verify,
};

use crate::support::{
    Memory, approval, asked, contents, decision, end, header, intent, open, options, records, sample, write_sample,
};

fn event(records: &[Record], wanted: impl Fn(&Event) -> bool) -> Event {
    records.iter().map(|record| &record.event).find(|event| wanted(event)).unwrap().clone()
}

#[test]
fn reads_every_event_as_it_was_written() {
    let bytes = sample();
    let records = records(&bytes).unwrap();
    assert_eq!(open(&bytes).unwrap().header(), &header());
    assert_eq!(records[0].event, Event::Header(Box::new(header())));
    let found = event(&records, |event| matches!(event, Event::Intent(_)));
    assert_eq!(found, Event::Intent(Box::new(intent(1, true))));
    let found = event(&records, |event| matches!(event, Event::ApprovalAsked(_)));
    assert_eq!(found, Event::ApprovalAsked(Box::new(asked())));
    let Event::ApprovalSettled(settled) = event(&records, |event| matches!(event, Event::ApprovalSettled(_))) else {
        unreachable!("filtered")
    };
    assert_eq!((settled.effect, settled.at_ns, settled.approval), (EffectId(1), 1_900_000, approval()));
    let Event::Outcome(outcome) = event(&records, |event| matches!(event, Event::Outcome(_))) else {
        unreachable!("filtered")
    };
    assert_eq!((outcome.at_ns, outcome.detail.as_deref()), (3_000_000, Some("disk full")));
    assert_eq!(outcome.extra.unwrap(), b"\xa1\x67written\x19\x01\x2c");
    let found = event(&records, |event| matches!(event, Event::End(_)));
    assert_eq!(found, Event::End(end()));
    assert!(matches!(records.last().unwrap().event, Event::Seal(_)));
    assert!(records.iter().zip(0..).all(|(record, index)| record.index == index));
}

#[test]
fn reads_back_what_a_redaction_names() {
    for signed_by in [None, Some(PublicKey::from_bytes([6; 32]))] {
        let taken_out = vec!["bodies".to_owned(), "paths".to_owned()];
        let redaction = Some(Redaction { seal: [5; 32], records: 1 << 40, signed_by, taken_out });
        let header = Header { redaction, signed_by: Some(PublicKey::from_bytes([4; 32])), ..header() };
        let store = Memory::default();
        drop(Writer::create(store.clone(), &header, options()).unwrap());
        // The writer signs nothing, so it names no key.
        assert_eq!(open(&store.bytes()).unwrap().header(), &Header { signed_by: None, ..header });
    }
}

#[test]
fn reads_calls_with_absolute_times_fuel_and_decisions() {
    let calls: Vec<_> = records(&sample())
        .unwrap()
        .into_iter()
        .filter_map(|record| if let Event::Call(call) = record.event { Some(call) } else { None })
        .collect();
    assert_eq!(calls.iter().map(|call| call.seq).collect::<Vec<_>>(), [CallId(0), CallId(1), CallId(2), CallId(3)]);
    assert_eq!(calls.iter().map(|call| call.at_ns).collect::<Vec<_>>(), [1000, 1200, 1200, 1_950_000]);
    assert_eq!(calls.iter().map(|call| call.fuel).collect::<Vec<_>>(), [500, 700, 700, 900]);
    assert_eq!(calls[0].function.name, "wasi:clocks/wall-clock#now");
    assert_eq!(calls[0].decision, None);
    assert_eq!(calls[1].function.parameters, ["self", "length", "offset"]);
    assert_eq!(calls[1].decision, Some(decision(Verdict::Allow)));
    assert_eq!(calls[3].decision, Some(decision(Verdict::Deny)));
    assert_eq!(calls[3].duration_ns, 2_000_000);
}

#[test]
fn stores_equal_contents_once_and_fetches_them_by_reference() {
    let bytes = sample();
    let records = records(&bytes).unwrap();
    let blobs = records.iter().filter(|record| matches!(record.event, Event::Blob(_))).count();
    assert_eq!(blobs, 1);
    let mut reader = open(&bytes).unwrap();
    let mut stored = 0;
    while let Some(record) = reader.next().unwrap() {
        let Event::Call(call) = record.event else { continue };
        if !call.function.name.ends_with("descriptor.read") {
            continue;
        }
        let mut outcome = Decoder::new(&call.outcome);
        outcome.array().unwrap();
        let payload: PayloadRef<'_> = outcome.decode().unwrap();
        assert!(matches!(payload, PayloadRef::Stored(_)));
        assert!(payload.is(&contents(300)));
        assert_eq!(reader.payload(&payload).unwrap(), Some(contents(300)));
        stored += 1;
    }
    assert_eq!(stored, 2);
}

#[test]
fn keeps_only_the_digest_of_what_a_replay_makes_again() {
    let records = records(&sample()).unwrap();
    let Event::Call(call) = event(&records, |event| matches!(event, Event::Call(call) if call.seq == CallId(3))) else {
        unreachable!("filtered")
    };
    let mut arguments = Decoder::new(&call.arguments);
    assert_eq!(arguments.array().unwrap(), Some(3));
    arguments.u64().unwrap();
    let payload: PayloadRef<'_> = arguments.decode().unwrap();
    let digest = *blake3::hash(&contents(300)).as_bytes();
    assert_eq!(payload, PayloadRef::DigestOnly { digest, length: 300 });
    assert_eq!(arguments.decode::<PayloadRef<'_>>().unwrap(), PayloadRef::Inline(b"short"));
}

#[test]
fn verifies_a_finished_journal_to_the_end() {
    let store = Memory::default();
    let summary = write_sample(store.clone(), options()).unwrap();
    let verified = verify(Cursor::new(store.bytes().as_slice())).unwrap();
    assert!(verified.complete);
    assert_eq!(verified.tail, None);
    assert_eq!((verified.records, verified.sealed_records), (summary.records, summary.records));
    assert_eq!((verified.bytes, verified.seal), (summary.bytes, Some(summary.seal)));
    assert_eq!(verified.open_effects.count(), 0);
}

#[test]
fn gives_equal_bytes_for_equal_runs() {
    assert_eq!(sample(), sample());
}
