//! Text from a guest, made safe to show on a terminal.
//!
//! Whatever a tool, a server or a journal wrote passes through here before it is shown in a prompt or a
//! report. What comes out moves no cursor, changes no colour, hides nothing and does not reorder what stands
//! around it: every character that does something else than being seen is written as `\u{…}`.
//!
//! A backslash stays as it is, so an escape can be told from the same characters in the text only by the
//! bytes themselves. Letters of right-to-left scripts stay too: a terminal that reorders them does so within
//! their own row.

use std::borrow::Cow;
use wasm_agent_host::policy::is_unseen;

use unicode_width::UnicodeWidthChar;

/// Most marks that are drawn on top of one character.
///
/// Written languages need up to three. More of them paint over the rows above and below.
const MARKS_MAX: usize = 4;

/// Fewest columns that text is folded to, so that the longest escape, `\u{10ffff}`, fits in a row.
const COLUMNS_MIN: usize = 12;

const TAB_COLUMNS: usize = 4;

/// Escapes text so that it stays on its line. A line break in it becomes `\n`.
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

/// Lines after the first are indented, so that none can pass for another error or hint.
pub(crate) fn block(text: &str) -> String {
    text.lines().map(|line| escape_line(line).into_owned()).collect::<Vec<_>>().join("\n  ")
}

/// Escapes what a terminal acts upon in a JSON text, which stays JSON and means the same: `\u009b` for U+009B.
///
/// JSON has to escape C0 controls only. A line break stands between values, never in one, and stays.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    // Looks at every byte whatever it finds: nearly all lines are plain, and so this takes many bytes at a step.
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

/// Text in rows, each of them escaped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The rows that were shown.
    pub(crate) rows: Vec<Row>,
    /// Length of the text that was not, in bytes.
    pub(crate) rest_bytes: usize,
    /// What the rows cost, at most what was allowed.
    pub(crate) cost_bytes: usize,
}

/// One row of folded text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The escaped text, without a line break.
    pub(crate) text: String,
    /// Whether the row goes on with the line of the row before.
    pub(crate) continues: bool,
}

impl Row {
    /// What the row takes of a budget, in bytes.
    ///
    /// An empty row takes as much of the screen as a full one, and costs as much: otherwise a few thousand
    /// line breaks would push everything else off the screen at no cost.
    fn cost_bytes(&self) -> usize {
        self.text.len().max(80)
    }
}

/// Folds text into rows of at most `columns` columns, for as long as `budget_bytes` lasts.
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

    /// The next row and the length of the text that it shows, in bytes. An empty line has one empty row.
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
    /// As JSON has it, in UTF-16: `\u009b`.
    Json,
}

/// Escapes one character after the other, and counts the marks on top of each.
#[derive(Default)]
struct Escaper {
    form: Form,
    /// Marks on the character before; none without a character that could carry one.
    marks: Option<usize>,
}

impl Escaper {
    /// Writes the character or its escape, and says how many columns that takes at most.
    fn push(&mut self, character: char, into: &mut String) -> usize {
        // Of the two widths that terminals give to some characters, the wider one: a row that is a column
        // too long would go on below, without its gutter.
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
                // The brace that ends an escape must not carry a mark either.
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
                // An escape is ASCII: as many columns as bytes.
                into.len().saturating_sub(before_bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests;
