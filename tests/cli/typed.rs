//! Typed exports from outside: what `inspect` prints can be pasted, and each value goes both ways.

use std::process::Stdio;

use crate::desk::Desk;
use serde_json::{Value, json};
use wasm_agent_tests::typed;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("shop.wasm", typed::shop());
    desk
}

#[test]
fn what_inspect_prints_can_be_called() {
    let mut desk = desk();
    let described = desk.quietly("inspect --format json shop.wasm").out_objects().remove(0);
    let exports = described["exports"].as_array().unwrap();
    let calls: Vec<&str> = exports.iter().filter_map(|export| export["call"].as_str()).collect();
    assert_eq!(calls.len(), 7, "{exports:?}");
    for (number, call) in calls.iter().enumerate() {
        assert_eq!(desk.quietly(&format!("run -q -j {number}.journal --call '{call}' shop.wasm")).status, 0, "{call}");
    }
    for export in exports.iter().filter(|export| export["call"].is_null()) {
        assert!(export["not_callable"].as_str().unwrap().contains("handle"), "{export}");
    }
    desk.run("inspect shop.wasm");
    desk.run("inspect --schema shop.wasm");
    desk.matches("inspect-typed");
}

#[test]
fn a_module_that_says_its_types_is_called_like_its_component() {
    let mut desk = Desk::new();
    desk.write("shop.wasm", typed::shop_module());
    assert!(desk.run("inspect shop.wasm").out().contains("adapted, not a command: call its exports with `--call`"));
    let ran = desk.run("run -q -j a.journal --call 'acme:shop/cart@1.2.0#add({count: 3})' shop.wasm");
    assert_eq!((ran.status, ran.out().as_str()), (0, "3\n"));
    desk.write("both.wasm", typed::shop_command());
    assert!(desk.run("inspect both.wasm").out().contains("adapted, a command"));
    assert_eq!(desk.quietly("run -q -j b.journal both.wasm").status, 0);
    assert_eq!(desk.quietly("run -q -j c.journal --call 'length(\"four\")' both.wasm").out(), "4\n");
    for journal in ["a", "b", "c"] {
        assert_eq!(desk.quietly(&format!("replay -q {journal}.journal")).status, 0, "{journal}");
    }
}

#[test]
fn a_name_is_as_long_as_it_has_to_be() {
    let mut desk = desk();
    for (number, call) in
        ["acme:shop/stock@1.2.0#add(3)", "acme:shop/stock#add(3)", "stock@1.2.0#add(3)", "stock#add(3)"]
            .iter()
            .enumerate()
    {
        let ran = desk.quietly(&format!("run -q -j {number}.journal --call '{call}' shop.wasm"));
        assert_eq!((ran.status, ran.out().as_str()), (0, "3\n"), "{call}");
    }
    for call in [
        "add(3)",
        "stck#add(3)",
        "stock/add(3)",
        "acme:shop/stock@1.3.0#add(3)",
        "lenght(\"\")",
        "acme:shop/cart@1.2.0#[constructor]basket()",
        "acme:shop/cart@1.2.0#[method]basket.size(1)",
    ] {
        desk.run(&format!("run --call '{call}' shop.wasm")).fails_in_one_line(&[2]);
    }
    desk.run("run shop.wasm").fails_in_one_line(&[2]);
    desk.matches("call-names");
}

#[test]
fn each_value_goes_both_ways() {
    let mut desk = desk();
    let cases = [
        ("same", "(0.1)", json!([0.1]), json!(0.1)),
        ("same", "(nan)", json!(["NaN"]), json!("NaN")),
        ("same", "(-inf)", json!({ "number": "-Infinity" }), json!("-Infinity")),
        ("stock#add", "(18446744073709551615)", json!([u64::MAX]), json!(u64::MAX)),
        ("depth", "(none)", json!([null]), json!(0)),
        ("depth", "(some(none))", json!([{ "some": null }]), json!(1)),
        ("depth", "(some(some(7)))", json!([{ "some": 7 }]), json!(2)),
        ("nested", "(0)", json!([0]), json!(null)),
        ("nested", "(1)", json!([1]), json!({ "some": null })),
        ("nested", "(2)", json!([2]), json!({ "some": 7 })),
        ("pick", "(none)", json!(["none"]), json!("none")),
        ("cart#add", "({gift-wrap: some(true), count: 9})", json!([{ "gift-wrap": true, "count": 9 }]), json!(9)),
    ];
    for (number, (name, wave, arguments, returned)) in cases.into_iter().enumerate() {
        let ran = desk.run(&format!("run -q -j {number}.journal --call '{name}{wave}' shop.wasm"));
        assert_eq!(ran.status, 0, "{name}{wave}");
        assert_eq!(desk.quietly(&format!("replay -q {number}.journal")).out(), ran.out(), "{name}{wave}");
        let ran = desk.quietly(&format!("run -q -j j{number}.journal --call {name} --json '{arguments}' shop.wasm"));
        assert_eq!(serde_json::from_str::<Value>(&ran.out()).unwrap(), returned, "{name} {arguments}");
        let replayed = desk.quietly(&format!("replay -q --json j{number}.journal"));
        assert_eq!(replayed.out(), ran.out(), "{name} {arguments}");
    }
    desk.matches("call-values");
}

#[test]
fn a_slip_is_told_what_to_write() {
    let mut desk = desk();
    for call in [
        "cart#add({count: 1, gift-warp: true})",
        "cart#add({giftwrap: true, count: 1})",
        "cart#add({count: 256})",
        "stock#add(-1)",
        "stock#add(1.0)",
        "stock#add(18446744073709551616)",
        "length(Ada)",
        "pick(Large)",
        "pick(\"large\")",
        "pick(huge)",
        "depth(7)",
    ] {
        desk.run(&format!("run --call '{call}' shop.wasm")).fails_in_one_line(&[2]);
    }
    for (name, arguments) in [
        ("cart#add", r#"{"line": {"count": 1, "gift-warp": true}}"#),
        ("stock#add", r#"{"count": "7"}"#),
        ("depth", "[7]"),
        ("length", r#"{"text": "a", "text": "b"}"#),
        ("same", r#"["inf"]"#),
    ] {
        desk.run(&format!("run --call {name} --json '{arguments}' shop.wasm")).fails_in_one_line(&[2]);
    }
    desk.matches("call-slips");
}

#[test]
fn arguments_of_any_length_come_from_a_file_or_standard_input() {
    let mut desk = desk();
    let long = format!("[\"{}\"]", "a".repeat(200_000));
    desk.write("long.json", &long);
    desk.write("text.json", "{\"text\": \"four\"");
    desk.write("latin.json", b"[\"\xe9\"]");
    desk.sparse("large.json", 13 << 20);
    assert_eq!(desk.run("run -q -j a.journal --call length --json @long.json shop.wasm").out(), "200000\n");
    assert_eq!(desk.quietly("replay -q --json a.journal").out(), "200000\n");
    let input = std::fs::File::open(desk.path("long.json")).unwrap();
    let ran = desk.run_as("run -q -j b.journal --call length --json - shop.wasm", |command| {
        command.stdin(Stdio::from(input));
    });
    assert_eq!(ran.out(), "200000\n");
    // A pipe in place of a file has no end, and does not hang the program.
    assert!(desk.command("mkfifo").arg("pipe").status().unwrap().success());
    for given in ["@nothing.json", "@.", "@pipe", "@text.json", "@latin.json", "@large.json", "@", "-"] {
        desk.run(&format!("run --call length --json {given} shop.wasm")).fails_in_one_line(&[2]);
    }
    desk.run("run --stdin --call length --json - shop.wasm").fails_in_one_line(&[2]);
    desk.matches("call-json");
}
