//! Attacks that ask whether something exists: a tool that may not read it does not learn it, whatever the spelling and
//! the verb.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, Handle, OpenMode, Probe, Recorded, Scene};

/// What exists: a file, a folder, a link that leads somewhere, and a dangling link.
const HIDDEN: [&str; 4] = ["file", "folder", "link", "dangling"];

fn folder() -> Folder {
    let folder = Folder::with([("work/a.txt", "a"), ("work/hidden-file", "x"), ("work/hidden-folder/x", "x")]);
    folder.link("work/hidden-link", "a.txt");
    folder.link("work/hidden-dangling", "nothing");
    folder
}

/// A grant for files by their ending, so that every name may be passed through.
const BY_ENDING: &str =
    "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\nonly = [\"**/*.md\"]\n";

/// A grant that asks before anything is read.
const ASKING: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\nask = [\"read\"]\n";

#[test]
fn what_may_be_gone_through_and_not_read_answers_as_what_is_not_there() {
    for (policy, spellings) in [
        (BY_ENDING, &["NAME", "NAME/", "NAME/.", "NAME/x", "NAME/x.md", "NAME/x/y.md", "NAME/../a.txt"][..]),
        (ASKING, &["NAME", "NAME/"][..]),
    ] {
        for spelling in spellings {
            let absent = asked(policy, "hidden-absent", spelling);
            for name in ["hidden-file", "hidden-dangling"] {
                let there = asked(policy, name, spelling);
                assert_eq!(results(&there), results(&absent), "{policy}{spelling} of {name}");
            }
        }
    }
}

fn policies() -> [String; 3] {
    let grant = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";
    [
        format!("{grant}only = [\"a.txt\"]\n"),
        format!("{grant}deny = [\"hidden-*\"]\n"),
        format!("{grant}access = \"write\"\nask = []\ndeny = [\"hidden-*\"]\n"),
    ]
}

/// Every verb on a path.
fn ask(probe: &mut Probe, work: Handle, path: &str) {
    probe.stat(work, path);
    probe.metadata_hash(work, path);
    for how in
        [OpenMode::READ, OpenMode::WRITE, OpenMode::TRUNCATE, OpenMode::CREATE, OpenMode::CREATE_NEW, OpenMode::DIR]
    {
        probe.open(work, path, how);
    }
    probe.rename(work, path, "moved");
    probe.rename(work, "a.txt", path);
    probe.link(work, path, "linked");
    probe.link(work, "a.txt", path);
    probe.symlink(work, "a.txt", path);
    probe.unlink(work, path);
    probe.create_dir(work, path);
    probe.remove_dir(work, path);
    probe.touch(work, path);
}

fn asked(policy: &str, name: &str, spelling: &str) -> Recorded {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    ask(&mut probe, work, &spelling.replace("NAME", name));
    Scene::tool(&folder, probe.tool()).policy(policy).run()
}

#[test]
fn what_is_hidden_answers_as_what_is_not_there_and_every_question_is_a_denial() {
    for policy in policies() {
        for spelling in ["NAME", "NAME/", "NAME//", "NAME/.", "NAME/..", "NAME/x", "./NAME/", "NAME/../NAME/"] {
            let absent = asked(&policy, "hidden-absent", spelling);
            let expected = results(&absent);
            assert!(expected.iter().all(|result| !result.ends_with(" ok")), "{spelling}: {expected:?}");
            // Two opens create a file, which a name that ends in `/` is not: both are refused before anything is looked
            // at.
            let questions = expected.len() - if spelling.ends_with('/') { 2 } else { 0 };
            for name in HIDDEN {
                let there = asked(&policy, &format!("hidden-{name}"), spelling);
                assert_eq!(results(&there), expected, "{policy}{spelling} of {name}");
                assert_eq!(there.denied_calls(), absent.denied_calls(), "{policy}{spelling} of {name}");
                assert_eq!(there.denied_calls(), questions, "{policy}{spelling} of {name}");
            }
        }
    }
}
