//! What the policy gives: directories and URLs.

use crate::deny::Deny;
use crate::guest_path::GuestPath;
use crate::method::Method;
use crate::networks::Networks;
use crate::only::Only;
use crate::path_pattern::PathPattern;
use crate::url_pattern::UrlPattern;
use ipnet::IpNet;

/// Names a grant of one policy. It means nothing without the policy it is from.
///
/// Ids are in the order of the file: filesystem grants, then HTTP grants, then the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantId {
    /// A `[[filesystem]]` table, by its position among them, from 0.
    Filesystem(u32),
    /// An `[[http]]` table, by its position among them, from 0.
    Http(u32),
    /// Every checkpoint: it always asks, and no policy has to grant it.
    Checkpoint,
}

impl GrantId {
    /// The same as [`GrantId::Checkpoint`].
    pub const CHECKPOINT: Self = Self::Checkpoint;

    pub(crate) fn filesystem(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self::Filesystem)
    }

    pub(crate) fn http(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self::Http)
    }
}

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

    /// What asks unless the grant says otherwise: that which cannot be undone.
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
    /// Whether the grant covers what other file systems hold that are mounted below the directory.
    pub mounts: bool,
    /// What it is limited to, where it is.
    pub(crate) only: Option<Only>,
    pub(crate) deny: Deny,
    pub(crate) ask: AskSet,
}

impl FilesystemGrant {
    /// What is denied below the directory, however it is reached.
    #[must_use]
    pub fn deny(&self) -> &[PathPattern] {
        self.deny.patterns()
    }

    /// The patterns that the grant is limited to, as they are written; nothing where it gives the whole directory.
    #[must_use]
    pub fn only(&self) -> Option<Vec<&str>> {
        self.only.as_ref().map(|only| only.texts().collect())
    }

    /// The length of all patterns together.
    pub(crate) fn pattern_bytes(&self) -> usize {
        let only = self.only.as_ref().map_or(&[][..], Only::patterns);
        self.deny().iter().chain(only).map(|pattern| pattern.as_str().len()).sum()
    }

    /// The kinds of actions that a person is asked about, as they are called in `ask`.
    pub fn asks(&self) -> impl Iterator<Item = &'static str> {
        let ask = self.ask;
        AskSet::NAMES.into_iter().filter(move |(_, kind)| ask.has_any(*kind)).map(|(name, _)| name)
    }
}

/// URLs that a tool may ask for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpGrant {
    /// Names this grant.
    pub id: GrantId,
    /// The line of its `[[http]]` in the policy file, from 1.
    pub line: u32,
    /// The URLs.
    pub url: UrlPattern,
    pub(crate) methods: Vec<Method>,
    /// `ask` as it is written; without it only safe methods pass unasked.
    pub(crate) ask: Option<bool>,
    pub(crate) secrets: Vec<String>,
    pub(crate) networks: Networks,
    /// In lower case, with `-` for everything but letters and digits.
    pub(crate) headers: Vec<String>,
}

impl HttpGrant {
    /// The methods, at least one.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The names of the secrets that are put into requests under this grant.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The networks that the grant lists. Where it lists any, no other address is dialled, public or not.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        self.networks.listed()
    }

    /// Whether every address that is not special may be dialled: the grant lists no networks, or `public` among them.
    #[must_use]
    pub fn dials_public(&self) -> bool {
        self.networks.has_public()
    }

    /// The headers that may override what was matched (another method, URL, host or client), in lower case.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Whether a person is asked before a request with this method.
    #[must_use]
    pub fn asks(&self, method: &Method) -> bool {
        self.ask.unwrap_or(!method.is_safe())
    }
}
