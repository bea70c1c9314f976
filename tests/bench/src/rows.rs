//! What is measured, against what, and how much it may cost.

use crate::contender::{Fsync, GuestKind, searched};
use crate::inputs::{GUEST_DIR, LARGE_BODY, LARGE_FILE, SMALL_FILE};

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name in the arguments and in the table.
    pub(crate) name: &'static str,
    /// What it does, and what the first column is if not the bare engine.
    pub(crate) about: &'static str,
    pub(crate) job: Job,
    pub(crate) target: Target,
}

impl Row {
    /// Whether this row can compare two builds. It then loses its target, as there are none between builds.
    pub(crate) fn compares_builds(&mut self) -> bool {
        self.target = Target::Report;
        match self.job {
            Job::Pair(_) | Job::Memory(_) | Job::Growth { .. } | Job::Replay(_) => true,
            Job::Guard { .. } | Job::Piece(_) | Job::PieceRatio { .. } | Job::RunMany => false,
        }
    }
}

/// What a row may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// At most this many times the first column: per call if the guest makes many, otherwise for the whole process.
    Ratio(f64),
    /// At most this many nanoseconds, with or without allocating.
    Nanoseconds { most: f64, may_allocate: bool },
    /// At least this many per second.
    PerSecond(f64),
    /// No target: the number is only reported.
    Report,
}

/// How a row is measured.
#[derive(Debug)]
pub(crate) enum Job {
    /// A guest, run by both.
    Pair(Pair),
    /// Peak memory of a guest, run by both.
    Memory(Vec<String>),
    /// Peak memory of two runs of `wasm-agent`, one of which does much more.
    Growth { few: Vec<String>, many: Vec<String> },
    /// A run of `wasm-agent`, and the replay of its journal.
    Replay(Vec<String>),
    /// The bare engine, without and with one guard.
    Guard { pair: Pair, guard: &'static EngineGuard },
    /// A benchmark of `tests/benches`, by its name there.
    Piece(&'static str),
    /// Like [`Job::Piece`], as a multiple of another piece.
    PieceRatio { of: &'static str, to: &'static str },
    /// Runs a second through the library, on one core.
    RunMany,
}

/// A feature that is added to the bare engine, and the flags that turn it on.
#[derive(Debug)]
pub(crate) struct EngineGuard {
    pub(crate) compile: &'static [&'static str],
    pub(crate) run: &'static [&'static str],
}

/// A guest that both run.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) guest: GuestKind,
    /// The arguments of the guest.
    pub(crate) arguments: Vec<String>,
    /// How many calls it makes, if a time per call makes sense.
    pub(crate) calls: Option<u32>,
    /// Whether it is compiled already.
    pub(crate) is_compiled: bool,
    /// When the journal is synced.
    pub(crate) fsync: Fsync,
    /// Whether the first column includes the time to copy the large file: `wasm-agent` keeps what is read, as a copy.
    pub(crate) with_copy: bool,
}

/// All rows. The counts are chosen so that each run takes at least some tens of milliseconds and stands out from noise.
pub(crate) fn all(server: &str) -> Vec<Row> {
    let mut rows = process_rows();
    rows.extend(call_rows());
    rows.extend(bulk_rows(server));
    rows.extend(journal_rows());
    rows.extend(piece_rows());
    rows
}

fn row(name: &'static str, about: &'static str, job: Job, target: Target) -> Row {
    Row { name, about, job, target }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn pair(arguments: &[&str]) -> Pair {
    Pair {
        guest: GuestKind::Small,
        arguments: words(arguments),
        calls: None,
        is_compiled: true,
        fsync: Fsync::Effects,
        with_copy: false,
    }
}

fn process_rows() -> Vec<Row> {
    let large = || Pair { guest: GuestKind::Large, ..pair(&[]) };
    vec![
        row("start", "start to exit of a small tool, cached code", Job::Pair(pair(&["noop"])), Target::Ratio(1.2)),
        row("start-18-mb", "the same of a tool of 18 MB", Job::Pair(large()), Target::Report),
        row("memory", "peak memory of `start`", Job::Memory(words(&["noop"])), Target::Ratio(1.25)),
        row(
            "uncached",
            "a small tool, compiled first",
            Job::Pair(Pair { is_compiled: false, ..pair(&["noop"]) }),
            Target::Ratio(1.15),
        ),
        guard("uncached-guards", ALL_ON_TOP, Pair { is_compiled: false, ..pair(&["noop"]) }, &ALL),
        row(
            "uncached-18-mb",
            "a tool of 18 MB, compiled first",
            Job::Pair(Pair { is_compiled: false, ..large() }),
            Target::Ratio(1.15),
        ),
        guard("uncached-18-mb-guards", ALL_ON_TOP, Pair { is_compiled: false, ..large() }, &ALL),
        row("branchy", "a loop with a branch a step", Job::Pair(pair(&["branchy", BRANCHY])), Target::Ratio(1.1)),
        guard("branchy-fuel", "bare engine: fuel on top", pair(&["branchy", BRANCHY]), &FUEL),
        guard("branchy-guards", ALL_ON_TOP, pair(&["branchy", BRANCHY]), &ALL),
        row("straight", "long lines of arithmetic", Job::Pair(pair(&["straight", STRAIGHT])), Target::Ratio(1.1)),
        guard("straight-fuel", "bare engine: fuel on top", pair(&["straight", STRAIGHT]), &FUEL),
        guard("straight-guards", ALL_ON_TOP, pair(&["straight", STRAIGHT]), &ALL),
    ]
}

/// How many Collatz sequences `branchy` follows, and how many rounds `straight` makes.
const BRANCHY: &str = "300000";
const STRAIGHT: &str = "6000000";

const FUEL: EngineGuard =
    EngineGuard { compile: &["-W", "fuel=1000000000000000000"], run: &["-W", "fuel=1000000000000000000"] };

/// What `wasm-agent` always has on.
const ALL: EngineGuard = EngineGuard {
    compile: &["-W", "fuel=1000000000000000000,nan-canonicalization=y"],
    run: &["-W", "fuel=1000000000000000000,nan-canonicalization=y"],
};

const ALL_ON_TOP: &str = "bare engine: fuel and canonical NaNs on top";

fn guard(name: &'static str, about: &'static str, pair: Pair, guard: &'static EngineGuard) -> Row {
    row(name, about, Job::Guard { pair, guard }, Target::Report)
}

fn call_rows() -> Vec<Row> {
    let small = format!("{GUEST_DIR}/{SMALL_FILE}");
    let times = |calls: u32, command: &str, operand: Option<&str>| {
        let count = calls.to_string();
        let mut arguments = vec![command, count.as_str()];
        arguments.extend(operand);
        Pair { calls: Some(calls), ..pair(&arguments) }
    };
    let change = |fsync| Job::Pair(Pair { fsync, ..times(2_000, "create-remove", Some(GUEST_DIR)) });
    vec![
        row("clock", "read the monotonic clock", Job::Pair(times(500_000, "clock", None)), Target::Ratio(2.0)),
        row("random", "take eight random bytes", Job::Pair(times(500_000, "random", None)), Target::Ratio(2.0)),
        row("stat", "look at a file", Job::Pair(times(30_000, "stat", Some(&small))), Target::Ratio(1.2)),
        row(
            "open-read-close",
            "open, read 4 KiB, close",
            Job::Pair(times(20_000, "open-read-close", Some(&small))),
            Target::Ratio(1.2),
        ),
        row("create-remove", "create and remove a file, `--fsync none`", change(Fsync::None), Target::Ratio(1.3)),
        row("create-remove-effects", "the same, `--fsync effects`", change(Fsync::Effects), Target::Report),
        row("create-remove-all", "the same, `--fsync all`", change(Fsync::All), Target::Report),
    ]
}

fn bulk_rows(server: &str) -> Vec<Row> {
    let large = format!("{GUEST_DIR}/{LARGE_FILE}");
    let written = format!("{GUEST_DIR}/written.bin");
    let gets = |server: &str| Pair { calls: Some(2_000), ..pair(&["http-get", "2000", &format!("{server}/")]) };
    let (gets, of_searched) = (gets(server), gets(&searched(server)));
    vec![
        row(
            "read-256-mib",
            "read a file, contents captured; the first column has `cp` of it too",
            Job::Pair(Pair { with_copy: true, ..pair(&["read", &large]) }),
            Target::Ratio(1.5),
        ),
        row(
            "write-256-mib",
            "write a file, contents by digest",
            Job::Pair(pair(&["write", &written, "256"])),
            Target::Ratio(1.2),
        ),
        row("http-get", "GET 1 KiB from loopback", Job::Pair(gets), Target::Ratio(0.5)),
        row("http-get-secret", "the same from a server that gets a secret", Job::Pair(of_searched), Target::Report),
        row(
            "body-256-mib",
            "a response body, captured",
            Job::Pair(pair(&["http-body", &format!("{server}{LARGE_BODY}")])),
            Target::Ratio(1.2),
        ),
    ]
}

fn journal_rows() -> Vec<Row> {
    let small = format!("{GUEST_DIR}/{SMALL_FILE}");
    vec![
        row(
            "replay-files",
            "replay of 20,000 × open, read, close; the first column is the live run",
            Job::Replay(words(&["open-read-close", "20000", &small])),
            Target::Ratio(0.5),
        ),
        row(
            "replay-clock",
            "replay of 3 million clock readings; the first column is the live run",
            Job::Replay(words(&["clock", "3000000"])),
            Target::Report,
        ),
        row(
            "memory-clock",
            "peak memory of 10 million clock readings; the first column is of 10,000",
            Job::Growth { few: words(&["clock", "10000"]), many: words(&["clock", "10000000"]) },
            Target::Ratio(1.25),
        ),
        row("run-many", "runs of a small tool through the library, on one core", Job::RunMany, Target::PerSecond(5e3)),
    ]
}

fn piece_rows() -> Vec<Row> {
    let free = |most| Target::Nanoseconds { most, may_allocate: false };
    let tenfold = |of, to| Job::PieceRatio { of, to };
    vec![
        row("decide-file", "decision on a file, 64 grants", Job::Piece("file_64"), free(50.0)),
        row("decide-http", "decision on a request, 64 grants", Job::Piece("http_64"), free(500.0)),
        row(
            "decide-file-10k",
            "decision on a file, 10,000 grants to 64",
            tenfold("file_10000", "file_64"),
            Target::Ratio(3.0),
        ),
        row(
            "decide-http-10k",
            "decision on a request, 10,000 grants to 64",
            tenfold("http_10000", "http_64"),
            Target::Ratio(3.0),
        ),
        row(
            "hand-over",
            "encode one event and hand it to the writer",
            Job::Piece("hand_over_call"),
            Target::Nanoseconds { most: 100.0, may_allocate: true },
        ),
        row("verify-records", "verify 64 MiB of calls, bytes", Job::Piece("verify_records"), Target::PerSecond(1e9)),
        row("verify-blobs", "verify 64 MiB of contents, bytes", Job::Piece("verify_blobs"), Target::PerSecond(1e9)),
    ]
}
