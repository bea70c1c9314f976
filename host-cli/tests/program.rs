//! The program as a shell sees it, before any tool is involved.

#![expect(clippy::unwrap_used, reason = "a test that cannot start the program has failed")]

use std::process::{Command, Output};

fn wasm_agent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-agent")).args(arguments).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn says_its_version() {
    let output = wasm_agent(&["--version"]);
    assert_eq!(text(&output.stdout), concat!("wasm-agent ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn writes_completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = wasm_agent(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(text(&output.stdout).contains("wasm-agent"), "{shell}");
    }
}

#[test]
fn refuses_what_it_does_not_know_with_status_2() {
    for arguments in [&["fly"][..], &["run"], &["run", "--aprove", "refuse", "x.wasm"], &["journal", "burn", "x"]] {
        let output = wasm_agent(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
    }
}
