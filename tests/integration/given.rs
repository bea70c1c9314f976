//! What a tool is given: exactly what the operator says, and nothing of the operator's own surroundings.

use wasm_agent_host::Folders;
use wasm_agent_tests::{Folder, OpenMode, Probe, Scene, guests, wat};

#[test]
fn arguments_and_environment_are_exactly_those_given() {
    let folder = Folder::new();
    let run = Scene::tool(&folder, guests::from_text("given.wasm", &wat::given()))
        .policy("[environment]\nset = { B = \"2\", A = \"one\" }\n")
        .arguments(["first", "", "ünï\u{202e}"])
        .run();
    run.exited(0);
    let calls = run.events_of("call");
    let outcome = |name: &str| {
        let call = calls.iter().find(|call| call["function"] == format!("wasi:cli/environment#{name}")).unwrap();
        call["outcome"][1].clone()
    };
    assert_eq!(outcome("get-arguments"), serde_json::json!(["given.wasm", "first", "", "ünï\u{202e}"]));
    assert_eq!(outcome("get-environment"), serde_json::json!([["A", "one"], ["B", "2"]]));
    assert_eq!(outcome("initial-cwd"), serde_json::Value::Null);
}

#[test]
fn nothing_of_the_operators_environment_reaches_the_tool() {
    let folder = Folder::new();
    let run = Scene::tool(&folder, guests::from_text("given.wasm", &wat::given())).secret("HOME", "/root").run();
    let calls = run.events_of("call");
    let environment = calls.iter().find(|call| call["function"] == "wasi:cli/environment#get-environment").unwrap();
    assert_eq!(environment["outcome"][1], serde_json::json!([]));
}

#[test]
fn standard_input_is_empty_unless_it_is_given() {
    let folder = Folder::new();
    let tool = guests::from_text("cat.wasm", &wat::preview1_cat());
    let run = Scene::tool(&folder, tool.clone()).run();
    run.exited(0);
    assert_eq!(run.stdout, "");
    let run = Scene::tool(&folder, tool).stdin("from the operator").run();
    run.exited(0);
    assert_eq!(run.stdout, "from the operator");
}

#[test]
fn exit_status_says_whether_the_tool_failed() {
    let folder = Folder::new();
    let preview1 = |status| Scene::tool(&folder, guests::from_text("exit.wasm", &wat::preview1_exit(status))).run();
    preview1(0).exited(0);
    preview1(7).exited(7);
    preview1(255).exited(255);
    // `std` only tells success from failure.
    Scene::guest(&folder, "edit-files").arguments(["too few"]).run().exited(1);
}

#[test]
fn trap_is_an_outcome_and_replays() {
    let folder = Folder::new();
    let core = r#"(func (export "run") (result i32) unreachable)"#;
    let run = Scene::tool(&folder, guests::from_text("trap.wasm", &wat::alone(core))).run();
    let wasm_agent_host::Outcome::Trapped { message } = run.outcome() else { panic!("{:?}", run.outcome()) };
    assert!(message.contains("unreachable"), "{message}");
}

/// A grant of the folder `work`.
const WORK: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";

#[test]
fn a_path_out_of_the_folder_is_a_denial_that_names_where_it_leads() {
    let folder = Folder::with([("work/a.txt", "a"), ("outside.txt", "b")]);
    folder.link("work/out", "../outside.txt");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "../etc/passwd", OpenMode::READ);
    // The link lies in a grant already, so no grant for it is suggested.
    probe.open(work, "out", OpenMode::READ);
    let run = Scene::tool(&folder, probe.tool()).policy(WORK).run();
    assert_eq!(run.report.denied, 2);
    let named: Vec<String> = run.report.denials.iter().map(|denied| denied.action.to_string()).collect();
    assert_eq!(named, ["file.read /etc/passwd"]);
    assert_eq!(run.report.folders, Folders::Used);
}

#[test]
fn a_tool_uses_a_folder_once_it_looks_at_something_in_it() {
    let folder = Folder::with([("work/a.txt", "a")]);
    let mut probe = Probe::new();
    probe.preopen();
    assert_eq!(Scene::tool(&folder, probe.tool()).policy(WORK).run().report.folders, Folders::Listed);
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.stat(work, "nothing");
    assert_eq!(Scene::tool(&folder, probe.tool()).policy(WORK).run().report.folders, Folders::Used);
    let run = Scene::tool(&folder, guests::from_text("given.wasm", &wat::given())).policy(WORK).run();
    assert_eq!(run.report.folders, Folders::Untouched);
}
