//! The one description of an effect: what is checked, shown, approved, recorded and compared.

mod cbor;
mod show;

use crate::digest::ActionDigest;
use crate::file::action::LinkKind;
use crate::file::guest_path::GuestPath;
use crate::http::action::HttpAction;
use std::borrow::Cow;

pub use cbor::ActionDecodeError;

/// Something a guest wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Looks at a file or a directory.
    FileRead {
        /// What is looked at.
        path: GuestPath,
    },
    /// Makes a file where there is none.
    FileCreate {
        /// The new file.
        path: GuestPath,
    },
    /// Changes a file that is there, or its times.
    FileModify {
        /// The file.
        path: GuestPath,
        /// Whether its contents are discarded first.
        truncate: bool,
    },
    /// Removes a file.
    FileDelete {
        /// The file.
        path: GuestPath,
    },
    /// Gives a file or a directory another name.
    FileRename {
        /// The old name.
        from: GuestPath,
        /// The new name.
        to: GuestPath,
        /// Whether something has the new name already and is lost.
        replaces: bool,
        /// Whether a directory is renamed.
        directory: bool,
    },
    /// Makes a directory.
    DirCreate {
        /// The new directory.
        path: GuestPath,
    },
    /// Removes an empty directory.
    DirRemove {
        /// The directory.
        path: GuestPath,
    },
    /// Makes a link.
    LinkCreate {
        /// Which kind of link.
        kind: LinkKind,
        /// The new link.
        path: GuestPath,
        /// Hard: the guest path of the file. Symbolic: the text of the link.
        target: String,
    },
    /// Sends a request.
    HttpRequest(HttpAction),
    /// A step that only the tool understands, and wants a person to approve.
    Checkpoint {
        /// One line, in the tool's words.
        title: String,
        /// More, in the tool's words.
        detail: String,
    },
    /// Uses a socket, which nothing can grant.
    Socket {
        /// What the guest called.
        what: Cow<'static, str>,
    },
}

/// Whose data an action would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Someone's: it was there before this run, or it is not known.
    Foreign,
    /// This run's own: the same file, by identity, that it created. For a rename, the replaced file's too.
    CreatedByRun,
}

impl Action {
    /// The stable name of what kind of action it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FileRead { .. } => "file.read",
            Self::FileCreate { .. } => "file.create",
            Self::FileModify { .. } => "file.modify",
            Self::FileDelete { .. } => "file.delete",
            Self::FileRename { .. } => "file.rename",
            Self::DirCreate { .. } => "dir.create",
            Self::DirRemove { .. } => "dir.remove",
            Self::LinkCreate { .. } => "link.create",
            Self::HttpRequest(_) => "http.request",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Socket { .. } => "socket.use",
        }
    }

    /// The path it is about, where it is about one: the old name of what is renamed, the new link of what is linked.
    #[must_use]
    pub fn path(&self) -> Option<&GuestPath> {
        match self {
            Self::FileRead { path }
            | Self::FileCreate { path }
            | Self::FileModify { path, .. }
            | Self::FileDelete { path }
            | Self::FileRename { from: path, .. }
            | Self::DirCreate { path }
            | Self::DirRemove { path }
            | Self::LinkCreate { path, .. } => Some(path),
            Self::HttpRequest(_) | Self::Checkpoint { .. } | Self::Socket { .. } => None,
        }
    }

    /// Every path it is about: both names of what is renamed, and of a hard link.
    pub fn paths(&self) -> impl Iterator<Item = GuestPath> + use<> {
        let (first, second) = match self {
            Self::FileRead { path }
            | Self::FileCreate { path }
            | Self::FileModify { path, .. }
            | Self::FileDelete { path }
            | Self::DirCreate { path }
            | Self::DirRemove { path }
            | Self::LinkCreate { kind: LinkKind::Symbolic, path, .. } => (Some(path.clone()), None),
            Self::FileRename { from, to, .. } => (Some(from.clone()), Some(to.clone())),
            Self::LinkCreate { kind: LinkKind::Hard, path, target } => {
                (Some(path.clone()), GuestPath::parse(target).ok())
            }
            Self::HttpRequest(_) | Self::Checkpoint { .. } | Self::Socket { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Whether nothing of anyone's is lost by it.
    ///
    /// This is about the action alone; whether a person is asked is for the policy to say.
    #[must_use]
    pub fn reversible(&self, origin: Origin) -> bool {
        match self {
            Self::FileRead { .. } | Self::FileCreate { .. } | Self::DirCreate { .. } | Self::LinkCreate { .. } => true,
            Self::FileModify { .. } | Self::FileDelete { .. } | Self::DirRemove { .. } => {
                origin == Origin::CreatedByRun
            }
            Self::FileRename { replaces, .. } => !replaces || origin == Origin::CreatedByRun,
            Self::HttpRequest(request) => request.method.is_safe(),
            Self::Checkpoint { .. } | Self::Socket { .. } => false,
        }
    }

    /// The bytes that stand for this action: one CBOR map, in the deterministic encoding of RFC 8949 section 4.2.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        cbor::encode(self, &mut bytes);
        bytes
    }

    /// The action that these canonical bytes stand for.
    ///
    /// # Errors
    ///
    /// Refuses bytes that [`Action::canonical_bytes`] would not make.
    pub fn decode(bytes: &[u8]) -> Result<Self, ActionDecodeError> {
        cbor::decode(bytes)
    }

    /// The digest of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> ActionDigest {
        ActionDigest::of(&self.canonical_bytes())
    }
}

#[cfg(test)]
mod tests;
