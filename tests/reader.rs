//! A second reader of journals, in Python, written from `runtime/journal/FORMAT.md`: it and the program must say the
//! same of every journal, whole or damaged. Where they do not, one of them is wrong or the page leaves it open.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use wasm_agent_fuzz_targets::mutate::Mutator;
use wasm_agent_fuzz_targets::{forge, recorded};
use wasm_agent_host::journal::{Event, PublicKey, ReadError, SigningKey, verify, verify_signed};
use wasm_agent_tests::guests::root;
use wasm_agent_tests::server::answer;
use wasm_agent_tests::{Folder, Scene, Script, Server};

/// The key of RFC 8410, section 10.3, and the public one that belongs to it.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

/// Journals that were rewritten, with checks and seals made to fit.
const REWRITTEN: u64 = 150;

/// Runs the Python reader in a folder.
fn python(folder: &Folder, arguments: &[&str]) -> Output {
    let reader = root().join("tests/reader/journal.py");
    let mut command = Command::new("python3");
    // No compiled files beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(folder.path("")).arg(reader).args(arguments);
    command.output().unwrap_or_else(|error| panic!("the second reader needs `python3` on the PATH: {error}"))
}

/// What the Python reader prints, with its exit code.
fn objects(folder: &Folder, arguments: &[&str]) -> (Vec<Value>, i32) {
    let output = python(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code().unwrap())
}

/// What is said of one file: an exit code, and what the file has in it or where it is wrong.
#[derive(Debug, PartialEq)]
enum Verdict {
    Reads { complete: bool, records: u64, sealed: u64, torn_bytes: u64, open_effects: Vec<u64> },
    Changed { record: u64, offset: u64 },
    NoJournal,
}

impl Verdict {
    /// The program's.
    fn of(journal: &[u8]) -> Self {
        match verify(Cursor::new(journal)) {
            Ok(verified) => Self::Reads {
                complete: verified.complete,
                records: verified.records,
                sealed: verified.sealed_records,
                torn_bytes: verified.tail.map_or(0, |tail| tail.torn_bytes),
                open_effects: verified.open_effects.effects.iter().map(|effect| effect.0).collect(),
            },
            Err(ReadError::Tampered(wrong)) => Self::Changed { record: wrong.record, offset: wrong.offset },
            Err(ReadError::NotAJournal { .. } | ReadError::NoHeader { .. } | ReadError::Version { .. }) => {
                Self::NoJournal
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The Python reader's.
    fn said(object: &Value) -> Self {
        let number = |name: &str| object[name].as_u64().unwrap();
        match (object["event"].as_str(), object["exit"].as_u64()) {
            (Some("verified"), None) => Self::Reads {
                complete: object["complete"].as_bool().unwrap(),
                records: number("records"),
                sealed: number("sealed_records"),
                torn_bytes: object["unsealed"]["torn_bytes"].as_u64().unwrap_or(0),
                open_effects: object["open_effects"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one.as_u64().unwrap())
                    .collect(),
            },
            (Some("error"), Some(2)) => Self::NoJournal,
            (Some("error"), Some(6)) => Self::Changed { record: number("record"), offset: number("offset") },
            _ => panic!("{object}"),
        }
    }
}

/// Both readers' verdicts on files that are each made from a journal in a way with a name.
fn agree(files: &[(String, Vec<u8>)]) {
    let folder = Folder::new();
    let mut arguments = vec!["verify"];
    for (name, journal) in files {
        folder.write(name, journal);
        arguments.push(name);
    }
    let (said, _) = objects(&folder, &arguments);
    assert_eq!(said.len(), files.len());
    let differ: Vec<String> = files
        .iter()
        .zip(&said)
        .map(|((name, journal), said)| (name, said, Verdict::said(said), Verdict::of(journal)))
        .filter(|(_, _, said, expected)| said != expected)
        .map(|(name, said, _, expected)| format!("{name}: {said}, but {expected:?}"))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

/// Asserts that both readers show the same records.
fn shows_the_same(journal: &[u8]) {
    let folder = Folder::new();
    folder.write("a.journal", journal);
    let (mut shown, status) = objects(&folder, &["show", "a.journal"]);
    shown.retain(|object| object["event"] != "incomplete");
    let expected: Vec<Value> =
        wasm_agent_tests::recorded::records(journal).iter().map(wasm_agent_host::journal::to_json).collect();
    assert_eq!(status, 0);
    assert_eq!(shown.len(), expected.len());
    for (shown, expected) in shown.iter().zip(&expected) {
        assert_eq!(shown, expected);
    }
}

const NOTES: &str = "[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\naccess = \"write\"\n";

fn notes() -> Folder {
    Folder::with([("notes/a.md", "the colour red\n"), ("notes/deep/b.md", "a colour\n")])
}

/// A run with effects that were approved.
fn edited(signed: bool) -> Vec<u8> {
    let folder = notes();
    let mut scene = Scene::guest(&folder, "edit-files").policy(NOTES).arguments(["/notes", "colour", "color"]);
    if signed {
        scene = scene.signer(Arc::new(SigningKey::from_pem(KEY).unwrap()));
    }
    scene.approver(Script::approve()).run().journal
}

#[test]
fn reads_what_every_example_tool_leaves() {
    let folder = notes();
    shows_the_same(&edited(false));
    shows_the_same(&edited(true));
    let counted = Scene::guest(&folder, "count-words").policy(NOTES).arguments(["/notes"]).run();
    shows_the_same(&counted.journal);
    let refused = Scene::guest(&folder, "edit-files").policy(NOTES).arguments(["/notes", "colour", "color"]).run();
    shows_the_same(&refused.journal);
    let found = Scene::guest(&folder, "search").policy(NOTES).call(r#"search("/notes", "colour")"#).run();
    shows_the_same(&found.journal);
}

/// The journals that are read for ever, with their names.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("tests/fixtures/v1/journals");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut fixtures: Vec<_> = paths.map(|path| (name(&path), std::fs::read(path).unwrap())).collect();
    fixtures.sort();
    assert!(fixtures.len() >= 14, "{}", fixtures.len());
    fixtures
}

#[test]
fn reads_every_fixture() {
    agree(&fixtures());
    fixtures().iter().for_each(|(_, journal)| shows_the_same(journal));
}

#[test]
fn reads_what_was_asked_of_servers() {
    let folder = Folder::new();
    let page = Server::text("A page that is longer than what a journal keeps in a record.\n");
    let pages = format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n", page.url("/**"));
    let url = page.url("/page");
    let fetched = Scene::guest(&folder, "fetch-page").policy(pages).arguments([url.as_str()]).run();
    assert_eq!(page.asked().len(), 1);
    shows_the_same(&fetched.journal);

    let issues = Server::http(|_| answer(201, r#"{"number": 7, "html_url": "http://issues.example/7"}"#));
    let policy = format!(
        "[[http]]\nurl = \"{0}\"\nmethods = [\"POST\"]\nnetworks = [\"127.0.0.0/8\"]\nsecrets = [\"token\"]\n\
         [secrets.token]\nenv = \"API_TOKEN\"\nheader = \"authorization\"\nvalue = \"Bearer {{}}\"\n\
         [environment]\nset = {{ ISSUES_URL = \"{1}\" }}\n",
        issues.url("/**"),
        issues.url("")
    );
    let call = r#"open-issue({repository: "acme/site", title: "Broken", body: "", labels: []})"#;
    let opened = Scene::guest(&folder, "open-issue").policy(policy).secret("API_TOKEN", "s3cr3t-t0k3n").call(call);
    shows_the_same(&opened.approver(Script::approve()).run().journal);
    assert_eq!(issues.asked().len(), 1);
}

#[test]
fn agrees_on_items_that_are_too_many_to_show() {
    let mut payloads = forge::payloads(recorded());
    for items in [65_535_u32, 65_536] {
        let head = [b"\x86\x06\x00\x19\x27\x0f\x66denied\xf6\x9a".as_slice(), &items.to_be_bytes()].concat();
        payloads.insert(2, [head, vec![0; usize::try_from(items).unwrap()]].concat());
    }
    let journal = forge::journal(&payloads, None);
    let lines: Vec<Value> =
        wasm_agent_tests::recorded::records(&journal).iter().map(wasm_agent_host::journal::to_json).collect();
    assert_eq!((&lines[2]["extra"]["items_over"], lines[3]["extra"][65_534].as_u64()), (&65_536.into(), Some(0)));
    shows_the_same(&journal);
}

/// The files that a journal becomes when it is cut, and when bytes in it are flipped, put in, taken out or lost.
fn damaged(journal: &[u8], step: usize) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for at in (0..journal.len()).step_by(step) {
        let (before, behind) = journal.split_at(at);
        let mut flipped = journal.to_vec();
        flipped[at] ^= 1 << (at % 8);
        files.push((format!("flipped-at-{at}"), flipped));
        files.push((format!("cut-at-{at}"), before.to_vec()));
        files.push((format!("zeros-from-{at}"), [before, &[0; 70]].concat()));
        files.push((format!("without-some-at-{at}"), [before, &behind[behind.len().min(17)..]].concat()));
        files.push((format!("more-at-{at}"), [before, b"\x07", behind].concat()));
    }
    files
}

#[test]
fn agrees_on_what_is_cut_off_and_what_is_changed() {
    let journal = edited(false);
    agree(&[("whole".to_owned(), journal.clone())]);
    agree(&damaged(&journal, journal.len() / 40));
    // Around the end, where little is left to tell a change from a torn write by.
    let near_end = journal.len() - 130;
    let mut files = damaged(&journal, 1).split_off(5 * near_end);
    files.retain(|(name, _)| name.starts_with("flipped") || name.starts_with("cut"));
    agree(&files);
}

#[test]
fn agrees_on_journals_whose_records_were_rewritten() {
    let journals = fixtures();
    let rewritten = (0..REWRITTEN).map(|number| {
        let (name, journal) = &journals[usize::try_from(number).unwrap() % journals.len()];
        (format!("{number}-{name}"), Mutator::new(number).journal(journal))
    });
    agree(&rewritten.collect::<Vec<_>>());
}

#[test]
fn agrees_on_journals_that_are_signed() {
    let journal = edited(true);
    agree(&[("whole".to_owned(), journal.clone())]);
    agree(&damaged(&journal, journal.len() / 12));
}

/// Where each seal's frame ends.
fn seal_ends(journal: &[u8]) -> Vec<usize> {
    let records = wasm_agent_tests::recorded::records(journal);
    let offsets = records.iter().map(|record| record.offset).skip(1).chain([u64::try_from(journal.len()).unwrap()]);
    let seals = records.iter().zip(offsets).filter(|(record, _)| matches!(record.event, Event::Seal(_)));
    seals.map(|(_, end)| usize::try_from(end).unwrap()).collect()
}

#[test]
fn demands_the_signatures_of_a_key() {
    let folder = Folder::new();
    let [signed, unsigned] = [true, false].map(edited);
    folder.write("signed.journal", &signed);
    folder.write("unsigned.journal", unsigned);
    folder.write("key.pub", PUBLIC_KEY);
    let status = |file: &str| objects(&folder, &["verify", file, "--key", "key.pub"]).1;
    assert_eq!((status("signed.journal"), status("unsigned.journal")), (0, 6));
    // After its last seal a journal has what nobody signed: all that a kill leaves, and all that anybody adds.
    let key = PublicKey::from_pem(PUBLIC_KEY).unwrap();
    for cut in [signed.len() - 1, signed.len() / 2, 40] {
        folder.write("cut.journal", &signed[..cut]);
        let verified = verify_signed(Cursor::new(&signed[..cut]), &key);
        let expected = match &verified {
            Ok(verified) if verified.is_signed() => 0,
            Ok(_) => 6,
            Err(_) => 2,
        };
        assert_eq!(status("cut.journal"), expected, "{cut}: {verified:?}");
    }
    let ends = seal_ends(&signed);
    assert!(ends.len() > 2);
    for end in ends.into_iter().filter(|end| *end < signed.len()) {
        folder.write("cut.journal", &signed[..end]);
        assert!(verify_signed(Cursor::new(&signed[..end]), &key).unwrap().is_signed());
        assert_eq!(status("cut.journal"), 0, "cut right after a seal");
        folder.write("cut.journal", &signed[..end + 1]);
        assert_eq!(status("cut.journal"), 6, "one byte more");
    }
    folder.write("key.pub", PUBLIC_KEY.replace("Gb9EC", "Gb9ED"));
    assert_eq!(status("signed.journal"), 6);
}
