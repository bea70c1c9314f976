//! The text as a TOML document, and values as errors show them.

use super::report::Report;
use super::section::{Value, type_name};
use crate::bounds::LISTED_SYNTAX_BYTES_MAX;
use crate::error::PolicyErrors;
use crate::hint::toml_string;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest line in which a text without quotes is sought, in bytes. Bounds the cost of each syntax error.
const LINE_BYTES_MAX: usize = 1000;

/// The parsed document, or its syntax errors.
///
/// A broken document is not read any further: the parts that the parser recovers would give errors about keys that are
/// there.
pub(super) fn document<'t>(text: &'t str, report: &mut Report<'_>) -> Result<Spanned<DeTable<'t>>, PolicyErrors> {
    DeTable::parse(text).map_err(|first| syntax_errors(text, &first, report))
}

/// All syntax errors of a document, or the first one of a long document: the parser keeps an error of a few hundred
/// bytes for each byte it does not understand.
fn syntax_errors(text: &str, first: &toml::de::Error, report: &mut Report<'_>) -> PolicyErrors {
    let all = if text.len() > LISTED_SYNTAX_BYTES_MAX { Vec::new() } else { DeTable::parse_recoverable(text).1 };
    let mut without_quotes = BTreeSet::new();
    for error in std::iter::once(first).chain(&all) {
        let span = error.span().unwrap_or_default();
        let Some((at, key, value)) = without_quotes_at(text, span.start) else {
            report.error(&span, error.message());
            continue;
        };
        // The parser reports each part of such a value that it does not understand.
        if without_quotes.insert(at) {
            report
                .error(&(at..at + value.len()), format!("`{value}` is not in quotes"))
                .hint(format!("a text is in double quotes: {key} = {}", toml_string(value)));
        }
    }
    report.take()
}

/// The text without quotes that an error at this place is about: where it begins, its key, and the text.
fn without_quotes_at(text: &str, at: usize) -> Option<(usize, &str, &str)> {
    let before = text.as_bytes().get(at.saturating_sub(LINE_BYTES_MAX)..at)?;
    let start = match before.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => at - before.len() + newline + 1,
        None if before.len() == at => 0,
        None => return None,
    };
    let rest = text.get(start..)?;
    let length = rest.bytes().take(LINE_BYTES_MAX).position(|byte| byte == b'\n');
    let line = rest.get(..length.unwrap_or(rest.len()).min(LINE_BYTES_MAX))?;
    let (key, value) = line.split_once('=')?;
    let begin = start + key.len() + 1 + (value.len() - value.trim_start().len());
    let (key, value) = (key.trim(), value.split(" #").next()?.trim());
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let is_text = value.starts_with(|first: char| first.is_alphabetic() || "./~$%*".contains(first))
        && !value.contains(['"', '\'', '[', '{'])
        && !["true", "false", "inf", "nan"].contains(&value);
    (is_key && is_text && at >= start + key.len()).then_some((begin, key, value))
}

/// A value as an error shows it: integers and strings by their text, everything else by its type.
pub(super) fn describe(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::Integer(number) => format!("`{number}`"),
        DeValue::String(text) => format!("the string `{text}`"),
        other => type_name(other).to_owned(),
    }
}
