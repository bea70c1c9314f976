//! `journal export`: what other programs read.

use crate::desk::{Desk, YES};

/// A desk with the journal of a run that read, asked, changed a file and said why.
fn desk() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    desk
}

#[test]
fn lines_are_those_that_show_prints() {
    let mut desk = desk();
    let shown = desk.quietly("journal show --format json a.journal").out();
    assert!(shown.lines().count() > 10);
    for export in ["export a.journal", "export --format jsonl a.journal", "--format json export a.journal"] {
        let ran = desk.quietly(&format!("journal {export}"));
        assert_eq!((ran.status, ran.err(), ran.out()), (0, String::new(), shown.clone()), "{export}");
    }
    let ran = desk.run("journal export a.journal --output a.jsonl");
    assert_eq!((ran.status, ran.out(), ran.err()), (0, String::new(), String::new()));
    assert_eq!(String::from_utf8(desk.read("a.jsonl")).unwrap(), shown);
}

#[test]
fn a_journal_that_was_cut_says_so_in_its_last_line() {
    let mut desk = desk();
    let journal = desk.read("a.journal");
    desk.write("cut.journal", &journal[..journal.len() - 200]);
    let ran = desk.run("journal export cut.journal");
    assert_eq!((ran.status, ran.out()), (0, desk.quietly("journal show --format json cut.journal").out()));
    assert_eq!(ran.out_objects().last().unwrap()["event"], "incomplete");
}

#[test]
fn an_export_overwrites_nothing_and_is_no_report() {
    let mut desk = desk();
    let journal = desk.read("a.journal");
    desk.run("journal export a.journal --output a.journal").fails_in_one_line(&[2]);
    desk.run("--format text journal export a.journal").fails_in_one_line(&[2]);
    desk.run("journal export --format json a.journal");
    desk.run("journal export a.journal --output missing/a.jsonl").fails_in_one_line(&[2]);
    let mut changed = journal.clone();
    changed[journal.len() / 2] ^= 1;
    desk.write("changed.journal", changed);
    let ran = desk.quietly("journal export changed.journal --output changed.jsonl");
    ran.fails_in_one_line(&[6]);
    assert!(!desk.read("changed.jsonl").is_empty(), "what came before is worth having");
    assert_eq!(desk.read("a.journal"), journal);
    desk.matches("export");
}
