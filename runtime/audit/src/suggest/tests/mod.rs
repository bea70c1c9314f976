mod narrow;
mod properties;

use wasm_agent_journal::Answer;
use wasm_agent_policy::Origin;

use super::room::NAMES_MAX;
use super::*;
use crate::judge::{Judge, Judged};
use crate::scripted::{Scripted, any_action, any_policy};

const NOTES: &str = "[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\naccess = \"write\"\nask = []\n";

fn suggest(runs: &[&Scripted], paths: Paths) -> Result<String, SuggestError> {
    let mut suggest = Suggest::new(paths, false);
    for (run, name) in runs.iter().zip(["a.journal", "b.journal", "c.journal"]) {
        suggest.begin(name, &run.header())?;
        run.records.iter().try_for_each(|record| suggest.record(record))?;
        suggest.end()?;
    }
    Ok(suggest.finish()?.text)
}

fn judged(run: &Scripted, policy: &Policy) -> Judged {
    let mut judge = Judge::new(policy, &run.header());
    run.records.iter().for_each(|record| judge.record(record));
    judge.finish()
}

fn acted(policy: &str, actions: &[impl AsRef<str>]) -> Scripted {
    let mut run = Scripted::new(policy);
    for action in actions {
        run.act(action.as_ref());
    }
    run
}

fn assert_suggests(actions: &[&str], paths: Paths, only: &str) {
    let text = suggest(&[&acted(NOTES, actions)], paths).unwrap();
    let line = text.lines().find(|line| line.starts_with("only = ")).unwrap_or_default();
    assert_eq!(line, only, "{text}");
}

#[test]
fn names_each_path_and_the_calls_behind_it() {
    let run = acted(
        &format!("{NOTES}deny = [\"**/.env\"]\n[[filesystem]]\nhost = \"x\"\nguest = \"/unused\"\n"),
        &["READ /notes", "READ /notes/a.md", "MODIFY /notes/a.md", "READ /notes/.env", "CHECKPOINT go"],
    );
    let expected = r#"version = 1

# file.modify: 1 in a.journal call 2
# file.read: 2 in a.journal call 0, 1
# What can't be undone asks, though the recorded policy allowed some of it without asking.
[[filesystem]]
host = "notes"
guest = "/notes"
access = "write"
only = [".", "a.md"]
deny = ["**/.env"]

# Needs no grant, and always asks:
#   checkpoint: 1 in a.journal call 4

# Not granted, as it was denied, refused or never answered:
#   file.read /notes/.env
#     denied: 1 in a.journal call 3
"#;
    assert_eq!(suggest(&[&run], Paths::Exact).unwrap(), expected);
}

#[test]
fn what_was_only_read_may_only_be_read() {
    let text = suggest(&[&acted(NOTES, &["READ /notes/a"])], Paths::Exact).unwrap();
    assert!(!text.contains("access") && !text.contains("ask"), "{text}");
}

#[test]
fn generalises_only_where_told() {
    let read = ["READ /notes/a/1.md", "READ /notes/a/2.md", "READ /notes/a/x.txt"];
    assert_suggests(&read, Paths::Exact, r#"only = ["a/1.md", "a/2.md", "a/x.txt"]"#);
    assert_suggests(&read, Paths::Dir, r#"only = ["a/**"]"#);
    assert_suggests(&read, Paths::Glob, r#"only = ["a/*.md", "a/x.txt"]"#);
    let deep = ["READ /notes/a/info", "READ /notes/b/info", "READ /notes/c/d/e"];
    assert_suggests(&deep, Paths::Glob, r#"only = ["*/info", "c/d/e"]"#);
    assert_suggests(&["READ /notes/d", "READ /notes/d/x"], Paths::Dir, r#"only = ["d/**"]"#);
    assert_suggests(&["READ /notes/x", "READ /notes/d/x"], Paths::Dir, "");
    assert_suggests(&["RENAME-DIR /notes/d -> /notes/e"], Paths::Exact, r#"only = ["d/**", "e/**"]"#);
}

#[test]
fn a_name_with_wildcards_stands_for_itself() {
    let odd = acted(NOTES, &["READ /notes/a*b[1]{}!?", "READ /notes/c"]);
    for paths in [Paths::Exact, Paths::Glob] {
        let text = suggest(&[&odd], paths).unwrap();
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
        let decide = |action: &str| policy.explain(action).unwrap().decision;
        if paths == Paths::Exact {
            assert!(text.contains(r#"only = ["a\\*b\\[1\\]\\{\\}\\!\\?", "c"]"#), "{text}");
            assert_eq!(decide("READ /notes/axb[1]{}!?"), DecisionKind::Deny, "{text}");
            assert_eq!(decide("READ /notes/a*b[1]{}!x"), DecisionKind::Deny, "{text}");
        }
        assert_eq!(decide("READ /notes/a*b[1]{}!?"), DecisionKind::Allow, "{text}");
    }
}

#[test]
fn a_path_with_no_pattern_of_its_own_is_taken_as_close_as_can_be() {
    let stars = format!("READ /notes{}", format!("/{}", "*".repeat(250)).repeat(14));
    let text = suggest(&[&acted(NOTES, &[&stars])], Paths::Dir).unwrap();
    assert!(Policy::parse(&text).is_ok(), "{text}");
    let long = format!("READ /notes{}", "/x".repeat(200));
    let text = suggest(&[&acted(NOTES, &[&long])], Paths::Exact).unwrap();
    assert!(Policy::parse(&text).is_ok(), "{text}");
}

#[test]
fn says_where_a_name_can_only_be_matched_with_others() {
    let says_so = |policy: &str, action: &str, paths| {
        let text = suggest(&[&acted(policy, &[action])], paths).unwrap();
        text.contains("# Some of these names can't be written as exact patterns.")
    };
    let long = format!("READ /notes{}", "/x".repeat(200));
    let stars = format!("READ /notes{}", format!("/{}", "*".repeat(250)).repeat(14));
    for paths in [Paths::Exact, Paths::Dir, Paths::Glob] {
        for action in ["READ /notes/a\u{1}b", stars.as_str(), long.as_str()] {
            assert!(says_so(NOTES, action, paths), "{action}");
        }
        assert!(!says_so(NOTES, "READ /notes/a-b", paths) && !says_so(NOTES, "READ /notes/a*b?", paths));
    }
    assert!(says_so(SITE, "GET https://example.com/repos/a*b", Paths::Exact));
    assert!(!says_so(SITE, "GET https://example.com/repos/ab?q=1", Paths::Exact));
}

const SITE: &str = r#"
[[http]]
url = "https://example.com/repos/**"
methods = ["GET", "POST", "PUT"]
ask = false
secrets = ["token", "other"]
networks = ["10.0.0.0/8", "127.0.0.0/8", "public"]

[[http]]
url = "https://example.org/**"
ask = true

[secrets.token]
env = "TOKEN"
header = "authorization"
value = "Bearer {}"

[secrets.other]
file = "other"
header = "x-other"
value = "{}"
"#;

#[test]
fn a_request_keeps_what_it_needed() {
    let mut run = Scripted::new(SITE);
    run.peer = "10.0.0.1:443".to_owned();
    run.act("GET https://example.com/repos/a/issues");
    run.act("POST https://example.com/repos/a/issues");
    run.act("GET https://example.com/repos/b/issues?q=1");
    run.peer = "93.184.215.14:443".to_owned();
    run.act("GET https://example.org/");
    let exact = suggest(&[&run], Paths::Exact).unwrap();
    let expected = r#"version = 1

# requests: 2 in a.journal call 0, 1
# What can't be undone asks, though the recorded policy allowed it without asking.
[[http]]
url = "https://example.com/repos/a/issues?"
methods = ["GET", "POST"]
secrets = ["token", "other"]
networks = ["10.0.0.0/8"]

# requests: 1 in a.journal call 2
[[http]]
url = "https://example.com/repos/b/issues?q=1"
methods = ["GET"]
secrets = ["token", "other"]
networks = ["10.0.0.0/8"]

# requests: 1 in a.journal call 3
[[http]]
url = "https://example.org/?"
methods = ["GET"]
ask = true

[secrets."other"]
file = "other"
header = "x-other"
value = "{}"

[secrets."token"]
env = "TOKEN"
header = "authorization"
value = "Bearer {}"
"#;
    assert_eq!(exact, expected);
    let glob = suggest(&[&run], Paths::Glob).unwrap();
    assert!(glob.contains("repos/*/issues\"\nmethods = [\"GET\"]") && glob.contains("repos/a/issues\"\n"), "{glob}");
    assert!(suggest(&[&run], Paths::Dir).unwrap().contains("url = \"https://example.com/repos/a/**\"\n"));
}

#[test]
fn what_was_dialled_goes_on_to_be_dialled_and_nothing_else() {
    let networks = |peers: &[&str]| {
        let mut run = Scripted::new(SITE);
        for peer in peers {
            run.peer = format!("{peer}:443");
            run.act("GET https://example.com/repos/a/issues");
        }
        let text = suggest(&[&run], Paths::Exact).unwrap();
        assert_eq!(judged(&run, &Policy::parse(&text).unwrap()).counts.lost, 0, "{text}");
        text.lines().find(|line| line.starts_with("networks")).map(str::to_owned)
    };
    assert_eq!(networks(&["10.0.0.1"]).as_deref(), Some("networks = [\"10.0.0.0/8\"]"));
    assert_eq!(networks(&["10.0.0.1", "8.8.8.8"]).as_deref(), Some("networks = [\"10.0.0.0/8\", \"public\"]"));
    assert_eq!(networks(&["8.8.8.8"]), None);
}

#[test]
fn refuses_more_than_a_policy_can_say() {
    let run = acted("[[http]]\nurl = \"https://a.test/**\"\n", &["GET https://a.test/a"]);
    let mut suggest = Suggest::new(Paths::Exact, false);
    suggest.begin(&"j".repeat(POLICY_BYTES_MAX), &run.header()).unwrap();
    run.records.iter().try_for_each(|record| suggest.record(record)).unwrap();
    suggest.end().unwrap();
    assert!(matches!(suggest.finish(), Err(SuggestError::TooMany)));
}

#[test]
fn what_was_left_out_is_named_in_short() {
    let mut run = Scripted::new("");
    run.answer = Answer::Refused;
    run.act(&format!("CHECKPOINT {}", "t".repeat(100_000)));
    let text = suggest(&[&run], Paths::Exact).unwrap();
    assert!(text.len() < 1_000 && text.contains("ttt…"), "{} bytes", text.len());
}

#[test]
fn an_unused_directory_is_denied_in_the_used_one_right_above_it() {
    let grant = |path: &str| format!("[[filesystem]]\nhost = \"{path}\"\nguest = \"/{path}\"\n");
    let text: String = ["a", "a/b", "a/b/c", "a/b-c"].iter().map(|path| grant(path)).collect();
    let text = suggest(&[&acted(&text, &["READ /a/x", "READ /a/b/y"])], Paths::Dir).unwrap();
    assert_eq!(text.matches("deny = ").count(), 2, "{text}");
    assert!(
        text.contains("guest = \"/a\"\ndeny = [\"b-c\"]\n") && text.contains("guest = \"/a/b\"\ndeny = [\"c\"]\n"),
        "{text}"
    );
}

#[test]
fn settings_are_kept() {
    let settings = concat!(
        "[environment]\nset = { A = \"b\" }\n",
        "[limits]\nmemory = \"64MiB\"\nfuel = 7\ntime = \"1h\"\n",
        "[approval]\ntimeout = \"1m\"\n",
        "[tls]\nca = \"ca.pem\"\n",
    );
    let text = suggest(&[&Scripted::new(settings)], Paths::Exact).unwrap();
    let (was, now) = (Policy::parse(&format!("version = 1\n{settings}")).unwrap(), Policy::parse(&text).unwrap());
    assert_eq!((was.environment(), was.limits(), was.ca_file()), (now.environment(), now.limits(), now.ca_file()));
    assert_eq!(was.approval_timeout(), now.approval_timeout());
    let mut pinned = Suggest::new(Paths::Exact, true);
    pinned.begin("a", &Scripted::new("").header()).unwrap();
    assert_eq!(Policy::parse(&pinned.finish().unwrap().text).unwrap().tool_sha256(), Some([7; 32]));
}

#[test]
fn a_proxy_is_kept_and_what_the_grants_say_about_it() {
    let settings = concat!(
        "[network]\nproxy = \"http://10.0.0.9:3128\"\nsecret = \"p\"\n",
        "[secrets.p]\nenv = \"P\"\nheader = \"proxy-authorization\"\nvalue = \"Basic {}\"\n",
        "[[http]]\nurl = \"https://10.0.0.1/**\"\nnetworks = [\"10.0.0.0/8\"]\n",
        "[[http]]\nurl = \"https://a.test/**\"\n",
        "[[http]]\nurl = \"https://b.test/**\"\nproxy = true\n",
        "[[http]]\nurl = \"https://c.test/**\"\nproxy = false\n",
    );
    let run = acted(settings, &["10.0.0.1", "a.test", "b.test", "c.test"].map(|host| format!("GET https://{host}/x")));
    let text = suggest(&[&run], Paths::Exact).unwrap();
    let now = Policy::parse(&text).unwrap();
    assert_eq!(now.proxy(), Policy::parse(&format!("version = 1\n{settings}")).unwrap().proxy());
    assert_eq!(now.secrets().len(), 1);
    let said: Vec<_> = now.http().iter().map(|grant| (grant.networks().len(), grant.proxy())).collect();
    assert_eq!(said, [(1, None), (0, None), (0, Some(true)), (0, Some(false))], "{text}");
    assert_eq!(judged(&run, &now).counts.lost, 0);
}

#[test]
fn refuses_runs_that_do_not_go_together() {
    let clash = |one: &str, other: &str| {
        suggest(&[&Scripted::new(one), &Scripted::new(other)], Paths::Exact).unwrap_err().to_string()
    };
    assert_eq!(
        clash(NOTES, &NOTES.replace("\"notes\"", "\"other\"")),
        "journal `b.journal` has another directory of the host for `/notes` than the journals before it: \
         `other` instead of `notes`"
    );
    for (one, other) in [
        ("", "[environment]\nset = { A = \"b\" }\n"),
        ("", "[tls]\nca = \"x\"\n"),
        ("", "[network]\nproxy = \"http://a\"\n"),
        (SITE, &SITE.replace("TOKEN", "T")),
    ] {
        assert!(clash(one, other).starts_with("journal `b.journal` has another "), "{other}");
    }
    let mut broken = Scripted::new("");
    broken.change_header(|header| header.policy_text = "version = 9\n".to_owned());
    assert!(matches!(suggest(&[&broken], Paths::Exact), Err(SuggestError::Policy { .. })));
}

#[test]
fn refuses_more_names_than_a_policy_should_have() {
    let mut run = Scripted::new(NOTES);
    for number in 0..=NAMES_MAX {
        run.act(&format!("READ /notes/{number}"));
    }
    assert!(matches!(suggest(&[&run], Paths::Exact), Err(SuggestError::TooMany)));
}
