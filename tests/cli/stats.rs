//! `journal stats`: what a run cost.

use crate::desk::{Desk, YES};
use crate::sample_journal;

#[test]
fn shows_what_a_run_cost() {
    let mut desk = Desk::new();
    desk.write("a.journal", sample_journal::journal(|_| {}));
    desk.run("journal stats a.journal");
    desk.run("journal stats --format json a.journal");
    desk.matches("stats");
}

#[test]
fn counts_what_show_lists() {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let stats = &desk.quietly("journal stats --format json a.journal").out_objects()[0];
    let number = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(stats["calls"]["calls"], number("call"));
    for kind in ["call", "intent", "outcome", "note", "seal", "blob"] {
        assert_eq!(stats["records"][kind]["records"].as_u64().unwrap_or(0), number(kind) as u64, "{kind}");
    }
    let sizes: u64 = stats["records"].as_object().unwrap().values().map(|sum| sum["bytes"].as_u64().unwrap()).sum();
    assert_eq!(usize::try_from(sizes).unwrap() + 8, desk.read("a.journal").len());
    assert_eq!(stats["effects"]["file.modify"]["done"], 1);
    // The note is 23 bytes long, and one shorter once it is changed.
    assert_eq!((&stats["bytes"]["files_read"], &stats["bytes"]["files_written"]), (&23.into(), &22.into()));
    let total = |key: &str| stats["time"][key].as_u64().unwrap();
    assert_eq!(total("tool_ns") + total("host_ns"), total("total_ns"));
}

#[test]
fn a_cut_journal_has_what_was_recorded() {
    let mut desk = Desk::new();
    let journal = sample_journal::journal(|_| {});
    desk.write("cut.journal", &journal[..journal.len() - 60]);
    let ran = desk.run("journal stats cut.journal");
    assert_eq!(ran.status, 0);
    assert!(ran.out().contains("incomplete: "), "{}", ran.out());
    let mut changed = journal.clone();
    changed[journal.len() / 2] ^= 1;
    desk.write("changed.journal", changed);
    desk.run("journal stats changed.journal").fails_in_one_line(&[6]);
    desk.run("journal stats missing.journal").fails_in_one_line(&[2]);
}
