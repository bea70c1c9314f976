//! `journal export --redact`: copies for others, and the proof that nothing else changed.

use crate::desk::{Desk, YES};

/// A desk with the journal of an edit.
fn recorded() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("keys new a.key");
    desk.quietly(
        "run -p policy.toml -j a.journal --sign a.key --approve exec:./yes.sh edit-files.wasm -- /notes colour color",
    );
    desk
}

fn has(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn takes_contents_out_and_proves_it() {
    let mut desk = recorded();
    let original = desk.read("a.journal");
    assert!(has(&original, "of the sky") && has(&original, "today.md"));
    for (what, name) in [("bodies", "b"), ("paths", "p"), ("bodies,paths", "bp")] {
        assert_eq!(desk.run(&format!("journal export a.journal --redact {what} --output {name}.journal")).status, 0);
        assert_eq!(desk.run(&format!("journal verify {name}.journal")).status, 0);
        let proved = desk.run(&format!("journal verify {name}.journal --original a.journal --key a.key.pub"));
        assert_eq!(proved.status, 0, "{}", proved.err());
        let copy = desk.read(&format!("{name}.journal"));
        assert_eq!(has(&copy, "of the sky"), !what.contains("bodies"));
        // The tool prints the path, and what it prints is no path but contents.
        assert_eq!(has(&copy, "today.md"), what != "bodies,paths");
        assert_eq!(has(&copy, "\x68today.md"), !what.contains("paths"));
        assert!(what != "bodies,paths" || !has(&copy, "notes"), "{what}");
        // All commands read it, but nothing is run again from what is not there.
        for command in ["journal show --calls all", "journal stats", "journal export"] {
            let ran = desk.quietly(&format!("{command} {name}.journal"));
            assert_eq!(ran.status, 0, "{command}: {}", ran.err());
        }
        desk.run(&format!("replay {name}.journal")).fails_in_one_line(&[2]);
    }
    desk.run("journal show bp.journal");
    desk.run("--format json journal verify bp.journal --original a.journal");
    let report = desk.quietly("--format json journal export a.journal --redact bodies --output j.journal");
    assert_eq!(report.status, 0, "{}", report.err());
    assert_eq!(desk.read("j.journal"), desk.read("b.journal"));
    desk.matches("redact");
}

#[test]
fn is_not_taken_for_what_it_is_not() {
    let mut desk = recorded();
    desk.quietly("run -q -p policy.toml -j other.journal --approve refuse edit-files.wasm -- /notes sky sea");
    desk.quietly("journal export a.journal --redact bodies --output b.journal");
    desk.run("journal verify b.journal --original other.journal").fails_in_one_line(&[6]);
    desk.run("journal verify a.journal --original a.journal").fails_in_one_line(&[6]);
    desk.quietly("keys new other.key");
    desk.run("journal verify b.journal --original a.journal --key other.key.pub").fails_in_one_line(&[6]);
    let copy = desk.read("b.journal");
    desk.write("cut.journal", &copy[..copy.len() - 60]);
    desk.run("journal verify cut.journal --original a.journal").fails_in_one_line(&[6]);
    desk.run("journal export b.journal --redact paths --output c.journal").fails_in_one_line(&[2]);
    desk.run("journal export a.journal --redact bodies --output b.journal").fails_in_one_line(&[2]);
    assert_eq!(desk.read("b.journal"), copy);
    for arguments in
        ["--redact bodies", "--redact colours --output c.journal", "--redact bodies --format jsonl --output c"]
    {
        let ran = desk.quietly(&format!("journal export a.journal {arguments}"));
        assert_eq!(ran.status, 2, "{arguments}");
    }
    assert!(!desk.path("c.journal").exists());
    desk.matches("redact-refused");
}
