//! Disks that are full or can't be written.

use crate::desk::{Desk, Ran, YES, program};
use std::process::Command;
use wasm_agent_tests::wat;

/// Changes the note, which somebody approves.
const EDIT: &str = "-p policy.toml --approve exec:./yes.sh edit-files.wasm -- /notes colour color";

/// Why no small disk can be had here, if none can.
fn no_mounts() -> Option<String> {
    let arguments = ["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"];
    match Command::new("unshare").args(arguments).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// Runs the program with a small disk at `disk`, which is gone when it ends; `then` runs after it.
fn with_disk(desk: &mut Desk, options: &str, arguments: &str, then: &str) -> Option<Ran> {
    if let Some(reason) = no_mounts() {
        println!("skipped, as nothing can be mounted: {reason}");
        return None;
    }
    std::fs::create_dir_all(desk.path("disk")).unwrap();
    let script =
        format!("mount -t tmpfs -o {options} none disk && \"$0\" {arguments}; status=$?; {then}; exit $status");
    let mut command = desk.command("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).arg(program());
    let ran = Ran::from(command.output().unwrap());
    desk.note(arguments, &ran);
    Some(ran)
}

#[test]
fn a_full_disk_ends_the_run() {
    let mut desk = Desk::new();
    desk.tool("busy.wasm", &wat::clock_calls(2_000_000));
    let copy = "cp disk/a.journal partial.journal";
    let Some(ran) = with_disk(&mut desk, "size=64k", "run -j disk/a.journal busy.wasm", copy) else { return };
    assert_eq!(ran.status, 5, "{}", ran.err());
    assert_eq!(ran.err().lines().filter(|line| line.starts_with("error: ")).count(), 1);
    assert_eq!(desk.run("replay partial.journal").status, 3);
    // What was recorded until then is there and unchanged. The disk may be full within a record, or right after one.
    for (command, says) in [("verify", "unchanged, without an end: "), ("show", "\nincomplete: ")] {
        let ran = desk.quietly(&format!("journal {command} partial.journal"));
        let said = ran.out();
        assert!(ran.status == 0 && said.contains(says) && said.contains("\nafter the last seal: "), "{said}");
    }
    desk.matches("disk-full");
}

/// Sizes that a journal is not let grow beyond, spread over all that it would have.
const SIZES: u64 = 24;

#[test]
fn a_journal_that_may_not_grow_ends_the_run_with_nothing_unannounced() {
    let whole = {
        let desk = Desk::with_notes();
        desk.script("yes.sh", YES);
        assert_eq!(desk.quietly(&format!("run -j a.journal {EDIT}")).status, 0);
        u64::try_from(desk.read("a.journal").len()).unwrap()
    };
    for size in (0..SIZES).map(|step| step * whole / SIZES) {
        let desk = Desk::with_notes();
        desk.script("yes.sh", YES);
        let mut command = desk.command("sh");
        // Without the signal, a write that goes too far fails like any other.
        command.args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\""]).arg(size.to_string()).arg(program());
        let ran = Ran::from(command.args(["run", "-j", "a.journal"]).args(EDIT.split(' ')).output().unwrap());
        assert_eq!(ran.status, 5, "{size}: {}", ran.err());
        assert_eq!(ran.err().lines().filter(|line| line.starts_with("error: cannot write journal")).count(), 1);
        let shown = desk.quietly("journal show --format json a.journal");
        let is_announced = String::from_utf8_lossy(&shown.stdout).contains("\"kind\":\"file.modify\"");
        let is_changed = desk.read("notes/today.md") != Desk::with_notes().read("notes/today.md");
        assert!(is_announced || !is_changed, "{size}: the note changed, and no intent says so");
        // Cut off, which is 0, or not even begun.
        let verified = desk.quietly("journal verify a.journal");
        assert!(verified.status == 0 || shown.stdout.is_empty(), "{size}: {}", verified.err());
    }
}

#[test]
fn a_full_state_directory_is_reported() {
    let mut desk = Desk::new();
    desk.guest("search");
    let arguments = "run --state disk/state --call 'search(\"/notes\",\"a\")' search.wasm";
    let Some(ran) = with_disk(&mut desk, "size=32k", arguments, ":") else { return };
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err().lines().filter(|line| line.starts_with("error: ")).count(), 1);
    desk.matches("state-full");
}

#[test]
fn a_state_directory_that_can_not_be_written_is_reported() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    for arguments in ["run --state disk/state ok.wasm", "run -j disk/a.journal ok.wasm"] {
        let Some(ran) = with_disk(&mut desk, "ro", arguments, ":") else { return };
        ran.fails_in_one_line(&[2]);
    }
    desk.matches("disk-read-only");
}
