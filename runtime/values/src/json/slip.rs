//! What is wrong with a text that is not JSON, and what was probably meant.

use serde_json::error::Category;

use crate::name::clip;
use crate::value::Problem;

/// Reasons of the parser that are about a part of a string.
const IN_STRING: [&str; 5] =
    ["control character", "invalid escape", "lone leading surrogate", "unexpected end of hex", "invalid unicode"];

/// The parser's problem with a text, and what to write instead.
pub(super) fn syntax(text: &str, error: &serde_json::Error) -> Problem {
    if text.trim().is_empty() {
        return Problem::new("the text is empty");
    }
    if text.starts_with('\u{feff}') {
        return Problem::new("the text begins with a byte order mark: save the file without it");
    }
    let advice = advice(text, error).map_or_else(String::new, |advice| format!(": {advice}"));
    let (word, column) = around(text, error);
    // The parser stops within a word, and its own reasons are about letters.
    let in_string = IN_STRING.iter().any(|known| error.to_string().starts_with(known));
    if error.classify() == Category::Syntax && !in_string && !word.is_empty() && !advice.is_empty() {
        let line = error.line();
        return Problem::new(format!("not a value at `{}` (line {line}, column {column}){advice}", clip(word)));
    }
    Problem::new(format!("{error}{advice}"))
}

/// Whether a character is part of a word, or of a string in quotes that JSON does not have.
fn is_word(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !"[]{},;:\"".contains(character)
}

/// The word at the place of an error, and its column in its line.
fn around<'t>(text: &'t str, error: &serde_json::Error) -> (&'t str, usize) {
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.floor_char_boundary(error.column().saturating_sub(1).min(line.len()));
    let before = line.get(..at).unwrap_or_default();
    // A sign between values is not a part of the word before it.
    let is_sign =
        error.to_string().starts_with("expected `,` or") && !line.get(at..).unwrap_or_default().starts_with(is_word);
    let start = if is_sign { at } else { before.trim_end_matches(is_word).len() };
    let rest = line.get(start..).unwrap_or_default();
    let word = rest.get(..rest.find(|c| !is_word(c)).unwrap_or(rest.len())).unwrap_or_default();
    (word, line.get(..start).unwrap_or_default().chars().count().saturating_add(1))
}

fn advice(text: &str, error: &serde_json::Error) -> Option<String> {
    let (reason, (word, column)) = (error.to_string(), around(text, error));
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    // Whether the parser stopped where the word begins, and not within it.
    let starts = line.char_indices().nth(column.saturating_sub(1)).map(|(at, _)| at.saturating_add(1));
    let starts = word.is_empty() || starts == Some(error.column());
    let is = |known: &str| reason.starts_with(known);
    if error.classify() == Category::Data {
        return None;
    }
    if is("EOF while parsing a string") {
        return Some("the string has no closing `\"`".to_owned());
    }
    if error.classify() == Category::Eof && !text.trim_start().starts_with(is_word) {
        return Some("a bracket is missing".to_owned());
    }
    if is("control character") {
        return Some("write `\\n` for a line break, `\\t` for a tab".to_owned());
    }
    if IN_STRING.iter().any(|known| is(known)) {
        return Some("write `\\\\` for a backslash".to_owned());
    }
    if is("trailing comma") {
        return Some("remove the comma".to_owned());
    }
    if is("number out of range") {
        return Some("for an infinity, write \"Infinity\" or \"-Infinity\"".to_owned());
    }
    if is("trailing characters") && text.trim_start().starts_with(['{', '[']) {
        return Some("remove what follows the value".to_owned());
    }
    if is("expected `:`") {
        return Some("a `:` is missing after the name".to_owned());
    }
    if is("expected `,` or") && starts {
        return Some("a `,` is missing before it".to_owned());
    }
    if is("key must be a string") && !word.is_empty() {
        return Some("names have double quotes".to_owned());
    }
    self::word(text, word)
}

/// What to write for a word that is not a value.
fn word(text: &str, word: &str) -> Option<String> {
    let small = word.to_ascii_lowercase();
    Some(match small.as_str() {
        "" => return None,
        "true" | "false" => format!("write {small}"),
        "none" | "nil" | "null" | "undefined" => "write null".to_owned(),
        "nan" => "write \"NaN\", in quotes".to_owned(),
        "inf" | "+inf" | "infinity" | "+infinity" => "write \"Infinity\", in quotes".to_owned(),
        "-inf" | "-infinity" => "write \"-Infinity\", in quotes".to_owned(),
        _ if word.starts_with('\'') => "strings and names have double quotes".to_owned(),
        _ if word.starts_with(['“', '”', '„', '«', '»', '‘', '’']) => {
            "strings are written in straight quotes: use `\"`".to_owned()
        }
        _ if word.starts_with("//") || word.starts_with("/*") => "JSON has no comments: remove it".to_owned(),
        _ if word.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit()) => {
            "a number has decimal digits only, no leading `+` or zeros, and digits around its point".to_owned()
        }
        _ if text.trim() == word => "a string is written in double quotes; `--json @FILE` reads a file".to_owned(),
        _ => "a string is written in double quotes".to_owned(),
    })
}
