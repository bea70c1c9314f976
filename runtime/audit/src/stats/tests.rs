//! Sums of journals made by hand.

use super::*;
use crate::hand_made::{HandMade, fine, item, modify, records};
use wasm_agent_journal::{EffectResult, Encoded, Keep};

const OPEN: &str = "wasi:filesystem/types#[method]descriptor.open-at";
const STREAM: &str = "wasi:filesystem/types#[method]descriptor.read-via-stream";
const READ: &str = "wasi:io/streams#[method]input-stream.read";
const WRITE: &str = "wasi:io/streams#[method]output-stream.write";
const DROP: &str = "wasi:io/streams#[resource-drop]input-stream";

fn stats(journal: &[u8]) -> Stats {
    let mut stats = Stats::new();
    for record in records(journal) {
        stats.record(&record, |record| format!("record {}", record.index));
    }
    stats.finish(u64::try_from(journal.len()).unwrap());
    stats
}

fn numbers(numbers: &[u64]) -> Encoded {
    item(|out| {
        out.array(u64::try_from(numbers.len()).unwrap());
        for number in numbers {
            out.u64(*number);
        }
    })
}

/// What a read gives: `[0, contents]`.
fn contents(length: usize) -> Encoded {
    item(|out| {
        out.array(2).u64(0).payload(vec![1; length], Keep::Contents);
    })
}

fn write(stream: u64, length: usize) -> Encoded {
    item(|out| {
        out.array(2).u64(stream).payload(vec![2; length], Keep::DigestOnly);
    })
}

#[test]
fn calls_add_up_by_function() {
    let mut made = HandMade::new();
    made.call(READ, 5_000, &numbers(&[3, 100]), &contents(100));
    made.call(READ, 7_000, &numbers(&[3, 1000]), &contents(1000));
    made.denied(OPEN, &numbers(&[3, 0]));
    let stats = stats(&made.finish());
    let [(read, sums), (open, denied)] = stats.functions()[..] else { panic!("{:?}", stats.functions()) };
    assert_eq!((read, open), (READ, OPEN));
    assert_eq!((sums.calls, sums.total_ns, sums.max_ns, sums.mean_ns()), (2, 12_000, 7_000, 6_000));
    assert_eq!((sums.bytes_in, sums.bytes_out, sums.denied, sums.errors), (1100, 0, 0, 0));
    assert_eq!((denied.calls, denied.denied, denied.errors), (1, 1, 1));
    assert_eq!(stats.calls().calls, 3);
}

#[test]
fn time_is_in_the_tool_or_in_the_host() {
    let mut made = HandMade::new();
    let approval = made.ask(&modify("/notes/a"), Answer::Approved, 40_000);
    let effect = made.intent(&modify("/notes/a"), Some(approval));
    made.outcome(effect, EffectResult::Done, None);
    made.now_ns = 0;
    made.call(OPEN, 50_000, &numbers(&[3, 0]), &fine());
    made.ask(&modify("/notes/b"), Answer::Refused, 1_000);
    let stats = stats(&made.finish());
    let time = stats.time();
    assert_eq!((time.host_ns, time.waited_ns), (50_000, 41_000));
    assert_eq!((time.total_ns, time.tool_ns), (51_500, 1_500));
    assert_eq!(stats.approvals().collect::<Vec<_>>(), [("approved", 1), ("refused", 1)]);
}

#[test]
fn effects_are_counted_by_what_became_of_them() {
    let mut made = HandMade::new();
    for result in [EffectResult::Done, EffectResult::Failed, EffectResult::Done] {
        let effect = made.intent(&modify("/notes/a"), None);
        made.outcome(effect, result, None);
    }
    made.intent(&modify("/notes/a"), None);
    made.outcome(99, EffectResult::Denied, None);
    let stats = stats(&made.finish());
    let kinds: Vec<_> = stats.effects().kinds().collect();
    let [("file.modify", modified), ("unknown", unknown)] = kinds[..] else { panic!("{kinds:?}") };
    assert_eq!((modified.begun, modified.done, modified.failed, modified.open()), (4, 2, 1, 1));
    assert_eq!((unknown.begun, unknown.denied, unknown.open()), (0, 1, 0));
}

#[test]
fn contents_belong_to_what_is_at_the_other_end() {
    let mut made = HandMade::new();
    let none = numbers(&[]);
    let handle = |stream: u64| {
        item(|out| {
            out.array(2).u64(0).u64(stream);
        })
    };
    let directories = item(|out| {
        out.array(2).u64(0).array(1).array(2).u64(2).str("/notes");
    });
    let open = item(|out| {
        out.array(5).u64(2).u64(1).str("a.md").u64(0).u64(1);
    });
    let nested = |number| {
        item(|out| {
            out.array(2).u64(0).array(2).u64(0).u64(number);
        })
    };
    made.call("wasi:filesystem/preopens#get-directories", 1, &none, &directories);
    made.call(OPEN, 1, &open, &handle(4));
    made.call(STREAM, 1, &numbers(&[4, 0]), &handle(9));
    made.call("wasi:http/types#[constructor]outgoing-request", 1, &numbers(&[19]), &handle(20));
    made.call("wasi:http/types#[method]outgoing-request.body", 1, &numbers(&[20]), &nested(21));
    made.call("wasi:http/types#[method]outgoing-body.write", 1, &numbers(&[21]), &nested(11));
    made.call("wasi:cli/stdout#get-stdout", 1, &none, &handle(12));
    made.call(READ, 1, &numbers(&[9, 8]), &contents(300));
    made.call(WRITE, 1, &write(11, 20), &fine());
    made.call(WRITE, 1, &write(12, 7), &fine());
    made.call(DROP, 1, &numbers(&[9]), &fine());
    made.call(READ, 1, &numbers(&[9, 8]), &contents(1));
    let traffic = stats(&made.finish()).traffic();
    let expected = Traffic { files_read: 300, http_sent: 20, output: 7, ..Traffic::default() };
    assert_eq!(traffic, expected);
}

#[test]
fn the_slowest_calls_are_kept_in_order() {
    let mut made = HandMade::new();
    for took in [5, 1, 9, 3, 7, 2, 8, 4, 6, 10, 9, 12] {
        made.call(READ, took, &numbers(&[3, 8]), &contents(1));
    }
    let stats = stats(&made.finish());
    let slowest: Vec<(u64, u64)> = stats.slowest().iter().map(|slow| (slow.duration_ns, slow.call)).collect();
    assert_eq!(slowest, [(12, 11), (10, 9), (9, 2), (9, 10), (8, 6), (7, 4), (6, 8), (5, 0), (4, 7), (3, 3)]);
    assert!(stats.slowest()[0].description.starts_with("record "));
}

#[test]
fn records_take_the_whole_file_but_the_magic() {
    let mut made = HandMade::new();
    made.call(READ, 5, &numbers(&[3, 8]), &contents(5000));
    made.note("intent", "look");
    let journal = made.finish();
    let stats = stats(&journal);
    let bytes: u64 = stats.records().map(|(_, sum)| sum.bytes).sum();
    assert_eq!(bytes + 8, u64::try_from(journal.len()).unwrap());
    let counts: Vec<_> = stats.records().map(|(kind, sum)| (kind, sum.records)).collect();
    let expected = [("header", 1), ("function", 1), ("blob", 1), ("call", 1), ("note", 1), ("seal", 2), ("end", 1)];
    assert_eq!(counts, expected);
}
