//! Actions whose kind is a type, so that a permit for one kind can't be used for another.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use wasm_agent_ids::{CallId, RunId};

use crate::action::Action;
use crate::file::action::LinkKind;
use crate::file::guest_path::GuestPath;
use crate::http::action::{BodyDigest, HttpAction};

/// An [`Action`] of a known kind.
///
/// Each kind has one constructor, and there is no other way to make an `Act`.
#[derive(PartialEq, Eq)]
pub struct Act<K> {
    action: Action,
    kind: PhantomData<fn() -> K>,
}

/// The kinds of [`Act`]: names for the compiler, without values.
pub mod kind {
    /// Looks at a file or a directory.
    #[derive(Debug)]
    pub enum Read {}
    /// Makes a file where there is none.
    #[derive(Debug)]
    pub enum Create {}
    /// Changes a file that is there, or its times.
    #[derive(Debug)]
    pub enum Modify {}
    /// Removes a file.
    #[derive(Debug)]
    pub enum Delete {}
    /// Gives a file or a directory another name.
    #[derive(Debug)]
    pub enum Rename {}
    /// Makes a directory.
    #[derive(Debug)]
    pub enum CreateDirectory {}
    /// Removes an empty directory.
    #[derive(Debug)]
    pub enum RemoveDirectory {}
    /// Makes a link.
    #[derive(Debug)]
    pub enum Link {}
    /// Sends a request.
    #[derive(Debug)]
    pub enum Request {}
    /// A step that only the tool understands.
    #[derive(Debug)]
    pub enum Checkpoint {}
    /// Uses a socket, which nothing grants.
    #[derive(Debug)]
    pub enum Socket {}
}

/// The call that asks for an action. A permit is valid for that call alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The run.
    pub run: RunId,
    /// The host call.
    pub call: CallId,
}

impl<K> Act<K> {
    fn new(action: Action) -> Self {
        Self { action, kind: PhantomData }
    }

    /// The action itself.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The action, without the type that says its kind.
    #[must_use]
    pub fn into_action(self) -> Action {
        self.action
    }
}

impl<K> fmt::Debug for Act<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(f)
    }
}

impl Act<kind::Read> {
    /// Looks at a file or a directory.
    #[must_use]
    pub fn read(path: GuestPath) -> Self {
        Self::new(Action::FileRead { path })
    }
}

impl Act<kind::Create> {
    /// Makes a file where there is none.
    #[must_use]
    pub fn create(path: GuestPath) -> Self {
        Self::new(Action::FileCreate { path })
    }
}

impl Act<kind::Modify> {
    /// Changes a file, or its times; with `truncate` its contents are discarded first.
    #[must_use]
    pub fn modify(path: GuestPath, truncate: bool) -> Self {
        Self::new(Action::FileModify { path, truncate })
    }
}

impl Act<kind::Delete> {
    /// Removes a file.
    #[must_use]
    pub fn delete(path: GuestPath) -> Self {
        Self::new(Action::FileDelete { path })
    }
}

impl Act<kind::Rename> {
    /// Gives a file or a directory another name. `replaces` says that the name is taken, and that what has it is lost.
    #[must_use]
    pub fn rename(from: GuestPath, to: GuestPath, replaces: bool, directory: bool) -> Self {
        Self::new(Action::FileRename { from, to, replaces, directory })
    }
}

impl Act<kind::CreateDirectory> {
    /// Makes a directory.
    #[must_use]
    pub fn create_directory(path: GuestPath) -> Self {
        Self::new(Action::DirCreate { path })
    }
}

impl Act<kind::RemoveDirectory> {
    /// Removes an empty directory.
    #[must_use]
    pub fn remove_directory(path: GuestPath) -> Self {
        Self::new(Action::DirRemove { path })
    }
}

impl Act<kind::Link> {
    /// Makes a link: a second name of the file at the guest path `target`, or a symbolic link with that text.
    #[must_use]
    pub fn link(kind: LinkKind, path: GuestPath, target: String) -> Self {
        Self::new(Action::LinkCreate { kind, path, target })
    }
}

impl Act<kind::Request> {
    /// Sends a request.
    #[must_use]
    pub fn request(request: HttpAction) -> Self {
        Self::new(Action::HttpRequest(Box::new(request)))
    }

    /// The same request, now that its body is known. The policy's decision does not depend on bodies.
    pub(crate) fn with_body(mut self, body: BodyDigest) -> Self {
        if let Action::HttpRequest(request) = &mut self.action {
            request.body = Some(body);
        }
        self
    }
}

impl Act<kind::Checkpoint> {
    /// A step that only the tool understands, and wants a person to approve.
    #[must_use]
    pub fn checkpoint(title: String, detail: String) -> Self {
        Self::new(Action::Checkpoint { title, detail })
    }
}

impl Act<kind::Socket> {
    /// Uses a socket; `what` is the function that the guest called.
    #[must_use]
    pub fn socket(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Action::Socket { what: what.into() })
    }
}

#[cfg(test)]
impl Act<()> {
    /// An action of any kind, for tests that decide and perform nothing.
    pub(crate) fn any(action: Action) -> Self {
        Self::new(action)
    }
}
