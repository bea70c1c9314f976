//! Journals rewritten to claim something else, with checksums and seals that match.

use minicbor::Decoder;
use minicbor::data::Type;
use wasm_agent_host::journal::{CallEvent, Encoded, Event, Keep, Options, OutcomeEvent, Writer};

use crate::recorded::records;
use crate::store::Memory;

/// The journal with every record changed by `change`. It must not keep contents outside of its records.
pub fn rewritten(journal: &[u8], mut change: impl FnMut(&mut Event)) -> Vec<u8> {
    let store = Memory::default();
    let mut writer = None;
    for mut record in records(journal) {
        change(&mut record.event);
        match record.event {
            Event::Header(header) => {
                let options = Options { seal_interval: None, ..Options::default() };
                writer = Some(Writer::create(store.clone(), &header, options).unwrap());
            }
            Event::End(end) => drop(writer.take().unwrap().finish(&end).unwrap()),
            event => write(writer.as_ref().unwrap_or_else(|| panic!("after the end: {event:?}")), event),
        }
        if writer.is_none() {
            break;
        }
    }
    drop(writer);
    store.bytes()
}

fn write(writer: &Writer, event: Event) {
    match event {
        Event::Call(call) => {
            let parameters: Vec<&str> = call.function.parameters.iter().map(String::as_str).collect();
            let event = CallEvent {
                function: writer.intern(&call.function.name, &parameters).unwrap(),
                at_ns: call.at_ns,
                duration_ns: call.duration_ns,
                fuel: call.fuel,
                arguments: &encoded(&call.arguments),
                outcome: &encoded(&call.outcome),
                decision: call.decision.as_ref(),
            };
            writer.call(&event).unwrap();
        }
        Event::Intent(intent) => writer.intent(&intent).unwrap(),
        Event::Outcome(outcome) => {
            let extra = outcome.extra.as_deref().map(encoded);
            let event = OutcomeEvent {
                effect: outcome.effect,
                at_ns: outcome.at_ns,
                result: outcome.result,
                detail: outcome.detail.as_deref(),
                extra: extra.as_ref(),
            };
            writer.outcome(&event).unwrap();
        }
        Event::ApprovalAsked(asked) => writer.approval_asked(&asked).unwrap(),
        Event::ApprovalSettled(settled) => writer.approval_settled(&settled).unwrap(),
        Event::Note(note) => writer.note(&note).unwrap(),
        // The writer makes its own seals.
        Event::Function { .. } | Event::Label { .. } | Event::Seal(_) => {}
        other => panic!("can't be written again: {other:?}"),
    }
}

fn encoded(item: &[u8]) -> Encoded {
    let mut encoded = Encoded::new();
    copy(&mut Decoder::new(item), &mut encoded);
    encoded
}

fn copy(from: &mut Decoder<'_>, to: &mut Encoded) {
    match from.datatype().unwrap() {
        Type::Array => {
            let length = from.array().unwrap().unwrap();
            to.array(length);
            (0..length).for_each(|_| copy(from, to));
        }
        Type::Map => {
            let length = from.map().unwrap().unwrap();
            to.map(length);
            (0..2 * length).for_each(|_| copy(from, to));
        }
        Type::String => drop(to.str(from.str().unwrap())),
        Type::Bytes => drop(to.payload(from.bytes().unwrap().to_vec(), Keep::Contents)),
        Type::Bool => drop(to.bool(from.bool().unwrap())),
        Type::Null => {
            from.null().unwrap();
            to.null();
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => drop(to.u64(from.u64().unwrap())),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => drop(to.i64(from.i64().unwrap())),
        other => panic!("can't be written again: {other:?}"),
    }
}
