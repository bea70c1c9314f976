//! Ends runs of the host in the middle, and looks at what they leave.
//!
//! Each run is a process of its own, which is told where to end: after so many bytes of its journal, while it asks,
//! while it prints. There it kills itself with SIGKILL, as nothing that the host could do about it comes into it. Or
//! the test kills it: the server when a request arrives, or whoever watches a file when it changes. What is then in
//! the folder, at the server and in the journal is compared: see `check`.
//!
//! `crash-harness [--points N]` tries all points, or so many spread over them.

mod check;
mod child;
mod frames;
mod plan;
mod point;
mod recovery;
mod stage;
mod store;
mod story;
mod summary;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use plan::Trial;
use stage::Stage;
use summary::Summary;

/// Runs at the same time. Each is one process with a thread for its journal.
const AT_ONCE: usize = 2;

/// Points after which it is told how far the trials are, where no bar is drawn.
const TOLD_EVERY: u64 = 1000;

const USAGE: &str = "usage: crash-harness [--points N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", rest @ ..] => child::run(rest),
        [] => try_points(None),
        ["--points", number] => match number.parse() {
            Ok(number) => try_points(Some(number)),
            Err(_) => usage(&format!("`--points` takes a number, not `{number}`")),
        },
        [other, ..] => usage(&format!("unknown argument `{other}`")),
    }
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("error: {problem}\n{USAGE}");
    ExitCode::from(2)
}

/// Tries points, and says what came of them.
fn try_points(wanted: Option<usize>) -> ExitCode {
    let tools = tempfile::tempdir().unwrap();
    let stages: Vec<Stage> = (0..AT_ONCE).map(|_| Stage::new(tools.path())).collect();
    let all = plan::all(&stages[0]);
    let (total, trials) = (all.len(), plan::spread(all, wanted));
    println!("{} of {total} points, each in a process of its own", trials.len());
    let bar = ProgressBar::new(u64::try_from(trials.len()).unwrap());
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left").unwrap());
    let summary = Mutex::new(Summary::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for stage in &stages {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = try_point(stage, trial);
                    summary.lock().unwrap().enter(trial, found);
                    bar.inc(1);
                    // Where no bar is drawn, a line now and then.
                    if bar.is_hidden() && bar.position().is_multiple_of(TOLD_EVERY) {
                        println!("{} tried", bar.position());
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let summary = summary.into_inner().unwrap();
    print!("{summary}");
    if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn try_point(stage: &Stage, trial: &Trial) -> Result<check::Found, String> {
    let left = stage.run(trial.story, trial.fsync, &trial.point)?;
    check::check(trial, &left)
}
