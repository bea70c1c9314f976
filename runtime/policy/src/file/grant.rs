//! `[[filesystem]]`: a directory that a tool may use.

use super::deny::DenyPatterns;
use super::guest_path::GuestPath;
use super::only::OnlyPatterns;
use crate::grant::GrantId;
use crate::path_pattern::PathPattern;

/// What a filesystem grant lets a tool do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading and changing.
    Write,
}

/// The kinds of file actions that a person is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AskSet(u8);

impl AskSet {
    pub(crate) const READ: Self = Self(1);
    pub(crate) const CREATE: Self = Self(2);
    pub(crate) const MODIFY: Self = Self(4);
    pub(crate) const DELETE: Self = Self(8);
    pub(crate) const RENAME: Self = Self(16);

    /// Each member with its name in the policy file.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("read", Self::READ),
        ("create", Self::CREATE),
        ("modify", Self::MODIFY),
        ("delete", Self::DELETE),
        ("rename", Self::RENAME),
    ];

    /// The default: ask about what cannot be undone.
    pub(crate) fn default_for(access: Access) -> Self {
        match access {
            Access::Read => Self(0),
            Access::Write => Self::MODIFY.with(Self::DELETE).with(Self::RENAME),
        }
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Everything that is not in the set.
    pub(crate) fn complement(self) -> Self {
        Self(!self.0)
    }

    pub(crate) fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A directory that a tool may use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FilesystemGrant {
    /// Names this grant.
    pub id: GrantId,
    /// The line of its `[[filesystem]]` in the policy file, from 1.
    pub line: u32,
    /// The directory on the host as it is written: absolute, or relative to the policy file.
    pub host: String,
    /// Where the guest finds it.
    pub guest: GuestPath,
    /// What the guest may do there.
    pub access: Access,
    /// Whether the grant covers other file systems mounted below the directory.
    pub mounts: bool,
    /// The paths that the grant is limited to, if `only` is set.
    pub(crate) only: Option<OnlyPatterns>,
    pub(crate) deny: DenyPatterns,
    pub(crate) ask: AskSet,
}

impl FilesystemGrant {
    /// The patterns of `deny`: what is denied below the directory, however it is reached.
    #[must_use]
    pub fn deny(&self) -> &[PathPattern] {
        self.deny.patterns()
    }

    /// The patterns of `only` as written; `None` if the grant covers the whole directory.
    #[must_use]
    pub fn only(&self) -> Option<Vec<&str>> {
        self.only.as_ref().map(|only| only.texts().collect())
    }

    /// The total length of all patterns.
    pub(crate) fn pattern_bytes(&self) -> usize {
        let only = self.only.as_ref().map_or(&[][..], OnlyPatterns::patterns);
        self.deny().iter().chain(only).map(|pattern| pattern.as_str().len()).sum()
    }

    /// The kinds of actions that a person is asked about, by their names in `ask`.
    pub fn asks(&self) -> impl Iterator<Item = &'static str> {
        let ask = self.ask;
        AskSet::NAMES.into_iter().filter(move |(_, kind)| ask.has_any(*kind)).map(|(name, _)| name)
    }
}
