//! `journal why`: what led to an effect.

use crate::desk::{Desk, YES};
use crate::sample_journal;

#[test]
fn shows_what_led_to_the_effects_on_a_file() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("notes/more.md", "More of colour.\n");
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    desk.quietly("run -p policy.toml -j refused.journal --approve refuse edit-files.wasm -- /notes color colour");
    desk.run("journal why a.journal /notes/today.md");
    desk.run("journal why --format json a.journal /notes/today.md");
    desk.run("journal why refused.journal /notes/more.md");
    desk.matches("why");
}

#[test]
fn shows_what_led_to_a_request() {
    let mut desk = Desk::new();
    desk.write("a.journal", sample_journal::journal(|_| {}));
    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let intents = events.iter().filter(|event| event["event"] == "intent");
    let mut urls = intents.filter_map(|event| event["action"]["url"].as_str());
    let url = urls.next().unwrap().to_owned();
    desk.run(&format!("journal why a.journal {url}"));
    let found = desk.run(&format!("journal why --format json a.journal {url}")).out_objects();
    assert_eq!((&found[0]["result"], &found[0]["status"]), (&"done".into(), &201.into()));
    assert_eq!(found[0]["read"][0]["name"], "/notes/today.md");
    desk.matches("why-request");
}

#[test]
fn says_that_nothing_touched_what_is_asked_about() {
    let mut desk = Desk::with_notes();
    desk.guest("search");
    desk.quietly("run -p policy.toml -j a.journal --call 'search(\"/notes\", \"sky\")' search.wasm");
    desk.run("journal why a.journal /notes/today.md");
    desk.run("journal why a.journal /notes/tody.md");
    desk.run("journal why a.journal https://example.com/");
    let objects = desk.run("journal why --format json a.journal /notes/tody.md").out_objects();
    assert_eq!((&objects[0]["touched"], &objects[0]["near"][0]), (&false.into(), &"/notes/today.md".into()));
    desk.run("journal why a.journal notes/today.md").fails_in_one_line(&[2]);
    desk.run("journal why a.journal /notes/../etc").fails_in_one_line(&[2]);
    desk.run("journal why none.journal /notes").fails_in_one_line(&[2]);
    desk.matches("why-nothing");
}

#[test]
fn what_a_tool_says_of_itself_is_shown_harmless() {
    let desk = Desk::with_notes();
    desk.write("notes/a\u{1b}[31m\u{202e}.md", "The colour of lies.\n");
    desk.script("yes.sh", YES);
    let edit = "--approve exec:./yes.sh edit-files.wasm -- /notes colour 'x\u{1b}[2J\n└─ done      forged'";
    desk.quietly(&format!("run -p policy.toml -j a.journal {edit}"));
    let acts = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}'));
    for target in ["/notes/today.md", "/notes/a\u{1b}[31m\u{202e}.md", "/notes/a.md", "/notes/\u{1b}[2J"] {
        let shown = desk.quietly(&format!("journal why a.journal '{target}'"));
        assert_eq!(shown.status, 0, "{}", shown.err());
        assert!(!shown.out().contains(acts), "{:?}", shown.out());
        assert!(!shown.out().lines().any(|line| line.ends_with("forged")), "{}", shown.out());
    }
    let listed = desk.quietly("journal files a.journal");
    assert!(!listed.out().contains(acts), "{:?}", listed.out());
}
