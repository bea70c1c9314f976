//! Signals. The first one stops the run as an approver can, the second one ends the program at once.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::getpid;
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGXCPU, SIGXFSZ};
use signal_hook::iterator;
use signal_hook::low_level::{emulate_default_handler, exit, signal_name};
use wasm_agent_host::RunHandle;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fresh_line;
use crate::process::Process;
use crate::prompt;

/// Begins the reason of a run that a signal stopped.
pub(crate) const STOPPED_BY: &str = "stopped by signal ";

/// The signals that stop a run.
const STOPPING: [i32; 5] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU];

/// A shell shows the end of a program by a signal as this and the signal's number.
const STATUS_OF_SIGNALS: i32 = 128;

/// The watched signals of this process.
pub(crate) struct Signals(Arc<Mutex<Stage>>);

/// What a signal means at the moment.
enum Stage {
    /// Nothing runs: the program ends.
    Before,
    /// The run is stopped.
    Running(RunHandle),
    /// It was stopped already: the program ends.
    Stopping,
}

impl Signals {
    /// Begins to watch. Until [`stop`](Self::stop) is called, signals end the program as usual; the first process of a
    /// container too, for which the kernel would drop them.
    ///
    /// Signals that this program was started to ignore, as by `nohup`, stay ignored.
    ///
    /// # Authority
    ///
    /// Changes what signals do in this process, and starts a thread.
    ///
    /// # Errors
    ///
    /// When the operating system can't supply a thread or descriptors.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let failure = |error: std::io::Error| {
            Failure::new(
                Exit::HostFailed,
                format!("cannot watch signals: {}", crate::failure::tidy(&error.to_string())),
            )
        };
        let ignored = ignored();
        let watched = STOPPING.into_iter().chain([SIGTSTP, SIGCONT]).filter(|signal| !ignored.contains(signal));
        let mut signals = iterator::Signals::new(watched).map_err(failure)?;
        // A file that reaches the process's size limit is an error of the write, and the program does not end there.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map_err(failure)?;
        let stage = Arc::new(Mutex::new(Stage::Before));
        let shared = Arc::clone(&stage);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || signals.forever().for_each(|signal| handle(signal, &shared)))
            .map_err(failure)?;
        Ok(Self(stage))
    }

    /// From now on, a signal stops this run.
    pub(crate) fn stop(&self, run: RunHandle) {
        *lock(&self.0) = Stage::Running(run);
    }
}

fn handle(signal: i32, stage: &Mutex<Stage>) {
    match signal {
        SIGTSTP => suspend(stage),
        // Elsewhere: the terminal may take nothing for now, and signals are handled meanwhile.
        SIGCONT => drop(std::thread::Builder::new().name("ask again".to_owned()).spawn(prompt::ask_again)),
        _ => {
            let now = std::mem::replace(&mut *lock(stage), Stage::Stopping);
            match now {
                Stage::Running(run) => {
                    if matches!(signal, SIGINT | SIGQUIT) {
                        fresh_line::key_was_shown();
                    }
                    run.stop(format!("{STOPPED_BY}{}", signal_name(signal).unwrap_or("?")));
                }
                Stage::Before | Stage::Stopping => end(signal),
            }
        }
    }
}

/// Ends the program as the signal does by default.
fn end(signal: i32) {
    if getpid().is_init() {
        // The kernel keeps the first process of a container from ending by a signal.
        exit(STATUS_OF_SIGNALS.saturating_add(signal));
    }
    // There is nobody to tell if this fails, and then the program ends another way.
    let _ = emulate_default_handler(signal);
    exit(STATUS_OF_SIGNALS.saturating_add(signal));
}

/// Stops the process until it is continued, with the run's clock stopped. The terminal's modes are left alone: this
/// program never sets them.
fn suspend(stage: &Mutex<Stage>) {
    if Process::own().is_none_or(Process::is_orphaned) {
        return;
    }
    let _standing_still = match &*lock(stage) {
        Stage::Running(run) => Some(run.hold()),
        Stage::Before | Stage::Stopping => None,
    };
    // It returns once the process is continued.
    let _ = emulate_default_handler(SIGTSTP);
}

/// The signals that this process was started to ignore. None if the kernel does not say.
fn ignored() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_by(&status)
}

fn ignored_by(status: &str) -> Vec<i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    (1..=64).filter(|signal| mask & (1 << (signal - 1)) != 0).collect()
}

/// Nothing in here panics while the lock is held.
fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_that_were_ignored_at_the_start_are_known() {
        assert_eq!(ignored_by("Name:\tx\nSigIgn:\t0000000000001003\nSigCgt:\tff\n"), [SIGHUP, SIGINT, 13]);
        assert!(ignored_by("Name:\tx\n").is_empty());
    }
}
