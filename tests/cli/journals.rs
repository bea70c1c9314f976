//! `journal show` and `journal verify`, with intact journals.

use crate::desk::{Desk, YES};
use crate::tools;
use wasm_agent_tests::wat;

#[test]
fn shows_what_happened() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("policy.toml", format!("{}deny = [\"**/private\"]\n", crate::desk::NOTES));
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    desk.quietly("run -p policy.toml -j b.journal --approve refuse edit-files.wasm -- /notes color colour");
    desk.tool("open.wasm", &tools::open(b"private"));
    desk.quietly("run -p policy.toml -j c.journal open.wasm");
    desk.guest("search");
    desk.quietly("run -p policy.toml -j d.journal --call 'search(\"/notes\", \"sky\")' search.wasm");
    for journal in ["a", "b", "c", "d"] {
        desk.run(&format!("journal show {journal}.journal"));
        desk.run(&format!("journal verify {journal}.journal"));
    }
    desk.matches("journal");
}

#[test]
fn shows_every_call_where_asked_to() {
    let mut desk = Desk::new();
    desk.tool("clock.wasm", &wat::clock_calls(3));
    desk.tool("given.wasm", &wat::given());
    desk.write("policy.toml", "version = 1\n\n[environment]\nset = { NAME = \"value\" }\n");
    desk.quietly("run -j clock.journal clock.wasm");
    desk.quietly("run -p policy.toml -j given.journal given.wasm -- one 'two words'");
    desk.run("journal show --calls all clock.journal");
    desk.run("journal show --calls all given.journal");
    desk.run("journal show --format json given.journal");
    desk.run("journal verify --format json clock.journal");
    desk.run("journal verify --complete clock.journal");
    desk.matches("journal-all");
}

#[test]
fn shows_json_for_programs() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    let events = desk.run("journal show --format json a.journal").out_objects();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"header"));
    for kind in ["call", "intent", "outcome", "note", "end", "seal"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let verified = desk.run("journal verify --format json a.journal").out_objects();
    assert_eq!(verified[0]["complete"], true);
    assert_eq!(verified[0]["records"].as_u64().unwrap(), events.len() as u64);
}

#[test]
fn never_shows_a_control_character_of_the_tool() {
    let rude = "a\u{1b}[2J\u{202e}b\u{200b}\u{9b}c\nrun       forged\r";
    let desk = Desk::with_notes();
    desk.write("notes/a\u{1b}[31m\u{202e}.md", "The colour of lies.\n");
    desk.script("yes.sh", YES);
    desk.tool("open.wasm", &tools::open(b"a\x1b[2J\xe2\x80\xae\nerror: forged"));
    desk.tool("out.wasm", &tools::print(1, tools::RUDE));
    let edit = format!("--approve exec:./yes.sh edit-files.wasm -- /notes colour '{rude}'");
    for (journal, rest) in [("edit", edit.as_str()), ("open", "open.wasm"), ("out", &format!("out.wasm -- '{rude}'"))] {
        desk.quietly(&format!("run -p policy.toml -j {journal}.journal {rest}"));
        for calls in ["effects", "all"] {
            let shown = desk.quietly(&format!("journal show --calls {calls} {journal}.journal"));
            assert_eq!(shown.status, 0);
            let text = shown.out();
            assert!(calls == "effects" || text.contains("\\u{1b}"), "{text}");
            let acts = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}'));
            assert!(!text.contains(acts), "{text:?}");
            assert!(
                !text.lines().any(|line| line.starts_with("error: forged") || line.starts_with("run       forged"))
            );
        }
        desk.quietly(&format!("journal show --format json {journal}.journal")).out_objects();
    }
}
