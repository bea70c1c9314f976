//! Keys, signed runs, and what `journal verify` says about signatures.

use std::os::unix::fs::PermissionsExt;

use crate::desk::{Desk, YES};
use crate::tools;
use wasm_agent_tests::wat;

/// A desk with a key, and a run that it signed.
fn signed() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("keys new a.key");
    desk.quietly(
        "run -p policy.toml -j a.journal --sign a.key --approve exec:./yes.sh edit-files.wasm -- /notes colour color",
    );
    desk
}

#[test]
fn makes_keys_that_only_their_owner_reads() {
    let mut desk = Desk::new();
    assert_eq!(desk.run("keys new a.key").status, 0);
    let mode = |name| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("a.key"), 0o600);
    let (private, public) = (desk.read("a.key"), desk.read("a.key.pub"));
    assert!(
        private.starts_with(b"-----BEGIN PRIVATE KEY-----\n") && public.starts_with(b"-----BEGIN PUBLIC KEY-----\n")
    );
    // Neither file is ever overwritten, and no half of a pair is left behind.
    desk.run("keys new a.key").fails_in_one_line(&[2]);
    desk.write("b.key.pub", "mine");
    desk.run("keys new b.key").fails_in_one_line(&[2]);
    assert!(!desk.path("b.key").exists());
    desk.run("keys new nowhere/a.key").fails_in_one_line(&[2]);
    assert_eq!((desk.read("a.key"), desk.read("a.key.pub")), (private.clone(), public.clone()));
    let [of_private, of_public] = ["a.key", "a.key.pub"].map(|name| desk.quietly(&format!("keys show {name}")).out());
    assert_eq!(of_private.lines().next(), of_public.lines().next());
    assert!(of_private.ends_with(std::str::from_utf8(&public).unwrap()));
    let secret = std::str::from_utf8(&private).unwrap().lines().nth(1).unwrap();
    assert!(!of_private.contains(secret));
    let shown = desk.quietly("--format json keys show a.key").out_objects();
    assert_eq!((&shown[0]["private"], &shown[0]["event"]), (&true.into(), &"key".into()));
    desk.matches("keys");
}

#[test]
fn refuses_keys_that_prove_nothing() {
    let mut desk = signed();
    desk.write("text.key", "no key\n");
    desk.write("long.key", vec![b'x'; 20_000]);
    desk.write("binary.key", [0xff; 100]);
    for name in ["text.key", "long.key", "binary.key"] {
        desk.mode(name, 0o600);
        for command in ["keys show ", "journal verify a.journal --key ", "run edit-files.wasm --sign "] {
            desk.run(&format!("{command}{name}")).fails_in_one_line(&[2]);
        }
    }
    desk.run("run --sign nothing.key edit-files.wasm").fails_in_one_line(&[2]);
    desk.run("run --sign notes edit-files.wasm").fails_in_one_line(&[2]);
    for mode in [0o640, 0o604, 0o620, 0o602] {
        desk.mode("a.key", mode);
        desk.quietly("run -j b.journal --sign a.key edit-files.wasm").fails_in_one_line(&[2]);
    }
    desk.run("run -j b.journal --sign a.key edit-files.wasm").fails_in_one_line(&[2]);
    assert!(!desk.path("b.journal").exists());
    desk.mode("a.key.pub", 0o600);
    desk.run("run -j b.journal --sign a.key.pub edit-files.wasm").fails_in_one_line(&[2]);
    desk.run("journal verify --key a.key a.journal").fails_in_one_line(&[2]);
    desk.matches("keys-unusable");
}

#[test]
fn says_who_signed_and_up_to_where() {
    let mut desk = signed();
    let bytes = desk.read("a.journal");
    // A killed run is signed up to its last seal. What follows can be anybody's.
    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let offset = events.iter().find(|event| event["event"] == "outcome").unwrap()["offset"].as_u64().unwrap();
    desk.write("killed.journal", &bytes[..usize::try_from(offset).unwrap() + 9]);
    desk.tool("clock.wasm", &wat::clock_calls(1));
    desk.quietly("run -j unsigned.journal clock.wasm");
    desk.quietly("keys new other.key");
    for (journal, key, status) in
        [("a", "a", 0), ("killed", "a", 6), ("a", "other", 6), ("killed", "other", 6), ("unsigned", "a", 6)]
    {
        assert_eq!(desk.run(&format!("journal verify --key {key}.key.pub {journal}.journal")).status, status);
        desk.run(&format!("--format json journal verify --key {key}.key.pub {journal}.journal"));
    }
    for journal in ["a", "killed", "unsigned"] {
        assert_eq!(desk.run(&format!("journal verify {journal}.journal")).status, 0);
    }
    let fingerprint = desk.quietly("--format json keys show a.key").out_objects()[0]["fingerprint"].clone();
    let verified = desk.quietly("--format json journal verify --key a.key.pub a.journal").out_objects();
    assert_eq!(verified[0]["signed_by"]["fingerprint"], fingerprint);
    let replayed = desk.quietly("replay a.journal");
    assert_eq!(replayed.status, 0, "{}", replayed.err());
    desk.matches("signed");
}

/// Where each record begins, with its kind.
fn records(desk: &Desk, journal: &str) -> Vec<(String, usize)> {
    let events = desk.quietly(&format!("journal show --format json {journal}")).out_objects();
    let record = |event: &serde_json::Value| {
        Some((event["event"].as_str()?.to_owned(), usize::try_from(event["offset"].as_u64()?).unwrap()))
    };
    events.iter().filter_map(record).collect()
}

#[test]
fn what_nobody_signed_is_not_verified_with_a_key() {
    let desk = signed();
    let bytes = desk.read("a.journal");
    let begin: Vec<(String, usize)> = records(&desk, "a.journal");
    let ends = begin.iter().map(|(_, at)| *at).skip(1).chain([bytes.len()]);
    let mut last_seal = None;
    for (record, ((kind, _), end)) in begin.iter().zip(ends).enumerate() {
        if kind == "seal" {
            last_seal = Some(record);
        }
        desk.write("cut.journal", &bytes[..end]);
        let verified = desk.quietly("journal verify --key a.key.pub cut.journal");
        if kind == "seal" {
            assert_eq!(verified.status, 0, "record {record}: {}", verified.err());
            continue;
        }
        assert_eq!(verified.status, 6, "record {record}, a {kind}: {}", verified.out());
        let records = |count| if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
        let said = match last_seal {
            Some(seal) => format!(
                "error: journal `cut.journal` is signed up to record {seal}; what follows is not signed: {}\n",
                records(record - seal)
            ),
            None => format!("error: nothing in journal `cut.journal` is signed: {}\n", records(record + 1)),
        };
        assert!(verified.err().starts_with(&said), "{}, not {said}", verified.err());
        // Without a key nobody asked who signed it.
        assert_eq!(desk.quietly("journal verify cut.journal").status, 0);
        let json = desk.quietly("--format json journal verify --key a.key.pub cut.journal");
        let signed_by = &json.out_objects()[0]["signed_by"];
        assert_eq!(
            (signed_by["records"].as_u64(), &signed_by["to_the_end"]),
            (last_seal.map_or(Some(0), |seal| u64::try_from(seal + 1).ok()), &false.into())
        );
        assert_eq!((json.status, &json.err_objects()[0]["exit"]), (6, &6.into()));
    }
    assert!(last_seal.is_some_and(|seal| seal > 3), "{begin:?}");
}

#[test]
fn a_redaction_of_what_nobody_signed_is_not_verified_with_a_key() {
    let desk = signed();
    let bytes = desk.read("a.journal");
    let (_, outcome) = records(&desk, "a.journal").into_iter().find(|(kind, _)| kind == "outcome").unwrap();
    desk.write("sealed.journal", &bytes[..outcome]);
    desk.write("killed.journal", &bytes[..outcome + 9]);
    for (original, status) in [("a", 0), ("sealed", 0), ("killed", 6)] {
        let made = desk.quietly(&format!("journal export {original}.journal --redact bodies --output of-{original}"));
        assert_eq!(made.status, 0, "{}", made.err());
        let prove = format!("journal verify of-{original} --original {original}.journal");
        assert_eq!(desk.quietly(&prove).status, 0);
        let proved = desk.quietly(&format!("{prove} --key a.key.pub"));
        assert_eq!(proved.status, status, "{original}: {}", proved.err());
        assert_eq!(proved.err().contains("`killed.journal` is signed up to record"), status == 6, "{}", proved.err());
    }
    // A recovery signs what it finds, in the name of whoever has the key.
    assert_eq!(desk.quietly("journal recover killed.journal b.journal --sign a.key").status, 0);
    assert_eq!(desk.quietly("journal verify --key a.key.pub b.journal").status, 0);
}

#[test]
fn a_run_reports_who_signed_it() {
    let mut desk = Desk::new();
    desk.quietly("keys new a.key");
    desk.tool("clock.wasm", &wat::clock_calls(1));
    let ran = desk.run("run --sign a.key -j a.journal clock.wasm");
    assert!(ran.err().contains("signed by: "), "{}", ran.err());
    let ran = desk.quietly("--format json run --sign a.key -j b.journal clock.wasm");
    let fingerprint = desk.quietly("--format json keys show a.key.pub").out_objects()[0]["fingerprint"].clone();
    assert_eq!(ran.err_objects()[0]["journal"]["signed_by"], fingerprint);
}

#[test]
fn keys_are_those_of_openssl() {
    let desk = Desk::new();
    let openssl = |arguments: &[&str]| desk.command("openssl").args(arguments).output();
    let Ok(made) = openssl(&["genpkey", "-algorithm", "ed25519", "-out", "o.key"]) else {
        // The bytes of the RFC's key are checked beside the code that reads them.
        return;
    };
    assert!(made.status.success(), "{made:?}");
    desk.mode("o.key", 0o600);
    let public = openssl(&["pkey", "-in", "o.key", "-pubout", "-out", "o.pub"]).unwrap();
    assert!(public.status.success());
    desk.tool("out.wasm", &tools::print(1, b"x"));
    assert_eq!(desk.quietly("run -q --sign o.key -j o.journal out.wasm").status, 0);
    assert_eq!(desk.quietly("journal verify --key o.pub o.journal").status, 0);
    // And the other way round: what is made here, OpenSSL reads.
    desk.quietly("keys new a.key");
    let public = openssl(&["pkey", "-in", "a.key", "-pubout"]).unwrap();
    assert_eq!(public.stdout, desk.read("a.key.pub"));
    let other = openssl(&["genpkey", "-algorithm", "x25519", "-out", "x.key"]).unwrap();
    assert!(other.status.success());
    desk.mode("x.key", 0o600);
    desk.quietly("run --sign x.key -j x.journal out.wasm").fails_in_one_line(&[2]);
}
