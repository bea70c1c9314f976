//! What is wrong with a text that is not WAVE, and what was probably meant.

use wasm_wave::ast::NodeType;
use wasm_wave::parser::{ParserError, ParserErrorKind};

use super::pieces::{Piece, TYPOGRAPHIC, pieces};
use super::word;
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

/// A problem with the syntax of a text, which begins with as many bytes that the caller did not write. What the caller
/// wrote instead has `before` characters. `named` says whether a value can have names of cases or flags.
pub(crate) fn syntax(text: &str, hidden_bytes: usize, before: usize, named: bool, error: &ParserError) -> Problem {
    let start = text.floor_char_boundary(error.span().start.max(hidden_bytes).min(text.len()));
    let shown = |at: usize, piece: &str| {
        let column = text.get(hidden_bytes..at).unwrap_or_default().chars().count();
        let column = column.saturating_add(before).saturating_add(1);
        let mut shown: String = piece.chars().take_while(|c| !c.is_control()).take(AROUND_CHARS_MAX).collect();
        if shown.len() < piece.len() {
            shown.push_str(crate::CUT);
        }
        format!("at `{shown}` (column {column})")
    };
    let all = pieces(text.get(hidden_bytes..).unwrap_or_default());
    let all: Vec<Piece<'_>> =
        all.into_iter().map(|piece| Piece { at: piece.at.saturating_add(hidden_bytes), ..piece }).collect();
    let rest = text.get(start..).unwrap_or_default().trim_end();
    match error.kind() {
        ParserErrorKind::TrailingCharacters => {
            return Problem::new(format!("text after the call {}: remove it", shown(start, rest)));
        }
        ParserErrorKind::DuplicateField | ParserErrorKind::DuplicateFlag => {
            let name = text.get(error.span()).unwrap_or_default();
            let name = clip(name.strip_prefix('%').unwrap_or(name)).into_owned();
            let column = shown(start, &name);
            return Problem::new(format!("`{name}` is given twice {column}: remove one"));
        }
        ParserErrorKind::NestingTooDeep => {
            return Problem::new(format!("values are nested too deep {}", shown(start, rest)));
        }
        ParserErrorKind::EmptyTuple => {
            return Problem::new(format!("a tuple without items {}", shown(start, rest)));
        }
        _ => {}
    }
    // The parser may be a word further on: it takes a name in capitals and small letters for several.
    for (index, piece) in all.iter().enumerate().take_while(|(_, piece)| piece.at <= start) {
        let next = all.get(index.saturating_add(1)..).unwrap_or_default();
        if let Some(advice) = slip(*piece, next, named) {
            return Problem::new(format!("not a value {}: {advice}", shown(piece.at, piece.text)));
        }
    }
    if rest.is_empty() {
        return Problem::new("the text is incomplete at the end: a bracket is missing");
    }
    let found = all.iter().rposition(|piece| piece.at <= start && start < piece.end());
    let Some((index, piece)) = found.and_then(|index| Some((index, all.get(index)?))) else {
        return Problem::new(format!("not a value {}", shown(start, rest)));
    };
    let previous = index.checked_sub(1).and_then(|index| all.get(index));
    let advice = previous.and_then(|previous| between(previous, piece, &all)).unwrap_or_default();
    let text = if piece.is_word() || piece.is_string() { piece.text } else { rest };
    Problem::new(format!("not a value {}{advice}", shown(piece.at, text)))
}

/// What to write instead of a piece that is wrong whatever is before it.
fn slip(piece: Piece<'_>, next: &[Piece<'_>], named: bool) -> Option<String> {
    let text = piece.text;
    let (follows, value) = (next.first().map(|next| next.text), next.get(1));
    if piece.is_string() {
        let quoted = string(text);
        return if quoted.is_none() && follows == Some(":") { Some(quoted_name(piece)) } else { quoted };
    }
    if text.starts_with('\'') {
        let inner = text.get(1..).unwrap_or_default().trim_end_matches('\'');
        let more = inner.chars().nth(1).is_some() && !inner.starts_with('\\');
        return (more || text.len() < 3 || !text.ends_with('\''))
            .then(|| "strings are written in double quotes; single quotes hold one character".to_owned());
    }
    if text.starts_with(TYPOGRAPHIC) {
        return Some("strings are written in straight quotes: use `\"`".to_owned());
    }
    if text == ";" {
        return Some("items have `,` between them".to_owned());
    }
    if !piece.is_word() {
        return None;
    }
    match follows {
        Some("=" | ":") if piece.depth == 1 => Some(no_names()),
        Some("=") => {
            let value = value
                .filter(|value| value.is_string() || value.text.starts_with(char::is_alphanumeric))
                .map_or("…", |value| value.text);
            Some(format!("write `{}: {}`", clip(text), clip(value)))
        }
        _ => word::slip(text, next, named),
    }
}

fn no_names() -> String {
    "parameters have no names here: write the values in order, or use `--json`".to_owned()
}

fn quoted_name(piece: Piece<'_>) -> String {
    if piece.within == Some('(') {
        return no_names();
    }
    "names of fields have no quotes; for JSON use `--call NAME --json '…'`".to_owned()
}

/// What is wrong with a string.
fn string(text: &str) -> Option<String> {
    if text.starts_with("\"\"\"") {
        let closed = text.len() >= 6 && text.ends_with("\"\"\"");
        return (!closed).then(|| "the string has no closing `\"\"\"`".to_owned());
    }
    let inner = text.get(1..).unwrap_or_default();
    let mut rest = inner;
    while let Some(at) = rest.find(['\\', '\n', '"']) {
        let found = rest.get(at..).unwrap_or_default();
        if found.starts_with('\n') {
            // A string that never ends goes on over all lines.
            let closed = inner.ends_with('"');
            let advice = if closed { "a string is on one line: write `\\n`" } else { "the string has no closing `\"`" };
            return Some(advice.to_owned());
        }
        if found.starts_with('"') {
            return None;
        }
        let Some(length) = escape(found) else {
            return Some("write `\\\\` for a backslash".to_owned());
        };
        rest = found.get(length..).unwrap_or_default();
    }
    Some("the string has no closing `\"`".to_owned())
}

/// How long the escape is with which a text begins.
fn escape(text: &str) -> Option<usize> {
    match text.chars().nth(1)? {
        '"' | '\'' | '\\' | 't' | 'n' | 'r' => Some(2),
        'u' => {
            let digits = text.strip_prefix("\\u{")?.split_once('}')?.0;
            let known = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            known.then(|| digits.len().saturating_add(4))
        }
        _ => None,
    }
}

/// What is wrong between a piece and the one before it.
fn between(previous: &Piece<'_>, piece: &Piece<'_>, all: &[Piece<'_>]) -> Option<String> {
    let ends = |text: &str| text.ends_with([')', ']', '}', '"', '\'']);
    let (starts, signs) = (piece.is_word() || piece.text.starts_with(['(', '[', '{', '"', '\'']), [",", ":"]);
    if previous.is_string() && starts {
        return Some(": a `,` is missing before it, or the string before it has a `\"` too many".to_owned());
    }
    if matches!(previous.text, "some" | "ok" | "err") && piece.text != "(" {
        return Some(format!(": write `{}(…)`", previous.text));
    }
    if previous.is_word() && piece.text == "(" {
        return Some(format!(": `{}` has no value: remove it", clip(previous.text)));
    }
    if previous.is_word() && starts && word::is_value(previous.text) {
        return Some(": a `,` is missing before it".to_owned());
    }
    if previous.is_word() && piece.is_word() {
        let phrase = word::phrase(all, previous);
        return Some(word::quotes(&phrase));
    }
    if ends(previous.text) && starts {
        return Some(": a `,` is missing before it".to_owned());
    }
    let empty = signs.contains(&previous.text) || previous.text.ends_with(['(', '[', '{']);
    let closes = piece.text.starts_with([')', ']', '}']);
    if empty && (piece.text == "," || closes) {
        return Some(": a value is missing before it".to_owned());
    }
    let close = match piece.within? {
        '(' => ")",
        '[' => "]",
        _ => "}",
    };
    (closes && piece.text != close).then(|| format!(": write `{close}`"))
}
