//! Aligned columns of text.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use super::style;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    /// For numbers.
    Right,
}

/// A table, held in memory until all widths are known. For few rows.
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    /// The style of the first cell, and the cells.
    rows: Vec<(Style, Vec<String>)>,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with one cell for each column. The caller escapes them.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.row_styled(Style::new(), cells);
    }

    /// Adds a row with a style for its first cell.
    pub(crate) fn row_styled(&mut self, style: Style, cells: impl IntoIterator<Item = String>) {
        self.rows.push((style, cells.into_iter().collect()));
    }

    /// Writes an empty line and the table. Writes nothing if it has no rows.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let heading: Vec<String> = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|(_, row)| row).chain([&heading]).filter_map(|row| row.get(column));
                cells.map(|cell| width(cell)).max().unwrap_or_default()
            })
            .collect();
        let faint = style::FAINT;
        writeln!(out, "\n{faint}{}{faint:#}", self.line(&heading, &widths))?;
        for (style, row) in &self.rows {
            let line = self.line(row, &widths);
            let (indent, text) = line.split_at(line.len() - line.trim_start().len());
            let first = row.first().map_or("", String::as_str);
            match text.strip_prefix(first) {
                Some(rest) => writeln!(out, "{indent}{style}{first}{style:#}{rest}")?,
                // The first cell begins with a space: without a style.
                None => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width_max), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            let gap = if line.is_empty() { "" } else { "  " };
            let spaces = " ".repeat(width_max.saturating_sub(width(cell)));
            line.push_str(gap);
            match align {
                Align::Left => line.extend([cell.as_str(), &spaces]),
                Align::Right => line.extend([&spaces, cell.as_str()]),
            }
        }
        line.trim_end().to_owned()
    }
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("N", Align::Right), ("NAME", Align::Left), ("TIME", Align::Right)]);
        table.row(["7".to_owned(), "a".to_owned(), "12.5 µs".to_owned()]);
        table.row(["1000".to_owned(), "日本".to_owned(), "1 ns".to_owned()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert_eq!(text, "\n   N  NAME     TIME\n   7  a     12.5 µs\n1000  日本     1 ns\n");
    }

    #[test]
    fn a_first_column_on_the_right_may_have_any_characters() {
        let mut table = Table::new(&[("TIME", Align::Right), ("WHAT", Align::Left)]);
        table.row(["223.2 µs".to_owned(), "a".to_owned()]);
        table.row(["206 µs".to_owned(), "b".to_owned()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert_eq!(text, "\n    TIME  WHAT\n223.2 µs  a\n  206 µs  b\n");
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        let mut out = Vec::new();
        Table::new(&[("N", Align::Right)]).write(&mut out).unwrap();
        assert!(out.is_empty());
    }
}
