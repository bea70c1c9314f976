//! Long journals take no more memory than short ones. `cargo xtask scale` measures the same with 10 million calls.

use std::process::Command;

use crate::desk::{Desk, program};
use crate::sample_journal;

/// Calls in the short journal and in the long one, about.
const FEW: u32 = 1_000;
const MANY: u32 = 50_000;

/// How much more memory the long one may take, in KiB. Kept for each call, 32 bytes would be more.
const MORE_KIB_MAX: u64 = 1_200;

/// The policy of both runs.
const POLICY: &str = "\
version = 1

[[filesystem]]
host = \"n\"
guest = \"/notes\"
access = \"write\"

[[http]]
url = \"https://api.example.com:8443/**\"
methods = [\"POST\"]
ask = false
networks = [\"192.0.2.0/24\"]
";

/// What is run: `J` stands for the journal.
const COMMANDS: [&str; 12] = [
    "journal verify J",
    "journal show J",
    "journal show --calls all J",
    "--format json journal show J",
    "journal stats J",
    "journal files J",
    "journal why J /notes/today.md",
    "journal diff J J",
    "journal export --format otlp J",
    "journal export --format chrome-trace J",
    "policy judge J --policy policy.toml",
    "policy suggest J",
];

/// Runs a command and prints its largest resident set, in KiB, and its exit code. Rust's library passes neither on from
/// a child that has ended.
const MEASURE: &str = "import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, status)";

/// The largest resident set of a command, in KiB.
fn peak_kib(desk: &Desk, command: &str, journal: &str) -> u64 {
    let arguments = command.split(' ').map(|word| if word == "J" { journal } else { word });
    let mut python = Command::new("python3");
    python.current_dir(desk.path("")).args(["-c", MEASURE]).arg(program()).args(arguments);
    let output =
        python.output().unwrap_or_else(|error| panic!("memory is measured with `python3` on the PATH: {error}"));
    let said = String::from_utf8(output.stdout).unwrap();
    let (peak, status) = said.trim().split_once(' ').unwrap();
    // Some of the decisions in a made journal are not those of its policy.
    assert!(matches!(status, "0" | "4"), "{command}: {status}: {}", String::from_utf8_lossy(&output.stderr));
    peak.parse().unwrap()
}

#[test]
fn a_long_journal_takes_no_more_memory_than_a_short_one() {
    let desk = Desk::new();
    desk.write("policy.toml", POLICY);
    for (name, reads) in [("few", FEW), ("many", MANY)] {
        let journal = sample_journal::journal(|made| {
            made.reads = reads;
            made.header.policy_text = POLICY.to_owned();
        });
        desk.write(&format!("{name}.journal"), journal);
    }
    for command in COMMANDS {
        let [few, many] = ["few.journal", "many.journal"].map(|journal| peak_kib(&desk, command, journal));
        assert!(many <= few + MORE_KIB_MAX, "{command}: {few} KiB for {FEW} calls, {many} KiB for {MANY}");
    }
}
