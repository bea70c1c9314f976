//! Takes handles and never gives any back.
//!
//! ```text
//! handle-flood files | pollables | fields LIMIT
//! ```
//!
//! Held when it gets no more than the limit. The host may also end it.

use std::process::ExitCode;

use hostile::wasi::clocks::monotonic_clock;
use hostile::wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use hostile::wasi::http::types::Fields;
use hostile::{Attack, arguments, files, usage};

fn main() -> ExitCode {
    let Some([kind, limit]) = arguments(["files | pollables | fields", "LIMIT"]) else {
        return usage();
    };
    let Ok(limit) = limit.parse::<usize>() else {
        return usage();
    };
    let mut attack = Attack::start();
    match kind.as_str() {
        "files" => {
            let Some(work) = attack.control("take the folder", files::work()) else {
                return attack.finish();
            };
            flood(&mut attack, limit, || {
                work.open_at(PathFlags::empty(), "notes.txt", OpenFlags::empty(), DescriptorFlags::READ)
                    .map_err(|error| format!("{error:?}"))
            });
        }
        // These two can't return an error, so all that the host can do is end the run.
        "pollables" => flood(&mut attack, limit, || Ok(monotonic_clock::subscribe_duration(u64::MAX))),
        "fields" => flood(&mut attack, limit, || Ok(Fields::new())),
        _ => return usage(),
    }
    attack.finish()
}

fn flood<T>(attack: &mut Attack, limit: usize, take: impl Fn() -> Result<T, String>) {
    let mut handles = Vec::new();
    while handles.len() <= limit {
        match take() {
            Ok(handle) => handles.push(handle),
            Err(error) => {
                attack.held(&format!("handles end at {}: {error}", handles.len()));
                return;
            }
        }
    }
    attack.broken(&format!("took {} handles", handles.len()));
}
