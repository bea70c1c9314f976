//! State directories that can't be used.

use crate::desk::Desk;
use std::process::Command;
use wasm_agent_tests::wat;

fn without_state(command: &mut Command) {
    command.env_remove("WASM_AGENT_STATE");
}

#[test]
fn refuses_a_state_directory_that_is_not_private() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.write("file", "");
    for name in ["open", "group", "within"] {
        std::fs::create_dir(desk.path(name)).unwrap();
        desk.mode(name, 0o700);
    }
    desk.mode("open", 0o777);
    desk.mode("group", 0o770);
    std::fs::create_dir(desk.path("within/code")).unwrap();
    desk.mode("within/code", 0o777);
    for name in ["open", "group", "within", "file", "file/below"] {
        desk.run(&format!("run --state {name} ok.wasm")).fails_in_one_line(&[2]);
    }
    let ran = desk.run_as("run ok.wasm", |command| {
        command.env("WASM_AGENT_STATE", "open");
    });
    ran.fails_in_one_line(&[2]);
    desk.matches("state");
}

#[test]
fn asks_for_one_where_there_is_no_home() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    let ran = desk.run_as("run ok.wasm", |command| {
        without_state(command);
        command.env_remove("HOME");
    });
    ran.fails_in_one_line(&[2]);
    desk.matches("state-no-home");
}
