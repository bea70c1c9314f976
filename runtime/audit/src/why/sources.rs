//! What a tool had read by some point of its run.

use std::fmt;

use wasm_agent_policy::GuestPath;

/// Most sources kept at a time. Of more, the last ones are kept.
const SOURCES_MAX: usize = 256;

/// Longest name of a source, in bytes: twice that of a URL.
const NAME_BYTES_MAX: usize = 16 << 10;

/// Something that a tool read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// How many bytes were read.
    pub bytes: u64,
    /// The first and the last call that read it.
    pub calls: (u64, u64),
}

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceName {
    /// A file.
    File(GuestPath),
    /// The response to a request: method and URL.
    Response(String),
    /// Standard input.
    Stdin,
}

impl fmt::Display for SourceName {
    /// Writes the name as it is. Text for a terminal is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path.as_str()),
            Self::Response(name) => f.write_str(name),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// What was read, most recent last.
#[derive(Debug, Default)]
pub(super) struct Sources {
    kept: Vec<Source>,
    /// How many were dropped.
    more: u64,
}

impl Sources {
    pub(super) fn read(&mut self, name: SourceName, bytes: u64, call: u64) {
        if matches!(&name, SourceName::Response(name) if name.len() > NAME_BYTES_MAX) {
            self.more = self.more.saturating_add(1);
            return;
        }
        // The same source is often read several times in a row.
        let known = self.kept.iter().rposition(|source| source.name == name);
        let before = known.map(|known| self.kept.remove(known));
        let (first, so_far) = before.map_or((call, 0), |source| (source.calls.0, source.bytes));
        if self.kept.len() >= SOURCES_MAX {
            self.kept.remove(0);
            self.more = self.more.saturating_add(1);
        }
        self.kept.push(Source { name, bytes: so_far.saturating_add(bytes), calls: (first, call) });
    }

    /// About how much memory the names take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let names = self.kept.iter().map(|source| match &source.name {
            SourceName::File(path) => path.as_str().len(),
            SourceName::Response(name) => name.len(),
            SourceName::Stdin => 0,
        });
        names.sum()
    }

    /// Takes what was read until now, most recent first, and how many more there were.
    pub(super) fn take(&mut self) -> (Vec<Source>, u64) {
        let mut taken = std::mem::take(&mut self.kept);
        taken.reverse();
        (taken, std::mem::take(&mut self.more))
    }
}
