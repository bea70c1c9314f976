//! Every limit that `LIMITS.md` names has a test.

use std::collections::BTreeSet;

use wasm_agent_tests::{Folder, Scene, guests, wat};

/// The limits of the table, and the test of each: its file, and its name.
const TESTED: &[(&str, &str, &str)] = &[
    ("memory", "limits.rs", "memory_beyond_the_limit_is_refused_and_the_guest_can_handle_it"),
    ("time", "limits.rs", "time_ends_a_loop_and_the_replay_stops_where_it_did"),
    ("fuel", "limits.rs", "running_out_of_fuel_at_any_point_is_the_same_in_the_replay"),
    ("output", "bounds.rs", "a_tool_prints_as_much_as_it_may"),
    ("journal", "limits.rs", "record_of_a_run_is_bounded"),
    ("handles", "bounds.rs", "a_tool_has_as_many_handles_as_it_may"),
    ("request-body", "http.rs", "request_larger_than_its_limit_is_not_sent"),
    ("response-body", "http.rs", "response_larger_than_its_limit_breaks_off"),
    ("http-requests", "pending.rs", "more_requests_at_once_than_the_limit_wait_for_a_place"),
    ("http-requests-total", "pending.rs", "a_run_makes_no_more_requests_than_it_may_in_all"),
    ("files", "disk.rs", "a_run_makes_files_no_longer_than_it_may"),
    ("file-count", "disk.rs", "a_run_makes_no_more_files_than_it_may"),
    ("denials", "reading.rs", "a_tool_that_goes_on_probing_is_stopped"),
    ("elements of tables", "bounds.rs", "tables_grow_to_their_limit"),
    ("core instances, memories, tables", "bounds.rs", "a_tool_has_as_many_instances_as_it_may"),
    ("stack", "limits.rs", "endless_recursion_is_a_trap"),
    ("arguments of a call", "bounds.rs", "the_arguments_of_a_call_are_as_long_as_they_may_be_and_no_longer"),
    ("pollables of a call", "bounds.rs", "a_call_waits_for_as_many_pollables_as_a_tool_can_lend"),
    ("random bytes of a call", "bounds.rs", "a_call_gets_as_many_random_bytes_as_it_may_and_no_more"),
    ("headers of a message", "../attacks/exhaustion.rs", "huge_headers_are_refused"),
    ("names of a path", "bounds.rs", "a_path_has_as_many_names_and_bytes_as_it_may"),
    ("bytes of a path", "bounds.rs", "a_path_has_as_many_names_and_bytes_as_it_may"),
    ("links on a path", "bounds.rs", "a_path_leads_through_as_many_links_as_it_may"),
    ("remembered links", "../../runtime/files/src/links.rs", "a_run_that_makes_too_many_renames_no_directory"),
    ("size of a tool", "loading.rs", "refuses_a_tool_that_is_too_large_without_reading_it"),
    ("memory to compile", "compiling.rs", "a_compiler_that_ran_out_says_of_what"),
    ("time to compile", "compiling.rs", "a_compiler_that_ran_out_says_of_what"),
    ("open files of the process", "../cli/shortages.rs", "too_few_files_to_begin_with_are_an_error"),
];

/// The names in the first column of the tables.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../runtime/policy/LIMITS.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    let names = rows.map(|(name, _)| name.trim_matches('`').to_owned());
    names.filter(|name| name != "limit" && name != "---").collect()
}

#[test]
fn every_limit_is_documented_and_tested() {
    let tested: BTreeSet<String> = TESTED.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    assert_eq!(documented(), tested);
    for (name, file, test) in TESTED {
        let path = guests::root().join("tests/integration").join(file);
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.contains(&format!("fn {test}() {{")), "{name}: {test} is not in {file}");
    }
}

#[test]
fn every_limit_that_a_run_records_is_documented() {
    let tool = guests::from_text("clock.wasm", &wat::clock_calls(1));
    let run = Scene::tool(&Folder::new(), tool).policy("[limits]\nfuel = 1000000\n").run();
    let header = run.events_of("header").remove(0);
    let recorded = header["limits"].as_object().unwrap();
    assert!(recorded.len() >= 13, "{recorded:?}");
    for name in recorded.keys() {
        let name = name.trim_end_matches("-bytes").trim_end_matches("-ns");
        assert!(documented().contains(name), "{name}");
    }
}
