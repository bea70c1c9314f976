//! What stands in the repository: files of known kinds that a person can read, apart from fixtures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wasm_agent_tests::guests::root;

use crate::{files, text};

/// Largest file, in bytes.
const BYTES_MAX: u64 = 256 << 10;

/// Longest line, in columns. rustfmt keeps code within it, but not comments, literals and macros.
const COLUMNS_MAX: usize = 120;

/// Folders of inputs that are read as they are: binary, damaged, with any name.
const FIXTURES: [&str; 3] = ["tests/fixtures", "tests/fuzz/corpus", "runtime/host/adapters"];

/// Endings of files that people write, line by line.
const WRITTEN: [&str; 12] =
    [".rs", ".toml", ".md", ".wit", ".py", ".ci/run", ".c", ".cpp", ".go", ".js", ".ts", ".zig"];

/// Endings of other text: licences, schemas, and what programs print.
const OTHER: [&str; 6] = [".gitignore", ".json", ".lock", ".mod", ".txt", "LICENSE"];

/// Taken over from WASI as it is.
const FOREIGN: &str = "wit/deps";

/// Where lines over [`COLUMNS_MAX`] are left, and how many. None may be added, and an entry goes with its last
/// line.
const LEFT: [(&str, usize); 1] = [("runtime/policy", 5)];

fn outside_fixtures() -> impl Iterator<Item = PathBuf> {
    files(&[""]).into_iter().filter(|path| !FIXTURES.iter().any(|folder| path.starts_with(folder)))
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.to_str().unwrap().ends_with(ending))
}

#[test]
fn files_are_of_known_kinds() {
    let unknown: Vec<PathBuf> =
        outside_fixtures().filter(|path| !ends_with(path, &WRITTEN) && !ends_with(path, &OTHER)).collect();
    assert!(unknown.is_empty(), "neither sources nor fixtures, by their endings: {unknown:#?}");
}

#[test]
fn files_are_text_of_moderate_size() {
    for path in outside_fixtures() {
        let bytes = std::fs::read(root().join(&path)).unwrap();
        let name = path.display();
        assert!(u64::try_from(bytes.len()).unwrap() <= BYTES_MAX, "{name} has {} bytes", bytes.len());
        assert!(std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0')), "{name} is binary");
    }
}

/// The numbers of the lines that are too long. In Markdown, tables can't be broken, and what a program printed must
/// not be.
fn long_lines(path: &Path) -> Vec<usize> {
    let is_markdown = ends_with(path, &[".md"]);
    let mut is_printed = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text(path).lines()) {
        is_printed ^= is_markdown && line.starts_with("```");
        let is_kept = is_markdown && (is_printed || line.starts_with('|'));
        if line.chars().count() > COLUMNS_MAX && !is_kept {
            found.push(number);
        }
    }
    found
}

#[test]
fn lines_are_short() {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    let mut new = Vec::new();
    for path in outside_fixtures().filter(|path| ends_with(path, &WRITTEN) && !path.starts_with(FOREIGN)) {
        let lines = long_lines(&path);
        match LEFT.iter().find(|(folder, _)| path.starts_with(folder)) {
            Some(&(folder, _)) => *left.entry(folder).or_default() += lines.len(),
            None => new.extend(lines.iter().map(|line| format!("{}:{line}", path.display()))),
        }
    }
    assert!(new.is_empty(), "longer than {COLUMNS_MAX} columns: {new:#?}");
    for (folder, most) in LEFT {
        let count = left.get(folder).copied().unwrap_or_default();
        assert!(count <= most, "{count} lines over {COLUMNS_MAX} columns in {folder}, where {most} were left");
    }
}
