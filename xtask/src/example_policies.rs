//! Checks the policy files that come with the example tools.

use std::fs;

use wasm_agent_policy::Policy;

use crate::project::Project;

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
        assert!(text.contains("[[test]]"), "{name}: a policy without tests says nothing about what it is for");
        assert!(policy.tool_sha256().is_none(), "{name}: a tool that is built here has no fixed digest");
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} tools were found");
}
