//! Times the pieces that every host call goes through. `cargo xtask bench` runs this and puts the medians in its table.

use std::hint::black_box;
use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use wasm_agent_benches::{Nowhere, clock, file_actions, hand_over, http_actions, journal, policy, writer};
use wasm_agent_journal::verify;
use wasm_agent_policy::{Action, Origin};

/// Counts allocations, so that "none" is a measured number.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Size of the journals that are verified, in bytes.
const JOURNAL_BYTES: usize = 64 << 20;

/// Size of the contents in one of them, in bytes: that of one read of a large file.
const BLOB_BYTES: usize = 64 << 10;

/// Decisions in a sample: enough for each action to come many times, and to dwarf the time of reading the clock.
const DECISIONS: u32 = 4096;

fn main() {
    divan::main();
}

fn decide(bencher: Bencher<'_, '_>, grants: usize, actions: &[Action]) {
    let policy = policy(grants);
    let mut actions = actions.iter().cycle();
    bencher.bench_local(|| actions.next().map(|action| black_box(policy.judge(black_box(action), Origin::Foreign))));
}

#[divan::bench(sample_size = DECISIONS)]
fn file_64(bencher: Bencher<'_, '_>) {
    decide(bencher, 64, &file_actions(64));
}

#[divan::bench(sample_size = DECISIONS)]
fn file_10000(bencher: Bencher<'_, '_>) {
    decide(bencher, 10_000, &file_actions(10_000));
}

#[divan::bench(sample_size = DECISIONS)]
fn http_64(bencher: Bencher<'_, '_>) {
    decide(bencher, 64, &http_actions(64));
}

#[divan::bench(sample_size = DECISIONS)]
fn http_10000(bencher: Bencher<'_, '_>) {
    decide(bencher, 10_000, &http_actions(10_000));
}

/// Only the guest's side: the writer's thread keeps up on its own. A sample is many calls, because one takes hardly
/// longer than reading the clock.
#[divan::bench(sample_count = 2000, sample_size = 1000)]
fn hand_over_call(bencher: Bencher<'_, '_>) {
    let (writer, function) = writer(Nowhere);
    let (arguments, outcome) = clock();
    let number = AtomicU64::new(0);
    bencher.bench_local(|| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        hand_over(&writer, function, number, black_box(&arguments), black_box(&outcome));
    });
}

fn verify_all(bencher: Bencher<'_, '_>, bytes: &[u8]) {
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| verify(Cursor::new(black_box(bytes))).unwrap());
}

#[divan::bench(sample_count = 20)]
fn verify_records(bencher: Bencher<'_, '_>) {
    verify_all(bencher, &journal(JOURNAL_BYTES, None));
}

#[divan::bench(sample_count = 20)]
fn verify_blobs(bencher: Bencher<'_, '_>) {
    verify_all(bencher, &journal(JOURNAL_BYTES, Some(BLOB_BYTES)));
}
