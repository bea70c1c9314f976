//! Searches and replaces over a folder, with a summary.
//!
//! ```text
//! edit-files [--dry-run] DIR FROM TO
//! ```
//!
//! Replaces `FROM` by `TO` in every text file below `DIR`. Files that are not text, that can't be read, or that the
//! policy denies are left as they are and listed. Before it changes more than a few files it asks for one checkpoint,
//! so that a person sees the whole edit and not only its first file.

#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasm_agent_sdk::{approval, intent};

/// How many files are changed without a checkpoint for the whole edit.
const FILES_WITHOUT_CHECKPOINT: usize = 3;

/// A file that would change, and its new contents.
struct Edit {
    path: PathBuf,
    content: String,
    replacements: usize,
}

/// What a search of the folder found.
#[derive(Default)]
struct Plan {
    edits: Vec<Edit>,
    skipped: Vec<String>,
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let dry_run = arguments.first().is_some_and(|first| first == "--dry-run");
    if dry_run {
        arguments.remove(0);
    }
    let [dir, from, to] = arguments.as_slice() else {
        return usage();
    };
    if from.is_empty() {
        return usage();
    }
    let mut plan = Plan::default();
    if let Err(error) = plan.search(Path::new(dir), from, to) {
        eprintln!("error: could not read `{dir}`: {error}");
        return ExitCode::FAILURE;
    }
    for skipped in &plan.skipped {
        eprintln!("skipped {skipped}");
    }
    if dry_run {
        for edit in &plan.edits {
            println!("would change {}: {}", edit.path.display(), edit.replacements);
        }
        return ExitCode::SUCCESS;
    }
    intent::declare(&format!("to replace `{from}` by `{to}` below {dir}"));
    if plan.edits.len() > FILES_WITHOUT_CHECKPOINT
        && let Err(refusal) =
            approval::checkpoint(&format!("change {} files below {dir}", plan.edits.len()), &plan.describe(from, to))
    {
        eprintln!("error: nothing was changed: {refusal}");
        return ExitCode::FAILURE;
    }
    plan.carry_out()
}

fn usage() -> ExitCode {
    eprintln!("usage: edit-files [--dry-run] DIR FROM TO");
    ExitCode::from(2)
}

impl Plan {
    fn search(&mut self, dir: &Path, from: &str, to: &str) -> io::Result<()> {
        let mut entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type()?;
            let done = if kind.is_dir() {
                self.search(&path, from, to)
            } else if kind.is_file() {
                self.look_at(&path, from, to)
            } else {
                Ok(())
            };
            if let Err(error) = done {
                self.skipped.push(format!("{}: {error}", path.display()));
            }
        }
        Ok(())
    }

    fn look_at(&mut self, path: &Path, from: &str, to: &str) -> io::Result<()> {
        let content = fs::read_to_string(path)?;
        let replacements = content.matches(from).count();
        if replacements > 0 {
            self.edits.push(Edit { path: path.to_owned(), content: content.replace(from, to), replacements });
        }
        Ok(())
    }

    fn describe(&self, from: &str, to: &str) -> String {
        let mut text = format!("replace `{from}` by `{to}` in:\n");
        for edit in &self.edits {
            text.push_str(&format!("{}: {}\n", edit.path.display(), edit.replacements));
        }
        text
    }

    /// Writes what can be written. A refused file does not undo the others, so the summary counts both.
    fn carry_out(&self) -> ExitCode {
        let mut replacements = 0;
        let mut changed = 0;
        for edit in &self.edits {
            match fs::write(&edit.path, &edit.content) {
                Ok(()) => {
                    println!("changed {}: {}", edit.path.display(), edit.replacements);
                    replacements += edit.replacements;
                    changed += 1;
                }
                Err(error) => eprintln!("error: could not change {}: {error}", edit.path.display()),
            }
        }
        let left = self.edits.len() - changed;
        println!("{replacements} replacements in {changed} files, {left} files left as they were");
        if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
