//! Rows that belong together are one; rows that don't, and text that would move them, are not.

use std::borrow::Cow;
use std::sync::Arc;

use wasm_agent_host::journal::{ApprovalRecord, CallId, DecisionRecord, EffectId, Function, Note, Remember};
use wasm_agent_host::policy::{Action, GuestPath, InvalidRequest, LinkKind};

use super::*;

const MS: u64 = 1_000_000;

fn plain(bytes: Vec<u8>) -> String {
    anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
}

/// The timeline of these events, without colours.
fn timeline(calls: Calls, events: Vec<Event>) -> String {
    let mut out = Vec::new();
    let mut timeline = Timeline::new(&mut out, calls, None);
    for (index, event) in (0..).zip(events) {
        timeline.record(&Record { index, offset: 0, event }).unwrap();
    }
    timeline.finish(true, None).unwrap();
    plain(out)
}

fn action(path: &str) -> Vec<u8> {
    Action::FileDelete { path: GuestPath::parse(path).unwrap() }.canonical_bytes()
}

fn decision(verdict: Verdict) -> DecisionRecord {
    let reason = (verdict == Verdict::Deny).then(|| "read-only".into());
    DecisionRecord { verdict, grant: Some("filesystem grant `/n` (line 2)".into()), reason, action: None }
}

fn approval(answer: Answer) -> ApprovalRecord {
    ApprovalRecord { answer, approver: "ada".to_owned(), reason: None, waited_ns: 2000 * MS, remember: Remember::Once }
}

fn asked(effect: u64) -> Event {
    Event::ApprovalAsked(Box::new(ApprovalAsked {
        effect: EffectId(effect),
        call: CallId(7),
        at_ns: MS,
        action: action("/n/a"),
        action_digest: [0; 32],
        approver: "terminal".to_owned(),
        timeout_ns: 0,
    }))
}

fn settled(effect: u64, answer: Answer) -> Event {
    Event::ApprovalSettled(ApprovalSettled { effect: EffectId(effect), at_ns: 2 * MS, approval: approval(answer) })
}

fn intent(effect: u64, approval: Option<ApprovalRecord>) -> Event {
    let verdict = if approval.is_some() { Verdict::Ask } else { Verdict::Allow };
    Event::Intent(Box::new(Intent {
        effect: EffectId(effect),
        call: CallId(7),
        at_ns: 3 * MS,
        action: action("/n/a"),
        action_digest: [0; 32],
        decision: decision(verdict),
        approval,
        irreversible: true,
        before: None,
    }))
}

fn outcome(effect: u64) -> Event {
    Event::Outcome(Outcome {
        effect: EffectId(effect),
        at_ns: 4 * MS,
        result: EffectResult::Done,
        detail: None,
        extra: None,
    })
}

fn call(seq: u64, decision: Option<DecisionRecord>) -> Event {
    Event::Call(Call {
        seq: CallId(seq),
        function: Arc::new(Function {
            name: "wasi:filesystem/types#[method]descriptor.stat-at".to_owned(),
            parameters: vec!["path".to_owned()],
        }),
        at_ns: 5 * MS,
        duration_ns: 0,
        fuel: 0,
        // ["../x"] and null.
        arguments: vec![0x81, 0x64, b'.', b'.', b'/', b'x'],
        outcome: vec![0xf6],
        decision,
    })
}

fn note(name: &str, text: &str) -> Event {
    Event::Note(Note { at_ns: 0, name: name.to_owned(), text: text.to_owned() })
}

#[test]
fn an_approved_effect_is_one_row() {
    let records = vec![
        asked(0),
        settled(0, Answer::Approved),
        intent(0, Some(approval(Answer::Approved))),
        outcome(0),
        call(7, None),
    ];
    let expected = "    0.003       7  done      file.delete /n/a                                  \
                    approved by ada after 2 s; filesystem grant `/n` (line 2)\n\n";
    assert_eq!(timeline(Calls::Effects, records), expected);
}

#[test]
fn a_refused_effect_is_one_row_and_did_not_happen() {
    let text =
        timeline(Calls::Effects, vec![asked(0), settled(0, Answer::Refused), call(7, Some(decision(Verdict::Ask)))]);
    let expected =
        "    0.002       7  refused   file.delete /n/a                                  refused by ada after 2 s\n\n";
    assert_eq!(text, expected);
}

#[test]
fn an_effect_without_an_outcome_may_have_happened() {
    let text = timeline(Calls::Effects, vec![intent(3, None)]);
    assert!(text.contains("7  begun     file.delete /n/a"), "{text}");
    assert!(text.contains("allowed by filesystem grant `/n` (line 2)"), "{text}");
    assert!(text.ends_with("may have happened: file.delete /n/a (call 7)\n"), "{text}");
}

#[test]
fn a_question_without_an_answer_did_not_happen() {
    let text = timeline(Calls::Effects, vec![asked(3)]);
    assert!(text.contains("asked     file.delete /n/a"), "{text}");
    assert!(text.contains("waits for terminal"), "{text}");
    assert!(!text.contains("may have happened"), "{text}");
}

#[test]
fn effects_under_way_together_keep_their_order() {
    let text = timeline(Calls::Effects, vec![intent(0, None), intent(1, None), outcome(0), outcome(1)]);
    let results: Vec<&str> = text.lines().filter_map(|line| line.get(19..27)).map(str::trim).collect();
    assert_eq!(results, ["begun", "begun", "done", "done"]);
    assert!(!text.contains("may have happened"), "{text}");
}

#[test]
fn calls_that_only_look_are_counted() {
    let text = timeline(
        Calls::Effects,
        vec![call(0, None), call(1, None), intent(0, None), outcome(0), call(7, None), call(8, None)],
    );
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!((lines[0], lines[2]), ("· 2 other calls", "· 1 other call"));
    assert!(lines[1].contains("done"), "{text}");
}

#[test]
fn all_calls_are_shown_where_all_are_wanted() {
    let text = timeline(Calls::All, vec![call(0, None)]);
    assert_eq!(text, "    0.005       0  call      descriptor.stat-at path=\"../x\"\n\n");
}

#[test]
fn a_denied_call_is_named_by_its_action() {
    let text = timeline(
        Calls::Effects,
        vec![
            call(0, Some(DecisionRecord { action: Some(action("/n/real")), ..decision(Verdict::Deny) })),
            call(1, Some(decision(Verdict::Deny))),
        ],
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("denied    file.delete /n/real "), "{text}");
    assert!(lines[0].ends_with("the grant is for reading only; filesystem grant `/n` (line 2)"), "{text}");
    assert!(lines[1].contains("denied    descriptor.stat-at path=\"../x\""), "{text}");
}

#[test]
fn what_a_tool_says_stays_in_its_row() {
    let text =
        timeline(Calls::Effects, vec![note("intent", "x\n    0.009       9  done      \u{1b}[31m"), note("a\nb", "")]);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn open_effects_take_a_bounded_memory() {
    let mut out = Vec::new();
    let mut timeline = Timeline::new(&mut out, Calls::Effects, None);
    for effect in 0..3000 {
        timeline.record(&Record { index: effect, offset: 0, event: intent(effect, None) }).unwrap();
    }
    assert_eq!(timeline.open.len(), OPEN_MAX);
    timeline.record(&Record { index: 0, offset: 0, event: outcome(2999) }).unwrap();
    timeline.finish(false, None).unwrap();
    let text = plain(out);
    assert!(text.ends_with("may have happened: 1975 more effects\n"), "{}", text.lines().last().unwrap_or_default());
    assert!(text.contains("incomplete: "));
}

#[test]
fn open_effects_take_no_more_memory_where_their_actions_are_long() {
    let target = "t".repeat(1 << 20);
    let path = GuestPath::parse("/l").unwrap();
    let action = Action::LinkCreate { kind: LinkKind::Symbolic, path, target };
    let mut out = Vec::new();
    let mut timeline = Timeline::new(&mut out, Calls::Effects, None);
    for effect in 0..20 {
        let Event::Intent(mut long) = intent(effect, None) else { panic!() };
        long.action = action.canonical_bytes();
        timeline.record(&Record { index: effect, offset: 0, event: Event::Intent(long) }).unwrap();
    }
    assert_eq!((timeline.open.len(), timeline.open_more), (7, 13));
    assert!(timeline.open_bytes <= OPEN_BYTES_MAX);
    for effect in 0..7 {
        timeline.record(&Record { index: 0, offset: 0, event: outcome(effect) }).unwrap();
    }
    assert_eq!((timeline.open.len(), timeline.open_bytes), (0, 0));
}

#[test]
fn a_request_that_was_refused_for_its_url_says_why() {
    let request = InvalidRequest::new("GET", "https://a.test/\\\u{1b}[2J", "a URL must not contain a backslash");
    let action = Some(Action::HttpInvalid(Box::new(request)).canonical_bytes());
    let denied = DecisionRecord { verdict: Verdict::Deny, grant: None, reason: Some("url".into()), action };
    let text = timeline(Calls::Effects, vec![call(7, Some(denied))]);
    assert!(text.contains("denied    http.invalid GET https://a.test/"), "{text}");
    assert!(text.contains("  a URL must not contain a backslash\n") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn an_action_of_another_release_is_said_to_be_one() {
    assert!(matches!(text::action(&[0xf6]), text if text.starts_with("an action that can't be read")));
    let socket = Action::Socket { what: Cow::Borrowed("x\u{7}") };
    assert!(!text::action(&socket.canonical_bytes()).contains('\u{7}'));
}
