//! `journal recover`: the intact part of a journal after a crash, copied and sealed.

use crate::desk::{Desk, YES};

/// A desk with the journal of an edit, and the offset of the record with the effect's outcome.
fn recorded(options: &str) -> (Desk, Vec<u8>, usize) {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("keys new a.key");
    desk.quietly(&format!(
        "run -p policy.toml -j a.journal {options} --approve exec:./yes.sh edit-files.wasm -- /notes colour color"
    ));
    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let outcome = events.iter().find(|event| event["event"] == "outcome").unwrap();
    let offset = usize::try_from(outcome["offset"].as_u64().unwrap()).unwrap();
    let journal = desk.read("a.journal");
    (desk, journal, offset)
}

#[test]
fn recovers_what_is_whole_and_names_what_may_have_happened() {
    let (mut desk, journal, outcome) = recorded("");
    desk.write("torn.journal", &journal[..outcome + 9]);
    assert_eq!(desk.run("journal recover torn.journal b.journal").status, 0);
    assert_eq!(desk.read("torn.journal"), &journal[..outcome + 9]);
    assert!(desk.read("b.journal").starts_with(&journal[..outcome]));
    assert_eq!(desk.run("journal verify b.journal").status, 0);
    desk.run("journal show b.journal");
    // It replays as far as the record goes.
    let [original, copy] = ["torn", "b"].map(|name| desk.quietly(&format!("replay {name}.journal")));
    assert_eq!((original.status, copy.status), (3, 3), "{}", copy.err());
    assert_eq!((original.stdout, original.stderr), (copy.stdout, copy.stderr));
    desk.run("--format json journal recover torn.journal c.journal");
    assert_eq!(desk.read("b.journal"), desk.read("c.journal"));
    desk.matches("recover");
}

#[test]
fn a_run_that_came_to_its_end_is_whole_again() {
    let (desk, journal, _) = recorded("");
    desk.write("torn.journal", &journal[..journal.len() - 1]);
    assert_eq!(desk.quietly("journal recover torn.journal b.journal").status, 0);
    assert_eq!(desk.quietly("journal verify --complete b.journal").status, 0);
    assert_eq!(desk.quietly("replay b.journal").status, 0);
}

#[test]
fn recovers_a_signed_journal_with_its_key_alone() {
    let (mut desk, journal, outcome) = recorded("--sign a.key");
    desk.quietly("keys new other.key");
    desk.write("torn.journal", &journal[..outcome + 9]);
    for key in ["", "--sign other.key"] {
        desk.run(&format!("journal recover torn.journal b.journal {key}")).fails_in_one_line(&[2]);
        assert!(!desk.path("b.journal").exists());
    }
    assert_eq!(desk.run("journal recover torn.journal b.journal --sign a.key").status, 0);
    assert_eq!(desk.run("journal verify --key a.key.pub b.journal").status, 0);
    desk.matches("recover-signed");
}

#[test]
fn refuses_what_is_whole_changed_or_in_the_way() {
    let (mut desk, journal, outcome) = recorded("");
    desk.write("torn.journal", &journal[..outcome + 9]);
    desk.write("sealed.journal", &journal[..outcome]);
    let mut changed = journal[..outcome + 9].to_vec();
    // Inside of a record, wherever that begins: its length depends on how long calls took.
    let name = b"wasi:filesystem/types";
    let inside = journal.windows(name.len()).position(|bytes| bytes == name).unwrap();
    changed[inside] ^= 1;
    desk.write("changed.journal", changed);
    desk.write("text.journal", "text");
    desk.write("there.journal", "mine");
    desk.run("journal recover a.journal b.journal").fails_in_one_line(&[2]);
    desk.run("journal recover sealed.journal b.journal").fails_in_one_line(&[2]);
    desk.run("journal recover changed.journal b.journal").fails_in_one_line(&[6]);
    desk.run("journal recover text.journal b.journal").fails_in_one_line(&[2]);
    desk.run("journal recover nothing.journal b.journal").fails_in_one_line(&[2]);
    desk.run("journal recover torn.journal there.journal").fails_in_one_line(&[2]);
    desk.run("journal recover torn.journal torn.journal").fails_in_one_line(&[2]);
    desk.run("journal recover torn.journal nowhere/b.journal").fails_in_one_line(&[2]);
    desk.run("journal recover torn.journal b.journal --sign a.key").fails_in_one_line(&[2]);
    assert!(!desk.path("b.journal").exists());
    assert_eq!(
        (desk.read("there.journal"), desk.read("torn.journal")),
        (b"mine".to_vec(), journal[..outcome + 9].to_vec())
    );
    desk.matches("recover-refused");
}
