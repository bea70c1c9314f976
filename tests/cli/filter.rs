//! Replaces in a transcript what differs from run to run and from machine to machine.
//!
//! This is hand-made, because no snapshot library does what the transcripts need: cells of a table that keep their
//! width, numbers in JSON chosen by their key, and columns as wide as a path of the machine.

use serde_json::Value;

/// Units of numbers that depend on the machine, the tool's build or the run; and the replacement for number and unit.
const UNITS: &[(&[&str], &str)] = &[
    (&["ns", "µs", "ms", "s", "min", "h"], "TIME"),
    (&["B", "KiB", "MiB", "GiB"], "SIZE"),
    (&["call", "calls"], "# calls"),
    (&["other"], "# other"),
    (&["record", "records"], "# records"),
    (&["units"], "# units"),
];

/// Words before such numbers.
const NAMES: &[&str] = &["call", "record", "offset"];

/// Keys of such numbers in JSON.
const KEYS: &[&str] =
    &["at", "bytes", "call", "calls", "fuel", "offset", "record", "records", "memory_high_bytes", "id"];

/// Words before the check of a record.
const CHECKS: &[&str] = &["check", "expected"];

/// The beginning of lines of a timeline.
const TABLE: &str = "   ";

/// Separates the cells of a table, with more spaces up to the width of the column.
const GAP: &str = "  ";

/// Shortest hexadecimal word that is a digest or an id, in characters.
const HEX_MIN: usize = 16;

/// The filtered lines of an output, with visible control characters.
pub(crate) fn lines(output: &[u8], hidden: &[(String, &str)]) -> Vec<String> {
    let mut text = untabled(&String::from_utf8_lossy(output), hidden);
    for (what, shown) in hidden {
        text = text.replace(what, shown);
    }
    text.split_terminator('\n').map(|line| visible(&filtered(line))).collect()
}

/// Separates the cells of a table by two spaces if it has a hidden path: the path's length, which is the width of its
/// column, differs from machine to machine. Tables are between empty lines.
fn untabled(text: &str, hidden: &[(String, &str)]) -> String {
    let has_hidden =
        |line: &str| line.contains(GAP) && hidden.iter().any(|(what, _)| what.starts_with('/') && line.contains(what));
    let blocks = text.split("\n\n").map(|block| match block.lines().any(has_hidden) {
        true => block.split('\n').map(narrowed).collect::<Vec<_>>().join("\n"),
        false => block.to_owned(),
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn narrowed(line: &str) -> String {
    let cells = line.trim_start();
    let indent = &line[..line.len() - cells.len()];
    let cells: Vec<&str> = cells.split(GAP).map(str::trim).filter(|cell| !cell.is_empty()).collect();
    indent.to_owned() + &cells.join(GAP)
}

fn visible(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { format!("<{:02x}>", u32::from(c)) } else { c.to_string() }).collect()
}

fn filtered(line: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(mut value @ Value::Object(_)) => {
            object(&mut value, "");
            value.to_string()
        }
        _ => text(line),
    }
}

fn object(value: &mut Value, key: &str) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(key, value)| object(value, key)),
        Value::Array(items) => items.iter_mut().for_each(|item| object(item, key)),
        Value::Number(number) => {
            // In an outcome, large numbers are times and hashes of files.
            let most = if key == "outcome" { 9_999 } else { u64::from(u32::MAX) };
            let is_own = number.as_u64().is_some_and(|number| number > most);
            if KEYS.contains(&key) || key.ends_with("records") || key.ends_with("_ns") || is_own {
                *value = Value::from("#");
            }
        }
        Value::String(content) => *content = text(content),
        Value::Null | Value::Bool(_) => {}
    }
}

fn text(line: &str) -> String {
    // A marked row is filtered like any other.
    if let Some(row) = line.strip_prefix('>').filter(|row| row.starts_with(TABLE)) {
        return text(&format!(" {row}")).replacen(' ', ">", 1);
    }
    let line = digests(line).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let words: Vec<&str> = line.split_inclusive(' ').collect();
    let mut out = String::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let (number, next) = (core(word), words.get(index + 1).copied().unwrap_or_default());
        let previous = index.checked_sub(1).map_or("", |before| core(words[before]));
        let is_number = number.parse::<f64>().is_ok();
        let is_column = out.is_empty() || out.ends_with("  ");
        let is_last = next.trim().is_empty();
        let unit = UNITS.iter().find(|(units, _)| units.contains(&core(next)));
        if let (true, Some((_, with))) = (is_number, unit) {
            out += &word[..word.find(number).unwrap()];
            out += &next.replacen(core(next), with, 1);
            index += 1;
        } else if is_number
            && (NAMES.contains(&previous) || word.trim() == number && line.starts_with(TABLE) && is_column && is_last)
        {
            // In a table, numbers end where their column does; only the last column begins where it does.
            let width = if out.starts_with(TABLE) && index + 1 < words.len() { number.len() } else { 1 };
            out += &word.replacen(number, &format!("{:>width$}", "#"), 1);
        } else if CHECKS.contains(&previous) && number.len() == 8 && number.chars().all(|c| c.is_ascii_hexdigit()) {
            out += &word.replacen(number, "CHECK", 1);
        } else if is_date(number) {
            out += &word.replacen(number, "DATE", 1);
        } else {
            out += word;
        }
        index += 1;
    }
    // Whether a fast answer counts as a wait depends on the machine.
    out.replace(", TIME of it waiting", "").replace(" after TIME", "").replace("# other calls", "# other call")
}

/// A word without the punctuation around it.
fn core(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_date(word: &str) -> bool {
    word.len() == "2000-01-01T00:00:00Z".len() && word.ends_with('Z') && word.as_bytes()[10] == b'T'
}

/// Replaces digests and ids.
fn digests(line: &str) -> String {
    let mut out = String::new();
    for word in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_digest = name.len() >= HEX_MIN && name.chars().all(|c| c.is_ascii_hexdigit());
        out += if is_digest { "HEX" } else { name };
        out += &word[name.len()..];
    }
    out
}
