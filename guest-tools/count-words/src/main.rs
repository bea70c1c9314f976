//! Counts the words of a folder and prints JSON.
//!
//! ```text
//! count-words DIR [TOP]
//! ```
//!
//! Reads every file below `DIR` and prints one JSON object: how many files, lines, words and bytes there
//! are, the `TOP` (10) most frequent words, and what could not be read and why. Symbolic links are not
//! followed. Words are compared in lower case; bytes that are not UTF-8 count as bytes only.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

/// How many of the most frequent words are printed by default.
const TOP: usize = 10;

#[derive(Default)]
struct Count {
    files: u64,
    lines: u64,
    words: u64,
    bytes: u64,
    frequency: BTreeMap<String, u64>,
    skipped: Vec<Value>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (dir, top) = match arguments.as_slice() {
        [dir] => (dir, TOP),
        [dir, top] => match top.parse() {
            Ok(top) => (dir, top),
            Err(_) => return usage(),
        },
        _ => return usage(),
    };
    let mut count = Count::default();
    if let Err(error) = count.add_dir(Path::new(dir)) {
        eprintln!("error: could not read `{dir}`: {error}");
        return ExitCode::FAILURE;
    }
    println!("{:#}", count.to_json(top));
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: count-words DIR [TOP]");
    ExitCode::from(2)
}

impl Count {
    fn add_dir(&mut self, dir: &Path) -> Result<(), Box<dyn Error>> {
        let mut entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
        // A folder has the file system's order; the output must not depend on it.
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type()?;
            let done = if kind.is_dir() {
                self.add_dir(&path)
            } else if kind.is_file() {
                self.add_file(&path)
            } else {
                Ok(())
            };
            if let Err(error) = done {
                self.skipped.push(json!({ "path": path.display().to_string(), "reason": error.to_string() }));
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            self.add_line(&line);
            line.clear();
        }
        self.files += 1;
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) {
        self.lines += 1;
        self.bytes += line.len() as u64;
        for word in String::from_utf8_lossy(line).split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                self.words += 1;
                *self.frequency.entry(word.to_lowercase()).or_default() += 1;
            }
        }
    }

    fn to_json(&self, top: usize) -> Value {
        let mut ranked: Vec<(&String, &u64)> = self.frequency.iter().collect();
        // The sort is stable, so words that are equally frequent stay in alphabetical order.
        ranked.sort_by(|(_, a), (_, b)| b.cmp(a));
        let top: Vec<Value> =
            ranked.into_iter().take(top).map(|(word, count)| json!({ "word": word, "count": count })).collect();
        json!({
            "files": self.files,
            "lines": self.lines,
            "words": self.words,
            "bytes": self.bytes,
            "top": top,
            "skipped": self.skipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_words_by_frequency_then_alphabet() {
        let mut count = Count::default();
        count.add_line(b"Beta alpha, beta;\n");
        count.add_line(b"gamma alpha beta\n");
        let json = count.to_json(2);
        assert_eq!(json["words"], 6);
        assert_eq!(json["lines"], 2);
        assert_eq!(json["top"], json!([{ "word": "beta", "count": 3 }, { "word": "alpha", "count": 2 }]));
    }

    #[test]
    fn takes_bytes_that_are_not_text() {
        let mut count = Count::default();
        count.add_line(b"\xff\xfeword\xff\n");
        assert_eq!((count.words, count.bytes), (1, 8));
    }
}
