//! Checks the policies that people copy: those of the example tools, and those that the documentation shows.

use std::fs;

use wasm_agent_policy::{Policy, Surroundings};

use xtask::project::Project;

/// The folders of the guest workspace that hold no example tool, and so need no policy.
const WITHOUT_POLICY: [&str; 4] = ["sdk", "hostile", "bench", "target"];

#[test]
fn every_example_tool_has_a_policy_that_loads() {
    let sources = Project::locate().expect("this crate is in the project").guest_sources();
    let mut checked = 0;
    for entry in fs::read_dir(sources).expect("the guest workspace can be read") {
        let dir = entry.expect("the guest workspace can be read").path();
        let name = dir.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if !dir.is_dir() || WITHOUT_POLICY.contains(&name.as_str()) {
            continue;
        }
        let text = fs::read_to_string(dir.join("policy.toml")).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Loading runs the tests that stand in the file.
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        no_warning(&name, &policy);
        assert!(text.contains("[[test]]"), "{name}: a policy without tests says nothing about what it is for");
        assert!(policy.tool_sha256().is_none(), "{name}: a tool that is built here has no fixed digest");
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} tools were found");
}

#[test]
fn every_policy_in_the_documentation_is_free_of_warnings() {
    let root = Project::locate().expect("this crate is in the project").root().to_owned();
    let mut checked = 0;
    for file in ["README.md", "runtime/policy/POLICY.md"] {
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let whole = if block.contains("version = 1") { block.to_owned() } else { format!("version = 1\n{block}") };
            let policy = Policy::parse(&whole).unwrap_or_else(|errors| panic!("{file}: {errors:#?}\n{block}"));
            no_warning(file, &policy);
            checked += 1;
        }
    }
    assert!(checked >= 3, "only {checked} policies were found");
}

fn no_warning(name: &str, policy: &Policy) {
    let warnings = policy.warnings(&Surroundings::default());
    assert!(warnings.count() == 0, "{name}: {warnings:#?}");
}
