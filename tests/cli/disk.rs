//! Disks that are full or can't be written.

use crate::desk::{Desk, Ran, program};
use std::process::Command;
use wasm_agent_tests::wat;

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
    // What was recorded until then is there and unchanged.
    assert_eq!(desk.run("journal verify partial.journal").status, 0);
    assert_eq!(desk.run("journal show partial.journal").status, 0);
    assert_eq!(desk.run("replay partial.journal").status, 3);
    desk.matches("disk-full");
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
