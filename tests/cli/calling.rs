//! `run --call`: typed exports, with arguments in WAVE or JSON.

use crate::desk::{Desk, NOTES};
use serde_json::json;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("notes/today.md", "One thing to do.\n  Another Thing.\n");
    desk.write("policy.toml", NOTES);
    desk.guest("search");
    desk
}

#[test]
fn prints_what_a_call_returns() {
    let mut desk = desk();
    desk.run(r#"run -p policy.toml -j a.journal --call 'search("/notes", "thing")' search.wasm"#);
    desk.run(r#"run -p policy.toml -j b.journal -q --call search --json '["/notes", "thing"]' search.wasm"#);
    let arguments = r#"--call search --json '{"dir": "/notes", "text": "another"}' --format json search.wasm"#;
    let ran = desk.run(&format!("run -p policy.toml -j c.journal {arguments}"));
    assert_eq!(
        ran.out_objects(),
        [json!({ "ok": [{ "path": "/notes/today.md", "line": 2, "text": "Another Thing." }] })]
    );
    assert_eq!(ran.err_objects().len(), 1);
    let replayed = desk.run("replay a.journal");
    assert_eq!(replayed.status, 0);
    let replayed = desk.run("replay --json -q b.journal");
    assert_eq!(replayed.out_objects()[0]["ok"][0]["line"], 1);
    desk.matches("call");
}

#[test]
fn an_error_that_is_returned_is_the_tools_failure() {
    let mut desk = desk();
    let ran = desk.run(r#"run -p policy.toml -j a.journal --call 'search("/notes", "")' search.wasm"#);
    assert_eq!(ran.status, 1);
    let ran = desk.run(r#"run -p policy.toml -j b.journal --call search --json '["/other", "x"]' search.wasm"#);
    assert_eq!(ran.status, 1);
    let ran = desk.run("replay b.journal");
    assert_eq!(ran.status, 1);
    desk.matches("call-error");
}

#[test]
fn says_what_is_wrong_with_a_call() {
    let mut desk = desk();
    desk.guest("open-issue");
    desk.guest("edit-files");
    for arguments in [
        "run search.wasm",
        "run --call 'delete()' search.wasm",
        "run --call 'delete()' edit-files.wasm",
        "run --call search search.wasm",
        r#"run --call 'search("/notes", ' search.wasm"#,
        r#"run --call 'search("/notes", "a") and more' search.wasm"#,
        r#"run --call 'search("/notes")' search.wasm"#,
        r#"run --call 'search("/notes", "a", "b")' search.wasm"#,
        r#"run --call 'search("/notes", 7)' search.wasm"#,
        r#"run --call 'open-issue({title: "x"})' open-issue.wasm"#,
        "run --call '' search.wasm",
        r#"run --call search --json '["/notes"' search.wasm"#,
        r#"run --call search --json '"/notes"' search.wasm"#,
        r#"run --call search --json '["/notes"]' search.wasm"#,
        r#"run --call search --json '["/notes", null]' search.wasm"#,
        r#"run --call search --json '{"dir": "/notes", "text": "a", "more": 1}' search.wasm"#,
        r#"run --call search --json '{"dir": "/notes"}' search.wasm"#,
        concat!(
            r#"run --call open-issue --json '[{"repository": "a/b", "title": "x", "body": "", "labels": [1]}]'"#,
            " open-issue.wasm"
        ),
        r#"run --call 'search("/notes", "a")' --json '[]' search.wasm"#,
    ] {
        desk.run(arguments).fails_in_one_line(&[2]);
    }
    desk.matches("call-unusable");
}
