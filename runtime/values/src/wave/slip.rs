//! What is wrong with a text that is not WAVE, and what was probably meant.

use wasm_wave::ast::NodeType;
use wasm_wave::lex::Keyword;
use wasm_wave::parser::{ParserError, ParserErrorKind};

use crate::name::clip;
use crate::value::Problem;

/// Most of the text around an error that is shown, in characters.
const AROUND_CHARS_MAX: usize = 30;

/// What a part of a text is, for messages.
pub(crate) fn kind(ty: NodeType) -> &'static str {
    match ty {
        NodeType::BoolTrue | NodeType::BoolFalse => "the boolean",
        NodeType::Number => "the number",
        NodeType::Char => "the character",
        NodeType::String | NodeType::MultilineString => "the string",
        NodeType::Tuple => "the tuple",
        NodeType::List => "the list",
        NodeType::Record => "the record",
        NodeType::Label | NodeType::VariantWithPayload => "the name",
        NodeType::OptionSome | NodeType::OptionNone => "the option",
        NodeType::ResultOk | NodeType::ResultErr => "the result",
        NodeType::Flags => "the flags",
    }
}

/// A problem with the syntax of a text, of which the first bytes are not the caller's. `named` says whether a value can
/// have names of cases or flags.
pub(crate) fn syntax(text: &str, hidden_bytes: usize, named: bool, error: &ParserError) -> Problem {
    let start = error.span().start.max(hidden_bytes).min(text.len());
    let at = text.floor_char_boundary(start);
    let rest: String = text.get(at..).unwrap_or_default().chars().take(AROUND_CHARS_MAX).collect();
    let column = text.get(hidden_bytes..at).unwrap_or_default().chars().count().saturating_add(1);
    let place = if rest.is_empty() { "at the end".to_owned() } else { format!("at `{rest}` (column {column})") };
    let (what, advice) = (what(error.kind()), advice(text, at, named, error));
    Problem::new(format!("{what} {place}{advice}"))
}

fn what(kind: ParserErrorKind) -> &'static str {
    match kind {
        ParserErrorKind::UnexpectedEnd => "the text is incomplete",
        ParserErrorKind::TrailingCharacters => "text after the call",
        ParserErrorKind::DuplicateField => "a field is given twice",
        ParserErrorKind::DuplicateFlag => "a flag is given twice",
        ParserErrorKind::NestingTooDeep => "values are nested too deep",
        ParserErrorKind::InvalidEscape => "an unknown escape",
        ParserErrorKind::EmptyTuple => "a tuple without items",
        _ => "not a value",
    }
}

/// What to write instead: nearly always, quotes are missing, often because the shell took them.
fn advice(text: &str, at: usize, named: bool, error: &ParserError) -> String {
    let quotes = "in a shell, put single quotes around the whole call";
    // The word in which the error is: an unquoted word with capitals or an underscore is read as several names.
    let is_word = |character: char| character.is_alphanumeric() || "_-./".contains(character);
    let before = text.get(..at).unwrap_or_default();
    let start = before.trim_end_matches(is_word).len();
    let word: String = text.get(start..).unwrap_or_default().chars().take_while(|c| is_word(*c)).collect();
    let before_word = text.get(..start).unwrap_or_default().trim_end();
    match (error.kind(), word.as_str()) {
        (ParserErrorKind::UnexpectedEnd, _) => {
            if text.matches('"').count() % 2 == 1 { ": a `\"` is missing" } else { ": a bracket is missing" }.to_owned()
        }
        (_, "True" | "False") => format!(": write `{}`", word.to_ascii_lowercase()),
        (_, "NaN" | "Infinity" | "-Infinity") => ": write `nan`, `inf` or `-inf`".to_owned(),
        (_, "null" | "None" | "nil") => ": write `none`".to_owned(),
        (_, "") if text.get(at..).is_some_and(|rest| rest.starts_with('\'')) => {
            ": strings are written in double quotes; single quotes hold one character".to_owned()
        }
        (_, "") => String::new(),
        (_, number) if number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok() => {
            ": a number has no leading `+` or zeros, and digits around its point".to_owned()
        }
        // Words of WAVE's own can't be meant as strings.
        (_, word) if Keyword::decode(word).is_some() => String::new(),
        _ if before_word.ends_with('"') => String::new(),
        (_, word) if named && word.contains(|c: char| c.is_ascii_uppercase()) => {
            let (string, case) = (clip(word), word.to_ascii_lowercase());
            format!(": a name is written in small letters, `{}`, a string in double quotes, \"{string}\"", clip(&case))
        }
        _ => format!(": a string is written in double quotes, \"{}\"; {quotes}", clip(&word)),
    }
}
