//! Attacks that swap a file while an answer is awaited.

use wasm_agent_tests::approver::ApproveAfter;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{OpenMode, Probe, Scene};

use crate::fixture::{CANARY, asking, folder};

#[test]
fn file_that_becomes_a_link_while_it_is_held_is_not_followed() {
    let folder = folder();
    let (notes, outside) = (folder.path("work/notes.txt"), folder.path("outside.txt"));
    let approver = ApproveAfter::new(move |_| {
        std::fs::remove_file(&notes).unwrap();
        std::os::unix::fs::symlink("../outside.txt", &notes).unwrap();
    });
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "notes.txt", OpenMode::TRUNCATE);
    let run = Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver).run();
    assert_ne!(results(&run), ["open-at ok"]);
    assert_eq!(std::fs::read_to_string(outside).unwrap(), CANARY);
}

#[test]
fn file_that_is_replaced_while_it_is_held_is_another_file() {
    let folder = folder();
    folder.write("other.txt", "another file");
    let (notes, other) = (folder.path("work/notes.txt"), folder.path("other.txt"));
    let approver = ApproveAfter::new(move |request| {
        // Only the first time: the second question is about the file that is there now.
        if other.exists() {
            assert_eq!(request.action.summary, "file.modify (truncate) /work/notes.txt");
            std::fs::rename(&other, &notes).unwrap();
        } else {
            std::fs::write(&notes, "seen by the second question").unwrap();
        }
    });
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "notes.txt", OpenMode::TRUNCATE);
    let run = Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver).run();
    // The first permit was for a file that is gone, so it failed. The new file was asked about separately.
    assert_eq!(run.events_of("outcome")[0]["result"], "failed");
    assert_eq!(run.events_of("approval-asked").len(), 2, "{:?} {:?}", results(&run), run.events_of("outcome"));
    assert_eq!(results(&run), ["open-at ok"]);
}

#[test]
fn folder_on_the_way_that_becomes_a_link_is_not_followed() {
    let folder = folder();
    folder.write("work/sub/file.txt", "inside");
    folder.write("elsewhere/file.txt", CANARY);
    let (sub, moved) = (folder.path("work/sub"), folder.path("work/moved"));
    let approver = ApproveAfter::new(move |_| {
        std::fs::rename(&sub, &moved).unwrap();
        std::os::unix::fs::symlink("../elsewhere", &sub).unwrap();
    });
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "sub/file.txt", OpenMode::TRUNCATE);
    Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver).run();
    assert_eq!(folder.read("elsewhere/file.txt"), CANARY);
}
