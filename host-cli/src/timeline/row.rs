//! A row of the timeline: five columns, of which the last takes the rest of the terminal's width.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use crate::show::style;
use crate::show::units::since_start;

const TIME_COLUMNS: usize = 9;
const CALL_COLUMNS: usize = 6;
const RESULT_COLUMNS: usize = 8;

/// Columns before `WHAT`, with the gaps between them.
const FIXED_COLUMNS: usize = TIME_COLUMNS + 2 + CALL_COLUMNS + 2 + RESULT_COLUMNS + 2;

/// Width of `WHAT` in a file or pipe. Longer text is not cut there.
const WHAT_COLUMNS: usize = 48;

/// Narrowest text on a terminal, in columns. A narrower terminal wraps lines.
const TEXT_COLUMNS_MIN: usize = 12;

/// The widths of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    what: usize,
    /// Width of the last column; `None` for a file or pipe.
    why: Option<usize>,
}

/// A row. Its texts are escaped.
pub(super) struct Row<'a> {
    pub(super) at_ns: u64,
    pub(super) call: Option<u64>,
    pub(super) style: Style,
    pub(super) result: &'a str,
    pub(super) what: &'a str,
    pub(super) why: &'a str,
}

impl Layout {
    /// For a terminal of this width, or for a file or pipe (`None`).
    pub(super) fn new(columns: Option<usize>) -> Self {
        let Some(columns) = columns else { return Self { what: WHAT_COLUMNS, why: None } };
        // Two columns between the texts. The last column stays free: some terminals wrap after it.
        let texts = columns.saturating_sub(FIXED_COLUMNS + 2 + 1);
        let what = (texts * 11 / 20).max(TEXT_COLUMNS_MIN);
        Self { what, why: Some(texts.saturating_sub(what).max(TEXT_COLUMNS_MIN)) }
    }

    /// Writes the names of the columns.
    pub(super) fn heading(self, out: &mut dyn Write) -> io::Result<()> {
        let faint = style::FAINT;
        let what = pad("WHAT", self.what);
        writeln!(
            out,
            "{faint}{:>TIME_COLUMNS$}  {:>CALL_COLUMNS$}  {:RESULT_COLUMNS$}  {what}  WHY{faint:#}",
            "TIME", "CALL", "RESULT"
        )
    }

    /// Writes a row, with or without a mark before it.
    pub(super) fn row(self, out: &mut dyn Write, row: &Row<'_>, marked: bool) -> io::Result<()> {
        let (faint, style) = (style::FAINT, row.style);
        let call = row.call.map_or_else(String::new, |call| call.to_string());
        let (mark, columns) = if marked { (">", TIME_COLUMNS - 1) } else { ("", TIME_COLUMNS) };
        let (what, why) = match self.why {
            Some(columns) => (cut(row.what, self.what), cut(row.why, columns)),
            None => (row.what.to_owned(), row.why.to_owned()),
        };
        let what = if why.is_empty() { what } else { format!("{}  {why}", pad(&what, self.what)) };
        writeln!(
            out,
            "{mark}{faint}{:>columns$}{faint:#}  {call:>CALL_COLUMNS$}  {style}{:RESULT_COLUMNS$}{style:#}  {what}",
            since_start(row.at_ns),
            row.result,
        )
    }

    /// Writes a line that does not belong to a call.
    pub(super) fn aside(self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        let faint = style::FAINT;
        writeln!(out, "{faint}{:FIXED_COLUMNS$}{text}{faint:#}", "")
    }
}

/// Pads text with spaces. Terminals disagree about the width of some characters: the wider one counts.
fn pad(text: &str, columns: usize) -> String {
    let spaces = columns.saturating_sub(width(text));
    format!("{text}{:spaces$}", "")
}

/// Cuts text to a width, and marks the cut with `…`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    // Some terminals show `…` two columns wide.
    let mut left = columns.saturating_sub(2);
    for character in text.chars() {
        let Some(rest) = left.checked_sub(character.width_cjk().unwrap_or(0)) else { break };
        left = rest;
        kept.push(character);
    }
    kept.push('…');
    kept
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width_cjk).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(columns: Option<usize>, what: &str, why: &str) -> String {
        let mut out = Vec::new();
        let row = Row { at_ns: 1_234_567_890, call: Some(41), style: style::GOOD, result: "done", what, why };
        Layout::new(columns).row(&mut out, &row, false).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(lines(Some(60), "a", "b"), "    1.234      41  done      a                b\n");
        assert_eq!(lines(None, "a", ""), "    1.234      41  done      a\n");
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        let long = "日本 ".repeat(100);
        for columns in [62, 80, 100, 200] {
            let line = lines(Some(columns), &long, &long);
            assert!(width(line.trim_end_matches('\n')) < columns, "{columns}: {line}");
            assert_eq!(line.matches('…').count(), 2);
        }
    }

    #[test]
    fn nothing_is_cut_in_a_pipe() {
        let long = "x".repeat(500);
        assert!(lines(None, &long, &long).len() > 1000);
    }

    #[test]
    fn a_cut_text_fits() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcd…");
        assert_eq!(cut("日本語日本語", 7), "日本…");
    }
}
