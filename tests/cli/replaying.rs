//! `replay`.

use crate::desk::{Desk, YES};
use wasm_agent_tests::wat;

fn recorded() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    std::fs::remove_dir_all(desk.path("notes")).unwrap();
    std::fs::remove_file(desk.path("policy.toml")).unwrap();
    desk
}

#[test]
fn replays_from_the_journal_alone() {
    let mut desk = recorded();
    desk.run("replay a.journal");
    desk.run("replay --quiet a.journal");
    let ran = desk.run("replay --format json a.journal");
    assert_eq!(ran.err_objects()[0]["identical"], true);
    desk.run("replay --component edit-files.wasm a.journal");
    assert!(!desk.path("notes").exists());
    desk.matches("replay");
}

#[test]
fn says_which_tool_is_missing() {
    let mut desk = recorded();
    desk.run("replay --state elsewhere a.journal").fails_in_one_line(&[2]);
    desk.run("replay --component nothing.wasm a.journal").fails_in_one_line(&[2]);
    assert_eq!(desk.run("replay --state elsewhere --component edit-files.wasm a.journal").status, 0);
    desk.matches("replay-no-tool");
}

#[test]
fn a_damaged_copy_of_the_tool_is_not_a_tool_that_differs() {
    let mut desk = recorded();
    desk.guest("search");
    desk.quietly("run --state state -j b.journal edit-files.wasm -- /notes colour color");
    let kept = std::fs::read_dir(desk.path("state/components")).unwrap().next().unwrap().unwrap().path();
    let intact = std::fs::read(&kept).unwrap();
    desk.hide(kept.file_stem().unwrap().to_str().unwrap().to_owned(), "SHA256");
    let mut changed = intact.clone();
    *changed.last_mut().unwrap() ^= 1;
    for damage in [changed, intact[..1000].to_vec(), Vec::new(), desk.read("search.wasm")] {
        std::fs::write(&kept, damage).unwrap();
        let ran = desk.quietly("replay --state state b.journal");
        ran.fails_in_one_line(&[2]);
        assert!(ran.err().contains("is damaged: its sha256 is"), "{}", ran.err());
    }
    desk.run("replay --state state b.journal");
    // A run keeps a copy again that was cut, and what the hint says makes one in any case.
    std::fs::write(&kept, &intact[..1000]).unwrap();
    desk.quietly("run --state state -j c.journal edit-files.wasm -- /notes colour color");
    assert_eq!(std::fs::read(&kept).unwrap(), intact);
    std::fs::remove_file(&kept).unwrap();
    assert_eq!(desk.run("replay --state state --component edit-files.wasm b.journal").status, 1);
    assert_eq!(desk.run("replay --state state b.journal").status, 1);
    desk.matches("replay-damaged-copy");
}

#[test]
fn shows_both_sides_where_another_tool_differs() {
    let mut desk = Desk::new();
    desk.tool("three.wasm", &wat::clock_calls(3));
    desk.tool("four.wasm", &wat::clock_calls(4));
    desk.tool("two.wasm", &wat::clock_calls(2));
    desk.tool("ends.wasm", &wat::preview1_exit(0));
    desk.guest("search");
    desk.quietly("run -j a.journal three.wasm");
    for tool in ["four", "two", "ends"] {
        let ran = desk.run(&format!("replay --component {tool}.wasm a.journal"));
        assert_eq!(ran.status, 4, "{tool}: {}", ran.err());
    }
    let ran = desk.run("replay --format json --component four.wasm a.journal");
    assert_eq!(ran.err_objects()[0]["exit"], 4);
    assert_eq!(ran.err_objects()[0]["divergence"]["differs"], "step");
    // What was called then can't be called in this one.
    let ran = desk.run("replay --component search.wasm a.journal");
    assert_eq!(ran.status, 2, "{}", ran.err());
    desk.matches("replay-differs");
}

#[test]
fn marks_what_differs_and_shows_the_calls_around_it() {
    let mut desk = recorded();
    desk.run("replay a.journal -- /notes colour hue");
    desk.run("replay --from-divergence a.journal -- /notes colour hue");
    let ran = desk.run("replay --format json --from-divergence a.journal -- /notes colour hue");
    assert_eq!(ran.status, 4);
    let object = &ran.err_objects()[0];
    assert_eq!(object["divergence"]["differs"], "arguments");
    let numbers: Vec<u64> =
        object["around"].as_array().unwrap().iter().map(|call| call["call"].as_u64().unwrap()).collect();
    let call = object["divergence"]["call"].as_u64().unwrap();
    assert!(numbers.contains(&call) && numbers.len() <= 11, "{numbers:?}");
    desk.run("replay a.journal -- /notes colour color");
    desk.tool("hello.wasm", &wat::preview1_print("hello there"));
    desk.tool("hullo.wasm", &wat::preview1_print("hullo there"));
    desk.quietly("run -j b.journal hello.wasm");
    desk.run("replay --component hullo.wasm b.journal");
    desk.matches("replay-marked");
}

#[test]
fn stops_after_the_call_that_is_named() {
    let mut desk = Desk::new();
    desk.tool("hello.wasm", &wat::preview1_print("hello"));
    desk.quietly("run -j a.journal hello.wasm");
    desk.tool("clock.wasm", &wat::clock_calls(3));
    desk.quietly("run -j clock.journal clock.wasm");
    assert_eq!(desk.run("replay --until 0 a.journal").status, 0);
    assert_eq!(desk.run("replay --until 0 --quiet a.journal").status, 0);
    desk.run("replay --until 99 a.journal");
    let ran = desk.run("replay --format json --until 1 clock.journal");
    assert_eq!(ran.err_objects()[0]["until"]["call"], 1);
    // What comes after that call is another tool's business.
    desk.tool("two.wasm", &wat::clock_calls(2));
    assert_eq!(desk.quietly("replay --component two.wasm --until 1 clock.journal").status, 0);
    assert_eq!(desk.run("replay --component two.wasm --until 2 clock.journal").status, 4);
    desk.matches("replay-until");
}

#[test]
fn says_that_nothing_vouches_for_an_end_that_no_seal_covers() {
    let mut desk = recorded();
    let whole = desk.read("a.journal");
    desk.write("cut.journal", &whole[..whole.len() - 5]);
    assert_eq!(desk.run("replay cut.journal").status, 3);
    let ran = desk.run("replay --format json cut.journal");
    assert_eq!((&ran.err_objects()[0]["complete"], &ran.err_objects()[0]["exit"]), (&false.into(), &3.into()));
    desk.matches("replay-unsealed");
}

#[test]
fn has_bounds_of_its_own() {
    let desk = recorded();
    let used = desk.quietly("--format json replay a.journal").err_objects()[0]["fuel"].as_u64().unwrap();
    assert_eq!(desk.quietly(&format!("replay --max-fuel {used} a.journal")).status, 0);
    let less = used - 1;
    let ran = desk.quietly(&format!("replay --max-fuel {less} a.journal"));
    ran.fails_in_one_line(&[3]);
    let said = format!(
        "error: the replay needs more than its own bound of {less} units of fuel\nhint: `--max-fuel {}` ",
        2 * less
    );
    assert!(ran.err().starts_with(&said), "{}", ran.err());
    let ran = desk.quietly(&format!("--format json replay --max-fuel {less} a.journal"));
    assert_eq!((ran.status, &ran.err_objects()[0]["exit"]), (3, &3.into()));
    let ran = desk.quietly("replay --max-memory 65536 a.journal");
    ran.fails_in_one_line(&[3]);
    let said = "error: the replay needs more than its own bound of 65536 bytes of memory\nhint: `--max-memory 131072` ";
    assert!(ran.err().starts_with(said), "{}", ran.err());
    // Where contents are missing that a replay would make again, it is said why.
    let long = Desk::with_notes();
    long.script("yes.sh", YES);
    long.write("notes/today.md", "The colour of the sky. ".repeat(100));
    long.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    let ran = long.quietly("journal files --max-fuel 1000 a.journal out");
    assert_eq!(ran.status, 0, "{}", ran.err());
    assert!(ran.out().contains("--max-fuel 2000"), "{}", ran.out());
}
