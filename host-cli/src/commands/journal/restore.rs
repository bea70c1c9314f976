//! `wasm-agent journal files JOURNAL DIR`: restores a run's files into an empty folder.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use serde_json::{Value, json};
use wasm_agent_audit::files::{Completeness, Folder, Restored};
use wasm_agent_host::policy::GuestPath;

use super::follow::{failed, follow};
use super::gaps::Gaps;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::json::json_line;
use crate::show::style;
use crate::show::table::{Align, Table};
use crate::show::units::bytes;

/// A folder that confines all writes, whatever names a journal has. Links are neither created nor followed.
struct ConfinedFolder(Dir);

/// Restores files, and reports how much of each.
pub(super) fn restore(arguments: &args::Files, folder: &Path, report: &Report) -> Result<Exit, Failure> {
    let mut followed = follow(arguments)?;
    let mut confined = open(folder)?;
    let mut restored = Vec::new();
    let ended = followed.files.restore(&mut confined, &mut followed.reader, |each| restored.push(each));
    ended.map_err(|error| failed(&arguments.journal, error))?;
    let gaps = followed.gaps(arguments);
    match report.format {
        Format::Text => report.data(|out| text(out, &restored, &gaps))?,
        Format::Json => report.data(|out| objects(out, &restored, &gaps))?,
    }
    match restored
        .iter()
        .find_map(|each| if let Completeness::Failed { why } = &each.completeness { Some((each, why)) } else { None })
    {
        None => Ok(Exit::Finished),
        Some((each, why)) => Err(Failure::new(
            Exit::HostFailed,
            format!("cannot restore `{}` into `{}`: {why}", each.path.as_str(), folder.display()),
        )),
    }
}

/// Opens an empty folder, or creates it.
///
/// # Authority
///
/// Opens the folder from the command line. Everything that is restored is opened relative to it.
fn open(folder: &Path) -> Result<ConfinedFolder, Failure> {
    let failed = |error| Failure::file("open", "folder", folder, error);
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Failure::file("create", "folder", folder, error));
        }
        Ok(()) | Err(_) => {}
    }
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(failed)?;
    match dir.entries().map_err(failed)?.next() {
        None => Ok(ConfinedFolder(dir)),
        Some(_) => Err(Failure::new(Exit::NothingRan, format!("folder `{}` is not empty", folder.display()))
            .hint("name an empty or a new folder")),
    }
}

impl Folder for ConfinedFolder {
    type File = File;

    fn directory(&mut self, path: &GuestPath) -> io::Result<()> {
        match relative(path) {
            "" => Ok(()),
            name => self.0.create_dir_all(name),
        }
    }

    fn file(&mut self, path: &GuestPath, length: u64) -> io::Result<File> {
        if let Some(parent) = path.parent() {
            self.directory(&parent)?;
        }
        let file = self.0.open_with(relative(path), OpenOptions::new().write(true).create_new(true))?;
        if length > 0 {
            file.set_len(length)?;
        }
        Ok(file)
    }
}

fn relative(path: &GuestPath) -> &str {
    path.as_str().strip_prefix('/').unwrap_or_default()
}

fn text(out: &mut dyn Write, restored: &[Restored], gaps: &Gaps) -> io::Result<()> {
    let mut table = Table::new(&[("RESTORED", Align::Left), ("PATH", Align::Left), ("WHAT", Align::Left)]);
    for each in restored {
        let (style, name, what) = describe(&each.completeness);
        table.row_styled(style, [name.to_owned(), escape_line(each.path.as_str()).into_owned(), what]);
    }
    if restored.is_empty() {
        writeln!(out, "nothing is known of any file at that point")?;
    }
    table.write(out)?;
    let unknown =
        |each: &Restored| matches!(each.completeness, Completeness::Partial { .. } | Completeness::Unknown { .. });
    gaps.write(out, restored.iter().any(unknown))
}

fn describe(left: &Completeness) -> (Style, &'static str, String) {
    match left {
        Completeness::Whole { length: Some(length) } => (style::GOOD, "whole", bytes(*length)),
        Completeness::Whole { length: None } => (style::GOOD, "whole", "directory".to_owned()),
        Completeness::Partial { length, known, cut } => {
            let of = length.map_or_else(|| "an unknown length".to_owned(), bytes);
            let cut = if *cut { ", too long to be restored completely" } else { "" };
            (style::WARNING, "partial", format!("{} of {of}{cut}; the rest is zeroes", bytes(*known)))
        }
        Completeness::Unknown { length: Some(length) } => {
            (style::WARNING, "unknown", format!("{}, not created", bytes(*length)))
        }
        Completeness::Unknown { length: None } => (style::WARNING, "unknown", "not created".to_owned()),
        Completeness::Link { target } => {
            (style::WARNING, "link", format!("not created: a symbolic link to {}", escape_line(target)))
        }
        Completeness::Failed { why } => (style::BAD, "failed", escape_line(why).into_owned()),
    }
}

fn objects(out: &mut dyn Write, restored: &[Restored], gaps: &Gaps) -> io::Result<()> {
    for each in restored {
        let mut value =
            json!({ "event": "restored", "path": each.path.as_str(), "state": describe(&each.completeness).1 });
        let details = match &each.completeness {
            Completeness::Whole { length } | Completeness::Unknown { length } => json!({ "length": length }),
            Completeness::Partial { length, known, cut } => {
                json!({ "length": length, "known_bytes": known, "cut": cut })
            }
            Completeness::Link { target } => json!({ "target": target }),
            Completeness::Failed { why } => json!({ "why": why }),
        };
        if let (Value::Object(value), Value::Object(details)) = (&mut value, details) {
            value.extend(details);
        }
        writeln!(out, "{}", json_line(&value))?;
    }
    writeln!(out, "{}", json_line(&gaps.json()))
}
