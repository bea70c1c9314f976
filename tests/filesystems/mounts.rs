//! Mounts each file system and runs the tests of files on it.
//!
//! Where a machine can't mount one, its tests are left out, and a line on standard error says so. Under `CI` that
//! fails, except for FUSE.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

/// What a script ends with if the machine can't mount the file system.
const CANNOT_MOUNT: i32 = 77;

/// Runs this program again in namespaces of its own, after `script` has mounted something. The script runs in a new
/// folder, and leaves the folder to test in `$at`.
fn again(script: &str, arguments: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    let script = format!(
        "cd \"$1\" || exit 1; shift; cannot() {{ echo \"cannot mount: $*\" >&2; exit {CANNOT_MOUNT}; }}; {script}
        export TMPDIR=\"$at\" WASM_AGENT_MOUNT=\"$at\"; exec \"$0\" \"$@\""
    );
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg(place.path())
        .args(arguments)
        // The guests and the programs of the tests are found from here.
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// Whether the tests passed on a file system. `false` if it can't be mounted here.
fn passed(name: &str, script: &str, arguments: &[&str]) -> bool {
    let output = again(script, arguments);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(CANNOT_MOUNT) || text.contains("unshare: ") {
        // Not captured: a test that was left out must not look like one that passed.
        let line = format!("LEFT OUT: tests on {name}, which this machine can't mount: {}\n", text.trim());
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return false;
    }
    assert!(output.status.success(), "on {name}:\n{text}");
    let ran = text.lines().any(|line| line.starts_with("test result: ok. ") && !line.contains(" 0 passed"));
    assert!(ran, "no test ran on {name}:\n{text}");
    true
}

/// As [`passed`], for a file system that every machine for continuous integration can mount.
fn must_pass(name: &str, script: &str, arguments: &[&str]) {
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(passed(name, script, arguments) || !is_ci, "{name} can't be mounted, and under CI none is left out");
}

/// All tests but those that mount and those that are for one file system.
const ALL: [&str; 2] = ["--skip", "mounts::"];

fn one(name: &str) -> [&str; 3] {
    ["--ignored", "--exact", name]
}

const TMPFS: &str = "mkdir m && mount -t tmpfs tmpfs m || cannot tmpfs; at=$PWD/m";

// `userxattr`: without the right to its own attributes, an overlay can't rename folders.
const OVERLAY: &str = "mount -t tmpfs tmpfs . && cd \"$PWD\" && mkdir l u w m && mkdir l/deep && echo low > l/a &&
    echo low > l/deep/b && mount -t overlay overlay -o userxattr,lowerdir=l,upperdir=u,workdir=w m || cannot overlay
    at=$PWD/m";

#[test]
fn tmpfs() {
    must_pass("tmpfs", TMPFS, &ALL);
}

#[test]
fn overlay() {
    must_pass("an overlay", OVERLAY, &ALL);
    must_pass("an overlay", OVERLAY, &one("there::a_file_that_is_copied_up_is_asked_about_once"));
}

#[test]
fn read_only() {
    let script = "mkdir m && mount -t tmpfs tmpfs m && mkdir m/d && echo text > m/a && mount -o remount,ro m ||
        cannot read-only; at=$PWD/m";
    must_pass("a read-only mount", script, &one("there::nothing_changes_on_a_read_only_mount"));
}

#[test]
fn full() {
    let script = "mkdir m && mount -t tmpfs -o size=64k,nr_inodes=8 tmpfs m || cannot tmpfs; at=$PWD/m";
    must_pass("a full mount", script, &one("there::a_full_mount_says_that_it_is_full"));
}

fn fuse(files: &str) -> String {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("filesystems/nocase.py");
    // The server says when it is ready, so nothing waits for a time.
    format!(
        "mkdir root m && mkfifo up && {files} || exit 1
        {{ python3 {} root m 2>&1 || echo failed; }} > up &
        read -r said < up; [ \"$said\" = ready ] || cannot FUSE: \"$said\"; at=$PWD/m",
        server.display()
    )
}

#[test]
fn fuse_that_ignores_case() {
    // Thousands of calls, each of which takes this file system milliseconds: they reach the time limit of a run.
    let slow = ["--skip", "a_run_that_made_many_links"];
    if passed("FUSE", &fuse(":"), &[ALL, slow].concat()) {
        for test in ["a_denied_name_is_denied_in_every_spelling", "a_question_shows_the_name_that_the_folder_has"] {
            let script = fuse("mkdir root/.git && echo cfg > root/.git/config");
            assert!(passed("FUSE", &script, &one(&format!("there::{test}"))), "FUSE could be mounted a moment ago");
        }
    }
}
