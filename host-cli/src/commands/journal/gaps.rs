//! What a journal does not say about a run's files.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::shared::write_incomplete;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::count;

/// Where the contents that the tool wrote come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ContentsFrom {
    /// The journal has all of them.
    Recorded,
    /// A replay made them again.
    Replayed,
    /// Some are missing: there is no tool to replay with.
    NoTool,
    /// Some are missing: the replay failed.
    NotReplayed(String),
}

/// What a list of files leaves open.
pub(super) struct Gaps {
    pub(super) contents: ContentsFrom,
    /// Names that were not followed, as there were too many.
    pub(super) lost: u64,
    /// Digests that were not computed, as the files are too long.
    pub(super) undigested: u64,
    /// The run's end was asked for, and the journal does not have it.
    pub(super) incomplete: bool,
}

impl Gaps {
    /// Writes what the list above does not have, and what would help.
    pub(super) fn write(&self, out: &mut dyn Write, unknown: bool) -> io::Result<()> {
        let (warning, hint) = (style::WARNING, style::HINT);
        match &self.contents {
            ContentsFrom::NoTool if unknown => writeln!(
                out,
                "\n{warning}unknown{warning:#}: the journal has what the tool wrote by digest only\n\
                 {hint}hint{hint:#}: name the tool with `--component FILE`: a replay makes the contents again"
            )?,
            ContentsFrom::NotReplayed(why) => writeln!(
                out,
                "\n{warning}unknown{warning:#}: a replay could not make what the tool wrote: {}",
                escape_line(why)
            )?,
            ContentsFrom::NoTool | ContentsFrom::Recorded | ContentsFrom::Replayed => {}
        }
        if self.lost > 0 {
            let lost = count(self.lost, "name");
            writeln!(out, "\n{warning}cut{warning:#}: {lost} not followed, as there are too many")?;
        }
        if self.undigested > 0 {
            let digests = count(self.undigested, "digest");
            writeln!(out, "\n{warning}cut{warning:#}: {digests} not computed, as the files are too long")?;
        }
        if self.incomplete {
            write_incomplete(out)?;
        }
        Ok(())
    }

    pub(super) fn json(&self) -> Value {
        let (contents, why) = match &self.contents {
            ContentsFrom::Recorded => ("recorded", None),
            ContentsFrom::Replayed => ("replayed", None),
            ContentsFrom::NoTool => ("no-tool", None),
            ContentsFrom::NotReplayed(why) => ("not-replayed", Some(why)),
        };
        json!({
            "event": "summary",
            "contents": contents,
            "why": why,
            "lost": self.lost,
            "undigested": self.undigested,
            "incomplete": self.incomplete,
        })
    }
}
