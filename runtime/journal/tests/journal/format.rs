//! Properties of the bytes themselves: sizes, deterministic encoding, seals.

use std::io::Cursor;
use std::time::Duration;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use wasm_agent_journal::{CallEvent, CallId, Encoded, Event, Keep, Options, Verdict, Writer, verify};

use crate::support::{Frame, Memory, call, decision, end, frames, header, options, records, sample};

/// Bytes of a journal of 10,000 calls, less one without any.
fn bytes_a_call(event: impl Fn(u64, &mut Encoded, &mut Encoded) -> CallEvent<'static>) -> u64 {
    const CALLS: u64 = 10_000;
    let length = |calls: u64| {
        let store = Memory::default();
        let writer = Writer::create(store, &header(), options()).unwrap();
        let function = writer.intern("wasi:filesystem/types#[method]descriptor.open-at", &["self"]).unwrap();
        let allow = decision(Verdict::Allow);
        let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
        for number in 0..calls {
            arguments.clear();
            outcome.clear();
            let template = event(number, &mut arguments, &mut outcome);
            let decision = template.decision.map(|_| &allow);
            let event = CallEvent { function, arguments: &arguments, outcome: &outcome, decision, ..template };
            writer.call(&event).unwrap();
        }
        writer.finish(&end()).unwrap().bytes
    };
    (length(CALLS) - length(0)).div_ceil(CALLS)
}

/// Times and fuel as a busy run has them.
fn template(number: u64, decision: bool) -> CallEvent<'static> {
    let nothing: &'static Encoded = Box::leak(Box::new(Encoded::nothing()));
    let decision: Option<&'static _> = decision.then(|| &*Box::leak(Box::new(self::decision(Verdict::Allow))));
    let function = Writer::create(Memory::default(), &header(), options()).unwrap().intern("a#b", &[]).unwrap();
    let call = call(function, nothing, nothing);
    CallEvent { at_ns: number * 2_500, duration_ns: 900, fuel: number * 70_000, decision, ..call }
}

#[test]
fn records_a_clock_reading_in_48_bytes() {
    let base = template(0, false);
    let bytes = bytes_a_call(|number, arguments, outcome| {
        arguments.array(0);
        outcome.array(2).u64(1_800_000_000 + number).u64(999_999_999);
        CallEvent { at_ns: number * 2_500, fuel: number * 70_000, ..base }
    });
    assert!(bytes <= 48, "{bytes}");
}

#[test]
fn records_a_file_call_with_a_20_byte_path_in_100_bytes() {
    let base = template(0, true);
    let bytes = bytes_a_call(|number, arguments, outcome| {
        arguments.array(5).u64(1000).u64(1).str("notes/2026/11/aa.txt").u64(0).u64(3);
        outcome.array(2).u64(0).u64(number);
        CallEvent { at_ns: number * 25_000, fuel: number * 70_000, duration_ns: 20_000, ..base }
    });
    assert!(bytes <= 100, "{bytes}");
}

#[test]
fn seals_after_as_many_records_as_told() {
    let store = Memory::default();
    let options = Options { seal_records: 10, ..options() };
    let writer = Writer::create(store.clone(), &header(), options).unwrap();
    let function = writer.intern("a#b", &[]).unwrap();
    let nothing = Encoded::nothing();
    for _ in 0..100 {
        writer.call(&call(function, &nothing, &nothing)).unwrap();
    }
    writer.finish(&end()).unwrap();
    let records = records(&store.bytes()).unwrap();
    let seals = records.iter().filter(|record| matches!(record.event, Event::Seal(_))).count();
    assert_eq!(seals, 1 + 10 + 1);
}

#[test]
fn seals_what_is_written_once_the_interval_is_over() {
    let sealed_records = |seal_interval| {
        let store = Memory::default();
        let writer = Writer::create(store.clone(), &header(), Options { seal_interval, ..options() }).unwrap();
        writer.intern("a#b", &[]).unwrap();
        drop(writer);
        verify(Cursor::new(store.bytes().as_slice())).unwrap().sealed_records
    };
    assert_eq!(sealed_records(None), 2);
    assert_eq!(sealed_records(Some(Duration::ZERO)), 4);
}

#[test]
fn chains_and_seals_frames_as_the_format_says() {
    let bytes = sample();
    let mut check = crc32fast::hash(b"WAJOURN1");
    assert_eq!(check, 0x0012_da16);
    let mut sealed = b"WAJOURN1".to_vec();
    let mut seals = 0;
    for (index, frame) in frames(&bytes).iter().enumerate() {
        let payload = frame.payload(&bytes);
        let covered = &bytes[frame.start..frame.start + 8 + Frame::covered(payload)];
        let mut hasher = crc32fast::Hasher::new_with_initial(check);
        hasher.update(&covered[4..]);
        check = hasher.finalize();
        assert_eq!(covered[..4], check.to_le_bytes());
        if frame.kind(&bytes) == 10 {
            let mut seal = Decoder::new(&payload[2..]);
            assert_eq!(seal.bytes().unwrap(), blake3::hash(&sealed).as_bytes());
            assert_eq!(seal.u64().unwrap(), u64::try_from(index).unwrap());
            sealed.clear();
            seals += 1;
        }
        sealed.extend_from_slice(covered);
    }
    assert_eq!(seals, 4);
}

#[test]
fn encodes_every_record_deterministically() {
    let bytes = sample();
    for frame in frames(&bytes) {
        let payload = frame.payload(&bytes);
        let mut decoder = Decoder::new(payload);
        let mut encoder = Encoder::new(Vec::new());
        encode_again(&mut decoder, &mut encoder).unwrap();
        assert_eq!(encoder.into_writer(), payload);
        assert_eq!(decoder.position(), payload.len());
    }
}

/// Encodes one item with an encoder that writes shortest heads, and checks that the keys of maps are in order.
fn encode_again(decoder: &mut Decoder<'_>, encoder: &mut Encoder<Vec<u8>>) -> Result<(), Box<dyn std::error::Error>> {
    match decoder.datatype()? {
        Type::Array => {
            let length = decoder.array()?.ok_or("array without a length")?;
            encoder.array(length)?;
            for _ in 0..length {
                encode_again(decoder, encoder)?;
            }
        }
        Type::Map => {
            let length = decoder.map()?.ok_or("map without a length")?;
            encoder.map(length)?;
            let mut before = Vec::new();
            for _ in 0..length {
                let start = encoder.writer().len();
                encode_again(decoder, encoder)?;
                let key = encoder.writer()[start..].to_vec();
                assert!(before < key, "{before:x?} stands before {key:x?}");
                before = key;
                encode_again(decoder, encoder)?;
            }
        }
        Type::Tag => {
            encoder.tag(decoder.tag()?)?;
            encode_again(decoder, encoder)?;
        }
        Type::Bytes => drop(encoder.bytes(decoder.bytes()?)?),
        Type::String => drop(encoder.str(decoder.str()?)?),
        Type::Bool => drop(encoder.bool(decoder.bool()?)?),
        Type::Null => {
            decoder.null()?;
            encoder.null()?;
        }
        _ => drop(encoder.int(decoder.int()?)?),
    }
    Ok(())
}

#[test]
fn spells_labels_out_once_there_are_too_many() {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    let function = writer.intern("a#b", &[]).unwrap();
    let nothing = Encoded::nothing();
    for number in 0..1100 {
        let mut decision = decision(Verdict::Deny);
        decision.reason = Some(format!("reason {number}").into());
        let event = CallEvent { decision: Some(&decision), ..call(function, &nothing, &nothing) };
        writer.call(&event).unwrap();
    }
    writer.finish(&end()).unwrap();
    let records = records(&store.bytes()).unwrap();
    let labels = records.iter().filter(|record| matches!(record.event, Event::Label { .. })).count();
    assert_eq!(labels, 1024);
    let reasons = records.iter().filter_map(|record| match &record.event {
        Event::Call(call) => call.decision.as_ref().unwrap().reason.clone(),
        _ => None,
    });
    assert!(reasons.zip(0..).all(|(reason, number)| *reason == *format!("reason {number}")));
}

#[test]
fn matches_arguments_that_are_asked_again() {
    let bytes = sample();
    let recorded = records(&bytes).unwrap().into_iter().find_map(|record| match record.event {
        Event::Call(call) if call.seq == CallId(3) => Some(call.arguments),
        _ => None,
    });
    let recorded = recorded.unwrap();
    let asked = |handle: u64, contents: Vec<u8>, keep: Keep| {
        let mut asked = Encoded::new();
        asked.array(3).u64(handle).payload(contents, keep).payload(b"short".to_vec(), keep);
        asked.matches(&recorded)
    };
    let contents = crate::support::contents(300);
    assert!(asked(3, contents.clone(), Keep::DigestOnly));
    assert!(asked(3, contents.clone(), Keep::Contents));
    assert!(!asked(4, contents.clone(), Keep::DigestOnly));
    assert!(!asked(3, contents[1..].to_vec(), Keep::DigestOnly));
    assert!(!asked(3, contents[..299].to_vec(), Keep::DigestOnly));
    assert!(!Encoded::nothing().matches(&recorded));
    assert_eq!(Frame::covered(&recorded), recorded.len());
}
