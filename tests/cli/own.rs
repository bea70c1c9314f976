//! The host's own files, as an operator sees them; and mounts below a granted folder.

use crate::desk::{Desk, Ran, program};

const HERE: &str = "version = 1\n\n[[filesystem]]\nhost = \".\"\nguest = \"/here\"\naccess = \"write\"\nask = []\n";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.guest("search");
    desk
}

#[test]
fn a_policy_beside_its_files_says_what_it_does_not_give() {
    let mut desk = desk();
    desk.hide(program().display().to_string(), "PROGRAM");
    let more = "\n[secrets.token]\nfile = \"token\"\nheader = \"x-token\"\nvalue = \"{}\"\n\n\
         [[http]]\nurl = \"https://api.example.com/items?page=*\"\nsecrets = [\"token\"]\n";
    desk.write("policy.toml", HERE.to_owned() + more);
    desk.write("token", "0123456789");
    desk.write("notes.txt", "a todo");
    let home = |command: &mut std::process::Command| {
        command.env("WASM_AGENT_STATE", "state");
    };
    desk.run_as("policy check policy.toml", home);
    desk.run_as("policy explain policy.toml", home);
    for action in [
        "READ /here/notes.txt",
        "READ /here/policy.toml",
        "MODIFY /here/token",
        "CREATE /here/state/code/new.cwasm",
        "RENAME-DIR /here/.config -> /here/other",
        "READ /here/.config",
        "LINK /here/copy -> /here/token",
    ] {
        desk.run_as(&format!("policy explain policy.toml '{action}'"), home);
    }
    desk.matches("own-things");
}

#[test]
fn a_tool_finds_its_files_and_nothing_of_the_hosts() {
    let mut desk = desk();
    desk.write("policy.toml", HERE);
    desk.write("notes.txt", "a todo");
    desk.write("state/journals/old.journal", "a todo");
    desk.mode("state", 0o700);
    desk.run("keys new audit.key");
    let found = desk.run_as(
        "run -q -p policy.toml --sign audit.key -j more.journal --json '[\"/here\", \"o\"]' --call search search.wasm",
        |command| {
            command.env("WASM_AGENT_STATE", "state");
        },
    );
    let text = found.out();
    assert!(text.contains("/here/notes.txt"), "{text}");
    for own in ["policy.toml", "audit.key\"", "more.journal", "state", "search.wasm"] {
        assert!(!text.contains(own), "{own}: {text}");
    }
}

#[test]
fn a_folder_of_the_state_is_not_granted() {
    let mut desk = desk();
    desk.write("policy.toml", HERE.replace("\".\"", "\"state/journals\""));
    desk.write("state/journals/old.journal", "a todo");
    desk.mode("state", 0o700);
    let refused = desk.run_as("run -p policy.toml --call 'search(\"/here\", \"todo\")' search.wasm", |command| {
        command.env("WASM_AGENT_STATE", "state");
    });
    refused.fails_in_one_line(&[2]);
    desk.matches("own-folder-granted");
}

#[test]
fn a_journal_that_another_process_takes_away_ends_the_run() {
    for (name, act) in [
        ("removed", "rm a.journal"),
        ("moved", "mv a.journal b.journal"),
        ("cut", ": > a.journal"),
        ("replaced", "cp a.journal c.journal; mv c.journal a.journal"),
        ("written to", "echo more >> a.journal"),
    ] {
        let mut desk = Desk::with_notes();
        desk.script("act.sh", &format!("#!/bin/sh\ncat > /dev/null\n{act}\necho '{{\"decision\": \"approve\"}}'\n"));
        let ran =
            desk.run("run -p policy.toml -j a.journal --approve exec:./act.sh edit-files.wasm -- /notes colour color");
        assert_eq!(ran.status, 5, "{name}: {}", ran.err());
        assert!(ran.err().contains("another process"), "{name}: {}", ran.err());
        assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n", "{name}");
    }
}

/// Runs `search` where other folders and files are mounted below the granted one. Mounts are this process's own: they
/// need a user namespace and no rights.
fn mounted(mounts: &str) -> String {
    let desk = desk();
    for file in ["work/plain", "work/on", "work/bound/hidden", "beside/inner", "file", "state/journals/kept.journal"] {
        desk.write(file, "a todo");
    }
    desk.mode("state", 0o700);
    desk.write("work/memory/hidden", "a todo");
    desk.write("work/state/hidden", "a todo");
    desk.write(
        "policy.toml",
        format!(
            "version = 1\n\n[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n{mounts}"
        ),
    );
    let script = "set -e
        mount --bind beside work/bound
        mount --bind file work/on
        mount --bind state work/state
        mount -t tmpfs none work/memory
        echo a todo > work/memory/inside
        exec \"$0\" run -q -p policy.toml -j a.journal --call 'search(\"/work\", \"todo\")' search.wasm";
    let mut command = desk.command("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(program());
    command.env("WASM_AGENT_STATE", "state");
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.err());
    ran.out()
}

#[test]
fn a_grant_ends_where_something_else_is_mounted() {
    let found = mounted("");
    assert!(found.contains("/work/plain"), "{found}");
    for other in ["bound", "memory", "/work/on", "state"] {
        assert!(!found.contains(other), "{other}: {found}");
    }
}

#[test]
fn a_grant_covers_mounts_where_it_says_so_and_never_what_is_the_hosts() {
    let found = mounted("mounts = true\n");
    for path in ["/work/plain", "/work/on", "/work/bound/inner", "/work/memory/inside"] {
        assert!(found.contains(path), "{path}: {found}");
    }
    assert!(!found.contains("kept.journal"), "{found}");
}
