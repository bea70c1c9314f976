//! What a journal does not say about a run's files.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::shared::write_incomplete;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::count;

/// Where the contents of what the tool wrote come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Contents {
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
    pub(super) contents: Contents,
    /// Names that were not followed, as there were too many.
    pub(super) lost: u64,
    /// Digests that were not computed, as the files are too long.
    pub(super) undigested: u64,
    /// The run's end was asked for, and the journal does not have it.
    pub(super) incomplete: bool,
}

impl Gaps {
    /// Writes what the list before could not say, and what would help.
    pub(super) fn write(&self, out: &mut dyn Write, unknown: bool) -> io::Result<()> {
        let (warning, hint) = (style::WARNING, style::HINT);
        match &self.contents {
            Contents::NoTool if unknown => writeln!(
                out,
                "\n{warning}unknown{warning:#}: what the tool wrote is in the journal by digest\n\
                 {hint}hint{hint:#}: `--component FILE` names the tool, and a replay makes it again"
            )?,
            Contents::NotReplayed(why) => writeln!(
                out,
                "\n{warning}unknown{warning:#}: what the tool wrote could not be made again: {}",
                escape_line(why)
            )?,
            Contents::NoTool | Contents::Recorded | Contents::Replayed => {}
        }
        if self.lost > 0 {
            let lost = count(self.lost, "name");
            writeln!(out, "\n{warning}cut{warning:#}: {lost} beyond what is followed of one journal")?;
        }
        if self.undigested > 0 {
            let digests = count(self.undigested, "digest");
            writeln!(
                out,
                "\n{warning}cut{warning:#}: {digests} of files that are longer than what is digested of one journal"
            )?;
        }
        if self.incomplete {
            write_incomplete(out)?;
        }
        Ok(())
    }

    pub(super) fn json(&self) -> Value {
        let (contents, why) = match &self.contents {
            Contents::Recorded => ("recorded", None),
            Contents::Replayed => ("replayed", None),
            Contents::NoTool => ("no-tool", None),
            Contents::NotReplayed(why) => ("not-replayed", Some(why)),
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
