//! The policies that people copy: those of the example tools, and those that the documentation shows.

use wasm_agent_host::policy::{Policy, Surroundings};

use crate::{example_tools, text};

#[test]
fn every_example_tool_has_a_policy_that_loads() {
    let tools = example_tools();
    assert!(tools.len() >= 5, "only {tools:?}");
    for name in tools {
        let text = text(format!("guest-tools/{name}/policy.toml"));
        // Loading runs the tests in the file.
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        no_warning(&name, &policy);
        assert!(text.contains("[[test]]"), "{name}: a policy without tests says nothing about what it is for");
        assert!(policy.tool_sha256().is_none(), "{name}: a tool that is built here has no fixed digest");
    }
}

#[test]
fn every_policy_in_the_documentation_is_free_of_warnings() {
    let mut checked = 0;
    for file in ["README.md", "runtime/policy/POLICY.md"] {
        let text = text(file);
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
