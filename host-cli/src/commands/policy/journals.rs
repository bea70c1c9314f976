//! Finds journals by files, folders and patterns.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_agent_audit::redact::TakenOut;
use wasm_agent_host::journal::Reader;
use wasm_agent_host::policy::PathPattern;

use crate::args::Journals;
use crate::commands::progress::{Prints, Progress, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;

/// The extension of journals.
const ENDING: &str = ".journal";

/// Most journals in folders. More are probably a mistake in the path.
const FILES_MAX: usize = 100_000;

/// Deepest folders searched.
const DEPTH_MAX: usize = 64;

/// Finds the journals, each once. Those of a folder or pattern are sorted by name.
///
/// # Errors
///
/// When a folder can't be read, a pattern is invalid, or nothing is found.
pub(super) fn find(journals: &Journals) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    for path in &journals.journals {
        let here = if path.is_dir() {
            let mut files = Vec::new();
            look_into(path, path, &|relative| relative.ends_with(ENDING), 0, &mut files)?;
            some(files, path, "has no file that ends in `.journal`")?
        } else if !path.exists() && is_pattern(path) {
            some(matching(path)?, path, "matches no file")?
        } else {
            vec![path.clone()]
        };
        for file in here {
            if seen.insert(file.clone()) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

/// Opens a journal to judge. A redaction without paths can't be judged.
///
/// # Errors
///
/// When it can't be read, or is such a redaction.
pub(super) fn open(path: &Path) -> Result<Reader<Progress>, Failure> {
    let reader = open_journal(path, Prints::AtTheEnd)?;
    let taken_out = reader.header().redaction.as_ref().map(|redaction| redaction.taken_out.as_slice());
    let Some(taken_out) = taken_out.filter(|names| TakenOut::from_names(names).is_none_or(|taken| taken.paths)) else {
        return Ok(reader);
    };
    let without = taken_out.join(" and ");
    let problem = format!("cannot judge journal `{}`: it is a redaction without {without}", path.display());
    Err(Failure::new(Exit::NothingRan, problem).hint("use the original"))
}

fn some(mut files: Vec<PathBuf>, path: &Path, problem: &str) -> Result<Vec<PathBuf>, Failure> {
    if files.is_empty() {
        return Err(Failure::new(Exit::NothingRan, format!("`{}` {problem}", path.display())));
    }
    files.sort();
    Ok(files)
}

fn is_pattern(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains(['*', '?']))
}

/// The files that match a pattern. The search starts in the folder before its first wildcard.
fn matching(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut folder = PathBuf::new();
    let mut names = path.components().peekable();
    while let Some(name) = names.next_if(|name| !is_pattern(Path::new(name))) {
        folder.push(name);
    }
    let rest: Vec<String> = names.map(|name| name.as_os_str().to_string_lossy().into_owned()).collect();
    let pattern = PathPattern::parse(&rest.join("/")).map_err(|error| {
        Failure::new(Exit::NothingRan, format!("`{}` is not a pattern for files: {error}", path.display()))
    })?;
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let mut files = Vec::new();
    look_into(&folder, &folder, &|relative| pattern.matches(Some(relative)), 0, &mut files)?;
    // If the pattern has no `./`, the results have none.
    let short = |file: PathBuf| file.strip_prefix(".").map(Path::to_owned).unwrap_or(file);
    Ok(if path.starts_with(".") { files } else { files.into_iter().map(short).collect() })
}

/// Collects the files below a folder whose path from `root` is wanted. Does not follow links to folders.
fn look_into(
    root: &Path,
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let unreadable = |error| Failure::file("read", "folder", folder, error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable)?;
        let relative = path.strip_prefix(root).ok().and_then(Path::to_str);
        if kind.is_dir() && depth < DEPTH_MAX {
            look_into(root, &path, wanted, depth + 1, files)?;
        } else if !kind.is_dir() && relative.is_some_and(wanted) {
            files.push(path);
            if files.len() > FILES_MAX {
                let message = format!("`{}` has more than {FILES_MAX} journals", root.display());
                return Err(Failure::new(Exit::NothingRan, message).hint("name a folder within it"));
            }
        }
    }
    Ok(())
}
