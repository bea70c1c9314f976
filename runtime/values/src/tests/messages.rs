//! What people read when a value is not one of its type.

use super::{U8, U64, function, names, record, variant};
use crate::{Function, Json, NotCallable, Type};

fn wave(ty: &Type, text: &str) -> String {
    function("p", ty.clone()).arguments_from_wave(&format!("({text})")).unwrap_err().to_string()
}

fn json(ty: &Type, text: &str) -> String {
    let given = Json::parse(&format!("{{\"p\": {text}}}")).unwrap();
    function("p", ty.clone()).arguments_from_json(&given).unwrap_err().to_string()
}

#[test]
fn a_number_is_told_its_range() {
    for number in ["-1", "18446744073709551616", "99999999999999999999999999999999999999999999"] {
        let expected =
            format!("`p`: {number} is out of range for u64: write a whole number from 0 to 18446744073709551615");
        assert_eq!(wave(&U64, number), expected);
    }
    assert_eq!(wave(&U8, "1.0"), "`p`: 1.0 is not a whole number: write a whole number from 0 to 255 for u8");
    assert_eq!(wave(&U8, "\"7\""), "`p`: expected u8, found the string `\"7\"`: write a whole number from 0 to 255");
    assert_eq!(json(&U8, "256"), "`p`: 256 is out of range for u8: write a whole number from 0 to 255");
    assert_eq!(json(&U8, "-1"), "`p`: -1 is out of range for u8: write a whole number from 0 to 255");
    assert_eq!(json(&U8, "0.5"), "`p`: 0.5 is not a whole number: write a whole number from 0 to 255 for u8");
    let quoted = "`p`: expected u8, found the string \"7\": write a whole number from 0 to 255, without quotes";
    assert_eq!(json(&U8, "\"7\""), quoted);
    assert!(json(&U64, "18446744073709551616").contains("is out of range for u64"));
    assert_eq!(json(&Type::F32, "1e39"), "`p`: 1e39 is out of range for f32, whose largest number is 3.4028235e38");
    assert_eq!(wave(&Type::F32, "1e39"), "`p`: 1e39 is out of range for f32, whose largest number is 3.4028235e38");
    assert_eq!(wave(&Type::F64, "1e999"), "`p`: 1e999 is out of range for f64: write `inf` or `-inf`");
}

#[test]
fn a_name_is_told_the_near_one() {
    let ty = record(&[("title", Type::String), ("labels", Type::List(Type::String.into())), ("due-date", U8)]);
    let expected = "`p`: there is no field `tilte`: did you mean `title`?";
    assert_eq!(wave(&ty, r#"{tilte: "x", labels: [], due-date: 1}"#), expected);
    assert_eq!(json(&ty, r#"{"tilte": "x", "labels": [], "due-date": 1}"#), expected);
    assert_eq!(json(&ty, r#"{"due_date": 1}"#), "`p`: there is no field `due_date`: did you mean `due-date`?");
    assert_eq!(wave(&ty, "{due-date: 1, labels: []}"), "`p`: field `title` (string) is missing");
    assert_eq!(
        json(&ty, r#"{"due-date": 256}"#),
        "`p.due-date`: 256 is out of range for u8: write a whole number from 0 to 255"
    );
    let optional = record(&[("limit", Type::Option(U8.into()))]);
    assert_eq!(wave(&optional, "{limt: some(1)}"), "`p`: there is no field `limt`: did you mean `limit`?");
    let ty = Type::Enum(names(&["red", "dark-green"]));
    assert_eq!(wave(&ty, "none"), "`p`: there is no case `none`: there are `red`, `dark-green`");
    assert_eq!(wave(&ty, "RED"), "`p`: there is no case `RED`: did you mean `red`?");
    assert_eq!(json(&ty, "\"Red\""), "`p`: there is no case `Red`: did you mean `red`?");
    let ty = Type::Flags(names(&["read", "write"]));
    assert_eq!(wave(&ty, "{raed}"), "`p`: there is no flag `raed`: did you mean `read`?");
    assert_eq!(json(&ty, r#"["read", "read"]"#), "`p`: flag `read` is given twice");
    let two = Function {
        parameters: [&function("dir", Type::String), &function("text", Type::String)]
            .map(|f| f.parameters[0].clone())
            .to_vec(),
        result: None,
    };
    let given = Json::parse(r#"{"dri": "/notes", "text": ""}"#).unwrap();
    assert_eq!(
        two.arguments_from_json(&given).unwrap_err().to_string(),
        "there is no parameter `dri`: did you mean `dir`?"
    );
    assert_eq!(two.arguments_from_wave("(\"/notes\")").unwrap_err().to_string(), "expected 2 arguments, found 1");
}

#[test]
fn a_string_is_told_its_quotes() {
    let shell = "in a shell, put single quotes around the whole call";
    let expected = |word: &str, at: &str, column| {
        format!("not a value at `{at}` (column {column}): a string is written in double quotes, \"{word}\"; {shell}")
    };
    assert_eq!(wave(&Type::String, "Ada"), expected("Ada", "Ada", 2));
    assert_eq!(wave(&Type::String, "a_b"), expected("a_b", "a_b", 2));
    assert_eq!(wave(&Type::String, "/notes"), expected("/notes", "/notes", 2));
    assert_eq!(
        wave(&Type::String, "ada"),
        "`p`: expected string, found the name `ada`: write it in double quotes: \"ada\""
    );
    assert_eq!(
        wave(&Type::String, "7"),
        "`p`: expected string, found the number `7`: write it in double quotes: \"7\""
    );
    assert_eq!(
        wave(&Type::String, "'a'"),
        "`p`: expected string, found the character `'a'`: write it in double quotes"
    );
    assert!(
        wave(&Type::String, "'ada'")
            .ends_with("strings are written in double quotes; single quotes hold one character")
    );
    assert_eq!(wave(&Type::String, "\"ada"), "not a value at `\"ada)` (column 2): the string has no closing `\"`");
    assert_eq!(
        wave(&Type::Char, "\"a\""),
        "`p`: expected char, found the string `\"a\"`: write one character in single quotes: 'a'"
    );
    assert!(wave(&Type::Bool, "True").ends_with(": write `true`"));
    assert_eq!(json(&Type::String, "7"), "`p`: expected string, found the number 7: write it in double quotes");
    assert_eq!(
        json(&Type::Bool, "\"true\""),
        "`p`: expected bool, found the string \"true\": write true or false, without quotes"
    );
}

#[test]
fn a_case_is_told_its_value() {
    let ty = variant(&[("circle", Some(U8)), ("none", None)]);
    assert_eq!(wave(&ty, "circle"), "`p`: `circle` needs a value: write `circle(…)` with u8");
    assert_eq!(wave(&ty, "none(1)"), "not a value at `(1))` (column 6): `none` has no value: remove it");
    assert_eq!(json(&ty, "\"circle\""), "`p`: case \"circle\" needs a value: write {\"circle\": …} with u8");
    assert_eq!(json(&ty, r#"{"none": null}"#), "`p`: case \"none\" has no value: write \"none\" alone");
    assert_eq!(
        wave(&Type::Option(U8.into()), "7"),
        "`p`: expected option<u8>, found the number `7`: write `none` or `some(7)`"
    );
    let nested = Type::Option(Type::Option(U8.into()).into());
    let expected =
        "`p`: expected option<option<u8>>, found the number 7: write null, or an object with the member `some`";
    assert_eq!(json(&nested, "7"), expected);
}

#[test]
fn functions_with_handles_are_not_called() {
    let handle = function("p", Type::List(Type::Handle.into()));
    assert_eq!(handle.callable(), Err(NotCallable::Handle));
    assert!(handle.input_schema().is_err() && handle.example().is_none());
    let mut wide = Type::Bool;
    for _ in 0..40 {
        wide = Type::Tuple([wide.clone(), wide].into());
    }
    let wide = function("p", wide);
    assert_eq!(wide.callable(), Err(NotCallable::Large));
    assert!(wide.signature().len() < 8 << 10);
    // A long name that is repeated takes as much memory as many parts.
    let long = "n".repeat(1 << 20);
    for named in [record(&[(&long, U8)]), variant(&[(&long, None)]), Type::Enum(names(&[&long]))] {
        let named = function("p", Type::Tuple(vec![named; 100].into()));
        assert_eq!(named.callable(), Err(NotCallable::Large));
        assert!(named.input_schema().is_err() && named.example().is_none());
    }
    let mut deep = Type::Bool;
    for _ in 0..100 {
        deep = Type::Option(deep.into());
    }
    assert_eq!(function("p", deep).callable(), Err(NotCallable::Deep));
}
