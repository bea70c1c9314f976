//! Files that are not journals, and journals that were cut or changed.

use crate::desk::{Desk, Ran, YES};
use crate::tools;

/// A desk with the journal of an edit, and its bytes.
fn recorded() -> (Desk, Vec<u8>) {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    let journal = desk.read("a.journal");
    (desk, journal)
}

/// Where the record with the first event of this name begins, as `journal show` says.
fn offset(desk: &Desk, event: &str) -> usize {
    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let found = events.iter().find(|found| found["event"] == event).unwrap();
    usize::try_from(found["offset"].as_u64().unwrap()).unwrap()
}

fn commands(journal: &str) -> [String; 5] {
    [
        format!("journal show {journal}"),
        format!("journal verify {journal}"),
        format!("journal verify --complete {journal}"),
        format!("journal verify --format json {journal}"),
        format!("replay {journal}"),
    ]
}

#[test]
fn says_what_is_no_journal() {
    let mut desk = Desk::new();
    desk.write("text.journal", "hello\n");
    desk.write("rude.journal", tools::RUDE);
    desk.write("empty.journal", "");
    desk.write("newer.journal", b"WAJOURN9 and what comes then");
    desk.write("short.journal", b"WAJ");
    desk.write("begun.journal", b"WAJOURN1");
    std::fs::create_dir(desk.path("folder.journal")).unwrap();
    for name in ["text", "rude", "empty", "newer", "short", "begun", "folder", "nothing"] {
        for command in ["journal show", "journal verify", "replay"] {
            desk.run(&format!("{command} {name}.journal")).fails_in_one_line(&[2]);
        }
    }
    desk.matches("not-a-journal");
}

#[test]
fn does_not_wait_for_what_is_no_file() {
    let mut desk = Desk::new();
    desk.write("policy.toml", "version = 1\n");
    std::fs::create_dir(desk.path("runs")).unwrap();
    assert!(desk.command("mkfifo").arg("runs/pipe.journal").status().unwrap().success());
    for command in ["journal verify", "journal show", "journal stats", "replay", "policy suggest"] {
        desk.run(&format!("{command} runs/pipe.journal")).fails_in_one_line(&[2]);
    }
    desk.run("policy judge runs -p policy.toml").fails_in_one_line(&[2]);
    desk.run("journal verify /dev/zero").fails_in_one_line(&[2]);
    desk.matches("not-a-file");
}

#[test]
fn shows_and_replays_a_killed_run_as_far_as_it_went() {
    let (mut desk, journal) = recorded();
    // The effect was recorded as about to happen, and nothing after it.
    let outcome = offset(&desk, "outcome");
    desk.write("before-outcome.journal", &journal[..outcome]);
    desk.write("torn.journal", &journal[..outcome + 9]);
    desk.write("no-end.journal", &journal[..offset(&desk, "end")]);
    for name in ["before-outcome", "torn", "no-end"] {
        for command in commands(&format!("{name}.journal")) {
            desk.run(&command);
        }
    }
    let shown = desk.quietly("journal show --format json torn.journal").out_objects();
    assert_eq!(shown.last().unwrap()["event"], "incomplete");
    desk.matches("journal-cut");
}

#[test]
fn a_journal_cut_at_any_byte_is_cut_and_no_more() {
    let (desk, journal) = recorded();
    let header = offset(&desk, "seal");
    let step = journal.len() / 40;
    for length in (0..journal.len()).step_by(step).chain([1, 7, 8, 9, header - 1, header, journal.len() - 1]) {
        desk.write("cut.journal", &journal[..length]);
        let verified = desk.quietly("journal verify cut.journal");
        let shown = desk.quietly("journal show cut.journal");
        let replayed = desk.quietly("replay cut.journal");
        if length < header {
            for ran in [&verified, &shown, &replayed] {
                ran.fails_in_one_line(&[2]);
            }
        } else {
            let statuses = [&verified, &shown, &replayed].map(|ran| ran.status);
            // Without its seal the end of the run is there, and nothing vouches for it.
            assert_eq!(statuses, [0, 0, 3], "cut at {length}: {}{}", verified.err(), replayed.err());
        }
    }
}

#[test]
fn a_changed_journal_is_not_believed() {
    let (mut desk, journal) = recorded();
    let changed = |at: usize| {
        let mut bytes = journal.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    desk.write("changed.journal", changed(offset(&desk, "outcome") + 12));
    desk.write("header.journal", changed(40));
    let end = offset(&desk, "end");
    desk.write("without-some.journal", [&journal[..offset(&desk, "outcome")], &journal[end..]].concat());
    desk.write("more.journal", [&journal[..], &journal[end..]].concat());
    for name in ["changed", "header", "without-some", "more"] {
        for command in commands(&format!("{name}.journal")) {
            assert_eq!(desk.run(&command).status, 6, "{command}");
        }
    }
    let shown = desk.run("journal show --format json changed.journal");
    shown.out_objects();
    assert_eq!(shown.err_objects()[0]["exit"], 6);
    desk.matches("journal-changed");
}

#[test]
fn no_bit_can_be_changed() {
    let (desk, journal) = recorded();
    for at in (0..journal.len()).step_by(journal.len() / 60).chain([journal.len() - 1]) {
        let mut bytes = journal.clone();
        bytes[at] ^= 1;
        desk.write("changed.journal", bytes);
        let Ran { status, .. } = desk.quietly("journal verify --complete changed.journal");
        assert!(matches!(status, 2 | 6) && (status == 6 || at < 8), "bit 0 of byte {at}: ended with {status}");
    }
}
