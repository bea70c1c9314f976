//! Each function acts with the permit for its action, and touches nothing with a permit for another of the same kind.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::Timespec;
use wasm_agent_policy::{Act, Asker, Decision, GuestPath, Origin, Policy};

use super::*;
use crate::look;

const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
const LONG_AGO: Timestamps = Timestamps { last_access: OMIT, last_modification: Timespec { tv_sec: 5, tv_nsec: 0 } };

fn permit<K: std::fmt::Debug>(act: Act<K>) -> Permit<K> {
    let text = "version = 1\n[[filesystem]]\nhost = \".\"\nguest = \"/w\"\naccess = \"write\"\nask = []\n";
    let asker = Asker { run: wasm_agent_ids::RunId::from_bytes([7; 16]), call: wasm_agent_ids::CallId(0) };
    match Policy::parse(text).unwrap().check(act, Origin::Foreign, asker) {
        Decision::Allow(allowed) => allowed.into(),
        other => panic!("{other:?}"),
    }
}

fn path(name: &str) -> GuestPath {
    GuestPath::parse(&format!("/w/{name}")).unwrap()
}

fn target(root: &Path, name: &str) -> Target {
    let above = Directory::new(Arc::new(File::open(root).unwrap()), GuestPath::parse("/w").unwrap()).unwrap();
    let above = Arc::new(above);
    let place = Place::named(&above, name).unwrap();
    let found = look(&place).unwrap();
    Target { place, found, above }
}

/// Every file with its contents, and every link with its text.
fn listing(root: &Path) -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = match fs::symlink_metadata(&path).unwrap() {
                link if link.is_symlink() => format!("-> {}", fs::read_link(&path).unwrap().display()),
                directory if directory.is_dir() => "/".to_owned(),
                file => format!("{} {:?}", fs::read_to_string(&path).unwrap(), file.modified().unwrap()),
            };
            format!("{} {text}", path.file_name().unwrap().display())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn nothing_is_touched_with_a_permit_for_another_action() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for name in ["a", "b"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::create_dir(root.join("d")).unwrap();
    symlink("a", root.join("l")).unwrap();
    let before = listing(root);
    let at = |name: &str| target(root, name);
    let refused = |result: Result<(), Errno>| assert_eq!(result, Err(Errno::PERM));
    refused(at("a").stat(permit(Act::read(path("b")))).map(drop));
    refused(at("a").identify(permit(Act::read(path("b")))).map(drop));
    refused(at("l").read_link(permit(Act::read(path("a")))).map(drop));
    refused(at("a").open(permit(Act::read(path("b")))).map(drop));
    refused(at("d").open_directory(permit(Act::read(path("a")))).map(drop));
    refused(at("new").create(true, permit(Act::create(path("other")))).map(drop));
    refused(at("a").open_to_modify(true, true, permit(Act::modify(path("b"), true))).map(drop));
    refused(at("a").open_to_modify(true, true, permit(Act::modify(path("a"), false))).map(drop));
    refused(at("a").set_times(&LONG_AGO, permit(Act::modify(path("b"), false))));
    refused(at("new").create_directory(permit(Act::create_directory(path("other")))).map(drop));
    refused(at("a").delete(permit(Act::delete(path("b")))));
    refused(at("d").remove_directory(permit(Act::remove_directory(path("e")))));
    refused(at("a").rename(&at("c"), permit(Act::rename(path("a"), path("b"), true, false))));
    refused(at("a").rename(&at("b"), permit(Act::rename(path("a"), path("b"), false, false))));
    refused(at("a").rename(&at("c"), permit(Act::rename(path("b"), path("c"), false, false))));
    let link = |kind, at: &str, to: &str| permit(Act::link(kind, path(at), to.to_owned()));
    refused(at("a").link(&at("c"), link(LinkKind::Hard, "c", "/w/b")));
    refused(at("a").link(&at("c"), link(LinkKind::Symbolic, "c", "a")));
    refused(at("c").symlink("b", link(LinkKind::Symbolic, "c", "a")).map(drop));
    let above = at("d").above;
    refused(above.set_times(&above, &LONG_AGO, permit(Act::modify(path("d"), false))));
    assert_eq!(listing(root), before);
}

#[test]
fn each_acts_with_its_permit() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let at = |name: &str| target(root, name);
    at("a").create(true, permit(Act::create(path("a")))).unwrap();
    assert!(at("a").create(true, permit(Act::create(path("a")))).is_err());
    fs::write(root.join("a"), "text").unwrap();
    assert_eq!(at("a").stat(permit(Act::read(path("a")))).unwrap().size, 4);
    at("a").identify(permit(Act::read(path("a")))).unwrap();
    at("a").identify(permit(Act::read(GuestPath::parse("/w").unwrap()))).unwrap();
    at("a").rename(&at("b"), permit(Act::rename(path("a"), path("b"), false, false))).unwrap();
    at("b").link(&at("c"), permit(Act::link(LinkKind::Hard, path("c"), "/w/b".to_owned()))).unwrap();
    at("l").symlink("b", permit(Act::link(LinkKind::Symbolic, path("l"), "b".to_owned()))).unwrap();
    assert_eq!(at("l").read_link(permit(Act::read(path("l")))).unwrap().to_bytes(), b"b");
    at("b").open(permit(Act::read(path("b")))).unwrap();
    at("b").open_to_modify(true, true, permit(Act::modify(path("b"), true))).unwrap();
    assert_eq!(fs::read(root.join("c")).unwrap(), b"");
    at("c").set_times(&LONG_AGO, permit(Act::modify(path("c"), false))).unwrap();
    assert_eq!(at("b").found.unwrap().modified.0, 5);
    at("d").create_directory(permit(Act::create_directory(path("d")))).unwrap();
    at("d").open_directory(permit(Act::read(path("d")))).unwrap();
    at("d").remove_directory(permit(Act::remove_directory(path("d")))).unwrap();
    at("b").delete(permit(Act::delete(path("b")))).unwrap();
    let left = listing(root);
    let names: Vec<&str> = left.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["c", "l"]);
}

#[test]
fn what_took_the_place_of_what_was_found_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let replaced = |name: &str| {
        fs::write(root.join(name), "1").unwrap();
        let found = target(root, name);
        fs::write(root.join("other"), "2").unwrap();
        fs::rename(root.join("other"), root.join(name)).unwrap();
        found
    };
    assert_eq!(replaced("a").delete(permit(Act::delete(path("a")))), Err(Errno::AGAIN));
    assert_eq!(replaced("a").open(permit(Act::read(path("a")))).map(drop), Err(Errno::AGAIN));
    let modify = permit(Act::modify(path("a"), true));
    assert_eq!(replaced("a").open_to_modify(false, true, modify).map(drop), Err(Errno::AGAIN));
    let rename = permit(Act::rename(path("a"), path("b"), false, false));
    assert_eq!(replaced("a").rename(&target(root, "b"), rename), Err(Errno::AGAIN));
    assert_eq!(fs::read(root.join("a")).unwrap(), b"2");
    assert_eq!(replaced("a").contents(1), None);
    let blake3 = Some(*blake3::hash(b"2").as_bytes());
    assert_eq!(target(root, "a").contents(1), Some(crate::Contents { length: 1, blake3 }));
    assert_eq!(target(root, "a").contents(0), Some(crate::Contents { length: 1, blake3: None }));
}

#[test]
fn a_rename_in_two_steps_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::write(root.join("a"), "1").unwrap();
    fs::create_dir(root.join("d")).unwrap();
    symlink("a", root.join("l")).unwrap();
    for (from, to) in [("a", "new"), ("d", "new-d"), ("l", "new-l")] {
        let (old, new) = (target(root, from), target(root, to));
        old.rename_to_absent(&new).unwrap();
        assert_eq!(look(&old.place).unwrap().map(|found| found.identity), None, "{from}");
        assert_eq!(look(&new.place).unwrap().unwrap().identity, old.found.unwrap().identity, "{from}");
    }
    assert_eq!(fs::read(root.join("new")).unwrap(), b"1");
    let before = listing(root);
    for from in ["new", "new-d", "new-l"] {
        for to in ["new", "new-d", "new-l"].into_iter().filter(|to| *to != from) {
            assert_eq!(target(root, from).rename_to_absent(&target(root, to)), Err(Errno::EXIST), "{from} {to}");
        }
    }
    assert_eq!(listing(root), before);
}
