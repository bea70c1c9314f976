//! The host's own things: its state, journals, policy, keys, secrets and programs. No grant reaches them.
//!
//! A tool that could write to the host's cache of compiled code would run native code; one that could write its policy
//! would grant itself anything in the next run; one that could read a signing key would sign journals. So these things
//! are kept from every tool, whatever the policy grants, and whatever name, link or handle leads to them: see
//! [`Guard`].

mod guard;
mod reach;
mod steps;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use wasm_agent_policy::{Policy, SecretSource};

pub use guard::Guard;
pub use reach::{Reached, reached};

/// Files and folders that belong to the host.
///
/// The policy, its secrets and its certificate authorities are added when they are loaded; the tool's file and the
/// state directory, when the tool is. A user of the library adds whatever else its process relies on: its
/// configuration, the keys it signs with, the journal's file, the program that answers for a person.
#[derive(Clone, Debug, Default)]
pub struct OwnThings(Vec<OwnThing>);

/// The folder from which relative paths of a policy start.
#[must_use]
pub fn policy_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// One of the host's own things could not be looked up, so it could not be kept from the tool.
#[derive(Debug, thiserror::Error)]
#[error("cannot look for the {what} `{path}`, which no tool may reach")]
pub struct OwnThingError {
    /// Its role for the host.
    pub what: String,
    /// Where it was looked for.
    pub path: PathBuf,
    /// The operating system's error.
    pub source: std::io::Error,
}

/// A file or folder that belongs to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnThing {
    what: Cow<'static, str>,
    path: PathBuf,
}

impl OwnThing {
    /// Its role for the host, such as `policy` or `state directory`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Where it is, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl OwnThings {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A policy's own file at `path`, and the files that it takes secrets and certificates from.
    #[must_use]
    pub fn of_policy(policy: &Policy, path: &Path) -> Self {
        let folder = policy_folder(path);
        let mut own = Self::new().with("policy", path);
        for spec in policy.secrets() {
            if let SecretSource::File(file) = &spec.source {
                own.add("file of a secret", folder.join(file));
            }
        }
        if let Some(file) = policy.ca_file() {
            own.add("file of certificate authorities", folder.join(file));
        }
        own
    }

    /// Adds a file, or a folder with everything in it. It need not exist yet: then nothing can be created under its
    /// name.
    ///
    /// `what` is its role for the host, in a word or two.
    #[must_use]
    pub fn with(mut self, what: impl Into<Cow<'static, str>>, path: impl Into<PathBuf>) -> Self {
        self.add(what, path);
        self
    }

    /// As [`OwnThings::with`], in place.
    pub fn add(&mut self, what: impl Into<Cow<'static, str>>, path: impl Into<PathBuf>) {
        let thing = OwnThing { what: what.into(), path: path.into() };
        if !self.0.contains(&thing) {
            self.0.push(thing);
        }
    }

    /// Adds all things of another list.
    pub fn extend(&mut self, others: &Self) {
        for thing in &others.0 {
            self.add(thing.what.clone(), thing.path.clone());
        }
    }

    /// The things, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &OwnThing> {
        self.0.iter()
    }
}
