//! The fuzz targets without a fuzzer: every seed, and changes to the seeds that are the same every time.
//!
//! `tests/fuzz/README.md` says how to look for more with libFuzzer.

use std::fs;
use std::path::Path;

use wasm_agent_fuzz_targets::mutate::Mutator;
use wasm_agent_fuzz_targets::{TARGETS, actions, forge, recorded};
use wasm_agent_host::policy::Action;
use wasm_agent_tests::guests;

/// Changed inputs that each target is given.
const MUTATIONS: usize = 4000;

/// Largest seed that is changed over and over, in bytes: the larger ones are read as they are.
const MUTATED_BYTES_MAX: usize = 16 << 10;

/// Whether a target reads journals, so that the fixtures are seeds of it too.
fn reads_journals(target: &str) -> bool {
    !matches!(target, "policy" | "action")
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A target's seeds, in an order that does not change.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = files(&guests::root().join("tests/fuzz/corpus").join(target));
    if reads_journals(target) {
        seeds.extend(files(&guests::root().join("tests/fixtures/v1/journals")));
        seeds.push(recorded().to_vec());
    }
    if target == "action" {
        seeds.extend(actions().iter().map(Action::canonical_bytes));
    }
    assert!(!seeds.is_empty(), "`{target}` has no seeds");
    seeds
}

/// Runs one target on its seeds and on changes to them.
fn run(name: &str) {
    let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let seeds = seeds(name);
    seeds.iter().for_each(|seed| target(seed));
    let small: Vec<&Vec<u8>> = seeds.iter().filter(|seed| seed.len() <= MUTATED_BYTES_MAX).collect();
    for number in 0..MUTATIONS {
        let mut mutator = Mutator::new(u64::try_from(number).unwrap());
        let seed = small[number % small.len()];
        let input = if reads_journals(name) && number % 3 != 0 {
            mutator.journal(seed)
        } else {
            let mut bytes = seed.clone();
            mutator.bytes(&mut bytes);
            bytes
        };
        let outcome = std::panic::catch_unwind(|| target(&input));
        if let Err(panic) = outcome {
            let path = guests::target().join(format!("{name}-{number}.input"));
            fs::write(&path, &input).unwrap();
            eprintln!("change {number} of `{name}` failed; the input is in {}", path.display());
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn reading_and_verifying_agree_on_any_bytes() {
    run("reader");
}

#[test]
fn reading_and_verifying_agree_on_rewritten_journals() {
    run("forged");
}

#[test]
fn any_text_is_a_policy_or_is_refused() {
    run("policy");
}

#[test]
fn an_action_has_one_spelling() {
    run("action");
}

#[test]
fn any_journal_can_be_looked_into() {
    run("audit");
}

#[test]
fn no_replay_takes_one_run_for_another() {
    run("replay");
}

#[test]
fn no_target_is_forgotten() {
    let test = include_str!("fuzz.rs");
    let bins = fs::read_to_string(guests::root().join("tests/fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(test.contains(&format!("run(\"{name}\")")), "no test runs `{name}`");
        assert!(bins.contains(&format!("name = \"{name}\"")), "`{name}` has no fuzz binary");
    }
}

#[test]
fn what_is_made_to_fit_fits() {
    let journal = recorded();
    assert_eq!(forge::journal(&forge::payloads(journal), None), journal);
    let mut payloads = forge::payloads(journal);
    payloads.insert(2, b"\x84\x09\x00\x61a\x61b".to_vec());
    let forged = forge::journal(&payloads, None);
    assert!(wasm_agent_host::journal::verify(std::io::Cursor::new(forged)).unwrap().complete);
}
