//! Guests that take without end. The host stops them and names the limit.

use wasm_agent_host::Outcome;
use wasm_agent_tests::{Recorded, Scene};

use crate::fixture::{POLICY, folder};

fn attack(guest: &str, limits: &str, arguments: &[&str]) -> Recorded {
    let folder = folder();
    let policy = format!("{POLICY}[limits]\n{limits}\n");
    Scene::guest(&folder, guest).policy(policy).arguments(arguments.iter().copied()).run()
}

/// Either the host ended the run by this limit, or the guest was refused and says so.
fn stopped(run: &Recorded, which: &str) {
    match run.outcome() {
        Outcome::Limit { which: found } => assert_eq!(found, which),
        Outcome::Exited(0) => assert!(run.stdout.contains("held: "), "{}", run.stdout),
        other => panic!("{other:?}: {}", run.stdout),
    }
    assert!(!run.stdout.contains("broken:"), "{}", run.stdout);
}

#[test]
fn endless_loop_is_ended() {
    for kind in ["compute", "calls", "wait"] {
        let run = attack("endless-loop", "time = \"200ms\"", &[kind]);
        run.limited_by("time");
        let end = run.events_of("end").remove(0);
        assert_eq!(end["result"], serde_json::json!({ "kind": "limit", "which": "time" }));
    }
}

#[test]
fn memory_bomb_is_ended() {
    let run = attack("memory-bomb", "memory = \"32MiB\"", &["32"]);
    stopped(&run, "memory");
    assert!(run.report.memory_high_bytes <= 32 << 20);
}

#[test]
fn output_flood_is_ended() {
    let run = attack("output-flood", "output = \"1MiB\"", &["1"]);
    run.limited_by("output");
    assert!(run.stdout.len() <= 1 << 20);
}

#[test]
fn handle_flood_is_ended() {
    for kind in ["files", "pollables", "fields"] {
        stopped(&attack("handle-flood", "handles = 64", &[kind, "64"]), "handles");
    }
}

#[test]
fn huge_headers_are_refused() {
    for kind in ["syntax", "value", "values", "name", "list", "many-small", "many-large"] {
        let run = attack("huge-header", "", &[kind]);
        match run.outcome() {
            Outcome::Exited(0) => assert!(run.stdout.contains("held: "), "{kind}: {}", run.stdout),
            // Too large to be parsed: only `syntax` promises an error of its own.
            Outcome::Trapped { .. } | Outcome::Limit { .. } => assert_ne!(kind, "syntax"),
            other => panic!("{kind}: {other:?}: {}", run.stdout),
        }
        assert!(!run.stdout.contains("broken:") && !run.stdout.contains("vain:"), "{kind}: {}", run.stdout);
    }
}
