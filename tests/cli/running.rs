//! `run`: tools with a command.

use crate::desk::{Desk, NOTES, YES};
use crate::tools;
use wasm_agent_tests::wat;

#[test]
fn runs_a_tool_and_reports() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.run("run -p policy.toml -j refused.journal --approve refuse edit-files.wasm -- /notes colour color");
    assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n");
    desk.run("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    assert_eq!(desk.read("notes/today.md"), b"The color of the sky.\n");
    desk.run("run -p policy.toml -j quiet.journal -q --approve exec:./yes.sh edit-files.wasm -- /notes color colour");
    desk.run("run -p policy.toml -j alone.journal edit-files.wasm -- /notes colour color");
    desk.matches("run");
}

#[test]
fn reports_in_json() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    let ran = desk.run(
        "run -p policy.toml -j a.journal --format json --approve exec:./yes.sh edit-files.wasm -- /notes colour color",
    );
    let report = &ran.err_objects()[0];
    assert_eq!(report["outcome"]["kind"], "exited");
    assert_eq!(report["asked"], 1);
    assert_eq!(report["exit"], 0);
    let ran = desk.run("run --format json nothing.wasm");
    assert_eq!(ran.err_objects()[0]["exit"], 2);
    desk.tool("trap.wasm", &tools::trap());
    let ran = desk.run("run --format json -j b.journal trap.wasm");
    assert_eq!(ran.err_objects()[0]["exit"], 3);
    desk.matches("run-json");
}

#[test]
fn grants_nothing_without_a_policy() {
    let mut desk = Desk::with_notes();
    desk.run("run -j a.journal edit-files.wasm -- /notes colour color");
    desk.tool("given.wasm", &wat::given());
    desk.run_as("run -j b.journal given.wasm", |command| {
        command.env("SECRET", "s3cret");
    });
    let shown = desk.run("journal show --calls all b.journal");
    assert!(!shown.out().contains("s3cret"));
    desk.matches("run-without-policy");
}

#[test]
fn ends_as_the_tool_did() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.tool("three.wasm", &wat::preview1_exit(3));
    desk.tool("trap.wasm", &tools::trap());
    desk.tool("endless.wasm", &tools::endless());
    desk.write("limits.toml", "version = 1\n\n[limits]\nfuel = 100000\n");
    for (tool, status) in [("ok", 0), ("three", 1), ("trap", 3)] {
        let ran = desk.run(&format!("run -j {tool}.journal {tool}.wasm"));
        assert_eq!(ran.status, status, "{tool}");
        let again = desk.run(&format!("replay {tool}.journal"));
        assert_eq!(again.status, status, "{tool}");
    }
    assert_eq!(desk.run("run -p limits.toml -j endless.journal endless.wasm").status, 3);
    assert_eq!(desk.run("replay endless.journal").status, 3);
    // The reason of a stop is said in any case, on one line.
    for command in ["run -q -p limits.toml -j quiet.journal endless.wasm", "replay -q quiet.journal"] {
        let ran = desk.run(command);
        assert_eq!(ran.err().lines().count(), 1, "{}", ran.err());
        assert!(ran.err().starts_with("stopped: "), "{}", ran.err());
    }
    let ran = desk.run("run -q --format json -p limits.toml -j json.journal endless.wasm");
    assert_eq!(ran.err_objects()[0]["event"], "stopped");
    for tool in ["ok", "three"] {
        assert_eq!(desk.run(&format!("run -q -j {tool}-quiet.journal {tool}.wasm")).err(), "");
    }
    desk.matches("run-outcomes");
}

#[test]
fn passes_input_on_where_it_is_asked_to() {
    let mut desk = Desk::new();
    desk.tool("cat.wasm", &wat::preview1_cat());
    desk.guest("edit-files");
    desk.write("input.txt", "from the input\n");
    let without = desk.run("run -q -j a.journal cat.wasm");
    assert_eq!(without.out(), "");
    let input = std::fs::File::open(desk.path("input.txt")).unwrap();
    let with = desk.run_as("run -q -j b.journal --stdin cat.wasm", |command| {
        command.stdin(input);
    });
    assert_eq!(with.out(), "from the input\n");
    let again = desk.run("replay -q b.journal");
    assert_eq!(again.out(), "from the input\n");
    let hint = "hint: the tool read standard input, which is empty without `--stdin`\n";
    assert!(desk.run("run -j c.journal cat.wasm").err().contains(hint));
    assert!(!desk.run("run --stdin -j d.journal cat.wasm").err().contains(hint));
    assert!(!desk.run("run -j e.journal edit-files.wasm").err().contains(hint));
    desk.matches("run-input");
}

#[test]
fn reads_no_more_input_than_the_tool_does() {
    use std::io::Seek;
    let desk = Desk::new();
    desk.tool("cat.wasm", &wat::preview1_cat());
    desk.tool("once.wasm", &wat::preview1_cat().replace("(br $again)", ""));
    desk.tool("none.wasm", &wat::preview1_exit(0));
    desk.write("input.txt", vec![b'x'; 10_000]);
    for (tool, read) in [("none", 0), ("once", 4096), ("cat", 10_000)] {
        let mut input = std::fs::File::open(desk.path("input.txt")).unwrap();
        let mut command = desk.command(crate::desk::program());
        command.args(["run", "-q", "--stdin", "-j", &format!("{tool}.journal"), &format!("{tool}.wasm")]);
        let output = command.stdin(input.try_clone().unwrap()).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(0), read), "{tool}");
        assert_eq!(input.stream_position().unwrap(), read as u64, "{tool}");
        assert_eq!(desk.quietly(&format!("replay -q {tool}.journal")).out().len(), read, "{tool}");
    }
}

#[test]
fn passes_input_on_as_it_comes() {
    use std::io::{Read, Write};
    use std::process::Stdio;
    let desk = Desk::new();
    desk.tool("cat.wasm", &wat::preview1_cat());
    let mut command = desk.command(crate::desk::program());
    command.args(["run", "-q", "--stdin", "-j", "a.journal", "cat.wasm"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for line in [b"one\n", b"two\n"] {
        input.write_all(line).unwrap();
        let mut back = [0; 4];
        output.read_exact(&mut back).unwrap();
        assert_eq!(&back, line);
    }
    // Without an end of the input, the tool reads on, and the run can still be stopped.
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(desk.quietly("replay -q a.journal").out(), "one\ntwo\n");
    drop(input);
}

#[test]
fn passes_output_on_as_it_is_where_nobody_looks() {
    let mut desk = Desk::new();
    desk.tool("out.wasm", &tools::print(1, tools::RUDE));
    desk.tool("err.wasm", &tools::print(2, tools::RUDE));
    let ran = desk.run("run -q -j a.journal out.wasm");
    assert_eq!((ran.stdout.as_slice(), ran.stderr.as_slice()), (tools::RUDE, &b""[..]));
    let ran = desk.run("run -q -j b.journal err.wasm");
    assert_eq!((ran.stdout.as_slice(), ran.stderr.as_slice()), (&b""[..], tools::RUDE));
    let ran = desk.run("replay -q a.journal");
    assert_eq!(ran.stdout, tools::RUDE);
}

#[test]
fn keeps_journals_in_the_state_directory() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    let own = |command: &mut std::process::Command| {
        command.env_remove("WASM_AGENT_STATE");
    };
    desk.run_as("run ok.wasm", own);
    let kept: Vec<_> = std::fs::read_dir(desk.path(".local/state/wasm-agent/journals")).unwrap().collect();
    let journal = kept[0].as_ref().unwrap().path();
    assert_eq!(kept.len(), 1);
    let ran = desk.run_as(&format!("replay {}", journal.display()), own);
    assert_eq!(ran.status, 0, "{}", ran.err());
    let ran = desk.run_as("run --state elsewhere ok.wasm", own);
    assert_eq!(ran.status, 0, "{}", ran.err());
    assert_eq!(std::fs::read_dir(desk.path("elsewhere/journals")).unwrap().count(), 1);
}

#[test]
fn never_overwrites_a_journal() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.write("old.journal", "what was");
    let ran = desk.run("run -j old.journal ok.wasm");
    ran.fails_in_one_line(&[2]);
    desk.run("run -j no/such/folder.journal ok.wasm").fails_in_one_line(&[2]);
    assert_eq!(desk.read("old.journal"), b"what was");
    desk.matches("run-journal-exists");
}

#[test]
fn refuses_arguments_that_are_none() {
    let mut desk = Desk::with_notes();
    for arguments in [
        "",
        "walk",
        "run",
        "run --approve everything edit-files.wasm",
        "run --approve exec: edit-files.wasm",
        "run --json [] edit-files.wasm",
        "run --fsync sometimes edit-files.wasm",
        "run edit-files.wasm /notes a b",
        "edit-files.wasm",
        "edit-files.wasm /notes a b",
        "--format json edit-files.wasm /notes a b",
        "--format json run --polcy policy.toml edit-files.wasm",
        "run edit-files.wasm --format json --fsync sometimes",
        "journal --format json",
        "journal",
        "policy explain",
        "completions tcsh",
        "run --format yaml edit-files.wasm",
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 2, "{arguments}");
        if arguments.contains("--format json") {
            assert!(ran.err_objects().len() == 1 && ran.out().is_empty(), "{arguments}");
        }
    }
    desk.matches("arguments");
}

#[test]
fn makes_no_folder_of_a_home_that_no_shell_replaced() {
    let mut desk = Desk::with_notes();
    desk.guest("search");
    for arguments in [
        "run -p policy.toml --approve exec:~/a.sh edit-files.wasm",
        "run --call search --json @~/a.json search.wasm",
        "run --journal=~/a.journal edit-files.wasm",
        "run --state=~/state edit-files.wasm",
        "run --policy=~/policy.toml edit-files.wasm",
        "run '~ann/edit-files.wasm'",
        "journal show '~/a.journal'",
        "policy check '~/policy.toml'",
        "keys new '~/key'",
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 2, "{arguments}");
        assert!(ran.err().contains(": only a shell replaces `~"), "{arguments}: {}", ran.err());
    }
    let ran = desk.run_as("run edit-files.wasm", |command| {
        command.env("WASM_AGENT_STATE", "~/state");
    });
    ran.fails_in_one_line(&[2]);
    assert!(!desk.path("~").exists());
    desk.matches("unexpanded-home");
}

#[test]
fn takes_no_filter_that_is_none() {
    let mut desk = Desk::new();
    desk.write("policy.toml", NOTES);
    let ran = desk.run_as("policy check policy.toml", |command| {
        command.env("WASM_AGENT_LOG", "wasm_agent=very,loud=");
    });
    ran.fails_in_one_line(&[2]);
    desk.matches("log-filter");
}
