//! A look or an effect in the short form of the gate's macro does not compile.

use std::process::{Command, Output};

use wasm_agent_tests::guests::root;

/// Compiles the macro on made-up traits, in a folder of its own: the crates that it needs are few.
fn compile(features: &[&str]) -> Output {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["check", "--quiet", "--locked", "--offline", "--package", "wasm-agent-short-form"]).args(features);
    cargo.arg("--target-dir").arg(root().join("target/short-form")).current_dir(root());
    cargo.output().unwrap()
}

#[test]
fn an_effect_in_the_short_form_does_not_compile() {
    let fine = compile(&[]);
    assert!(fine.status.success(), "{}", String::from_utf8_lossy(&fine.stderr));
    for (feature, error) in
        [("effect", "a look or an effect goes through the gate"), ("unknown", "WIT has no such function")]
    {
        let refused = compile(&["--features", feature]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains(error), "{feature}: {said}");
    }
}
