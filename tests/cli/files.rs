//! `journal files`: what a run did to files, and restoring them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use wasm_agent_host::journal::{CallEvent, Encoded, End, Options, RunResult, Writer};

use crate::desk::{Desk, YES};
use crate::sample_journal;

const RUN: &str = "run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color";

/// A desk with the journal of a run that changed two notes of three, one of them too long for a record.
fn edited() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("notes/long.md", "The colour of money.\n".repeat(20_000));
    desk.write("notes/other/plain.md", "Nothing to see.\n");
    assert_eq!(desk.quietly(RUN).status, 0);
    desk
}

/// Everything below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn lists_what_a_run_did_to_files() {
    let mut desk = edited();
    desk.run("journal files a.journal");
    desk.run("journal files --format json a.journal");
    desk.run("journal files --at 3 a.journal");
    desk.matches("files");
    let listed = desk.run("journal files --format json a.journal").out_objects();
    let after = blake3::hash(&desk.read("notes/long.md")).to_hex().to_string();
    let long = listed.iter().find(|file| file["path"] == "/notes/long.md").unwrap();
    assert_eq!((&long["change"], &long["after"]["blake3"]), (&"changed".into(), &after.into()));
}

#[test]
fn restores_files_as_they_were_at_any_call() {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("notes/long.md", "The colour of money.\n".repeat(20_000));
    desk.write("notes/other/plain.md", "Nothing to see.\n");
    let before = contents(&desk.path("notes"));
    assert_eq!(desk.quietly(RUN).status, 0);
    let after = contents(&desk.path("notes"));
    assert_ne!(before, after);

    let events = desk.quietly("journal show --format json a.journal").out_objects();
    let first = events.iter().find(|event| event["event"] == "intent").unwrap()["call"].as_u64().unwrap();
    let restored = desk.quietly(&format!("journal files --at {} a.journal then", first - 1));
    assert_eq!(restored.status, 0, "{}", restored.err());
    assert_eq!(contents(&desk.path("then/notes")), before);
    // The file is empty once it was opened to be written anew.
    desk.quietly(&format!("journal files --at {first} a.journal between"));
    assert_eq!(desk.read("between/notes/long.md"), b"");
    fs::create_dir(desk.path("now")).unwrap();
    let restored = desk.quietly("journal files a.journal now");
    assert_eq!(restored.status, 0, "{}", restored.err());
    assert_eq!(contents(&desk.path("now/notes")), after);
}

#[test]
fn says_what_can_not_be_known_without_the_tool() {
    let mut desk = edited();
    let after = desk.read("notes/long.md");
    fs::create_dir(desk.path("empty")).unwrap();
    desk.run("journal files --state empty a.journal");
    desk.run("journal files --state empty a.journal without");
    assert!(!desk.path("without/notes/long.md").exists());
    desk.run("journal files --state empty --component edit-files.wasm a.journal with");
    assert_eq!(desk.read("with/notes/long.md"), after);
    desk.guest("search");
    desk.run("journal files --state empty --component search.wasm a.journal other");
    assert!(!desk.path("other/notes/long.md").exists());
    desk.matches("files-without-tool");
}

#[test]
fn refuses_what_is_no_empty_folder_no_call_and_no_journal() {
    let mut desk = edited();
    desk.run("journal files a.journal notes").fails_in_one_line(&[2]);
    desk.run("journal files a.journal policy.toml").fails_in_one_line(&[2]);
    desk.run("journal files a.journal no/such/folder").fails_in_one_line(&[2]);
    desk.run("journal files --at 100000 a.journal").fails_in_one_line(&[2]);
    desk.run("journal files none.journal").fails_in_one_line(&[2]);
    let mut changed = desk.read("a.journal");
    let record = changed.len() - 300;
    changed[record] ^= 1;
    desk.write("changed.journal", changed);
    desk.run("journal files changed.journal").fails_in_one_line(&[6]);
    desk.run("journal files changed.journal restored").fails_in_one_line(&[6]);
    desk.matches("files-refused");
}

#[test]
fn a_run_that_was_killed_is_followed_as_far_as_its_record_goes() {
    let mut desk = edited();
    let whole = desk.read("a.journal");
    desk.write("cut.journal", &whole[..whole.len() - 90]);
    let listed = desk.run("journal files cut.journal");
    assert_eq!(listed.status, 0);
    assert!(listed.out().contains("/notes/long.md") && listed.out().contains("incomplete: "), "{}", listed.out());
    let restored = desk.run("journal files cut.journal restored");
    assert_eq!(restored.status, 0);
    assert_eq!(desk.read("restored/notes/long.md"), desk.read("notes/long.md"));
}

fn item(write: impl FnOnce(&mut Encoded)) -> Encoded {
    let mut encoded = Encoded::new();
    write(&mut encoded);
    encoded
}

/// A journal of calls that no host would have made.
fn hostile(path: &Path, calls: &[(&str, Encoded, Encoded)]) {
    let writer =
        Writer::create(File::create_new(path).unwrap(), &sample_journal::header(), Options::default()).unwrap();
    for (at_ns, (name, arguments, outcome)) in (1..).zip(calls) {
        let function = writer.intern(name, &[]).unwrap();
        let call = CallEvent { function, at_ns, duration_ns: 0, fuel: 0, arguments, outcome, decision: None };
        writer.call(&call).unwrap();
    }
    let result = RunResult::Exited { code: 0 };
    let calls = u64::try_from(calls.len()).unwrap();
    writer.finish(&End { result, at_ns: 99, fuel: 0, calls, waited_ns: 0, memory_high_bytes: 0 }).unwrap();
}

fn value(number: u64) -> Encoded {
    item(|out| {
        out.array(2).u64(0).u64(number);
    })
}

#[test]
fn nothing_is_written_outside_of_the_folder() {
    let open = "wasi:filesystem/types#[method]descriptor.open-at";
    let write = "wasi:filesystem/types#[method]descriptor.write";
    let mut calls = vec![(
        "wasi:filesystem/preopens#get-directories",
        item(|out| {
            out.array(0);
        }),
        item(|out| {
            out.array(2).u64(0).array(3);
            out.array(2).u64(0).str("/../../escaped").array(2).u64(1).str("/w").array(2).u64(2).str("relative");
        }),
    )];
    let names = ["../../../escaped", "/escaped", "a/../../../escaped", "a", "a/b", "\u{1b}[2J", "c\0d"];
    for (handle, name) in (10..).zip(names) {
        for (directory, handle) in [(0, handle), (1, handle + 100), (2, handle + 200)] {
            let arguments = item(|out| {
                out.array(5).u64(directory).u64(0).str(name).u64(1).u64(2);
            });
            calls.push((open, arguments, value(handle)));
            for offset in [0, 1 << 63, u64::MAX] {
                let arguments = item(|out| {
                    out.array(3).u64(handle).bytes_inline(b"escaped").u64(offset);
                });
                calls.push((write, arguments, value(7)));
            }
        }
    }
    let desk = Desk::new();
    hostile(&desk.path("a.journal"), &calls);
    fs::create_dir_all(desk.path("in/here")).unwrap();
    let restored = desk.quietly("journal files a.journal in/here/out");
    assert!([0, 5].contains(&restored.status), "{}", restored.err());
    assert!(!restored.out().contains('\u{1b}') && !restored.err().contains('\u{1b}'));
    let names: Vec<_> = contents(&desk.path("in")).into_keys().collect();
    assert!(names.iter().all(|name| name.starts_with("here/out")), "{names:?}");
    assert_eq!(contents(&desk.path("")).len(), names.len() + 1, "the journal, and what was restored");
    for name in names {
        assert!(fs::metadata(desk.path("in").join(name)).unwrap().len() <= 16 << 30);
    }
    assert_eq!(desk.quietly("journal files a.journal").status, 0);
}
