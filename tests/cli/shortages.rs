//! What the machine lacks is never the tool's fault, and never a panic.

use std::process::Command;

use wasm_agent_tests::{OpenMode, Probe, wat};

use crate::desk::{Desk, NOTES, YES, program};

/// Turns a command into one that runs under a limit of the shell, such as `-n 128`.
fn limited(limit: &str) -> impl FnOnce(&mut Command) {
    let set = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    move |command| {
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(set).arg(program()).args(arguments).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(command.get_current_dir().unwrap());
        *command = shell;
    }
}

/// A tool that opens a file so many times, and then opens it for writing.
fn holds(desk: &Desk, files: usize) {
    let mut probe = Probe::new();
    let notes = probe.preopen();
    for _ in 0..files {
        probe.open(notes, "today.md", OpenMode::READ);
    }
    probe.open(notes, "today.md", OpenMode::WRITE);
    desk.write("holds.wasm", probe.component());
}

fn desk() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("policy.toml", NOTES);
    desk
}

#[test]
fn a_lack_of_addresses_is_not_a_trap() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    assert_eq!(desk.quietly("run -q -j first.journal ok.wasm").status, 0);
    let ran = desk.run_as("run -j a.journal ok.wasm", limited("-v 1000000"));
    assert_eq!(ran.status, 5, "{}", ran.err());
    assert!(
        ran.err().contains("error: this machine lacks memory, descriptors or threads for the tool: "),
        "{}",
        ran.err()
    );
    assert!(ran.err().contains("hint: `ulimit -a`"), "{}", ran.err());
    let again = desk.run("replay a.journal");
    assert_eq!(again.status, 5);
    assert!(again.err().contains("identical: 0 calls"), "{}", again.err());
    assert_eq!(desk.run("journal verify a.journal").status, 0);
}

#[test]
fn a_compiler_without_memory_is_not_the_tools_fault() {
    let mut desk = Desk::new();
    desk.guest("edit-files");
    for addresses in [150_000, 400_000] {
        let arguments = format!("run --state fresh -j {addresses}.journal edit-files.wasm");
        let ran = desk.run_as(&arguments, limited(&format!("-v {addresses}")));
        assert_eq!(ran.status, 5, "{addresses}: {}", ran.err());
    }
}

#[test]
fn too_few_files_to_begin_with_are_an_error() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.quietly("run -q -j a.journal ok.wasm");
    for files in [4, 10, 16, 24, 31, 40] {
        for command in [format!("run -j {files}.journal ok.wasm"), "replay a.journal".to_owned()] {
            let ran = desk.run_as(&command, limited(&format!("-n {files}")));
            let may_be = if command.starts_with("run") || files < 32 { 5 } else { 0 };
            assert_eq!(ran.status, may_be, "{files}, {command}: {}", ran.err());
        }
    }
}

#[test]
fn the_soft_limit_on_open_files_is_raised() {
    let mut desk = desk();
    holds(&desk, 200);
    let ran = desk.run_as(
        "run -p policy.toml -j a.journal --approve exec:./yes.sh holds.wasm",
        limited("-S -n 64 && ulimit -H -n 4096"),
    );
    assert_eq!(ran.status, 0, "{}", ran.err());
}

#[test]
fn an_approver_still_works_when_a_tool_holds_all_its_handles() {
    let mut desk = desk();
    for (files, status) in [(40, 0), (120, 5), (300, 5)] {
        holds(&desk, files);
        let arguments = format!("run -p policy.toml -j {files}.journal --approve exec:./yes.sh holds.wasm");
        let ran = desk.run_as(&arguments, limited("-n 160"));
        assert_eq!(ran.status, status, "{files}: {}", ran.err());
        assert_eq!(ran.err().contains("may have 160 files open"), status == 5, "{}", ran.err());
        let again = desk.run(&format!("replay {files}.journal"));
        assert_eq!(again.status, status, "{files}: {}", again.err());
        assert!(again.err().contains("identical"), "{}", again.err());
    }
    let shown = desk.run("journal show 40.journal").out();
    assert!(shown.contains("approved by"), "{shown}");
}

#[test]
fn a_file_that_reaches_the_limit_of_the_process_is_an_error() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.quietly("run -q -j first.journal ok.wasm");
    // No journal is as short as this.
    let ran = desk.run_as("run -j a.journal ok.wasm", limited("-f 0"));
    assert_eq!(ran.status, 5, "{}", ran.err());
}
