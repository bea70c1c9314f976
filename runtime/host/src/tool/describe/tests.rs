use super::*;
use crate::engine::compile::Compiler;

fn described(text: &str) -> Result<Description, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tool.wasm");
    std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    Description::read(&Engine::new(Compiler::in_process()).unwrap(), &path)
}

/// What is exported, as lines.
fn lines(read: &Description) -> Vec<String> {
    let mut lines: Vec<_> = read.exports().iter().map(|one| format!("{}: {}", one.shown(), one.signature())).collect();
    if read.exports().more() > 0 {
        lines.push(format!("and {} more", read.exports().more()));
    }
    lines
}

/// A component with a function that has one parameter `p`, of the last of these types.
fn taking(types: &str) -> String {
    format!(
        r#"(component {types} (import "wasi:random/random@0.2.0" (instance $i))
            (core module $m (func (export "f") (param i32 i32)) (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
            (core instance $m (instantiate $m))
            (func (export "f") (param "p" $last)
                (canon lift (core func $m "f")
                    (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))"#
    )
}

#[test]
fn types_are_written_as_wit_writes_them() {
    let read = described(&taking(
        r#"(type $a (option (tuple u8 string)))
        (type $b (result (error s64)))
        (type $last (list (tuple $a $b (list f32) char)))"#,
    ))
    .unwrap();
    let ty = "list<tuple<option<tuple<u8, string>>, result<_, s64>, list<f32>, char>>";
    assert_eq!(lines(&read), [format!("f: func(p: {ty})")]);
    assert_eq!(read.imports(), ["wasi:random/random@0.2.0"]);
    assert!(!read.is_command() && !read.is_adapted());
}

#[test]
fn documentation_of_the_wit_is_kept_with_functions_and_fields() {
    let docs = serde_json::json!({ "worlds": { "w": {
        "func_exports": { "f": { "docs": "Puts it." } },
        "types": { "line": { "items": { "count": { "docs": "How many." } } } },
    } } });
    let docs = docs.to_string().replace('"', "\\\"");
    let read = described(&format!(
        r#"(component
            (core module $m (func (export "f") (param i32)))
            (core instance $m (instantiate $m))
            (type $line (record (field "count" u8)))
            (export $exported "line" (type $line))
            (func (export "f") (param "line" $exported) (canon lift (core func $m "f")))
            (@custom "package-docs" "\01{docs}"))"#
    ))
    .unwrap();
    let function = read.exports().iter().next().unwrap();
    assert_eq!(function.docs(), Some("Puts it."));
    let schema = function.callable().unwrap().input_schema().unwrap();
    assert_eq!(schema["properties"]["line"]["properties"]["count"]["description"], "How many.");
}

#[test]
fn types_that_are_long_when_written_out_are_cut() {
    let mut types = "(type $t0 u8)".to_owned();
    for level in 1..=16 {
        types += &format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    types += "(type $last (list $t16))";
    let read = described(&taking(&types)).unwrap();
    let line = &lines(&read)[0];
    assert!(line.len() < 8 << 10 && line.contains('…'), "{} {line}", line.len());
}

/// An instance of an imported type with this many functions, exported this many times, under names of this many bytes.
fn product(functions: usize, exports: usize, name_bytes: usize) -> String {
    let long = "n".repeat(name_bytes);
    let functions: String = (0..functions).map(|n| format!("(export \"f{n}{long}\" (func))")).collect();
    let exports: String = (0..exports).map(|n| format!("(export \"e{n}{long}\" (instance $i))")).collect();
    format!("(component (import \"wasi:random/random@0.2.0\" (instance $i {functions})) {exports})")
}

#[test]
fn many_functions_are_counted_and_not_shown() {
    let lines = |functions, exports, name_bytes| {
        let lines = lines(&described(&product(functions, exports, name_bytes)).unwrap());
        (lines.len(), lines.iter().map(String::len).sum::<usize>(), lines.last().cloned())
    };
    let (count, bytes, last) = lines(200, 200, 0);
    assert_eq!((count, last.unwrap().as_str()), (10_001, "and 30000 more"));
    assert!(bytes < 1 << 20, "{bytes}");
    let (count, bytes, last) = lines(100, 100, 10_000);
    assert!(
        bytes < (1 << 20) + 1_000 && last == Some(format!("and {} more", 10_001 - count)),
        "{count} {bytes} {last:?}"
    );
    assert_eq!(lines(2, 3, 0).0, 6);
}

#[test]
fn long_names_are_cut() {
    let long = "n".repeat(90_000);
    let imported = format!("(type $eq string) (import \"{long}\" (type $last (eq $eq)))");
    let text = taking(&imported).replace("\"p\"", &format!("\"{long}\""));
    let read =
        described(&text.replace("(func (export \"f\") (param \"", &format!("(func (export \"{long}\") (param \"")))
            .unwrap();
    let cut = format!("{}…", "n".repeat(200));
    assert_eq!(read.imports(), [cut.as_str(), "wasi:random/random@0.2.0"]);
    assert_eq!(lines(&read), [format!("{cut}: func({cut}: string)")]);
}

#[test]
fn an_impossible_description_is_refused() {
    let parse = |imports: usize, list: u32, more: &str| {
        let imports = vec!["wasi:cli/exit@0.2.0"; imports];
        let types = serde_json::json!(["bool", { "list": list }]);
        let signature = serde_json::json!({ "parameters": [["p", 1]], "result": null });
        let export = serde_json::json!({ "interface": null, "name": "f", "ty": { "Ok": signature }, "docs": null });
        let text = serde_json::json!({
            "command": true, "imports": imports, "types": types, "exports": [export], "more": 0,
        });
        Interfaces::parse(format!("{text}{more}").as_bytes())
    };
    let read = parse(10_001, 0, "").unwrap();
    assert_eq!(read.exports.iter().next().unwrap().signature(), "func(p: list<bool>)");
    assert!(parse(10_002, 0, "").is_none());
    // A type can't consist of itself.
    assert!(parse(1, 1, "").is_none());
    assert!(parse(1, 0, "{}").is_none());
    assert!(Interfaces::parse(b"").is_none());
}

#[test]
fn code_is_not_read() {
    let text =
        r#"(component (core module $m (func (export "f") (result i32) i64.const 0)) (core instance (instantiate $m)))"#;
    assert!(described(text).is_ok());
}
