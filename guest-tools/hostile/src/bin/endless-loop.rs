//! Never ends, so the host has to end it.
//!
//! ```text
//! endless-loop compute | calls | wait
//! ```
//!
//! `compute` makes no call at all, `calls` makes nothing but calls, and `wait` sleeps for a year.

use std::hint::black_box;
use std::process::ExitCode;

use hostile::wasi::clocks::monotonic_clock;
use hostile::{arguments, usage};

/// A year, in nanoseconds.
const YEAR_NS: u64 = 365 * 24 * 60 * 60 * 1_000_000_000;

fn main() -> ExitCode {
    let Some([kind]) = arguments(["compute | calls | wait"]) else {
        return usage();
    };
    let mut count = 0_u64;
    match kind.as_str() {
        "compute" => loop {
            count = black_box(count).wrapping_add(1);
        },
        "calls" => loop {
            count = black_box(count).wrapping_add(monotonic_clock::now());
        },
        "wait" => {
            monotonic_clock::subscribe_duration(YEAR_NS).block();
            println!("broken: waited for a year");
            ExitCode::from(1)
        }
        _ => usage(),
    }
}
