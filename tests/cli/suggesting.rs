//! `policy suggest`: the smallest policy that allows what runs did.

use std::fs;

use wasm_agent_tests::Server;

use crate::desk::{Desk, NOTES, YES};
use crate::judging::{broken, runs};

#[test]
fn suggests_what_the_runs_did_and_no_more() {
    let mut desk = runs();
    for paths in ["", "--paths dir ", "--paths glob "] {
        assert_eq!(desk.run(&format!("policy suggest {paths}runs")).status, 0);
    }
    let ran = desk.run("policy suggest --pin runs/search.journal");
    desk.write("suggested.toml", ran.out());
    assert_eq!(desk.run("policy check suggested.toml").status, 0);
    assert_eq!(desk.run("policy judge runs/search.journal -p suggested.toml").status, 0);
    let judged = desk.run("policy judge runs/edit.journal -p suggested.toml");
    assert!(judged.out().contains("nothing would run"), "{}", judged.out());
    let objects = desk.run("policy suggest --format json runs").out_objects();
    assert_eq!(objects[0]["event"], "suggestion");
    desk.matches("policy-suggest");
}

#[test]
fn a_tool_runs_the_same_under_what_was_suggested_for_it() {
    let desk = runs();
    let policy = desk.quietly("policy suggest runs/edit.journal runs/search.journal");
    assert_eq!(policy.status, 0, "{}", policy.err());
    desk.write("suggested.toml", policy.stdout);
    desk.write("notes/today.md", "The colour of the sky.\n");
    desk.write("notes/new.md", "The colour of the sea.\n");
    let edit =
        "run -q -p suggested.toml --approve exec:./yes.sh -j again.journal edit-files.wasm -- /notes colour color";
    let ran = desk.quietly(edit);
    assert!(ran.out().contains("changed /notes/today.md: 1"), "{}{}", ran.out(), ran.err());
    assert_eq!(desk.read("notes/today.md"), b"The color of the sky.\n");
    assert_eq!(desk.read("notes/new.md"), b"The colour of the sea.\n");
    assert!(!ran.out().contains("new.md"), "{}", ran.out());
}

#[test]
fn what_is_reached_by_links_is_reached_again() {
    let desk = Desk::with_notes();
    desk.guest("search");
    desk.write("other/deep/page.md", "The sky again.\n");
    fs::rename(desk.path("other"), desk.path("notes/other")).unwrap();
    std::os::unix::fs::symlink("other/deep", desk.path("notes/way")).unwrap();
    let search = |policy: &str, journal: &str| {
        let call = "--call 'search(\"/notes/way\", \"sky\")' search.wasm";
        desk.quietly(&format!("run -q -p {policy}.toml -j {journal}.journal {call}"))
    };
    let first = search("policy", "first");
    assert!(first.out().contains("The sky again"), "{}{}", first.out(), first.err());
    desk.write("suggested.toml", desk.quietly("policy suggest first.journal").stdout);
    let again = search("suggested", "again");
    assert_eq!(again.out(), first.out(), "{}", String::from_utf8(desk.read("suggested.toml")).unwrap());
}

#[test]
fn suggests_requests_with_what_they_needed() {
    let server = Server::text("a page");
    let mut desk = Desk::new();
    desk.hide(server.address().to_string(), "127.0.0.1:PORT");
    desk.guest("fetch-page");
    desk.write(
        "policy.toml",
        format!(
            "version = 1\n\n[[http]]\nurl = \"{}/pages/**\"\nsecrets = [\"token\"]\n\
             networks = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n\
             \n[secrets.token]\nfile = \"token\"\nheader = \"x-token\"\nvalue = \"{{}}\"\n",
            server.url("")
        ),
    );
    desk.write("token", "s3cr3t-t0k3n");
    for (journal, page) in [("one", "/pages/one"), ("two", "/pages/two"), ("other", "/private")] {
        let url = server.url(page);
        desk.quietly(&format!("run -q -p policy.toml -j {journal}.journal fetch-page.wasm -- {url}"));
    }
    desk.run("policy suggest '*.journal'");
    let ran = desk.run("policy suggest --paths glob '*.journal'");
    assert!(!desk.transcript().contains("s3cr3t"));
    desk.write("suggested.toml", ran.stdout);
    let url = server.url("/pages/three");
    assert_eq!(desk.quietly(&format!("run -q -p suggested.toml -j three.journal fetch-page.wasm -- {url}")).status, 0);
    desk.matches("policy-suggest-requests");
}

#[test]
fn says_why_there_is_no_suggestion() {
    let mut desk = runs();
    desk.write("elsewhere/today.md", "The colour of the sky.\n");
    desk.write("elsewhere.toml", NOTES.replace("./notes", "./elsewhere"));
    desk.script("yes.sh", YES);
    desk.quietly(
        "run -q -p elsewhere.toml -j elsewhere.journal --approve refuse edit-files.wasm -- /notes colour color",
    );
    let ran = desk.run("policy suggest runs/edit.journal elsewhere.journal");
    ran.fails_in_one_line(&[2]);
    desk.write("broken.journal", broken(&desk));
    let ran = desk.run("policy suggest runs/search.journal broken.journal");
    ran.fails_in_one_line(&[6]);
    assert!(ran.stdout.is_empty());
    desk.matches("policy-suggest-unusable");
}
