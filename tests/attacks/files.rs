//! Attacks on files by the guests of `guest-tools/hostile`.

use wasm_agent_tests::{Recorded, Scene};

use crate::fixture::{POLICY, folder, held};

fn attack(guest: &str) -> Recorded {
    let folder = folder();
    held(&folder, Scene::guest(&folder, guest).policy(POLICY))
}

#[test]
fn path_traversal_is_held() {
    let run = attack("path-traversal");
    assert!(run.denied_calls() > 30, "{}", run.denied_calls());
    assert!(run.denials().contains(&"no-grant".to_owned()));
}

#[test]
fn absolute_path_is_held() {
    let run = attack("absolute-path");
    assert_eq!(run.denials(), ["no-grant"]);
}

#[test]
fn symbolic_link_out_is_held() {
    let run = attack("symlink-out");
    let denials = run.denials();
    for reason in ["no-grant", "deny-pattern", "absolute-target"] {
        assert!(denials.iter().any(|denial| denial == reason), "{reason}: {denials:?}");
    }
}

#[test]
fn hard_link_and_rename_of_what_is_denied_are_held() {
    let run = attack("hardlink-out");
    assert_eq!(run.denials(), ["deny-pattern"]);
    assert!(run.denied_calls() > 30, "{}", run.denied_calls());
}

#[test]
fn attacks_on_a_grant_for_reading_write_nothing_at_all() {
    for guest in ["path-traversal", "absolute-path"] {
        let folder = folder();
        let before = folder.snapshot("work");
        let policy = POLICY.replace("access = \"write\"\nask = []\n", "");
        held(&folder, Scene::guest(&folder, guest).policy(policy));
        assert_eq!(folder.snapshot("work"), before, "{guest}");
    }
}
