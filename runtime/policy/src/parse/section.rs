//! A table of the policy file, read key by key.

use super::report::Report;
use crate::bounds::TEXT_BYTES_MAX;
use crate::hint::toml_string;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its place.
pub(crate) type Value<'d> = Spanned<DeValue<'d>>;

/// A table with a fixed set of keys.
pub(crate) struct Section<'d> {
    /// The table's name in errors, such as `[[http]]`.
    name: String,
    table: &'d DeTable<'d>,
    /// The place of its header.
    pub(crate) span: Range<usize>,
}

/// A string and its place.
#[derive(Clone)]
pub(crate) struct Text<'d> {
    pub(crate) value: &'d str,
    pub(crate) span: Range<usize>,
}

impl<'d> Section<'d> {
    /// The whole document.
    pub(crate) fn root(document: &'d Spanned<DeTable<'d>>, keys: &[&str], report: &mut Report<'_>) -> Self {
        Self::document("the policy", document, keys, report)
    }

    /// The whole of another document, with its name for errors.
    pub(crate) fn document(
        name: &str,
        document: &'d Spanned<DeTable<'d>>,
        keys: &[&str],
        report: &mut Report<'_>,
    ) -> Self {
        let section = Self { name: name.to_owned(), table: document.get_ref(), span: 0..0 };
        section.check_keys(keys, report);
        section
    }

    /// The table `[key]`, if present.
    pub(crate) fn table(&self, key: &str, keys: &[&str], report: &mut Report<'_>) -> Option<Self> {
        let name = format!("[{key}]");
        Self::open(name, self.get(key)?, keys, report)
    }

    /// The tables `[[key]]`, in order. More than `max` are an error, and none is read.
    pub(crate) fn tables(&self, key: &str, keys: &[&str], max: usize, report: &mut Report<'_>) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let name = format!("[[{key}]]");
        let Some(array) = value.get_ref().as_array() else {
            let found = type_name(value.get_ref());
            report
                .error(&value.span(), format!("`{key}` must be an array of tables, found {found}"))
                .hint(format!("write `{name}`"));
            return Vec::new();
        };
        if let Some(value) = array.get(max) {
            report.error(&value.span(), format!("a policy has at most {max} `{name}`, found {}", array.len()));
            return Vec::new();
        }
        array.iter().filter_map(|value| Self::open(name.clone(), value, keys, report)).collect()
    }

    /// The table that is this value.
    pub(crate) fn open(name: String, value: &'d Value<'d>, keys: &[&str], report: &mut Report<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            let found = type_name(value.get_ref());
            report.error(&value.span(), format!("`{name}` must be a table, found {found}"));
            return None;
        };
        let section = Self { name, table, span: value.span() };
        section.check_keys(keys, report);
        Some(section)
    }

    fn check_keys(&self, keys: &[&str], report: &mut Report<'_>) {
        for (key, _) in self.table {
            let written = key.get_ref();
            if keys.contains(&written.as_ref()) {
                continue;
            }
            let hint = match report.guess(written, keys.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known keys are {}", list(keys)),
            };
            let message = format!("unknown key `{written}` in {}", self.quoted_name());
            report.error(&key.span(), message).hint(hint);
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'d Value<'d>> {
        self.table.get(key)
    }

    /// The string of a key, if present.
    pub(crate) fn text(&self, key: &str, report: &mut Report<'_>) -> Option<Text<'d>> {
        as_text(key, self.get(key)?, report)
    }

    /// The string of a required key, not empty.
    pub(crate) fn required_text(&self, key: &str, report: &mut Report<'_>) -> Option<Text<'d>> {
        if self.get(key).is_none() {
            report.error(&self.span, format!("{} has no `{key}`", self.quoted_name()));
            return None;
        }
        let text = self.text(key, report)?;
        if text.value.is_empty() {
            report.error(&text.span, format!("`{key}` must not be empty"));
            return None;
        }
        if text.value.contains('\0') {
            report.error(&text.span, format!("`{key}` must not contain NUL"));
            return None;
        }
        Some(text)
    }

    /// The boolean of a key, if present.
    pub(crate) fn boolean(&self, key: &str, report: &mut Report<'_>) -> Option<bool> {
        let value = self.get(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            wrong_type(key, "true or false", value, report);
        }
        boolean
    }

    /// The strings of a key, if present. More than `max` are an error, and the rest is not read.
    pub(crate) fn texts(&self, key: &str, max: usize, report: &mut Report<'_>) -> Option<Vec<Text<'d>>> {
        let value = self.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            let found = type_name(value.get_ref());
            let one = value.get_ref().as_str().map(|text| format!("write `{key} = [{}]`", toml_string(text)));
            report.error(&value.span(), format!("`{key}` must be an array of strings, found {found}")).maybe_hint(one);
            return None;
        };
        if let Some(item) = array.get(max) {
            report.error(&item.span(), format!("`{key}` has at most {max} entries, found {}", array.len()));
        }
        Some(array.iter().take(max).filter_map(|item| as_text(key, item, report)).collect())
    }

    fn quoted_name(&self) -> String {
        if self.name.starts_with('[') { format!("`{}`", self.name) } else { self.name.clone() }
    }
}

/// A value that must be a string, and not too long.
pub(crate) fn as_text<'d>(key: &str, value: &'d Value<'d>, report: &mut Report<'_>) -> Option<Text<'d>> {
    match value.get_ref().as_str() {
        Some(text) if text.len() > TEXT_BYTES_MAX => {
            report.error(
                &value.span(),
                format!("a string in `{key}` has at most {TEXT_BYTES_MAX} bytes, found {}", text.len()),
            );
            None
        }
        Some(text) => Some(Text { value: text, span: value.span() }),
        None => {
            wrong_type(key, "a string", value, report);
            None
        }
    }
}

/// Reports a value of the wrong type.
pub(crate) fn wrong_type(key: &str, expected: &str, value: &Value<'_>, report: &mut Report<'_>) {
    let found = type_name(value.get_ref());
    report.error(&value.span(), format!("`{key}` must be {expected}, found {found}"));
}

/// The name of a type in errors.
pub(crate) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Words for an error: each in backticks, separated by commas.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
