//! `inspect`.

use crate::desk::Desk;
use wasm_agent_tests::wat;

#[test]
fn shows_what_a_tool_is() {
    let mut desk = Desk::new();
    desk.tool("clock.wasm", &wat::clock_calls(1));
    desk.tool("exit.wasm", &wat::preview1_exit(0));
    desk.tool(
        "plain.wasm",
        r#"(component (core module $m (func (export "f") (param i32) (result i32) local.get 0))
        (core instance $m (instantiate $m))
        (type $kind (enum "small" "large"))
        (export $kind-exported "kind" (type $kind))
        (func (export "f") (param "kind" $kind-exported) (result u32) (canon lift (core func $m "f"))))"#,
    );
    for tool in ["clock", "exit", "plain"] {
        desk.run(&format!("inspect {tool}.wasm"));
        desk.run(&format!("inspect --format json {tool}.wasm"));
    }
    desk.matches("inspect");
}
