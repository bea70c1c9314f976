//! Attacks that leave links behind, which other programs follow out of the folder.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, Handle, Probe, Scene, Script};

const POLICY: &str =
    "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\ndeny = [\"**/.env\"]\n";

/// Calls on the folder.
type Act = fn(&mut Probe, Handle);

fn folder() -> Folder {
    let folder = Folder::with([("work/a.txt", "a"), ("work/deep/er/b.txt", "b"), ("outside.txt", "outside")]);
    folder.link("work/foreign", "../outside.txt");
    folder.link("work/deep/er/up", "../../a.txt");
    folder
}

/// The results of the calls and the questions, if every question is refused.
fn refused(act: impl Fn(&mut Probe, Handle)) -> (Folder, Vec<String>, Vec<String>, Vec<String>) {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    act(&mut probe, work);
    let approver = Script::refuse();
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).approver(approver.clone()).run();
    (folder, results(&run), approver.summaries(), run.denials())
}

#[test]
fn a_link_that_may_point_out_is_asked_about_though_nothing_else_is() {
    for target in ["..", "../outside.txt", "./../outside.txt", "deep/../../outside.txt", "foreign/../x", "a/..", ".env"]
    {
        let (folder, results, asked, _) = refused(|probe, work| probe.symlink(work, target, "mine"));
        assert_eq!(results, ["symlink-at access"], "{target}");
        assert_eq!(asked, [format!("link.create (symbolic) /work/mine -> {target}")], "{target}");
        assert!(!folder.has("work/mine"));
    }
    for (target, path) in [("a.txt", "mine"), ("../a.txt", "deep/mine"), ("../../a.txt", "deep/er/mine")] {
        let (_, results, asked, _) = refused(|probe, work| probe.symlink(work, target, path));
        assert_eq!(results, ["symlink-at ok"], "{target}");
        assert!(asked.is_empty());
    }
}

#[test]
fn a_link_gets_no_name_from_which_it_points_out() {
    let moves: [(&str, Act); 4] = [
        ("rename", |probe, work| probe.rename(work, "deep/er/up", "up")),
        ("hard link", |probe, work| probe.link(work, "deep/er/up", "up")),
        ("rename of its own", |probe, work| {
            probe.symlink(work, "../../a.txt", "deep/er/mine");
            probe.rename(work, "deep/er/mine", "up");
        }),
        ("rename in two steps", |probe, work| {
            probe.rename(work, "deep/er/up", "deep/up");
            probe.rename(work, "deep/up", "up");
        }),
    ];
    for (what, act) in moves {
        let (folder, results, _, denials) = refused(act);
        assert!(!folder.has("work/up") && !folder.has("work/deep/up"), "{what}: {results:?}");
        assert!(denials.contains(&"link-leaves-grant".to_owned()), "{what}: {denials:?}");
    }
}

#[test]
fn a_folder_with_links_of_the_run_in_it_is_not_moved_to_where_they_point_out() {
    let moves: [(&str, Act); 6] = [
        ("after the link was moved", |probe, work| {
            probe.create_dir(work, "deep/er/own");
            probe.create_dir(work, "deep/er/own/in");
            probe.symlink(work, "../../../a.txt", "deep/er/own/link");
            probe.rename(work, "deep/er/own/link", "deep/er/own/in/link");
            probe.rename(work, "deep/er/own/in", "own");
        }),
        ("after the link got another name", |probe, work| {
            probe.create_dir(work, "deep/er/own");
            probe.create_dir(work, "deep/er/own/in");
            probe.symlink(work, "../../../a.txt", "deep/er/own/link");
            probe.link(work, "deep/er/own/link", "deep/er/own/in/link");
            probe.rename(work, "deep/er/own/in", "own");
        }),
        ("with a foreign link in it", |probe, work| {
            probe.create_dir(work, "deep/own");
            probe.link(work, "deep/er/up", "deep/own/up");
            probe.rename(work, "deep/own", "own");
        }),
        ("at once", |probe, work| {
            probe.create_dir(work, "deep/er/own");
            probe.symlink(work, "../../../a.txt", "deep/er/own/link");
            probe.rename(work, "deep/er/own", "own");
        }),
        ("from above", |probe, work| {
            probe.create_dir(work, "deep/er/own");
            probe.symlink(work, "../../../a.txt", "deep/er/own/link");
            probe.rename(work, "deep/er", "own");
        }),
        ("after another name", |probe, work| {
            probe.create_dir(work, "deep/er/own");
            probe.symlink(work, "../../../a.txt", "deep/er/own/link");
            probe.rename(work, "deep/er/own", "deep/er/other");
            probe.rename(work, "deep/er/other", "own");
        }),
    ];
    for (what, act) in moves {
        let (folder, results, _, denials) = refused(act);
        assert!(!folder.has("work/own"), "{what}: {results:?}");
        assert!(denials.contains(&"link-leaves-grant".to_owned()), "{what}: {denials:?}");
    }
}

#[test]
fn a_foreign_link_that_points_out_already_may_be_moved_as_before() {
    let (folder, results, _, _) = refused(|probe, work| probe.rename(work, "foreign", "renamed"));
    assert_eq!(results, ["rename-at ok"]);
    assert!(folder.has("work/renamed"));
}

#[test]
fn a_run_that_made_many_links_and_removed_them_renames_on() {
    let (folder, results, _, _) = refused(|probe, work| {
        probe.create_dir(work, "new");
        for number in 0..4200 {
            let path = format!("deep/link-{number}");
            probe.symlink(work, "../a.txt", &path);
            probe.unlink(work, &path);
        }
        probe.rename(work, "new", "renamed");
    });
    assert_eq!(results.last().map(String::as_str), Some("rename-at ok"));
    assert!(folder.has("work/renamed"));
}
