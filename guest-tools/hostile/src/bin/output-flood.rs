//! Prints without end.
//!
//! ```text
//! output-flood LIMIT-MIB
//! ```
//!
//! Held when no more than the limit is taken. The host may also end it.

use std::io::{Write, stdout};
use std::process::ExitCode;

use hostile::{arguments, usage};

fn main() -> ExitCode {
    let Some(limit) = arguments(["LIMIT-MIB"]).and_then(|[limit]| limit.parse::<usize>().ok()) else {
        return usage();
    };
    let line = [b'x'; 1023];
    let mut stdout = stdout().lock();
    // A MiB more than the limit, since the last piece may still be in a buffer.
    for _ in 0..(limit + 1) << 10 {
        if stdout.write_all(&line).and_then(|()| stdout.write_all(b"\n")).is_err() {
            return ExitCode::SUCCESS;
        }
    }
    if stdout.flush().is_err() {
        return ExitCode::SUCCESS;
    }
    ExitCode::from(1)
}
