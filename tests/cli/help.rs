//! The help texts.

use crate::desk::Desk;

#[test]
fn helps_with_every_command() {
    let mut desk = Desk::new();
    for command in [
        "",
        "run ",
        "replay ",
        "journal ",
        "journal show ",
        "journal verify ",
        "journal recover ",
        "journal files ",
        "journal why ",
        "journal export ",
        "journal stats ",
        "journal diff ",
        "approvals ",
        "approvals list ",
        "approvals show ",
        "approvals approve ",
        "approvals refuse ",
        "approvals watch ",
        "keys ",
        "keys new ",
        "keys show ",
        "policy ",
        "policy check ",
        "policy explain ",
        "policy judge ",
        "policy suggest ",
        "inspect ",
        "completions ",
    ] {
        let ran = desk.run(&format!("{command}--help"));
        assert_eq!((ran.status, ran.err()), (0, String::new()), "{command}");
    }
    desk.run("--version");
    desk.matches("help");
}

#[test]
fn completes_in_every_shell() {
    let mut desk = Desk::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = desk.run(&format!("completions {shell}"));
        assert_eq!((ran.status, ran.err()), (0, String::new()), "{shell}");
        assert!(ran.out().contains("explain"), "{shell}");
    }
}
