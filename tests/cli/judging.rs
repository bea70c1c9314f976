//! `policy judge`: another policy, applied to recorded runs.

use std::fs;

use wasm_agent_tests::Server;

use crate::desk::{Desk, NOTES, YES};

/// A folder with a note, one more that may not be seen, and four runs: approved, refused, one that only reads, and one
/// that is denied.
pub(crate) fn runs() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.write("notes/private/key.md", "The colour of money.\n");
    desk.write("policy.toml", format!("{NOTES}deny = [\"private\"]\n"));
    desk.guest("search");
    fs::create_dir(desk.path("runs")).unwrap();
    for run in [
        "runs/refused.journal --approve refuse edit-files.wasm -- /notes colour color",
        "runs/edit.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color",
        "runs/search.journal --call 'search(\"/notes\", \"sky\")' search.wasm",
        "runs/denied.journal --call 'search(\"/notes/private\", \"sky\")' search.wasm",
    ] {
        desk.quietly(&format!("run -q -p policy.toml -j {run}"));
    }
    desk
}

#[test]
fn a_run_is_not_changed_by_its_own_policy() {
    let mut desk = runs();
    let ran = desk.run("policy judge runs -p policy.toml");
    assert_eq!(ran.status, 0, "{}", ran.out());
    assert!(ran.out().starts_with("same: "), "{}", ran.out());
}

#[test]
fn lists_every_decision_that_changes() {
    let mut desk = runs();
    desk.write("reading.toml", NOTES.replace("\"write\"", "\"read\""));
    desk.write("asking.toml", format!("{NOTES}ask = [\"read\"]\n"));
    desk.write("limited.toml", format!("{NOTES}only = [\"today.md\"]\n\n[limits]\nmemory = \"64KiB\"\n"));
    desk.write("moved.toml", NOTES.replace("./notes", "./other"));
    desk.write("pinned.toml", format!("{NOTES}\n[tool]\nsha256 = \"{}\"\n", "ab".repeat(32)));
    for (journals, policy) in [
        ("runs", "reading"),
        ("runs/edit.journal runs/refused.journal", "asking"),
        ("'runs/s*.journal'", "limited"),
        ("runs/denied.journal", "moved"),
        ("runs/edit.journal", "pinned"),
    ] {
        assert_eq!(desk.run(&format!("policy judge {journals} --policy {policy}.toml")).status, 4, "{policy}");
    }
    let ran = desk.run("policy judge --format json runs -p reading.toml");
    let objects = ran.out_objects();
    let summary = objects.last().unwrap();
    assert_eq!((&summary["event"], &summary["exit"]), (&"judged".into(), &4.into()));
    let listed: u64 = objects.iter().filter_map(|object| object["count"].as_u64()).sum();
    assert_eq!(summary["changed"], listed);
    desk.matches("policy-judge");
}

#[test]
fn judges_requests_by_address_and_secret() {
    let server = Server::text("a page");
    let mut desk = Desk::new();
    desk.hide(server.address().to_string(), "127.0.0.1:PORT");
    desk.guest("fetch-page");
    let site =
        format!("version = 1\n\n[[http]]\nurl = \"{}/pages/**\"\nnetworks = [\"127.0.0.0/8\"]\n", server.url(""));
    desk.write("policy.toml", &site);
    desk.write(
        "secret.toml",
        format!(
            "{site}secrets = [\"token\"]\n\n[secrets.token]\nenv = \"TOKEN\"\nheader = \"x-token\"\nvalue = \"{{}}\"\n"
        ),
    );
    desk.write("posts.toml", site.replace("networks", "methods = [\"POST\"]\nnetworks"));
    for (journal, page) in [("page", "/pages/one"), ("other", "/private")] {
        let url = server.url(page);
        desk.quietly(&format!("run -q -p policy.toml -j {journal}.journal fetch-page.wasm -- {url}"));
    }
    assert_eq!(desk.run("policy judge page.journal other.journal -p policy.toml").status, 0);
    assert_eq!(desk.run("policy judge page.journal other.journal -p secret.toml").status, 4);
    assert_eq!(desk.run("policy judge page.journal other.journal -p posts.toml").status, 4);
    desk.matches("policy-judge-requests");
}

/// A journal of an edit with one byte changed, in a record that nothing else depends on: which record that is, and what
/// is wrong with it, stays the same.
pub(crate) fn broken(desk: &Desk) -> Vec<u8> {
    let mut bytes = desk.read("runs/edit.journal");
    let name = b"today.md";
    let at = bytes.windows(name.len()).rposition(|window| window == name).unwrap();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn judges_the_others_where_one_can_not_be() {
    let mut desk = runs();
    desk.write("runs/broken.journal", broken(&desk));
    desk.write("runs/empty.journal", "");
    assert_eq!(desk.run("policy judge runs -p policy.toml").status, 6);
    assert_eq!(desk.run("policy judge runs/search.journal runs/empty.journal -p policy.toml").status, 2);
    for journals in ["runs/empty.journal", "nothing.journal", "notes", "'runs/x*.journal'", "'runs/[*'"] {
        assert_eq!(desk.run(&format!("policy judge {journals} -p policy.toml")).status, 2, "{journals}");
    }
    assert_eq!(desk.run("policy judge runs -p nothing.toml").status, 2);
    desk.matches("policy-judge-broken");
}

#[test]
fn does_not_decide_about_paths_that_were_taken_out() {
    let mut desk = runs();
    for what in ["bodies", "paths"] {
        desk.quietly(&format!("journal export runs/edit.journal --redact {what} --output {what}.journal"));
    }
    assert_eq!(desk.run("policy judge bodies.journal -p policy.toml").status, 0);
    desk.run("policy judge paths.journal -p policy.toml").fails_in_one_line(&[2]);
    desk.run("policy suggest paths.journal").fails_in_one_line(&[2]);
    desk.matches("policy-judge-redactions");
}
