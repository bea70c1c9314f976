//! Words that are not WAVE, and what was probably meant by them.

use wasm_wave::lex::{Keyword, Lexer, Token};

use super::pieces::Piece;
use crate::name::clip;

/// What to write instead of a word; `None` if it is one. `next` are the pieces after it.
pub(super) fn slip(word: &str, next: &[Piece<'_>], named: bool) -> Option<String> {
    if is_token(word) {
        return None;
    }
    let small = word.to_ascii_lowercase();
    let digits = word.trim_start_matches(['+', '-']);
    Some(match small.trim_start_matches(['+', '-']) {
        "true" | "false" => format!("write `{small}`"),
        "nan" | "inf" | "infinity" => "write `nan`, `inf` or `-inf`".to_owned(),
        "some" | "ok" | "err" if next.first().is_some_and(|next| next.text == "(") => format!("write `{small}(…)`"),
        "none" | "null" | "nil" => "write `none`".to_owned(),
        _ if digits.strip_prefix('.').unwrap_or(digits).starts_with(|c: char| c.is_ascii_digit()) => {
            return Some(number(word).unwrap_or_else(|| quotes_of(word)));
        }
        _ if next.first().is_some_and(Piece::is_word) => quotes_of(&with_next(word, next)),
        _ if next.first().is_some_and(|next| next.text == ":") => {
            format!("a name is written in small letters with hyphens, `{}`", clip(&kebab(word)))
        }
        _ if named && word.starts_with(|c: char| c.is_ascii_alphabetic()) && kebab(word).bytes().all(is_kebab) => {
            let (case, string) = (kebab(word), clip(word));
            format!("a name is written in small letters, `{}`, a string in double quotes, \"{string}\"", clip(&case))
        }
        _ => quotes_of(word),
    })
}

/// A name as WIT writes names: `due-date` for `dueDate` and `due_date`.
fn kebab(word: &str) -> String {
    let mut name = String::new();
    for character in word.chars() {
        if character.is_ascii_uppercase() && name.ends_with(|c: char| c.is_ascii_lowercase()) {
            name.push('-');
        }
        name.push(if character == '_' { '-' } else { character.to_ascii_lowercase() });
    }
    name
}

fn is_kebab(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whether it can't be part of a text without quotes: it is a number or a word of WAVE's own.
pub(super) fn is_value(word: &str) -> bool {
    Keyword::decode(word).is_some() || matches!(Lexer::new(word).next(), Some(Ok(Token::Number)))
}

/// Whether it is one token of WAVE.
fn is_token(word: &str) -> bool {
    let mut tokens = Lexer::new(word);
    matches!(tokens.next(), Some(Ok(Token::Number | Token::LabelOrKeyword))) && tokens.next().is_none()
}

/// What to write for a number; `None` if the word looks like a date, an address or a size.
fn number(word: &str) -> Option<String> {
    let plain = word.strip_prefix('+').unwrap_or(word);
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
    let is_based = ["0x", "0X", "0o", "0b"].iter().any(|base| {
        digits.strip_prefix(base).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_'))
    });
    if is_based {
        return Some("a number has decimal digits only".to_owned());
    }
    let digits = digits.replace('_', "");
    digits.parse::<f64>().ok()?;
    let zeros = digits.trim_start_matches('0');
    let start = if zeros.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    let written = format!("{sign}{start}{zeros}");
    // Digits on both sides of the point.
    let written = match written.find('.') {
        Some(at) if !written.get(at..).is_some_and(|rest| rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())) => {
            written.replacen('.', ".0", 1)
        }
        _ => written,
    };
    let reason = if word.contains('_') || word.starts_with('+') { "a number has decimal digits only: " } else { "" };
    is_token(&written).then(|| format!("{reason}write {}", clip(&written)))
}

/// The words from a piece on, as they stand in the text but with single spaces.
pub(super) fn phrase(all: &[Piece<'_>], from: &Piece<'_>) -> String {
    let rest = all.iter().skip_while(|piece| piece.at < from.at).take_while(|piece| piece.is_word());
    rest.map(|piece| piece.text).collect::<Vec<_>>().join(" ")
}

fn with_next(word: &str, next: &[Piece<'_>]) -> String {
    let more = next.iter().take_while(|piece| piece.is_word()).map(|piece| piece.text);
    std::iter::once(word).chain(more).collect::<Vec<_>>().join(" ")
}

/// That a string has quotes.
pub(super) fn quotes(phrase: &str) -> String {
    format!(": {}", quotes_of(phrase))
}

fn quotes_of(phrase: &str) -> String {
    let string = crate::to_wave(&crate::Value::String(clip(phrase).into_owned()));
    format!("a string is written in double quotes, {string}; in a shell, put single quotes around the whole call")
}
