//! Attacks through folders that another process moves while a tool has them open.

use wasm_agent_tests::approver::ApproveAfter;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, Handle, OpenMode, Probe, Scene};

/// Asks before anything is read, so that a test can act between two calls.
const READING: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = [\"read\"]\n\
    only = [\".\", \"sub\", \"sub/**\", \"signal\"]\n";

/// A call on the folder.
type Act = fn(&mut Probe, Handle);

fn folder() -> Folder {
    let folder =
        Folder::with([("work/sub/file.txt", "inside"), ("work/sub/deep/file.txt", "inside"), ("work/signal", "")]);
    folder.dir("elsewhere");
    folder
}

/// Every verb on a folder that is open, after `act` was done when the tool read `signal`.
fn after(act: impl Fn(&Folder) + Send + Sync + 'static) -> (Folder, Vec<String>) {
    let folder = folder();
    let other = Folder::at(&folder.path(""));
    let approver = ApproveAfter::new(move |request| {
        if request.action.summary == "file.read /work/signal" {
            act(&other);
        }
    });
    let mut probe = Probe::new();
    let work = probe.preopen();
    let sub = probe.open(work, "sub", OpenMode::DIR);
    probe.open(work, "signal", OpenMode::READ);
    probe.open(sub, "file.txt", OpenMode::READ);
    probe.open(sub, "file.txt", OpenMode::TRUNCATE);
    probe.open(sub, "new.txt", OpenMode::CREATE_NEW);
    probe.open(sub, "deep/new.txt", OpenMode::CREATE_NEW);
    probe.stat(sub, "file.txt");
    probe.create_dir(sub, "made");
    probe.unlink(sub, "file.txt");
    probe.rename(sub, "file.txt", "moved.txt");
    probe.link(sub, "file.txt", "linked.txt");
    probe.symlink(sub, "file.txt", "symlink");
    probe.touch(sub, "file.txt");
    let run = Scene::tool(&folder, probe.tool()).policy(READING).approver(approver).run();
    let results = results(&run);
    (folder, results)
}

#[test]
fn a_folder_that_was_moved_out_is_not_acted_in_under_its_old_name() {
    let (folder, results) = after(|folder| {
        std::fs::rename(folder.path("work/sub"), folder.path("elsewhere/sub")).unwrap();
    });
    assert!(results[2..].iter().all(|result| result.ends_with(" no-entry")), "{results:?}");
    assert_eq!(folder.snapshot("elsewhere/sub").len(), 3, "{:?}", folder.snapshot("elsewhere/sub"));
    assert_eq!(folder.read("elsewhere/sub/file.txt"), "inside");
}

#[test]
fn a_folder_that_another_one_took_the_place_of_is_not_acted_in() {
    let (folder, results) = after(|folder| {
        std::fs::rename(folder.path("work/sub"), folder.path("elsewhere/sub")).unwrap();
        std::fs::create_dir(folder.path("work/sub")).unwrap();
    });
    assert!(results[2..].iter().all(|result| result.ends_with(" no-entry")), "{results:?}");
    assert!(folder.snapshot("work/sub").is_empty());
    assert_eq!(folder.read("elsewhere/sub/file.txt"), "inside");
}

#[test]
fn a_folder_that_stays_is_acted_in() {
    let (_, results) = after(|_| {});
    assert!(results[..7].iter().all(|result| result.ends_with(" ok")), "{results:?}");
}

#[test]
fn a_folder_that_is_moved_while_somebody_is_asked_about_a_file_in_it_is_not_acted_in() {
    let policy = READING.replace("ask = [\"read\"]", "ask = [\"create\", \"modify\", \"delete\", \"rename\"]");
    let verbs: [(&str, Act); 9] = [
        ("truncate", |probe, work| _ = probe.open(work, "sub/file.txt", OpenMode::TRUNCATE)),
        ("create", |probe, work| _ = probe.open(work, "sub/new.txt", OpenMode::CREATE_NEW)),
        ("make a folder", |probe, work| probe.create_dir(work, "sub/made")),
        ("delete", |probe, work| probe.unlink(work, "sub/file.txt")),
        ("rename", |probe, work| probe.rename(work, "sub/file.txt", "sub/moved.txt")),
        ("link", |probe, work| probe.link(work, "sub/file.txt", "sub/linked.txt")),
        ("link from outside", |probe, work| probe.link(work, "signal", "sub/linked.txt")),
        ("symlink", |probe, work| probe.symlink(work, "file.txt", "sub/symlink")),
        ("touch", |probe, work| probe.touch(work, "sub/file.txt")),
    ];
    for (verb, act) in verbs {
        let folder = folder();
        let other = Folder::at(&folder.path(""));
        let approver = ApproveAfter::new(move |_| {
            // A second question follows where the first answer was for something that is gone.
            if other.has("work/sub") {
                std::fs::rename(other.path("work/sub"), other.path("elsewhere/sub")).unwrap();
            }
        });
        let before = folder.snapshot("work/sub");
        let mut probe = Probe::new();
        let work = probe.preopen();
        act(&mut probe, work);
        let run = Scene::tool(&folder, probe.tool()).policy(&policy).approver(approver).run();
        assert!(results(&run).iter().all(|result| !result.ends_with(" ok")), "{verb}: {:?}", results(&run));
        assert_eq!(run.events_of("outcome")[0]["result"], "failed", "{verb}");
        assert_eq!(folder.snapshot("elsewhere/sub"), before, "{verb}");
    }
}

#[test]
fn a_handle_whose_path_became_too_long_leads_nowhere() {
    // The tool moves a folder so deep that no path leads there: then no policy can decide about what is in it.
    let inner = "e".repeat(100);
    let folder = Folder::with([(&*format!("work/d/{inner}/open.txt"), "x"), (&*format!("work/d/{inner}/secret"), "x")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    let handle = probe.open(work, &format!("d/{inner}"), OpenMode::DIR);
    let mut deepest = work;
    for _ in 0..15 {
        let name = "y".repeat(250);
        probe.create_dir(deepest, &name);
        deepest = probe.open(deepest, &name, OpenMode::DIR);
    }
    probe.rename_to(work, "d", deepest, &"z".repeat(250));
    probe.stat(handle, "open.txt");
    probe.touch_open(handle);
    probe.list(handle);
    let policy =
        "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\ndeny = [\"**/secret\"]\n";
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    let results = results(&run);
    let expected = ["rename-at ok", "stat-at no-entry", "set-times no-entry", "read-directory no-entry"];
    assert_eq!(results[results.len() - 4..], expected, "{results:?}");
}
