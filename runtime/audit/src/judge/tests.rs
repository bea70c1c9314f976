use proptest::prelude::*;
use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{Action, Origin};

use super::*;
use crate::scripted::{Scripted, any_action, any_policy};

const NOTES: &str = "[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\naccess = \"write\"\n";

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn judge(run: &Scripted, policy: &Policy) -> Judged {
    let mut judge = Judge::new(policy, &run.header());
    run.records.iter().for_each(|record| judge.record(record));
    judge.finish()
}

/// Changes in short: call, count, action, was, now.
fn short(judged: &Judged) -> Vec<String> {
    let side = |side: &Side| {
        let secrets = side.secrets.as_ref().map_or(String::new(), |secrets| format!(" {secrets:?}"));
        format!("{}{secrets}", side.decision.as_str())
    };
    let line = |change: &Change| {
        format!("{} x{} {}: {} -> {}", change.call, change.count, change.action, side(&change.was), side(&change.now))
    };
    judged.changes.iter().map(line).collect()
}

#[test]
fn lists_what_changes_once_with_a_count() {
    let mut run = Scripted::new(NOTES);
    for action in
        ["READ /notes/a", "MODIFY /notes/a", "READ /notes/a", "READ /etc/x", "CREATE /notes/b", "CHECKPOINT go"]
    {
        run.act(action);
    }
    let judged = judge(&run, &policy("[[filesystem]]\nhost = \"etc\"\nguest = \"/etc\"\n"));
    assert_eq!(
        short(&judged),
        [
            "0 x2 file.read /notes/a: allow -> deny",
            "1 x1 file.modify /notes/a: ask -> deny",
            "3 x1 file.read /etc/x: deny -> allow",
            "4 x1 file.create /notes/b: allow -> deny",
        ]
    );
    assert_eq!(judged.counts.matrix, [[0, 0, 3], [0, 1, 1], [1, 0, 0]]);
    assert_eq!((judged.counts.changed, judged.counts.decisions()), (5, 6));
    let modify = &judged.changes[1];
    assert_eq!(modify.was.reason, "the grant covers it and asks");
    assert_eq!((modify.was.grant.as_deref(), modify.was.line), (Some("filesystem grant `/notes` (line 2)"), Some(2)));
    assert_eq!((modify.now.grant.as_deref(), modify.now.reason.as_str()), (None, "no grant covers it"));
    assert_eq!(modify.answer, Some(Answer::Approved));
    assert!(judged.has_changes());
}

#[test]
fn says_whose_answer_would_be_needed_or_is_not_any_more() {
    let mut run = Scripted::new(NOTES);
    run.act("MODIFY /notes/a");
    run.answer = Answer::TimedOut;
    run.act("DELETE /notes/a");
    run.act("CREATE /notes/b");
    let judged = judge(&run, &policy(&format!("{NOTES}ask = [\"create\", \"modify\"]\n")));
    assert_eq!(short(&judged), ["1 x1 file.delete /notes/a: ask -> allow", "2 x1 file.create /notes/b: allow -> ask"]);
    assert_eq!(judged.counts.asked_again, Answers { approved: 1, ..Answers::default() });
    assert_eq!(judged.counts.no_longer_asked, Answers { refused: 1, ..Answers::default() });
    assert_eq!(judged.counts.newly_asked, 1);
}

#[test]
fn what_the_run_made_itself_stays_its_own() {
    let mut run = Scripted::new(NOTES);
    let act = |run: &mut Scripted, action: &str| {
        let action = run.policy.explain(action).unwrap().action;
        run.act_on(&action, Origin::CreatedByRun);
    };
    run.act("CREATE /notes/new");
    act(&mut run, "RENAME /notes/new -> /notes/newer");
    act(&mut run, "DELETE /notes/newer");
    let all = format!("{NOTES}ask = [\"create\", \"read\", \"modify\", \"delete\", \"rename\"]\n");
    assert_eq!(short(&judge(&run, &policy(&all))), ["0 x1 file.create /notes/new: allow -> ask"]);
}

const SITE: &str = "[[http]]\nurl = \"https://example.com/**\"\nmethods = [\"GET\", \"POST\"]\n";
const SECRETS: &str = "[secrets.token]\nenv = \"T\"\nheader = \"authorization\"\nvalue = \"{}\"\n";

#[test]
fn a_request_is_judged_by_the_secrets_that_it_would_get() {
    let with = format!("{SITE}secrets = [\"token\"]\n{SECRETS}");
    let mut run = Scripted::new(&with);
    run.act("GET https://example.com/a");
    assert_eq!(short(&judge(&run, &policy(&with))), Vec::<String>::new());
    let judged = judge(&run, &policy(SITE));
    assert_eq!(short(&judged), ["0 x1 http.request GET https://example.com/a: allow [\"token\"] -> allow []"]);
    assert_eq!(judged.counts.changed, 1);
}

#[test]
fn a_request_is_judged_by_the_address_that_it_came_to() {
    let open = format!("{SITE}networks = [\"10.0.0.0/8\"]\n");
    let mut run = Scripted::new(&open);
    run.peer = "10.1.2.3:443".to_owned();
    run.act("GET https://example.com/a");
    let judged = judge(&run, &policy(SITE));
    assert_eq!(short(&judged), ["0 x1 http.request GET https://example.com/a: allow -> deny"]);
    assert_eq!(judged.changes[0].now.reason, "the address is in a network that the grant does not list");
    let mut refused = Scripted::new(SITE);
    refused.peer = "10.1.2.3:443".to_owned();
    refused.act("POST https://example.com/a");
    assert!(!judge(&refused, &policy(SITE)).has_changes());
    assert_eq!(short(&judge(&refused, &policy(&open))), ["0 x1 http.request POST https://example.com/a: deny -> ask"]);
}

/// A tool that has `/notes` open as 0, and looks at `text` there.
fn looked(text: &str, at: Option<&str>) -> Scripted {
    let mut run = Scripted::new(NOTES);
    run.call_and(
        "wasi:filesystem/preopens#get-directories",
        None,
        |arguments| {
            arguments.array(0);
        },
        |outcome| {
            outcome.array(2).u64(0).array(1).array(2).u64(0).str("/notes");
        },
    );
    let action = at.map(|at| run.policy.explain(&format!("READ {at}")).unwrap().action.canonical_bytes());
    let decision = DecisionRecord { verdict: Verdict::Allow, grant: None, reason: None, action };
    run.call_with("wasi:filesystem/types#[method]descriptor.stat-at", Some(decision), |arguments| {
        arguments.array(3).u64(0).u64(1).str(text);
    });
    run
}

#[test]
fn a_path_is_judged_by_where_it_led_and_what_it_led_through() {
    for (run, deny, expected) in [
        (looked("sub/a", None), "sub", "1 x1 file.read /notes/sub/a: allow -> deny"),
        (looked("link", Some("/notes/a")), "link", "1 x1 file.read /notes/a: allow -> deny"),
        (looked("link", Some("/notes/a")), "a", "1 x1 file.read /notes/a: allow -> deny"),
        (looked("d/a", Some("/notes/e/a")), "d", "1 x1 file.read /notes/e/a: allow -> deny"),
        // What lies below a link is never looked up under the link's name.
        (looked("d/a", Some("/notes/e/a")), "d/a", ""),
        (looked("link", Some("/notes/a")), "other", ""),
    ] {
        let judged = judge(&run, &policy(&format!("{NOTES}deny = [\"{deny}\"]\n")));
        assert_eq!(short(&judged).concat(), expected, "{deny}");
        assert!(!judge(&run, &policy(NOTES)).has_changes());
    }
}

#[test]
fn a_request_that_a_limit_turned_away_is_counted_and_not_judged() {
    let mut run = Scripted::new(NOTES);
    run.call_and(
        "wasi:http/types#[constructor]outgoing-request",
        None,
        |arguments| {
            arguments.array(1).u64(0);
        },
        |outcome| {
            outcome.array(2).u64(0).u64(1);
        },
    );
    let decision = DecisionRecord { verdict: Verdict::Allow, grant: None, reason: None, action: None };
    run.call_and(
        "wasi:http/outgoing-handler#handle",
        Some(decision),
        |arguments| {
            arguments.array(2).u64(1).null();
        },
        |outcome| {
            outcome.array(2).u64(1).array(1).str("connection-limit-reached");
        },
    );
    let judged = judge(&run, &policy(NOTES));
    assert_eq!((judged.counts.decisions(), judged.unknown, judged.has_changes()), (0, 1, false));
}

#[test]
fn a_path_that_leads_out_stays_denied() {
    let mut run = looked("a", None);
    let reason = Some("no-grant".into());
    let decision = DecisionRecord { verdict: Verdict::Deny, grant: None, reason, action: None };
    run.call_with("wasi:filesystem/types#[method]descriptor.stat-at", Some(decision), |arguments| {
        arguments.array(3).u64(0).u64(1).str("../notes/a");
    });
    let judged = judge(&run, &policy(NOTES));
    assert!(!judged.has_changes());
    assert_eq!((judged.counts.of(DecisionKind::Deny, DecisionKind::Deny), judged.unknown), (1, 0));
}

#[test]
fn a_directory_that_was_open_from_the_start_is_judged_where_it_is_listed() {
    let mut run = looked("a", None);
    run.call_and(
        "wasi:filesystem/types#[method]descriptor.read-directory",
        None,
        |arguments| {
            arguments.array(1).u64(0);
        },
        |outcome| {
            outcome.array(2).u64(0).u64(9);
        },
    );
    let limited = |only: &str| policy(&format!("{NOTES}only = [{only}]\nask = [\"read\"]\n"));
    assert_eq!(
        short(&judge(&run, &limited("\"a\""))),
        ["1 x1 file.read /notes/a: allow -> ask", "2 x1 file.read /notes: allow -> deny"]
    );
    assert_eq!(short(&judge(&run, &limited("\".\", \"a\""))), ["1 x1 file.read /notes/a: allow -> ask"]);
}

#[test]
fn a_limit_matters_where_the_journal_proves_it() {
    let mut run = Scripted::new("[limits]\nfuel = 100\n");
    run.change_header(|header| header.limits = vec![("memory-bytes".to_owned(), 256 << 20), ("fuel".to_owned(), 100)]);
    run.end(|end| {
        end.result = wasm_agent_journal::RunResult::Limit { which: "fuel".to_owned() };
        end.fuel = 100;
        end.memory_high_bytes = 3 << 20;
    });
    let names = |text: &str| {
        let judged = judge(&run, &policy(text));
        judged.limits.iter().map(|limit| (limit.name, limit.stopped)).collect::<Vec<_>>()
    };
    assert_eq!(names("[limits]\nfuel = 100\n"), []);
    assert_eq!(names("[limits]\nfuel = 100\nmemory = \"2MiB\"\n"), [("memory", false)]);
    assert_eq!(names("[limits]\nfuel = 101\n"), [("fuel", true)]);
    assert_eq!(names(""), [("fuel", true)]);
    assert_eq!(names("[limits]\nfuel = 50\nmemory = \"3MiB\"\n"), []);
}

#[test]
fn a_policy_for_another_tool_runs_nothing() {
    let mut run = Scripted::new(NOTES);
    run.act("READ /notes/a");
    let pinned = |byte: &str| policy(&format!("[tool]\nsha256 = \"{}\"\n{NOTES}", byte.repeat(32)));
    assert!(judge(&run, &pinned("08")).other_tool);
    assert!(!judge(&run, &pinned("07")).has_changes());
}

#[test]
fn says_where_a_directory_is_another_one() {
    let run = Scripted::new(NOTES);
    let judged = judge(&run, &policy(&NOTES.replace("host = \"notes\"", "host = \"other\"")));
    assert_eq!(judged.moved, [("/notes".to_owned(), "notes".to_owned(), "other".to_owned())]);
    assert!(!judged.has_changes());
}

#[test]
fn keeps_a_bounded_list_and_counts_the_rest() {
    let mut run = Scripted::new(NOTES);
    let listed = u64::try_from(changes::CHANGES_MAX).unwrap();
    for number in 0..listed + 5 {
        run.act(&format!("READ /notes/{number}"));
    }
    run.act("READ /notes/0");
    let judged = judge(&run, &Policy::deny_all());
    assert_eq!((judged.changes.len(), judged.more, judged.counts.changed), (changes::CHANGES_MAX, 5, listed + 6));
    assert_eq!(judged.changes[0].count, 2);
}

#[test]
fn what_never_ended_is_judged_too() {
    let mut run = Scripted::new(NOTES);
    run.act("MODIFY /notes/a");
    // Killed before the outcome.
    run.records.truncate(run.records.len() - 2);
    assert_eq!(short(&judge(&run, &Policy::deny_all())), ["0 x1 file.modify /notes/a: ask -> deny"]);
    run.records.truncate(run.records.len() - 1);
    assert_eq!(short(&judge(&run, &Policy::deny_all())), ["0 x1 file.modify /notes/a: ask -> deny"]);
}

proptest! {
    #[test]
    fn a_run_judged_by_its_own_policy_does_not_change(
        text in any_policy(),
        actions in prop::collection::vec((any_action(), any::<bool>(), any::<bool>(), any::<bool>()), 0..20),
    ) {
        let mut run = Scripted::new(&text);
        for (action, own, refuse, private) in &actions {
            let action = run.policy.explain(action).unwrap().action;
            run.answer = if *refuse { Answer::Refused } else { Answer::Approved };
            run.peer = if *private { "10.0.0.1:443" } else { "93.184.215.14:443" }.to_owned();
            // A directory on which a grant hangs is never removed: the host says that it is in use.
            let in_use = matches!(&action, Action::DirRemove { path } if path.segments().count() < 2);
            if !in_use {
                run.act_on(&action, if *own { Origin::CreatedByRun } else { Origin::Foreign });
            }
        }
        let judged = judge(&run, &run.policy);
        prop_assert!(!judged.has_changes(), "{:?}", short(&judged));
        prop_assert_eq!(judged.unknown, 0);
    }

    #[test]
    fn nothing_but_checkpoints_is_left_without_a_policy(
        text in any_policy(),
        actions in prop::collection::vec(any_action(), 0..20),
    ) {
        let mut run = Scripted::new(&text);
        for action in &actions {
            run.act(action);
        }
        let judged = judge(&run, &Policy::deny_all());
        let checkpoints = actions.iter().filter(|action| action.starts_with("CHECKPOINT")).count();
        prop_assert_eq!(judged.counts.now(DecisionKind::Ask), u64::try_from(checkpoints).unwrap());
        prop_assert_eq!(judged.counts.now(DecisionKind::Allow), 0);
        prop_assert_eq!(judged.counts.decisions(), u64::try_from(actions.len()).unwrap());
    }
}
