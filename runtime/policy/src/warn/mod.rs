//! Warnings about policies that look tighter than they are.
//!
//! An error is about a policy that cannot mean what it says. A warning is about one that means something other than its
//! reader will think, or grants more than it seems to. Each warning says what to write instead, and there is always a
//! way to write it without the warning: warnings that nobody can act on teach people to ignore the others.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::action::{Action, Origin};
use crate::bounds::LISTED_MAX;
use crate::decision::DecisionKind;
use crate::error::clipped;
use crate::escape;
use crate::file::guest_path::GuestPath;
use crate::policy::Policy;
use crate::{file, http};

/// Most work for trying out what a policy allows, in bytes compared in the worst case. A hundred grants with a hundred
/// patterns each need a tenth of it.
const WORK_MAX: u64 = 1 << 28;

/// The fixed cost of a decision, in the same unit.
const DECISION_WORK: u64 = 1 << 10;

/// The subject of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WarningKind {
    /// A `deny` pattern that is a bare name, and so holds only directly in the grant's directory.
    DenyAtTop,
    /// An `ask` that leaves out what the default would ask about.
    AskTakesAway,
    /// A tool can create, unasked, files that other programs run on their own.
    RunByOthers,
    /// A path on the host that is spelled for a shell or a browser.
    NotAPath,
    /// A grant for a file.
    NotADirectory,
    /// The root of the system, or a directory that contains a person's home or the host's own state.
    WideDirectory,
    /// A URL that looks like a single one, and allows any query.
    FreeQuery,
    /// `*.` in front of a domain below which anybody can register a name.
    SharedDomain,
    /// A secret that is sent to every name below a domain.
    SecretToMany,
    /// Unencrypted requests, which others on the network can read and change.
    Unencrypted,
    /// A list of networks with an address at which a cloud serves credentials.
    Metadata,
    /// A `*` that continues a word.
    WordStar,
    /// A `**` before the segment that the pattern seems to be about.
    AnyDepth,
    /// Much can be read and sent away, unasked.
    WayOut,
    /// A name that the proxy resolves, so that its addresses are not checked.
    ProxyResolves,
    /// The policy is too large to check all of it.
    NotAllChecked,
}

impl WarningKind {
    /// The stable name, for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DenyAtTop => "deny-at-top",
            Self::AskTakesAway => "ask-takes-away",
            Self::RunByOthers => "run-by-others",
            Self::NotAPath => "not-a-path",
            Self::NotADirectory => "not-a-directory",
            Self::WideDirectory => "wide-directory",
            Self::FreeQuery => "free-query",
            Self::SharedDomain => "shared-domain",
            Self::SecretToMany => "secret-to-many",
            Self::Unencrypted => "unencrypted",
            Self::Metadata => "metadata",
            Self::WordStar => "word-star",
            Self::AnyDepth => "any-depth",
            Self::WayOut => "way-out",
            Self::ProxyResolves => "proxy-resolves",
            Self::NotAllChecked => "not-all-checked",
        }
    }
}

/// Something in a policy that looks tighter than it is. Its texts are escaped, and no longer than those of errors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Warning {
    /// The line of the grant, from 1.
    pub line: u32,
    /// Its subject.
    pub kind: WarningKind,
    /// What the policy gives, and why that may not be meant.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// The warnings about a policy, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    listed: Vec<Warning>,
    more: usize,
}

impl Warnings {
    /// The first of them, no more than [`LISTED_MAX`].
    #[must_use]
    pub fn as_slice(&self) -> &[Warning] {
        &self.listed
    }

    /// How many more there are than are listed.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The total number of warnings.
    #[must_use]
    pub fn count(&self) -> usize {
        self.listed.len().saturating_add(self.more)
    }
}

/// Resolves a `host` to the real directory.
pub type RealDirectory<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

/// Whether there is a file, and no directory, at a real path.
pub type IsFile<'a> = &'a dyn Fn(&Path) -> bool;

/// The machine around a policy. The caller fills it in, because nothing here does I/O.
#[derive(Default)]
pub struct Surroundings<'a> {
    /// Resolves the `host` of a grant to the real directory: absolute, without links; `None` if it does not exist.
    pub real: Option<RealDirectory<'a>>,
    /// Whether a path that `real` returned is a file.
    pub is_file: Option<IsFile<'a>>,
    /// Directories that no tool should be given as a whole, each with its name for warnings, such as `your home
    /// directory`; absolute and without links.
    pub private: Vec<(&'a str, PathBuf)>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Surroundings<'_> {
    pub(crate) fn real(&self, host: &str) -> Option<PathBuf> {
        match self.real {
            Some(real) => real(host),
            None => Path::new(host).is_absolute().then(|| PathBuf::from(host)),
        }
    }
}

impl Policy {
    /// The warnings about this policy.
    ///
    /// Takes time in proportion to the policy, up to a bound; past it, [`WarningKind::NotAllChecked`] is among the
    /// warnings.
    #[must_use]
    pub fn warnings(&self, surroundings: &Surroundings<'_>) -> Warnings {
        let mut findings = Findings { policy: self, warnings: Vec::new(), more: 0, work: 0 };
        for grant in self.filesystem() {
            file::warn::check(grant, &mut findings);
            if file::host_path::check(grant, surroundings, &mut findings) {
                file::warn_host::check(grant, surroundings, &mut findings);
            }
        }
        file::host_path::check_files(self, surroundings, &mut findings);
        for grant in self.http() {
            http::warn::check(grant, &mut findings);
        }
        http::warn::check_proxy(self, &mut findings);
        http::warn::check_way_out(self, &mut findings);
        findings.finish()
    }
}

/// Collects the warnings.
pub(crate) struct Findings<'p> {
    policy: &'p Policy,
    warnings: Vec<Warning>,
    more: usize,
    work: u64,
}

impl Findings<'_> {
    pub(crate) fn add(&mut self, line: u32, kind: WarningKind, message: &str, hint: &str) {
        let shown = |text: &str| escape(&clipped(text)).into_owned();
        if self.warnings.len() >= 2 * LISTED_MAX {
            self.keep_first();
        }
        self.warnings.push(Warning { line, kind, message: shown(message), hint: shown(hint) });
    }

    fn keep_first(&mut self) {
        self.warnings.sort();
        self.more += self.warnings.len().saturating_sub(LISTED_MAX);
        self.warnings.truncate(LISTED_MAX);
    }

    /// What the policy decides about an action on this path; `None` once the work is used up.
    pub(crate) fn probe(&mut self, path: &GuestPath, action: impl Fn(GuestPath) -> Action) -> Option<DecisionKind> {
        self.work = self.work.saturating_add(DECISION_WORK).saturating_add(self.policy.work_at(path));
        let has_room = self.work <= WORK_MAX;
        has_room.then(|| self.policy.judge(&action(path.clone()), Origin::Foreign).decision)
    }

    /// Whether a file can be read, with a question or without; `None` once the work is used up.
    pub(crate) fn can_read(&mut self, path: &GuestPath) -> Option<bool> {
        self.probe(path, |path| Action::FileRead { path }).map(|decision| decision != DecisionKind::Deny)
    }

    fn finish(mut self) -> Warnings {
        if self.work > WORK_MAX {
            self.add(
                1,
                WarningKind::NotAllChecked,
                "the policy is too large to check all of it",
                "split it: one policy for each tool",
            );
        }
        self.keep_first();
        Warnings { listed: self.warnings, more: self.more }
    }
}

/// Words for a sentence: each in backticks, the last one after `and`.
pub(crate) fn enumerate(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
