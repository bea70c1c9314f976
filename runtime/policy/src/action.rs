//! The one description of an effect: the form in which it is checked, shown, approved, recorded and compared.

mod cbor;
mod show;
mod syntax;

use crate::digest::ActionDigest;
use crate::file::action::LinkKind;
use crate::file::guest_path::GuestPath;
use crate::http::action::HttpAction;
use crate::http::invalid::InvalidRequest;
use std::borrow::Cow;

pub use cbor::ActionDecodeError;
pub use syntax::ActionSyntaxError;

/// Something a guest wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads a file or a directory, or what is known about it.
    FileRead {
        /// The file or directory.
        path: GuestPath,
    },
    /// Creates a file that does not exist.
    FileCreate {
        /// The new file.
        path: GuestPath,
    },
    /// Changes an existing file, or its times.
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
    /// Renames a file or a directory.
    FileRename {
        /// The old name.
        from: GuestPath,
        /// The new name.
        to: GuestPath,
        /// Whether it replaces something that has the new name, which is lost.
        replaces: bool,
        /// Whether a directory is renamed.
        directory: bool,
    },
    /// Creates a directory.
    DirCreate {
        /// The new directory.
        path: GuestPath,
    },
    /// Removes an empty directory.
    DirRemove {
        /// The directory.
        path: GuestPath,
    },
    /// Creates a link.
    LinkCreate {
        /// Which kind of link.
        kind: LinkKind,
        /// The new link.
        path: GuestPath,
        /// Hard: the guest path of the file. Symbolic: the text of the link.
        target: String,
    },
    /// Sends a request.
    HttpRequest(Box<HttpAction>),
    /// Sends a request whose URL is refused under every policy.
    HttpInvalid(Box<InvalidRequest>),
    /// A step that only the tool understands and wants a person to approve.
    Checkpoint {
        /// One line, in the tool's words.
        title: String,
        /// More, in the tool's words.
        detail: String,
    },
    /// Uses a socket, which nothing can grant.
    Socket {
        /// The function that the guest called.
        what: Cow<'static, str>,
    },
}

/// Whose data an action would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Somebody else's: it existed before this run, or its origin is unknown.
    Foreign,
    /// This run's own: it created the same file, by identity. For a rename, the replaced file too.
    CreatedByRun,
}

impl Action {
    /// The stable name of its kind.
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
            Self::HttpInvalid(_) => "http.invalid",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Socket { .. } => "socket.use",
        }
    }

    /// The path that the action is about, if any: the old name in a rename, the new name in a link.
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
            Self::HttpRequest(_) | Self::HttpInvalid(_) | Self::Checkpoint { .. } | Self::Socket { .. } => None,
        }
    }

    /// Every path that the action is about: a rename and a hard link have two.
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
            Self::HttpRequest(_) | Self::HttpInvalid(_) | Self::Checkpoint { .. } | Self::Socket { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Whether the action destroys nobody's data.
    ///
    /// This depends on the action alone; the policy decides whether a person is asked.
    #[must_use]
    pub fn reversible(&self, origin: Origin) -> bool {
        match self {
            Self::FileRead { .. } | Self::FileCreate { .. } | Self::DirCreate { .. } | Self::LinkCreate { .. } => true,
            Self::FileModify { .. } | Self::FileDelete { .. } | Self::DirRemove { .. } => {
                origin == Origin::CreatedByRun
            }
            Self::FileRename { replaces, .. } => !replaces || origin == Origin::CreatedByRun,
            Self::HttpRequest(request) => request.method.is_safe(),
            Self::HttpInvalid(_) | Self::Checkpoint { .. } | Self::Socket { .. } => false,
        }
    }

    /// The canonical bytes: one CBOR map in the deterministic encoding of RFC 8949 section 4.2.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        cbor::encode(self, &mut bytes);
        bytes
    }

    /// Decodes canonical bytes.
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
