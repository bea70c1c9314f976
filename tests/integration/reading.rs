//! Tools that only read: `count-words` and `search`, with typed calls in WAVE and JSON.

use serde_json::{Value, json};
use wasm_agent_host::Outcome;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, Probe, Scene};

fn notes() -> Folder {
    Folder::with([
        ("notes/a.md", "one two two\nthree three three\n"),
        ("notes/deep/b.md", "A todo here\n  and another TODO \n"),
        ("notes/.env", "todo=secret\n"),
        ("notes/.git/config", "todo\n"),
    ])
}

#[test]
fn counts_the_words_of_a_folder() {
    let folder = notes();
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes", "2"]).run();
    run.exited(0);
    let count: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&count["files"], &count["lines"], &count["words"]), (&json!(2), &json!(4), &json!(12)));
    assert_eq!(count["top"], json!([{ "word": "three", "count": 3 }, { "word": "todo", "count": 2 }]));
    assert!(run.denials().is_empty() && run.effects().is_empty(), "what is denied is not listed");
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes/.git"]).run();
    assert_eq!(run.denials(), ["deny-pattern"]);
}

#[test]
fn reading_tools_change_nothing_and_ask_nothing() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
    assert_eq!(folder.snapshot("notes"), before);
    assert!(run.events_of("intent").is_empty() && run.events_of("approval-asked").is_empty());
}

fn search<'f>(folder: &'f Folder) -> Scene<'f> {
    Scene::guest(folder, "search").policy_of("search", &[])
}

fn hits() -> Value {
    json!({ "ok": [
        { "path": "/notes/deep/b.md", "line": 1, "text": "A todo here" },
        { "path": "/notes/deep/b.md", "line": 2, "text": "and another TODO" },
    ] })
}

#[test]
fn calls_a_typed_export_in_wave() {
    let folder = notes();
    let run = search(&folder).call(r#"search("/notes", "todo")"#).run();
    assert_eq!(run.json(), hits());
    let Outcome::Returned { wave, failed, .. } = run.outcome() else { panic!() };
    assert!(wave.starts_with(r#"ok([{path: "/notes/deep/b.md", line: 1"#), "{wave}");
    assert!(!failed);
}

#[test]
fn calls_a_typed_export_in_json() {
    let folder = notes();
    for arguments in [r#"["/notes", "todo"]"#, r#"{"text": "todo", "dir": "/notes"}"#] {
        let run = search(&folder).call_json("search", arguments).run();
        assert_eq!(run.json(), hits(), "{arguments}");
    }
}

#[test]
fn error_result_is_a_failure_that_the_tool_reports() {
    let folder = notes();
    let run = search(&folder).call(r#"search("/notes", "")"#).run();
    let Outcome::Returned { failed: true, json: Some(json), .. } = run.outcome() else { panic!("{:?}", run.outcome()) };
    assert_eq!(json, r#"{"err":"there is no text to look for"}"#);
}

#[test]
fn malformed_calls_are_refused_before_anything_runs() {
    let folder = notes();
    let message = |call: &str| search(&folder).call(call).set_up().unwrap_err().to_string();
    for (call, expected) in [
        ("search(", "arguments of `search`: the text is incomplete at the end: a bracket is missing"),
        ("", "`search.wasm` does not export a function ``"),
        (r#"search("/notes")"#, "arguments of `search`"),
        (r#"search("/notes", 7)"#, "arguments of `search`"),
        (r#"search("/notes", "a", "b")"#, "arguments of `search`"),
        (r#"serch("/notes", "a")"#, "`search.wasm` does not export a function `serch`"),
    ] {
        let message = message(call);
        assert!(message.contains(expected), "{call}: {message}");
    }
    let message = |json: &str| search(&folder).call_json("search", json).set_up().unwrap_err().to_string();
    for (arguments, expected) in [
        ("[", "arguments are not JSON"),
        (r#"["/notes"]"#, "expected `(dir: string, text: string)`"),
        (r#"["/notes", null]"#, "expected `(dir: string, text: string)`"),
        (r#"{"dir": "/notes", "txt": "a"}"#, "expected `(dir: string, text: string)`"),
        (r#"{"dir": "/notes", "text": "a", "more": 1}"#, "expected `(dir: string, text: string)`"),
        ("7", "expected `(dir: string, text: string)`"),
    ] {
        let message = message(arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

#[test]
fn tool_with_exports_only_is_no_command() {
    let folder = notes();
    let error = search(&folder).set_up().unwrap_err();
    let wasm_agent_host::LoadError::Invocation { message, hint } = error else { panic!("{error:?}") };
    assert_eq!(message, "`search.wasm` is not a command: it does not export `wasi:cli/run`");
    assert_eq!(hint.as_deref(), Some("call one of its exports with `--call`: `search`"));
}

#[test]
fn nothing_granted_means_that_every_tool_fails_cleanly() {
    let folder = notes();
    for (guest, arguments) in [
        ("count-words", vec!["/notes"]),
        ("edit-files", vec!["/notes", "one", "two"]),
        ("fetch-page", vec!["http://127.0.0.1:9/"]),
    ] {
        let run = Scene::guest(&folder, guest).arguments(arguments).run();
        run.exited(1);
        assert!(run.stderr.starts_with("error: could not"), "{guest}: {}", run.stderr);
        assert!(run.effects().is_empty());
    }
    let search = Scene::guest(&folder, "search").call(r#"search("/notes", "todo")"#).run();
    assert!(search.json()["err"].as_str().unwrap().starts_with("could not read `/notes`"));
    let issue = r#"open-issue({repository: "acme/site", title: "t", body: "", labels: []})"#;
    let issue = Scene::guest(&folder, "open-issue").call(issue).run();
    assert!(issue.json()["err"].as_str().unwrap().contains("`ISSUES_URL` is not set"), "{:?}", issue.json());
}

#[test]
fn folder_with_odd_names_is_read_all_the_same() {
    let folder = notes();
    for name in ["a\nb.md", "back\\slash.md", "\u{202e}desrever.md", "-rf", "a b.md", "ünï.md", &"n".repeat(255)] {
        folder.write(&format!("notes/{name}"), "word\n");
    }
    folder.link("notes/dangling", "nowhere");
    folder.link("notes/loop", "loop");
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path("notes/pipe"), rustix::fs::Mode::RWXU).unwrap();
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
    run.exited(0);
    let count: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(count["files"], 9, "{}", run.stdout);
}

#[test]
fn large_folder_and_deep_folder_are_read() {
    let folder = Folder::new();
    for number in 0..1500 {
        folder.write(&format!("notes/{number:04}.md"), "word\n");
    }
    folder.write(&format!("notes/{}leaf.md", "d/".repeat(100)), "word\n");
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
    run.exited(0);
    let count: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&count["files"], &count["skipped"]), (&json!(1501), &json!([])));
}

#[test]
fn a_name_that_is_not_text_is_left_out_and_the_journal_says_so() {
    use std::os::unix::ffi::OsStrExt;
    let folder = notes();
    for odd in [b"notes/deep/not-\xff-text.md", b"notes/deep/not-\xfe-text.md"] {
        std::fs::write(folder.path("").join(std::ffi::OsStr::from_bytes(odd)), "odd words\n").unwrap();
    }
    for number in 0..20 {
        folder.write(&format!("notes/deep/behind-{number}.md"), "word\n");
    }
    let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
    run.exited(0);
    let count: Value = serde_json::from_str(&run.stdout).unwrap();
    let plain = {
        let run = Scene::guest(&notes(), "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    assert_eq!(count["files"].as_u64().unwrap(), plain["files"].as_u64().unwrap() + 20);
    assert_eq!(count["skipped"], plain["skipped"]);
    let notes = run.events_of("note");
    assert_eq!(notes.len(), 1, "once for a listing: {notes:?}");
    assert_eq!(notes[0]["text"], "left out names that are not UTF-8 in /notes/deep");
}

#[test]
fn a_tool_that_goes_on_probing_is_stopped() {
    let folder = Folder::with([("work/open/a", "1")]);
    let probing = |limit: u64| {
        let mut probe = Probe::new();
        let work = probe.preopen();
        // The same ones again and again count once; those that are there and those that are not count alike.
        for _ in 0..3 {
            for path in ["open/a", "secret-a", "secret-b", "secret-c"] {
                probe.stat(work, path);
            }
        }
        probe.stat(work, "../outside");
        probe.stat(work, "open/a");
        let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\ndeny = [\"secret-*\"]\n";
        Scene::tool(&folder, probe.tool()).policy(format!("{policy}[limits]\ndenials = {limit}\n")).run()
    };
    let run = probing(4);
    run.exited(0);
    assert_eq!(run.report.denied, 10);
    for (limit, calls, denied) in [(3, 13, 10), (2, 4, 3)] {
        let run = probing(limit);
        assert_eq!(run.outcome(), &Outcome::Limit { which: "denials".to_owned() });
        // The denial that is one too many is still on the record, and nothing after it.
        assert_eq!((results(&run).len(), run.report.denied), (calls, denied));
    }
}
