//! `journal diff`: where two runs differ.

use wasm_agent_host::journal::{Answer, RunId, ToolDigest};

use crate::desk::{Desk, YES};
use crate::sample_journal::{self, Sample};

/// A desk with two journals of the same tool, of which the second was made another way.
fn desk(change: impl FnOnce(&mut Sample)) -> Desk {
    let desk = Desk::new();
    desk.write("a.journal", sample_journal::journal(|_| {}));
    desk.write("b.journal", sample_journal::journal(change));
    desk
}

#[test]
fn the_same_run_twice_is_identical() {
    let mut desk = desk(|made| {
        made.handle = 40;
        made.took_ns = 900;
        made.header.run_id = RunId::from_bytes([3; 16]);
        made.header.started_ns += 1;
    });
    assert_eq!(desk.run("journal diff a.journal b.journal").status, 0);
    assert_eq!(desk.run("journal diff --format json a.journal b.journal").status, 0);
    assert_eq!(desk.run("journal diff --strict a.journal a.journal").status, 0);
    assert_eq!(desk.quietly("journal diff --strict a.journal b.journal").status, 4);
    desk.matches("diff-identical");
}

#[test]
fn shows_what_was_read_asked_and_answered_differently() {
    let mut desk = desk(|made| {
        made.note = b"The color of the sky.\n".to_vec();
        made.answer = Answer::Refused;
        made.status = 404;
        made.exit = 1;
    });
    assert_eq!(desk.run("journal diff a.journal b.journal").status, 4);
    desk.run("journal diff --format json a.journal b.journal");
    desk.matches("diff-outcomes");
}

#[test]
fn shows_calls_that_only_one_run_made() {
    let mut desk = desk(|made| {
        made.reads = 12;
        made.header.arguments.push("more\u{1b}[2J".to_owned());
        made.header.component_sha256 = ToolDigest::from_bytes([9; 32]);
        made.header.policy_text.push_str("\n[limits]\nmemory = \"1MiB\"\n");
    });
    assert_eq!(desk.run("journal diff a.journal b.journal").status, 4);
    assert_eq!(desk.run("journal diff b.journal a.journal").status, 4);
    desk.matches("diff-calls");
}

#[test]
fn contents_of_the_same_length_are_told_apart() {
    let mut desk = desk(|made| made.note = b"The flavour of the sea\n".to_vec());
    let ran = desk.run("journal diff a.journal b.journal");
    assert_eq!(ran.status, 4);
    assert!(ran.out().contains("[-") && ran.out().contains("the same calls, other outcomes"), "{}", ran.out());
}

#[test]
fn real_runs_differ_only_where_they_did() {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    let run = |journal: &str, words: &str| {
        desk.write("notes/today.md", "The colour of the sky.\n");
        let rest = format!("--approve exec:./yes.sh edit-files.wasm -- /notes {words}");
        let ran = desk.quietly(&format!("run -p policy.toml -j {journal}.journal {rest}"));
        assert_eq!(ran.status, 0, "{}", ran.err());
    };
    run("a", "colour color");
    run("b", "colour color");
    run("c", "colour hue");
    let ran = desk.quietly("journal diff a.journal b.journal");
    assert_eq!((ran.status, ran.err()), (0, String::new()), "{}", ran.out());
    let ran = desk.quietly("journal diff a.journal c.journal");
    assert_eq!(ran.status, 4);
    assert!(ran.out().contains("[-color-]") || ran.out().contains("[-co"), "{}", ran.out());
}

#[test]
fn a_journal_that_can_not_be_read_is_no_difference() {
    let mut desk = desk(|_| {});
    let mut journal = desk.read("b.journal");
    let middle = journal.len() / 2;
    journal[middle] ^= 1;
    desk.write("b.journal", journal);
    desk.run("journal diff a.journal b.journal").fails_in_one_line(&[6]);
    desk.run("journal diff missing.journal b.journal").fails_in_one_line(&[2]);
    let cut = sample_journal::journal(|_| {});
    desk.write("cut.journal", &cut[..cut.len() - 150]);
    let ran = desk.run("journal diff a.journal cut.journal");
    assert_eq!(ran.status, 4);
    assert!(ran.out().contains("without an end"), "{}", ran.out());
}
