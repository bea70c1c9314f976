//! Whatever a tool, a journal, a file or the command line says: nothing that is printed acts on a terminal, text or
//! JSON.

use serde_json::Value;

use crate::desk::{Desk, NOTES, Ran};
use crate::tools;

/// Characters that a terminal acts upon, that reorder or part what stands around them, or that are not seen. JSON has
/// to escape the first of them alone.
const RUDE: &str = "\u{1b}[2J\u{7}\u{7f}\u{9b}31m\u{85}\u{90}\u{9f}\u{ad}\u{200b}\u{200d}\u{200e}\
    \u{2028}\u{2029}\u{202e}\u{2066}\u{feff}\u{e0041}";

/// The same without what a file's name, a comment or an argument can't have everywhere.
const NAME: &str = "\u{9b}31m\u{85}\u{200b}\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}";

/// As the standards of terminals and of Unicode list them, and not as the code under test does.
fn acts(character: char) -> bool {
    let code = u32::from(character);
    (code < 0x20 && character != '\n')
        || (0x7f..0xa0).contains(&code)
        || matches!(code, 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff)
        || (0xe0000..=0xe0fff).contains(&code)
}

/// What a tool prints goes into a pipe as it is.
fn is_of_the_tool(line: &&str) -> bool {
    line.starts_with("changed /") || line.starts_with("skipped /") || line.contains(" replacements in ")
}

fn is_harmless(command: &str, ran: &Ran) {
    for text in [ran.out(), ran.err()] {
        let text: Vec<&str> = text.split('\n').filter(|line| !is_of_the_tool(line)).collect();
        let text = text.join("\n");
        let found: Vec<char> = text.chars().filter(|character| acts(*character)).collect();
        assert!(found.is_empty(), "{command}: {found:?} in {text:?}");
    }
}

/// A desk with two journals whose names, arguments, paths, reasons, approvers and contents are rude.
fn recorded() -> Desk {
    let desk = Desk::with_notes();
    desk.write("policy.toml", format!("# {NAME}\n{NOTES}deny = [\"**/denied*\"]\n"));
    desk.write(&format!("notes/{NAME}.md"), format!("The colour of {RUDE}.\n"));
    desk.write(&format!("notes/denied{NAME}"), "The colour of nothing.\n");
    let answer = format!(r#"{{"decision": "approve", "approver": "mara{NAME}", "reason": "why not{NAME}"}}"#);
    desk.script("yes.sh", &format!("#!/bin/sh\ncat > /dev/null\nprintf '%s\\n' '{answer}'\n"));
    std::fs::copy(desk.path("edit-files.wasm"), desk.path(&format!("edit{NAME}.wasm"))).unwrap();
    for (journal, word) in [("a", "color"), ("b", "hue")] {
        let ran = desk.quietly(&format!(
            "run -p policy.toml -j '{journal}{NAME}.journal' --approve exec:./yes.sh \
             'edit{NAME}.wasm' -- /notes colour '{word}{RUDE}'"
        ));
        assert_eq!(ran.status, 0, "{}", ran.err());
    }
    desk
}

/// Commands that read the journal `a`.
fn commands() -> Vec<String> {
    let journal = format!("'a{NAME}.journal'");
    vec![
        format!("journal show {journal}"),
        format!("journal show --calls all {journal}"),
        format!("journal verify {journal}"),
        format!("journal stats {journal}"),
        format!("journal files {journal}"),
        format!("journal why {journal} '/notes/{NAME}.md'"),
        format!("journal why {journal} '/notes/{NAME}'"),
        format!("journal why {journal} 'no path {NAME}'"),
        format!("journal diff {journal} 'b{NAME}.journal'"),
        format!("journal export {journal}"),
        format!("journal export --format otlp {journal}"),
        format!("journal export --format chrome-trace {journal}"),
        format!("journal export --format otlp --to 'http://127.0.0.1:1/{NAME}' {journal}"),
        format!("journal recover {journal} 'c{NAME}.journal'"),
        format!("journal export --redact paths --output 'a{NAME}.journal' {journal}"),
        format!("policy judge {journal} --policy stricter.toml"),
        format!("policy suggest {journal}"),
        format!("policy suggest --paths glob {journal}"),
        format!("replay --quiet {journal} -- /notes colour 'other{RUDE}'"),
        format!("replay --from-divergence {journal} -- /notes colour 'other{RUDE}'"),
        format!("replay --until 20 --quiet {journal}"),
        format!("replay --state elsewhere {journal}"),
        format!("replay --max-fuel 1000 {journal}"),
        format!("journal verify {journal} --original 'b{NAME}.journal'"),
        format!("journal verify {journal} --key '{NAME}'"),
        format!("journal show 'nothing{NAME}'"),
    ]
}

#[test]
fn nothing_that_a_journal_says_acts_on_a_terminal() {
    let desk = recorded();
    desk.write("stricter.toml", NOTES.replace("write", "read"));
    for command in commands() {
        let text = desk.quietly(&command);
        is_harmless(&command, &text);
        assert!(!text.out().is_empty() || !text.err().is_empty() || command.contains("--quiet"), "{command}");
        // The export's own formats are for programs in any case.
        if command.contains("export") {
            continue;
        }
        let json = desk.quietly(&format!("--format json {command}"));
        is_harmless(&command, &json);
        assert_eq!(text.status, json.status, "{command}: {}", json.err());
        for line in (json.out() + &json.err()).lines().filter(|line| !is_of_the_tool(line)) {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{command}: {line}");
        }
    }
}

#[test]
fn what_is_printed_as_json_means_what_was_written() {
    let desk = recorded();
    let objects = desk.quietly(&format!("journal show --format json 'a{NAME}.journal'")).out_objects();
    let header = &objects[0];
    assert_eq!(header["arguments"][3], format!("color{RUDE}"));
    assert_eq!(header["component"]["name"], format!("edit{NAME}.wasm"));
    assert!(header["policy"]["text"].as_str().unwrap().starts_with(&format!("# {NAME}\n")));
    let settled = objects.iter().find(|object| object["event"] == "approval-settled").unwrap();
    assert_eq!(settled["approval"]["approver"], format!("mara{NAME}"));
    let exported = desk.quietly(&format!("journal export 'a{NAME}.journal'"));
    assert_eq!(exported.out_objects(), objects);
    // A file is read on a terminal too.
    desk.quietly(&format!("journal export --output a.jsonl 'a{NAME}.journal'"));
    assert_eq!(desk.read("a.jsonl"), exported.stdout);
    let trace = desk.quietly(&format!("journal export --format chrome-trace 'a{NAME}.journal'")).out();
    assert!(serde_json::from_str::<Value>(&trace).unwrap()["traceEvents"].as_array().unwrap().len() > 10);
}

#[test]
fn nothing_on_the_command_line_acts_on_a_terminal() {
    let desk = Desk::with_notes();
    desk.write(&format!("wrong{NAME}.toml"), format!("version = 1\n'key{NAME}' = 'a{NAME}'\n"));
    desk.write("text.wasm", "no tool");
    desk.tool("open.wasm", &tools::open(b"a"));
    for (command, status) in [
        (format!("'{RUDE}'"), 2),
        (format!("journal '{RUDE}'"), 2),
        (format!("journal show --calls '{RUDE}' a"), 2),
        (format!("journal show a '{RUDE}\nhint: forged'"), 2),
        (format!("replay --max-fuel '{RUDE}' a"), 2),
        (format!("replay --until '{RUDE}' a"), 2),
        (format!("--format '{RUDE}' journal show a"), 2),
        (format!("run --approve '{RUDE}' open.wasm"), 2),
        (format!("run --approve 'exec:./{RUDE}' open.wasm"), 2),
        (format!("run --policy '{RUDE}' open.wasm"), 2),
        (format!("run --policy 'wrong{NAME}.toml' open.wasm"), 2),
        (format!("run --sign '{RUDE}' open.wasm"), 2),
        (format!("run --call 'f{RUDE}()' open.wasm"), 2),
        (format!("run '{RUDE}.wasm'"), 2),
        (format!("inspect '{RUDE}.wasm'"), 2),
        (format!("policy check 'wrong{NAME}.toml'"), 2),
        (format!("policy explain policy.toml 'DELETE /notes/{RUDE}'"), 0),
        (format!("policy explain policy.toml '{RUDE} /notes/a'"), 2),
        (format!("policy judge '{RUDE}' --policy policy.toml"), 2),
        (format!("policy suggest '{RUDE}'"), 2),
        (format!("keys show '{RUDE}'"), 2),
        (format!("keys new '{RUDE}/a'"), 2),
        (format!("completions '{RUDE}'"), 2),
    ] {
        let ran = desk.quietly(&command);
        is_harmless(&command, &ran);
        assert_eq!(ran.status, status, "{command}: {}", ran.err());
        assert!(!ran.err().lines().any(|line| line.starts_with("hint: forged")), "{}", ran.err());
        let json = desk.quietly(&format!("--format json {command}"));
        is_harmless(&command, &json);
    }
    let shown = desk.quietly(&format!("journal show a '{RUDE}'")).err();
    assert!(shown.contains("\\u{9b}31m"), "{shown}");
}
