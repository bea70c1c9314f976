//! Texts with a common slip, and what people are told to write instead.

use super::{U8, U64, function, record};
use crate::{Function, Json, Type};

fn option(ty: &Type) -> Type {
    Type::Option(ty.clone().into())
}

fn add() -> Function {
    let fields = [("name", Type::String), ("count", U64), ("size", Type::Enum(super::names(&["small", "large"])))];
    function("item", record(&fields))
}

fn wave(function: &Function, call: &str) -> String {
    function.arguments_from_wave(call).unwrap_err().to_string()
}

#[test]
fn a_slip_in_wave_is_told_what_to_write() {
    let names = "parameters have no names here: write the values in order, or use `--json`";
    for (call, expected) in [
        ("add({name: \"x\", count: 3, count: 4})", "`count` is given twice at `count` (column 27): remove one"),
        ("add(name: \"x\")", &format!("not a value at `name` (column 5): {names}")),
        ("add(name=\"x\")", &format!("not a value at `name` (column 5): {names}")),
        ("add(\"name\": \"x\")", &format!("not a value at `\"name\"` (column 5): {names}")),
        (
            "add({\"name\": \"x\"})",
            "not a value at `\"name\"` (column 6): names of fields have no quotes; for JSON use `--call NAME --json \
             '…'`",
        ),
        ("add({name=\"x\"})", "not a value at `name` (column 6): write `name: \"x\"`"),
        ("add({name: \"x)", "not a value at `\"x)` (column 12): the string has no closing `\"`"),
        ("add({name: \"a\nb\"})", "not a value at `\"a…` (column 12): a string is on one line: write `\\n`"),
        ("add({name: “x”})", "not a value at `“` (column 12): strings are written in straight quotes: use `\"`"),
        ("add({name: \"C:\\Users\"})", "not a value at `\"C:\\Users\"` (column 12): write `\\\\` for a backslash"),
        ("add({name: \"\\q\"})", "not a value at `\"\\q\"` (column 12): write `\\\\` for a backslash"),
        ("add({count: 0x10})", "not a value at `0x10` (column 13): a number has decimal digits only"),
        ("add({count: 1_000})", "not a value at `1_000` (column 13): a number has decimal digits only: write 1000"),
        ("add({count: +1})", "not a value at `+1` (column 13): a number has decimal digits only: write 1"),
        ("add({count: .5})", "not a value at `.5` (column 13): write 0.5"),
        ("add({count: 5.})", "not a value at `5.` (column 13): write 5.0"),
        ("add({count: 007})", "not a value at `007` (column 13): write 7"),
        ("add({}) and more", "text after the call at `and more` (column 9): remove it"),
        ("add({count: NaN})", "not a value at `NaN` (column 13): write `nan`, `inf` or `-inf`"),
        (
            "add({size: Large})",
            "not a value at `Large` (column 12): a name is written in small letters, `large`, a string in double \
             quotes, \"Large\"",
        ),
        ("add({size: None})", "not a value at `None` (column 12): write `none`"),
        ("add([1, 2)", "not a value at `)` (column 10): write `]`"),
        ("add(1,, 2)", "not a value at `, 2)` (column 7): a value is missing before it"),
        ("add([1 2])", "not a value at `2` (column 8): a `,` is missing before it"),
        ("add([1; 2])", "not a value at `;` (column 7): items have `,` between them"),
        ("add(some 3)", "not a value at `3` (column 10): write `some(…)`"),
        ("add(Some(3))", "not a value at `Some` (column 5): write `some(…)`"),
        ("add({a => 1})", "not a value at `a` (column 6): write `a: …`"),
        (
            "add({dueDate: 1})",
            "not a value at `dueDate` (column 6): a name is written in small letters with hyphens, `due-date`",
        ),
        ("add({", "the text is incomplete at the end: a bracket is missing"),
    ] {
        assert_eq!(wave(&add(), call), expected, "{call}");
    }
}

#[test]
fn a_string_without_quotes_is_told_whole() {
    let greet = function("name", Type::String);
    let shell = "in a shell, put single quotes around the whole call";
    for (call, column, shown, string) in [
        ("greet(Ada)", 7, "Ada", "Ada"),
        ("greet(Ada Lovelace)", 7, "Ada", "Ada Lovelace"),
        ("greet(hello world)", 13, "world", "hello world"),
        ("greet(https://a.example/b?c)", 7, "https://a.example/b?c", "https://a.example/b?c"),
        ("greet(ada@a.example)", 7, "ada@a.example", "ada@a.example"),
        ("greet(2024-01-02)", 7, "2024-01-02", "2024-01-02"),
        ("shop/cart@1.2.0#greet(ö)", 23, "ö", "ö"),
    ] {
        let expected = format!(
            "not a value at `{shown}` (column {column}): a string is written in double quotes, \"{string}\"; {shell}"
        );
        assert_eq!(wave(&greet, call), expected, "{call}");
    }
    assert!(wave(&greet, "greet(C:\\x)").ends_with(&format!("double quotes, \"C:\\\\x\"; {shell}")));
}

#[test]
fn what_is_proposed_is_accepted() {
    let twice = option(&option(&U8));
    let whole = "a whole number from 0 to 255";
    for (ty, text, advice) in [
        (twice.clone(), "3", "`none` or `some(some(3))`"),
        (twice.clone(), "null", "`none`"),
        (twice, "300", &format!("`none`, or `some(some(…))` with {whole}")),
        (option(&U8), "300", &format!("`none`, or `some(…)` with {whole}")),
        (option(&U8), "\"x\"", &format!("`none`, or `some(…)` with {whole}")),
        (option(&Type::String), "ada", "`none`, or `some(…)` with string"),
        (U8, "some(300)", whole),
        (U8, "some(3)", "`3`"),
        (Type::String, "some(\"x\")", "`\"x\"`"),
        (Type::String, "[\"x\"]", "text in double quotes"),
        (Type::Bool, "some(true)", "`true`"),
    ] {
        let problem = wave(&function("p", ty), &format!("f({text})"));
        assert!(problem.ends_with(&format!(": write {advice}")), "{problem}");
    }
}

fn json(function: &Function, text: &str) -> String {
    match Json::parse(text) {
        Ok(given) => function.arguments_from_json(&given).unwrap_err().to_string(),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn a_slip_in_json_is_told_what_to_write() {
    for (text, advice) in [
        ("", "the text is empty"),
        (" \n", "the text is empty"),
        (r#"{"item": {"count": NaN}}"#, "not a value at `NaN` (line 1, column 20): write \"NaN\", in quotes"),
        ("{\n\"item\": -Infinity}", "not a value at `-Infinity` (line 2, column 9): write \"-Infinity\", in quotes"),
        (
            "name",
            "not a value at `name` (line 1, column 1): a string is written in double quotes; \
             `--json @FILE` reads a file",
        ),
        (
            "a/b.json",
            "not a value at `a/b.json` (line 1, column 1): a string is written in double quotes; \
             `--json @FILE` reads a file",
        ),
        ("[True]", "not a value at `True` (line 1, column 2): write true"),
        ("[None]", "not a value at `None` (line 1, column 2): write null"),
        ("['a']", "not a value at `'a'` (line 1, column 2): strings and names have double quotes"),
        ("[“a”]", "not a value at `“a”` (line 1, column 2): strings are written in straight quotes: use `\"`"),
        ("{item: 1}", "not a value at `item` (line 1, column 2): names have double quotes"),
        (
            "[0x10]",
            "not a value at `0x10` (line 1, column 2): a number has decimal digits only, no leading \
             `+` or zeros, and digits around its point",
        ),
        (
            "[+1]",
            "not a value at `+1` (line 1, column 2): a number has decimal digits only, no leading \
             `+` or zeros, and digits around its point",
        ),
        ("[\"a", "EOF while parsing a string at line 1 column 3: the string has no closing `\"`"),
        ("[1", "EOF while parsing a list at line 1 column 2: a bracket is missing"),
        ("[1 2]", "not a value at `2` (line 1, column 4): a `,` is missing before it"),
        ("[1; 2]", "expected `,` or `]` at line 1 column 3: a `,` is missing before it"),
        ("[1,]", "trailing comma at line 1 column 4: remove the comma"),
        (r#"{"a" 1}"#, "not a value at `1` (line 1, column 6): a `:` is missing after the name"),
        (r#"["\q"]"#, "invalid escape at line 1 column 4: write `\\\\` for a backslash"),
        ("\u{feff}{}", "the text begins with a byte order mark: save the file without it"),
        (
            r#"{"name": "x", "count": 1}"#,
            "there is no parameter `name`, it is a field of `item`: write {\"item\": {\"name\": …}}",
        ),
    ] {
        assert_eq!(json(&add(), text), advice, "{text}");
    }
}

#[test]
fn an_example_in_json_leaves_options_out() {
    let expected = r#"{"item":{"name":"","count":0,"size":"small"}}"#;
    assert_eq!(add().json_example().unwrap(), expected);
    let with_option = Function { parameters: vec![function("a", option(&U8)).parameters.remove(0)], ..add() };
    assert_eq!(with_option.json_example().unwrap(), "{}");
}
