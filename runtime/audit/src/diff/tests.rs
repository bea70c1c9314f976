//! Two journals made by hand, side by side.

use std::io::Cursor;

use proptest::prelude::*;
use wasm_agent_journal::{Answer, EffectResult, Encoded, Keep};

use super::*;
use crate::hand_made::{HandMade, header, item, modify};

const PREOPENS: &str = "wasi:filesystem/preopens#get-directories";
const OPEN: &str = "wasi:filesystem/types#[method]descriptor.open-at";
const STREAM: &str = "wasi:filesystem/types#[method]descriptor.read-via-stream";
const STAT: &str = "wasi:filesystem/types#[method]descriptor.stat";
const READ: &str = "wasi:io/streams#[method]input-stream.read";
const NOW: &str = "wasi:clocks/wall-clock#now";

/// What a run does, one step after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Opens a file and reads so many bytes of it.
    Read(&'static str, Vec<u8>),
    Denied,
    Now(u64),
    /// Looks at a file of this size, changed at this time.
    Stat(u64, u64),
    Change(&'static str, Answer),
}

/// A run whose handles begin at this number.
fn run(first_handle: u64, steps: &[Step]) -> Vec<u8> {
    let mut made = HandMade::new();
    let mut handle = first_handle;
    let mut next = || {
        handle += 1;
        handle
    };
    let root = next();
    made.call(PREOPENS, 10, &numbers(&[]), &value(|out| out.array(1).array(2).u64(root).str("/notes")));
    for step in steps {
        match step {
            Step::Read(path, contents) => {
                let (file, stream) = (next(), next());
                let open = item(|out| {
                    out.array(5).u64(root).u64(1).str(path).u64(0).u64(1);
                });
                made.call(OPEN, 10, &open, &value(|out| out.u64(file)));
                made.call(STREAM, 10, &numbers(&[file, 0]), &value(|out| out.u64(stream)));
                let contents = value(|out| out.payload(contents.clone(), Keep::Contents));
                made.call(READ, 10, &numbers(&[stream, 4096]), &contents);
            }
            Step::Denied => made.denied(OPEN, &numbers(&[root])),
            Step::Now(time) => made.call(NOW, *time, &numbers(&[]), &value(|out| out.array(2).u64(*time).u64(0))),
            Step::Stat(size, time) => {
                let stat = value(|out| {
                    out.array(6).str("regular-file").u64(1).u64(*size).null();
                    out.array(1).array(2).u64(*time).u64(0).null()
                });
                made.call(STAT, 10, &numbers(&[root]), &stat);
            }
            Step::Change(path, answer) => {
                let approval = made.ask(&modify(path), *answer, 1_000);
                if *answer == Answer::Approved {
                    let effect = made.intent(&modify(path), Some(approval));
                    made.outcome(effect, EffectResult::Done, None);
                }
            }
        }
    }
    made.finish()
}

fn numbers(numbers: &[u64]) -> Encoded {
    item(|out| {
        out.array(u64::try_from(numbers.len()).unwrap());
        for number in numbers {
            out.u64(*number);
        }
    })
}

fn value(write: impl for<'a> FnOnce(&'a mut Encoded) -> &'a mut Encoded) -> Encoded {
    item(|out| {
        write(out.array(2).u64(0));
    })
}

/// The changes as text, calls that are the same left out.
fn changes(first: &[u8], second: &[u8], strict: bool) -> (Vec<String>, Summary) {
    let open = |journal: &[u8]| Reader::open(Cursor::new(journal.to_vec())).unwrap();
    let mut diff = Diff::new(open(first), open(second), strict);
    let mut texts = Vec::new();
    let name = |record: &Record| match &record.event {
        Event::Call(call) => format!("{} {}", call.seq, call.function.name.rsplit(['.', '#']).next().unwrap()),
        other => panic!("{other:?}"),
    };
    while let Some(change) = diff.next().unwrap() {
        texts.push(match change {
            Change::Same(..) => continue,
            Change::Outcome(a, b) => format!("{} / {}", name(&a), name(&b)),
            Change::First(a) => format!("- {}", name(&a)),
            Change::Second(b) => format!("+ {}", name(&b)),
            Change::Effect(a, b) => {
                let text = |effect: Option<Effect>| effect.map_or("none".to_owned(), |effect| effect.outcome);
                format!("effect: {} / {}", text(a), text(b))
            }
        });
    }
    (texts, diff.summary())
}

fn reads(paths: &[&'static str]) -> Vec<Step> {
    paths.iter().map(|path| Step::Read(path, path.as_bytes().to_vec())).collect()
}

#[test]
fn a_run_is_identical_to_itself() {
    let steps = [reads(&["a", "b"]), vec![Step::Denied, Step::Change("/notes/a", Answer::Approved)]].concat();
    let journal = run(0, &steps);
    for strict in [false, true] {
        let (texts, summary) = changes(&journal, &journal, strict);
        assert_eq!(texts, [""; 0]);
        assert_eq!(summary, Summary { same: 8, ..Summary::default() });
    }
}

#[test]
fn what_differs_in_every_run_is_passed_over() {
    let steps = |time: u64| [vec![Step::Now(time), Step::Stat(7, time)], reads(&["a", "b"])].concat();
    let (first, second) = (run(0, &steps(5)), run(30, &steps(900)));
    assert_eq!(changes(&first, &second, false).0, [""; 0]);
    let (texts, summary) = changes(&first, &second, true);
    assert!(summary.same < 3 && !texts.is_empty(), "{texts:?}");
}

#[test]
fn other_outcomes_of_the_same_calls_are_named() {
    let second = [Step::Read("a", b"other".to_vec()), Step::Stat(8, 0), Step::Denied];
    let first = [Step::Read("a", b"a".to_vec()), Step::Stat(7, 0), Step::Denied];
    let (texts, summary) = changes(&run(0, &first), &run(0, &second), false);
    assert_eq!(texts, ["3 read / 3 read", "4 stat / 4 stat"]);
    assert_eq!((summary.outcomes, summary.same, summary.parts_at), (2, 4, Some((3, 3))));
}

#[test]
fn one_file_more_shifts_handles_and_nothing_else() {
    let (first, second) = (reads(&["a", "b", "c", "d"]), reads(&["a", "x", "b", "c", "d"]));
    let (texts, summary) = changes(&run(0, &first), &run(0, &second), false);
    assert_eq!(texts, ["+ 4 open-at", "+ 5 read-via-stream", "+ 6 read"]);
    assert_eq!((summary.second, summary.first, summary.same), (3, 0, 13));
    assert_eq!(summary.parts_at, Some((4, 4)));
    let (texts, _) = changes(&run(0, &second), &run(0, &first), false);
    assert_eq!(texts, ["- 4 open-at", "- 5 read-via-stream", "- 6 read"]);
}

#[test]
fn effects_are_compared_by_what_became_of_them() {
    let change = |answer| [Step::Change("/notes/a", answer), Step::Now(1)];
    let (first, second) = (run(0, &change(Answer::Approved)), run(0, &change(Answer::Refused)));
    let (texts, summary) = changes(&first, &second, false);
    assert_eq!(texts, ["effect: done; approved by mara / not done; refused by mara"]);
    assert_eq!((summary.effects, summary.outcomes), (1, 0));
    let (texts, _) = changes(&first, &run(0, &[Step::Now(1)]), false);
    assert_eq!(texts, ["effect: done; approved by mara / none"]);
}

/// A run that begins so many effects, with no call between them, and ends none of them.
fn begins(effects: u64, name: &str) -> Vec<u8> {
    let mut made = HandMade::new();
    for number in 0..effects {
        made.intent(&modify(&format!("/notes/{name}-{number}")), None);
    }
    made.finish()
}

/// The most that is held while two runs are compared, and how many effects differ.
fn most_held(first: &[u8], second: &[u8]) -> (usize, u64) {
    let open = |journal: &[u8]| Reader::open(Cursor::new(journal.to_vec())).unwrap();
    let mut diff = Diff::new(open(first), open(second), false);
    let mut most = 0;
    while diff.next().unwrap().is_some() {
        let sides = diff.first.effects.held() + diff.second.effects.held();
        most = most.max(sides + diff.effects.first.held() + diff.effects.second.held());
    }
    (most, diff.summary().effects)
}

#[test]
fn any_number_of_effects_without_an_end_is_compared_in_the_same_room() {
    // What is held bounds the work that one more effect makes: in twice as long a journal each makes no more.
    let bound = 2 * (effects::OPEN_MAX + align::WINDOW_MAX) + 2;
    let (other, none) = (begins(100, "b"), run(0, &[]));
    let [once, twice] = [5_000, 10_000].map(|number| most_held(&begins(number, "a"), &other));
    assert_eq!((once.1, twice.1), (5_100, 10_100));
    assert!(once.0 <= bound && twice.0 <= once.0, "{once:?}, {twice:?}: at most {bound}");
    assert_eq!(most_held(&none, &begins(5_000, "a")).1, 5_000);
    let same = begins(10_000, "a");
    assert_eq!(most_held(&same, &same).1, 0);
}

#[test]
fn a_number_that_is_given_twice_means_the_last_effect_that_has_it() {
    let journal = |result| {
        let mut made = HandMade::new();
        let first = made.intent(&modify("/notes/a"), None);
        made.reuse(first);
        let again = made.intent(&modify("/notes/b"), None);
        assert_eq!(first, again);
        made.outcome(again, result, None);
        made.finish()
    };
    let (texts, summary) = changes(&journal(EffectResult::Done), &journal(EffectResult::Failed), false);
    assert_eq!(texts, ["effect: done / failed: it went wrong"]);
    assert_eq!(summary.effects, 1);
}

#[test]
fn a_journal_that_was_changed_says_which() {
    let journal = run(0, &reads(&["a", "b", "c"]));
    let mut changed = journal.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let open = |journal: &[u8]| Reader::open(Cursor::new(journal.to_vec())).unwrap();
    let mut diff = Diff::new(open(&journal), open(&changed), false);
    let error = loop {
        match diff.next() {
            Ok(change) => assert!(change.is_some()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, DiffError::Second(_)), "{error}");
}

#[test]
fn headers_differ_where_it_matters() {
    let mut other = header();
    other.run_id = wasm_agent_journal::RunId::from_bytes([8; 16]);
    other.started_ns += 1;
    assert_eq!(header_differences(&header(), &other), []);
    other.arguments.push("more".to_owned());
    other.policy_text.push_str("[limits]\n");
    let names: Vec<_> = header_differences(&header(), &other)
        .into_iter()
        .map(|difference| (difference.name, difference.first, difference.second))
        .collect();
    let text = str::to_owned;
    let expected = [
        ("arguments", text("\"edit-files\" \"/notes\""), text("\"edit-files\" \"/notes\" \"more\"")),
        ("policy", text("ends before line 2"), text("line 2: [limits]")),
    ];
    assert_eq!(names, expected);
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (prop::sample::select(vec!["a", "b", "c"]), prop::collection::vec(any::<u8>(), 0..3))
            .prop_map(|(path, contents)| Step::Read(path, contents)),
        Just(Step::Denied),
        (0_u64..9).prop_map(Step::Now),
        (0_u64..3, 0_u64..9).prop_map(|(size, time)| Step::Stat(size, time)),
        Just(Step::Change("/notes/a", Answer::Approved)),
        Just(Step::Change("/notes/b", Answer::Refused)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_call_of_both_runs_is_told_once_and_both_ways_alike(
        first in prop::collection::vec(any_step(), 0..20),
        second in prop::collection::vec(any_step(), 0..20),
    ) {
        let (a, b) = (run(0, &first), run(9, &second));
        let (forth, back) = (changes(&a, &b, false).1, changes(&b, &a, false).1);
        let calls = |steps: &[Step]| -> u64 {
            1 + steps.iter().map(|step| match step {
                Step::Read(..) => 3,
                Step::Change(..) => 0,
                Step::Denied | Step::Now(_) | Step::Stat(..) => 1,
            }).sum::<u64>()
        };
        for (summary, first, second) in [(forth, &first, &second), (back, &second, &first)] {
            prop_assert_eq!(summary.same + summary.outcomes + summary.first, calls(first));
            prop_assert_eq!(summary.same + summary.outcomes + summary.second, calls(second));
        }
        prop_assert_eq!(changes(&a, &run(9, &first), false).0, Vec::<String>::new());
    }
}
