//! Whether programs get the same answers here as from the bare engine.
//!
//! The guest `conformance` calls every function of WASI 0.2, and the core modules of [`preview1`] those of WASI 0.1.
//! Each program runs twice, in folders that are made alike: under the engine's own WASI, and under the host with a
//! policy that grants the same. What they print, how they end and what they leave on disk must be the same, but for the
//! differences in `differences.toml`, of which the page DIFFERENCES.md is made.

mod bare;
mod foreign;
mod page;
mod preview1;
mod program;
mod server;
mod stage;
mod table;

use std::collections::BTreeSet;

use program::Program;
use table::Table;
use wasm_agent_tests::guests::root;

/// The programs of the guest, by their arguments.
const PROGRAMS: [(&str, &str); 8] = [
    (
        "paths",
        "stat-at stat-at-follow readlink-at metadata-hash-at metadata-hash-at-follow open-at open-at-follow \
         open-at-nothing open-at-write open-at-mutate open-at-directory open-at-create open-at-create-follow \
         open-at-exclusive open-at-truncate open-at-create-directory create-directory-at remove-directory-at \
         unlink-file-at rename-at-from rename-at-to rename-at-directory-to link-at-from link-at-from-follow link-at-to \
         symlink-at symlink-at-target set-times-at set-times-at-follow",
    ),
    ("files", "preopens contents streams folders links renames modes read-only times"),
    (
        "cli",
        "given stdin stdin-skip stdin-twice outputs copy exit-ok exit-error exit-0 exit-1 exit-33 exit-255 \
         exit-with-output process-exit panic",
    ),
    ("streams", "loop splice write-unasked write-too-much write-and-flush-4097 write-zeroes-4097 read-all"),
    ("clocks", ""),
    ("poll", "moments lists streams empty"),
    ("random", "lengths 1mib all all-insecure"),
    ("fields", ""),
];

/// Functions that no program calls, and why.
const NOT_CALLED: [&str; 4] = [
    // Its text is for people, and no interface fixes it.
    "error.to-debug-string",
    // Only a request that comes in has these, and no tool serves requests.
    "incoming-request",
    "response-outparam",
    // The programs' policies can't grant a socket; the attacks call them.
    "wasi:sockets",
];

#[test]
fn programs_for_wasi_0_2_get_the_answers_of_the_bare_engine() {
    let server = server::Server::start();
    let mut programs = Vec::new();
    for (program, parts) in PROGRAMS {
        if parts.is_empty() {
            programs.push(Program::guest(&[program]));
        }
        programs.extend(parts.split_whitespace().map(|part| Program::guest(&[program, part])));
    }
    programs.extend(["requests", "bodies"].map(|part| Program::guest(&[part]).with_server(&server)));
    let called = compare(&programs);

    let mut missing = functions();
    missing.retain(|function| !called.contains(function) && !NOT_CALLED.iter().any(|part| function.contains(part)));
    assert!(missing.is_empty(), "no program calls {missing:#?}");
}

#[test]
fn programs_for_wasi_0_1_get_the_answers_of_the_bare_engine() {
    compare(&preview1::programs());
}

/// The programs are fetched by `cargo xtask test --all`.
#[test]
#[ignore = "needs programs from elsewhere: cargo xtask test --all"]
fn programs_of_wasi_testsuite_get_the_answers_of_the_bare_engine() {
    let programs = foreign::testsuite();
    assert!(programs.len() >= foreign::TESTSUITE_MIN, "{} programs of wasi-testsuite", programs.len());
    compare(&programs);
}

#[test]
#[ignore = "needs programs from elsewhere: cargo xtask test --all"]
fn programs_of_the_engine_get_the_answers_of_the_bare_engine() {
    let programs = foreign::engine(&server::Server::start());
    assert!(programs.len() >= foreign::ENGINE_MIN, "{} programs of the engine", programs.len());
    compare(&programs);
}

#[test]
fn the_page_says_what_the_table_says() {
    page::check(&Table::load());
}

/// Runs all programs under both, checks the differences against the table, and returns the functions that were called.
fn compare(programs: &[Program]) -> BTreeSet<String> {
    let table = Table::load();
    let (mut called, mut faults, mut answers) = (BTreeSet::new(), Vec::new(), 0);
    for program in programs {
        let bare = program.bare();
        let here = program.here();
        called.extend(here.functions);
        answers += bare.len();
        let found = program::differences(&bare, &here.answers);
        faults.extend(table.faults(&program.title(), &found));
    }
    println!("{answers} answers of {} programs compared", programs.len());
    assert!(faults.is_empty(), "{} differences are not as in the table:\n{}", faults.len(), faults.join("\n"));
    called
}

/// Every function of WASI, from the table of classes, as journals name them without versions.
fn functions() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("runtime/calls/classes.txt")).unwrap();
    let mut functions = BTreeSet::new();
    let mut interface = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            None => interface = line,
            Some(entry) => {
                let name = entry.split_whitespace().nth(1).unwrap();
                if interface.starts_with("wasi:") && !name.starts_with("[resource-drop]") {
                    functions.insert(format!("{interface}#{name}"));
                }
            }
        }
    }
    assert!(functions.len() > 100, "{functions:?}");
    functions
}
