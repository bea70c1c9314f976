//! Makes text from a guest safe to show on a terminal.
//!
//! Text that a tool, a server or a journal wrote is escaped here before it is shown in a prompt or a report. The result
//! can't move the cursor, change colours, hide text or reorder what is around it: every character that does more than
//! be visible is written as `\u{…}`.
//!
//! A backslash stays as it is: a text that contains the characters of an escape looks like an escape. Letters of
//! right-to-left scripts stay too: a terminal reorders them within their own row only.

use std::borrow::Cow;
use wasm_agent_host::policy::is_unseen;

use unicode_width::UnicodeWidthChar;

/// Most combining marks on one character.
///
/// Written languages need up to three. More would cover the rows above and below.
const MARKS_MAX: usize = 4;

/// Narrowest row, in columns. The longest escape, `\u{10ffff}`, must fit.
const COLUMNS_MIN: usize = 12;

const TAB_COLUMNS: usize = 4;

/// Escapes text for one line. A line break becomes `\n`.
pub(crate) fn escape_line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut escaper = Escaper::default();
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        escaper.push(character, &mut line);
    }
    if line == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(line)
}

/// Escapes text of several lines. Lines after the first are indented, so that none looks like another error or hint.
pub(crate) fn block(text: &str) -> String {
    text.lines().map(|line| escape_line(line).into_owned()).collect::<Vec<_>>().join("\n  ")
}

/// Escapes JSON for a terminal, as JSON with the same meaning: `\u009b` for U+009B.
///
/// JSON itself escapes C0 controls only. Line breaks stay: they are between values, never inside.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    // Nearly all lines are plain. Without an early exit, the loop is vectorised.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    if json.as_bytes().iter().fold(true, |so_far, byte| so_far & plain(byte)) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len());
    for line in json.split_inclusive('\n') {
        let mut escaper = Escaper { form: Form::Json, ..Escaper::default() };
        let text = line.strip_suffix('\n').unwrap_or(line);
        for character in text.chars() {
            escaper.push(character, &mut escaped);
        }
        escaped.push_str(line.get(text.len()..).unwrap_or_default());
    }
    Cow::Owned(escaped)
}

/// Text folded into escaped rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The rows that fit.
    pub(crate) rows: Vec<Row>,
    /// Length of the text that did not fit, in bytes.
    pub(crate) rest_bytes: usize,
    /// What the rows cost, at most the budget.
    pub(crate) cost_bytes: usize,
}

/// One row of folded text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The escaped text, without a line break.
    pub(crate) text: String,
    /// Whether the row continues the line of the previous row.
    pub(crate) continues: bool,
}

impl Row {
    /// The cost of the row, in bytes.
    ///
    /// An empty row takes as much of the screen as a full one, and costs as much. Otherwise thousands of line breaks
    /// could push everything else off the screen at no cost.
    fn cost_bytes(&self) -> usize {
        self.text.len().max(80)
    }
}

/// Folds text into rows of at most `columns` columns, until `budget_bytes` are spent.
pub(crate) fn fold(text: &str, columns: usize, budget_bytes: usize) -> Folded {
    let columns = columns.max(COLUMNS_MIN);
    let mut folded = Folded::default();
    let mut consumed_bytes = 0;
    for line in text.split_inclusive('\n') {
        let without_break = line.strip_suffix('\n').unwrap_or(line);
        let without_break = without_break.strip_suffix('\r').unwrap_or(without_break);
        let break_bytes = line.len().saturating_sub(without_break.len());

        let mut rows = LineRows::new(without_break, columns);
        while let Some((row, row_bytes)) = rows.next_row() {
            let cost_bytes = folded.cost_bytes.saturating_add(row.cost_bytes());
            if cost_bytes > budget_bytes {
                folded.rest_bytes = text.len().saturating_sub(consumed_bytes);
                return folded;
            }
            folded.cost_bytes = cost_bytes;
            folded.rows.push(row);
            consumed_bytes += row_bytes;
        }
        consumed_bytes += break_bytes;
    }
    folded
}

/// The rows of one line, one after the other.
struct LineRows<'a> {
    rest: Option<std::str::Chars<'a>>,
    columns: usize,
    is_first: bool,
}

impl<'a> LineRows<'a> {
    fn new(line: &'a str, columns: usize) -> Self {
        Self { rest: Some(line.chars()), columns, is_first: true }
    }

    /// The next row, and the length of the text in it, in bytes. An empty line has one empty row.
    fn next_row(&mut self) -> Option<(Row, usize)> {
        let mut rest = self.rest.take()?;
        let before_bytes = rest.as_str().len();
        let mut row = Row { text: String::new(), continues: !self.is_first };
        self.is_first = false;

        let mut escaper = Escaper::default();
        let mut used_columns = 0_usize;
        let mut piece = String::new();
        loop {
            let before = rest.clone();
            let Some(character) = rest.next() else { break };
            piece.clear();
            used_columns += match character {
                '\t' => {
                    piece.push_str(&" ".repeat(TAB_COLUMNS));
                    TAB_COLUMNS
                }
                _ => escaper.push(character, &mut piece),
            };
            if used_columns > self.columns {
                let row_bytes = before_bytes.saturating_sub(before.as_str().len());
                self.rest = Some(before);
                return Some((row, row_bytes));
            }
            row.text.push_str(&piece);
        }
        Some((row, before_bytes))
    }
}

/// How an escape is written.
#[derive(Clone, Copy, Default)]
enum Form {
    /// For people: `\n`, `\u{9b}`.
    #[default]
    Text,
    /// For JSON, in UTF-16: `\u009b`.
    Json,
}

/// Escapes text character by character, and counts combining marks.
#[derive(Default)]
struct Escaper {
    form: Form,
    /// Marks on the previous character; `None` if it can't have any.
    marks: Option<usize>,
}

impl Escaper {
    /// Writes the character or its escape. Returns the most columns that it can take.
    fn push(&mut self, character: char, into: &mut String) -> usize {
        // Terminals disagree about the width of some characters: take the wider one. A row that is too long would wrap,
        // and its rest would have no bar before it.
        let width = character.width_cjk().filter(|_| !is_unseen(character));
        let marks = match (width, self.marks) {
            (Some(0), Some(marks)) if marks < MARKS_MAX => Some(marks + 1),
            (Some(1..), _) => Some(0),
            (Some(0) | None, _) => None,
        };
        match (marks, width) {
            (Some(_), Some(columns)) => {
                self.marks = marks;
                into.push(character);
                columns
            }
            _ => {
                // A mark must not follow the brace that ends an escape.
                self.marks = None;
                let before_bytes = into.len();
                match (self.form, character) {
                    (Form::Text, '\n' | '\r' | '\t') => into.extend(character.escape_default()),
                    (Form::Text, _) => into.extend(character.escape_unicode()),
                    (Form::Json, _) => {
                        for unit in character.encode_utf16(&mut [0; 2]) {
                            into.push_str(&format!("\\u{unit:04x}"));
                        }
                    }
                }
                // An escape is ASCII: one column for each byte.
                into.len().saturating_sub(before_bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests;
