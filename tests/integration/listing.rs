//! Listings and looks agree: a name that is listed can be looked at, and any other is left out.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene};

const NAMES: [&str; 5] = [".env", "a.md", "b.txt", "deep", "other"];

fn folder() -> Folder {
    let folder = Folder::with([("work/.env", "x"), ("work/a.md", "x"), ("work/b.txt", "x")]);
    folder.write("work/deep/c.md", "x");
    folder.write("work/other/d.txt", "x");
    folder
}

/// The names that a listing of the folder has, in order.
fn listed(run: &Recorded) -> Vec<&'static str> {
    let calls = run.events_of("call");
    let is_entry = |function: &str| function.ends_with("read-directory-entry");
    let entries = calls.iter().filter(|call| is_entry(call["function"].as_str().unwrap()));
    let answers: String = entries.map(|call| call["outcome"].to_string()).collect();
    NAMES.into_iter().filter(|name| answers.contains(&format!("\"{name}\""))).collect()
}

#[test]
fn what_is_listed_can_be_looked_at_and_nothing_else() {
    let all = NAMES.to_vec();
    for (rules, expected) in [
        ("", all.clone()),
        ("ask = [\"read\"]\n", all),
        ("deny = [\"**/.env\", \"other\"]\n", vec!["a.md", "b.txt", "deep"]),
        ("only = [\".\", \"*.md\"]\n", vec!["a.md"]),
        ("only = [\".\", \"deep/*.md\"]\n", vec!["deep"]),
        ("only = [\".\", \"**/*.md\"]\n", vec!["a.md", "deep", "other"]),
    ] {
        let folder = folder();
        let mut probe = Probe::new();
        let work = probe.preopen();
        let listing = probe.list(work);
        for _ in 0..=NAMES.len() {
            probe.next_entry(listing);
        }
        for name in NAMES {
            probe.stat(work, name);
        }
        for name in NAMES {
            probe.metadata_hash(work, name);
        }
        let policy = format!("[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n{rules}");
        let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(wasm_agent_tests::Script::approve()).run();
        run.exited(0);
        assert_eq!(listed(&run), expected, "{rules}");
        let results = results(&run);
        let looks = &results[results.len() - 2 * NAMES.len()..];
        for (look, name) in looks.iter().zip(NAMES.iter().cycle()) {
            assert_eq!(look.ends_with(" ok"), expected.contains(name), "{rules}{name}: {look}");
        }
    }
}

#[test]
fn a_folder_on_the_way_can_be_looked_at_and_not_listed() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.stat(work, "deep");
    probe.open(work, "deep", OpenMode::DIR);
    probe.stat(work, "deep/c.md");
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\nonly = [\".\", \"deep/*.md\"]\n";
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    run.exited(0);
    assert_eq!(results(&run), ["stat-at ok", "open-at access", "stat-at ok"]);
}
