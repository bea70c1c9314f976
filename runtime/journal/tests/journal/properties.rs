//! Properties over generated journals: reading gives back what was written, and survives everything else.

use std::io::Cursor;

use proptest::prelude::*;
use wasm_agent_journal::{
    CallEvent, EffectId, EffectResult, Encoded, Event, Keep, Note, Options, OutcomeEvent, Verdict, Writer, to_json,
    verify,
};

use crate::support::{
    Memory, call, contents, decision, end, frames, header, intent, open, options, rechecked, records, sample,
};

/// One thing that a run does.
#[derive(Debug, Clone)]
enum Step {
    Call { function: u8, at_ns: u64, fuel: u64, payload: usize, keep: bool, verdict: Option<Verdict> },
    Note { at_ns: u64, text: String },
    Effect { effect: u64, irreversible: bool, done: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..5, any::<u64>(), any::<u64>(), prop_oneof![0_usize..600, Just(70_000)], any::<bool>(), verdict())
            .prop_map(|(function, at_ns, fuel, payload, keep, verdict)| {
                Step::Call { function, at_ns, fuel, payload, keep, verdict }
            }),
        1 => (any::<u64>(), ".{0,40}").prop_map(|(at_ns, text)| Step::Note { at_ns, text }),
        1 => (any::<u64>(), any::<bool>(), any::<bool>())
            .prop_map(|(effect, irreversible, done)| Step::Effect { effect, irreversible, done }),
    ]
}

fn verdict() -> impl Strategy<Value = Option<Verdict>> {
    prop::option::of(prop::sample::select(Verdict::ALL))
}

fn write(steps: &[Step], options: Options) -> Vec<u8> {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options).unwrap();
    for step in steps {
        match step {
            Step::Call { function, at_ns, fuel, payload, keep, verdict } => {
                let function = writer.intern(&format!("a#{function}"), &["b"]).unwrap();
                let keep = if *keep { Keep::Contents } else { Keep::DigestOnly };
                let mut outcome = Encoded::new();
                outcome.payload(contents(*payload), keep);
                let nothing = Encoded::nothing();
                let call = call(function, &nothing, &outcome);
                let decision = verdict.map(decision);
                let decision = decision.as_ref();
                writer.call(&CallEvent { at_ns: *at_ns, fuel: *fuel, decision, ..call }).unwrap();
            }
            Step::Note { at_ns, text } => {
                writer.note(&Note { at_ns: *at_ns, name: "intent".to_owned(), text: text.clone() }).unwrap();
            }
            Step::Effect { effect, irreversible, done } => {
                writer.intent(&intent(*effect, *irreversible)).unwrap();
                if *done {
                    let result = EffectResult::Done;
                    let event = OutcomeEvent { effect: EffectId(*effect), at_ns: 0, result, detail: None, extra: None };
                    writer.outcome(&event).unwrap();
                }
            }
        }
    }
    writer.finish(&end()).unwrap();
    store.bytes()
}

/// What a reader must say about a step, or `None` for records that the steps do not name.
fn read(event: &Event, reader: &mut wasm_agent_journal::Reader<Cursor<&[u8]>>) -> Option<String> {
    match event {
        Event::Call(call) => {
            let payload = minicbor::decode(&call.outcome).unwrap();
            let contents = reader.payload(&payload).unwrap().map(|contents| blake3::hash(&contents));
            let digest = contents.unwrap_or_else(|| payload.digest().into());
            Some(format!("{} {} {} {} {:?}", call.function.name, call.at_ns, call.fuel, digest, call.decision))
        }
        Event::Note(note) => Some(format!("{} {}", note.at_ns, note.text)),
        Event::Intent(intent) => Some(format!("{} {} {:?}", intent.effect, intent.irreversible, intent.before)),
        Event::Outcome(outcome) => Some(format!("{}", outcome.effect)),
        _ => None,
    }
}

fn expected(step: &Step) -> Vec<String> {
    match step {
        Step::Call { function, at_ns, fuel, payload, verdict, .. } => {
            let decision = verdict.map(decision);
            vec![format!("a#{function} {at_ns} {fuel} {} {decision:?}", blake3::hash(&contents(*payload)))]
        }
        Step::Note { at_ns, text } => vec![format!("{at_ns} {text}")],
        Step::Effect { effect, irreversible, done } => {
            let outcome = done.then(|| effect.to_string());
            let before = intent(*effect, *irreversible).before;
            std::iter::once(format!("{effect} {irreversible} {before:?}")).chain(outcome).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_back_whatever_was_written(steps in prop::collection::vec(step(), 0..40), seal_records in 1_u64..20) {
        let bytes = write(&steps, Options { seal_records, ..options() });
        let mut reader = open(&bytes).unwrap();
        let mut found = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            found.extend(read(&record.event, &mut reader));
        }
        prop_assert_eq!(found, steps.iter().flat_map(expected).collect::<Vec<_>>());
        prop_assert!(reader.is_complete());
        prop_assert!(verify(Cursor::new(bytes.as_slice())).unwrap().complete);
    }

    #[test]
    fn reads_any_prefix_of_any_journal(
        steps in prop::collection::vec(step(), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = write(&steps, options());
        let frames = frames(&bytes);
        let length = frames[0].end + cut.index(bytes.len() - frames[0].end);
        let whole = frames.iter().filter(|frame| frame.end <= length).count();
        prop_assert_eq!(records(&bytes[..length]).unwrap().len(), whole);
        let verified = verify(Cursor::new(&bytes[..length])).unwrap();
        prop_assert_eq!(verified.records, u64::try_from(whole).unwrap());
    }

    #[test]
    fn never_takes_a_changed_journal_for_the_whole_one(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..6),
    ) {
        let bytes = sample();
        let mut changed = bytes.clone();
        for (at, flip) in changes {
            changed[at.index(bytes.len())] ^= flip;
        }
        let whole = verify(Cursor::new(changed.as_slice())).is_ok_and(|verified| verified.complete);
        prop_assert!(!whole || changed == bytes);
        // Reading may end early or name the change; it ends either way.
        let _ = records(&changed);
    }

    #[test]
    fn survives_arbitrary_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cut in any::<prop::sample::Index>(),
    ) {
        let sample = sample();
        let mut journal = sample[..8 + cut.index(sample.len() - 8)].to_vec();
        journal.extend_from_slice(&bytes);
        let _ = records(&journal);
        let _ = verify(Cursor::new(journal));
    }

    #[test]
    fn survives_changed_records_under_checks_made_to_fit(
        record in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let bytes = sample();
        let mut payloads: Vec<Vec<u8>> = frames(&bytes).iter().map(|frame| frame.payload(&bytes).to_vec()).collect();
        let payload = &mut payloads[record.index(frames(&bytes).len())];
        for (at, value) in changes {
            let at = at.index(payload.len());
            payload[at] = value;
        }
        if let Some(cut) = cut {
            payload.truncate(cut.index(payload.len()));
        }
        let slices: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        let changed = [&bytes[..8], &rechecked(&bytes[..8], &slices)].concat();
        let whole = verify(Cursor::new(changed.as_slice())).is_ok_and(|verified| verified.complete);
        prop_assert!(!whole || changed == bytes);
        if let Ok(mut reader) = open(&changed) {
            while let Ok(Some(record)) = reader.next() {
                prop_assert!(to_json(&record).is_object());
            }
        }
    }
}
