//! Texts that nobody meant: read or refused, whatever they are.

use proptest::prelude::*;

use super::any::typed_value;
use super::function;
use crate::{Json, from_json, to_json, to_wave};

/// Texts that are put into others.
fn piece() -> impl Strategy<Value = String> {
    let known =
        ["(", ")", "[", "]", "{", "}", "{:}", ",", ":", "\"", "'", "\\u{", "%", "some(", "none", "-", "1e999", "ö"];
    prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), ".{0,3}"]
}

/// A text with pieces put in, or put over others.
fn changed(text: &str, changes: Vec<(usize, usize, String)>) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, gone, piece) in changes {
        let start = at % characters.len().saturating_add(1);
        let end = start.saturating_add(gone).min(characters.len());
        characters.splice(start..end, piece.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_or_refused(
        (ty, value) in typed_value(),
        changes in proptest::collection::vec((any::<usize>(), 0_usize..4, piece()), 1..4),
    ) {
        let wave = changed(&format!("({})", to_wave(&value)), changes.clone());
        let function = function("p", ty.clone());
        match function.arguments_from_wave(&wave) {
            Ok(read) => {
                let again = function.arguments_from_wave(&format!("({})", to_wave(&read[0])));
                prop_assert!(again.is_ok_and(|again| to_wave(&again[0]) == to_wave(&read[0])), "{ty} {wave}");
            }
            Err(problem) => prop_assert!(!problem.to_string().is_empty()),
        }
        let json = changed(&to_json(&value).unwrap(), changes);
        if let Ok(read) = Json::parse(&json)
            && let Ok(read) = from_json(&read, &ty)
        {
            let again = from_json(&Json::parse(&to_json(&read).unwrap()).unwrap(), &ty).unwrap();
            prop_assert_eq!(to_json(&again).unwrap(), to_json(&read).unwrap(), "{} {}", ty, json);
        }
    }
}

#[test]
fn texts_that_are_nested_without_end_are_refused() {
    let function = function("p", crate::Type::Bool);
    for (open, close) in [("[", "]"), ("(", ")"), ("some(", ")"), ("{a: ", "}")] {
        let nested = format!("({}true{})", open.repeat(100_000), close.repeat(100_000));
        assert!(function.arguments_from_wave(&nested).is_err(), "{open}");
    }
    assert!(Json::parse(&"[".repeat(100_000)).is_err());
}
