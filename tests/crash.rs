//! Runs that are killed: some of the points of `cargo xtask crash`, spread over all of them.

use std::process::Command;

/// How many, so that they take well under a minute.
const POINTS: &str = "150";

#[test]
fn what_a_killed_run_did_is_in_its_journal() {
    let output = Command::new(env!("CARGO_BIN_EXE_crash-harness")).args(["--points", POINTS]).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    println!("{said}");
}
