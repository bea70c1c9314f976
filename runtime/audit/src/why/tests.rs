use wasm_agent_journal::{Answer, EffectResult, Encoded, Keep};
use wasm_agent_policy::{Action, GuestPath, HttpAction, Method, Url};

use super::*;
use crate::hand_made::{HandMade, fine, item, modify, records};

fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

fn chain(journal: &[u8], target: &str) -> Chain {
    let mut names = NameHistory::new(Target::parse(target).unwrap());
    let records = records(journal);
    records.iter().for_each(|record| names.record(record));
    let mut why = ChainBuilder::new(names.finish());
    records.iter().for_each(|record| why.record(record));
    why.finish()
}

fn number(number: u64) -> Encoded {
    item(|out| {
        out.array(2).u64(0).u64(number);
    })
}

/// A run that was given `/notes`, as handle 0.
fn begun() -> HandMade {
    let mut made = HandMade::new();
    let none = item(|out| {
        out.array(0);
    });
    let given = item(|out| {
        out.array(2).u64(0).array(1).array(2).u64(0).str("/notes");
    });
    made.call("wasi:filesystem/preopens#get-directories", 10, &none, &given);
    made
}

/// Opens a file of `/notes` as a handle, and gives an effect to that.
fn open(made: &mut HandMade, name: &str, handle: u64, action: Option<&Action>, approval: bool) {
    let approval = approval.then(|| made.ask(action.unwrap(), Answer::Approved, 2_000_000_000));
    if let Some(action) = action {
        let effect = made.intent(action, approval);
        made.outcome(effect, EffectResult::Done, None);
    }
    let arguments = item(|out| {
        out.array(5).u64(0).u64(1).str(name).u64(0).u64(3);
    });
    made.call("wasi:filesystem/types#[method]descriptor.open-at", 10, &arguments, &number(handle));
}

fn read(made: &mut HandMade, handle: u64, bytes: &[u8]) {
    let arguments = item(|out| {
        out.array(3).u64(handle).u64(100).u64(0);
    });
    let value = item(|out| {
        out.array(2).u64(0).array(2).payload(bytes.to_vec(), Keep::Contents).bool(false);
    });
    made.call("wasi:filesystem/types#[method]descriptor.read", 10, &arguments, &value);
}

fn write(made: &mut HandMade, handle: u64, bytes: &[u8]) {
    let arguments = item(|out| {
        out.array(3).u64(handle).payload(bytes.to_vec(), Keep::DigestOnly).u64(0);
    });
    made.call("wasi:filesystem/types#[method]descriptor.write", 10, &arguments, &number(bytes.len() as u64));
}

fn rename(made: &mut HandMade, from: &str, to: &str, directory: bool) {
    let action = Action::FileRename { from: path(from), to: path(to), replaces: true, directory };
    let effect = made.intent(&action, None);
    made.outcome(effect, EffectResult::Done, None);
    let arguments = item(|out| {
        out.array(4).u64(0).str("from").u64(0).str("to");
    });
    made.call("wasi:filesystem/types#[method]descriptor.rename-at", 10, &arguments, &fine());
}

fn read_names(step: &Step) -> Vec<String> {
    step.read.iter().map(|source| source.name.to_string()).collect()
}

#[test]
fn the_chain_goes_from_the_reason_over_what_was_read_to_the_effect() {
    let mut made = begun();
    open(&mut made, "a", 1, None, false);
    read(&mut made, 1, b"one");
    open(&mut made, "b", 2, None, false);
    read(&mut made, 2, b"two");
    read(&mut made, 1, b"more");
    made.note("intent", "to tidy up");
    open(&mut made, "a", 3, Some(&modify("/notes/a")), true);
    write(&mut made, 3, b"three");
    open(&mut made, "b", 4, Some(&modify("/notes/b")), false);
    write(&mut made, 4, b"not of a");
    let chain = chain(&made.finish(), "/notes/a");
    let [step] = chain.steps.as_slice() else { panic!("{chain:?}") };
    assert_eq!((step.result, step.call), (StepResult::Done, 6));
    assert_eq!(step.reason.as_ref().map(|reason| &*reason.text), Some("to tidy up"));
    assert_eq!(step.approval.as_ref().map(|approval| approval.approver.as_str()), Some("mara"));
    assert_eq!(read_names(step), ["/notes/a", "/notes/b"]);
    assert_eq!((step.read[0].bytes, step.read[0].calls), (7, (2, 5)));
    assert_eq!(step.wrote, Some(Writes { bytes: 5, calls: (7, 7) }));
    assert_eq!(chain.read.map(|read| read.bytes), Some(7));
}

#[test]
fn a_file_is_followed_through_its_earlier_names() {
    let mut made = begun();
    open(&mut made, "d/new", 1, Some(&Action::FileCreate { path: path("/notes/d/new") }), false);
    write(&mut made, 1, b"text");
    rename(&mut made, "/notes/d", "/notes/e", true);
    rename(&mut made, "/notes/e/new", "/notes/a", false);
    // Another file by the first name is not the one that is asked about.
    open(&mut made, "d/new", 2, Some(&Action::FileCreate { path: path("/notes/d/new") }), false);
    let chain = chain(&made.finish(), "/notes/a");
    let steps: Vec<(&str, Option<&str>)> = chain
        .steps
        .iter()
        .map(|step| (step.action.kind(), step.earlier_name.as_ref().map(GuestPath::as_str)))
        .collect();
    let expected =
        [("file.create", Some("/notes/d/new")), ("file.rename", Some("/notes/e/new")), ("file.rename", None)];
    assert_eq!(steps, expected);
    assert_eq!(chain.steps[0].wrote.map(|wrote| wrote.bytes), Some(4));
    let earlier: Vec<&str> = chain.earlier.iter().map(|name| name.path.as_str()).collect();
    assert_eq!(earlier, ["/notes/e/new", "/notes/d/new"]);
}

#[test]
fn what_was_refused_denied_or_never_answered_is_in_the_chain() {
    let mut made = begun();
    made.ask(&modify("/notes/a"), Answer::Refused, 1000);
    made.ask(&modify("/notes/b"), Answer::Refused, 1000);
    let open = made.intent(&modify("/notes/a"), None);
    made.outcome(open, EffectResult::Failed, None);
    made.intent(&modify("/notes/a"), None);
    let chain = chain(&made.finish(), "/notes/a");
    let results: Vec<StepResult> = chain.steps.iter().map(|step| step.result).collect();
    assert_eq!(results, [StepResult::Refused, StepResult::Failed, StepResult::Begun]);
    assert_eq!(chain.steps[1].detail.as_deref(), Some("it went wrong"));
}

#[test]
fn a_request_is_found_by_its_canonical_url() {
    let mut made = begun();
    let url = Url::parse_str("https://example.com/a").unwrap();
    let action = Action::HttpRequest(Box::new(HttpAction::new(Method::POST, url)));
    let effect = made.intent(&action, None);
    let extra = item(|out| {
        out.map(2).str("peer").str("192.0.2.1").str("status").u64(201);
    });
    made.outcome(effect, EffectResult::Done, Some(&extra));
    let journal = made.finish();
    for target in ["https://example.com/a", "HTTPS://EXAMPLE.com:443/b/../a"] {
        let chain = chain(&journal, target);
        assert_eq!(chain.steps.iter().map(|step| step.status).collect::<Vec<_>>(), [Some(201)], "{target}");
    }
    let other = chain(&journal, "https://example.com/b");
    assert_eq!((other.steps.len(), other.similar), (0, vec!["https://example.com/a".to_owned()]));
}

#[test]
fn a_target_is_a_path_or_a_url() {
    assert!(matches!(Target::parse("/notes/a"), Ok(Target::Path(_))));
    assert!(matches!(Target::parse("/notes/../a"), Err(TargetError::Path(_))));
    assert!(matches!(Target::parse("http://x/"), Ok(Target::Url(_))));
    assert!(matches!(Target::parse("notes/a"), Err(TargetError::Url(_))));
}

#[test]
fn a_journal_without_end_gives_a_chain_with_one() {
    let mut made = begun();
    for number in 0..2000_u64 {
        open(&mut made, &format!("{number}"), 1, None, false);
        read(&mut made, 1, b"x");
        if number % 500 == 499 {
            let effect = made.intent(&modify("/notes/a"), None);
            made.outcome(effect, EffectResult::Done, None);
        }
    }
    for _ in 0..STEPS_MAX {
        made.intent(&modify("/notes/a"), None);
    }
    let chain = chain(&made.finish(), "/notes/a");
    assert_eq!((chain.steps.len(), chain.more_steps), (STEPS_MAX, 4));
    assert_eq!((chain.steps[0].read.len(), chain.steps[0].more_read), (256, 244));
    assert_eq!(chain.steps[0].read[0].name.to_string(), "/notes/499");
}
