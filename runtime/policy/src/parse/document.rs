//! The text as a TOML document, and values as errors show them.

use super::report::Report;
use super::section::{Value, type_name};
use crate::bounds::LISTED_SYNTAX_BYTES_MAX;
use crate::error::PolicyErrors;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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
    for error in std::iter::once(first).chain(&all) {
        report.error(&error.span().unwrap_or_default(), error.message());
    }
    report.take()
}

/// A value as an error shows it: integers and strings by their text, everything else by its type.
pub(super) fn describe(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::Integer(number) => format!("`{number}`"),
        DeValue::String(text) => format!("the string `{text}`"),
        other => type_name(other).to_owned(),
    }
}
