//! Finds text in a folder.
//!
//! ```text
//! search("/notes", "todo")
//! ```
//!
//! A tool with a typed export that needs only `std`. It can read what the policy grants; a denied file is skipped like
//! any file that can't be read.

#![deny(unsafe_code)]

use std::fs;
use std::io;
use std::path::Path;

use bindings::{Guest, Hit};

/// How many hits are returned. Nobody would read more, and each costs memory.
const HITS_MAX: usize = 1000;

struct Search;

#[expect(unsafe_code, reason = "the exported functions of a component are generated")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "search" });
    export!(Search with_types_in self);
    use super::Search;
}

impl Guest for Search {
    fn search(dir: String, text: String) -> Result<Vec<Hit>, String> {
        if text.is_empty() {
            return Err("there is no text to look for".to_owned());
        }
        let mut hits = Vec::new();
        search_dir(Path::new(&dir), &text.to_lowercase(), &mut hits)
            .map_err(|error| format!("could not read `{dir}`: {error}"))?;
        Ok(hits)
    }
}

fn search_dir(dir: &Path, wanted: &str, hits: &mut Vec<Hit>) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            // A folder that is denied does not spoil the search in the others.
            let _ = search_dir(&path, wanted, hits);
        } else if kind.is_file()
            && let Ok(content) = fs::read_to_string(&path)
        {
            search_text(&path.display().to_string(), &content, wanted, hits);
        }
    }
    Ok(())
}

fn search_text(path: &str, content: &str, wanted: &str, hits: &mut Vec<Hit>) {
    for (line, number) in content.lines().zip(1..) {
        if hits.len() == HITS_MAX {
            return;
        }
        if line.to_lowercase().contains(wanted) {
            hits.push(Hit { path: path.to_owned(), line: number, text: line.trim().to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_in_any_case_and_numbers_them_from_one() {
        let mut hits = Vec::new();
        search_text("/a", "first\n  A Todo here \nlast TODO", "todo", &mut hits);
        let found: Vec<_> = hits.iter().map(|hit| (hit.line, hit.text.as_str())).collect();
        assert_eq!(found, [(2, "A Todo here"), (3, "last TODO")]);
    }

    #[test]
    fn stops_at_the_most_hits_it_returns() {
        let mut hits = Vec::new();
        search_text("/a", &"x\n".repeat(HITS_MAX + 5), "x", &mut hits);
        assert_eq!(hits.len(), HITS_MAX);
    }
}
