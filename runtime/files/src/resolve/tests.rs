//! Paths that lead somewhere, out, in circles, or through denied directories.

use super::*;
use std::os::unix::fs::symlink;

/// Denies paths that begin with `closed` in the folder, and bars the name `own`.
struct Closed;

impl Bounds for Closed {
    fn denies(&self, path: &GuestPath) -> bool {
        path.as_str().starts_with("/work/closed")
    }

    fn reading(&self, path: &GuestPath) -> DecisionKind {
        if self.denies(path) || path.as_str().starts_with("/work/unlisted") {
            DecisionKind::Deny
        } else {
            DecisionKind::Allow
        }
    }

    fn bars_entry(&self, _: &Directory, name: &str) -> Option<DenialReason> {
        (name == "own").then_some(DenialReason::OwnThing)
    }

    fn bars_directory(&self, _: &Directory, _: &Directory) -> Option<DenialReason> {
        None
    }

    fn may_leap(&self, _: &Directory) -> bool {
        true
    }
}

struct Tree {
    dir: tempfile::TempDir,
    base: Directory,
}

fn tree() -> Tree {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    std::fs::write(root.join("a/b/file"), "x").unwrap();
    std::fs::write(dir.path().join("secret"), "s").unwrap();
    let base = Directory::new(Arc::new(File::open(&root).unwrap()), GuestPath::parse("/work").unwrap()).unwrap();
    Tree { dir, base }
}

impl Tree {
    fn link(&self, target: &str, at: &str) {
        symlink(target, self.dir.path().join("root").join(at)).unwrap();
    }

    fn resolve(&self, path: &str, follow: bool) -> String {
        match resolve(&self.base, path, follow, &Closed) {
            Ok((place, _)) => {
                format!("{} as {}{}", place.path.as_str(), place.name, if place.must_be_dir { "/" } else { "" })
            }
            Err(Unresolved::Outside) => "outside".to_owned(),
            Err(Unresolved::Missing(path)) => format!("missing: {}", path.as_str()),
            Err(Unresolved::Barred(path, reason)) => format!("{}: {}", reason.as_str(), path.as_str()),
            Err(Unresolved::Denied(path)) => format!("denied: {}", path.as_str()),
            Err(Unresolved::Errno(errno)) => match errno {
                Errno::LOOP => "LOOP".to_owned(),
                Errno::NAMETOOLONG => "NAMETOOLONG".to_owned(),
                Errno::NOENT => "NOENT".to_owned(),
                Errno::INVAL => "INVAL".to_owned(),
                Errno::NOTDIR => "NOTDIR".to_owned(),
                other => other.to_string(),
            },
        }
    }
}

#[test]
fn plain_paths_keep_their_name() {
    let tree = tree();
    assert_eq!(tree.resolve("a/b/file", true), "/work/a/b/file as file");
    assert_eq!(tree.resolve("a/./b//file", true), "/work/a/b/file as file");
    assert_eq!(tree.resolve("a/b/../b/file", true), "/work/a/b/file as file");
    assert_eq!(tree.resolve("new", true), "/work/new as new");
    assert_eq!(tree.resolve("a/", true), "/work/a as a/");
    assert_eq!(tree.resolve(".", true), "/work as ./");
    assert_eq!(tree.resolve("a/..", true), "/work as ./");
}

#[test]
fn leading_out_is_refused_however_it_is_written() {
    let tree = tree();
    tree.link("..", "up");
    tree.link("../secret", "to-secret");
    tree.link("/etc/passwd", "to-passwd");
    tree.link("a/b/../../../secret", "long-way");
    tree.link("up/secret", "chained");
    for path in [
        "..",
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "up/secret",
        "to-secret",
        "to-passwd",
        "long-way",
        "chained",
        "a/b/../../../../../../etc/passwd",
    ] {
        assert_eq!(tree.resolve(path, true), "outside", "{path}");
    }
}

#[test]
fn links_inside_are_named_by_what_they_lead_to() {
    let tree = tree();
    tree.link("a/b", "short");
    tree.link("short/file", "file-link");
    assert_eq!(tree.resolve("short/file", true), "/work/a/b/file as file");
    assert_eq!(tree.resolve("file-link", true), "/work/a/b/file as file");
    assert_eq!(tree.resolve("file-link", false), "/work/file-link as file-link");
    assert_eq!(tree.resolve("short/", false), "/work/a/b as b/");
}

#[test]
fn going_up_ends_one_directory_higher_however_deep_it_starts() {
    let tree = tree();
    tree.link("../c", "a/b/up");
    tree.link("../../c", "a/b/up-twice");
    tree.link("../../../secret", "a/b/out");
    assert_eq!(tree.resolve("a/b/..", true), "/work/a as ./");
    assert_eq!(tree.resolve("a/b/up", true), "/work/a/c as c");
    assert_eq!(tree.resolve("a/b/up-twice", true), "/work/c as c");
    assert_eq!(tree.resolve("a/b/out", true), "outside");
}

#[test]
fn what_is_denied_is_not_gone_through() {
    let tree = tree();
    std::fs::create_dir(tree.dir.path().join("root/closed")).unwrap();
    tree.link("a/b/file", "closed-link");
    tree.link("../a/b", "closed/link");
    // The same answer whether something is there or not.
    for path in ["closed/x", "closed/../a/b/file", "closed/link/file", "closed/no/x", "a/../closed/x"] {
        assert_eq!(tree.resolve(path, true), "denied: /work/closed", "{path}");
    }
    for path in ["closed-none/x", "closed-none/../a"] {
        assert_eq!(tree.resolve(path, true), "denied: /work/closed-none", "{path}");
    }
    assert_eq!(tree.resolve("closed-link", true), "denied: /work/closed-link");
    // The last component is checked by whoever acts on it.
    assert_eq!(tree.resolve("closed", true), "/work/closed as closed");
}

#[test]
fn loops_and_floods_of_components_end() {
    let tree = tree();
    tree.link("loop", "loop");
    tree.link("two", "one");
    tree.link("one", "two");
    assert_eq!(tree.resolve("loop", true), "LOOP");
    assert_eq!(tree.resolve("one/x", true), "LOOP");
    assert_eq!(tree.resolve(&"a/../".repeat(2000), true), "NAMETOOLONG");
    assert_eq!(tree.resolve("", true), "NOENT");
    assert_eq!(tree.resolve("a\0b", true), "INVAL");
    assert_eq!(tree.resolve("a/b/file/x", true), "NOTDIR");
    assert_eq!(tree.resolve("missing/x", true), "NOENT");
}

#[test]
fn what_may_be_gone_through_and_not_read_looks_as_what_is_not_there() {
    let tree = tree();
    let root = tree.dir.path().join("root");
    std::fs::write(root.join("unlisted-file"), "x").unwrap();
    std::fs::create_dir(root.join("unlisted-dir")).unwrap();
    std::fs::write(root.join("unlisted-dir/listed"), "x").unwrap();
    tree.link("unlisted-loop", "unlisted-loop");
    tree.link("/etc", "unlisted-absolute");
    for name in ["none", "file", "loop", "absolute"] {
        assert_eq!(tree.resolve(&format!("unlisted-{name}/x/y"), true), format!("missing: /work/unlisted-{name}/x/y"));
    }
    for name in ["none", "file", "dir"] {
        assert_eq!(tree.resolve(&format!("unlisted-{name}/../a"), true), format!("denied: /work/unlisted-{name}"));
    }
    assert_eq!(tree.resolve("unlisted-dir/listed", true), "/work/unlisted-dir/listed as listed");
    assert_eq!(tree.resolve("own/x", true), "own-thing: /work/own");
}
