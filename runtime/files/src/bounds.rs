//! What a path must not lead through, as the caller of [`resolve`](crate::resolve) knows it.

use wasm_agent_policy::{DecisionKind, DenialReason, GuestPath};

use super::Directory;

/// What a path must not lead through.
pub trait Bounds {
    /// Whether the policy denies this path.
    fn denies(&self, path: &GuestPath) -> bool;

    /// What the policy decides about reading this path.
    fn reading(&self, path: &GuestPath) -> DecisionKind;

    /// Why no policy opens the entry `name` of a directory, if it is barred.
    fn bars_entry(&self, dir: &Directory, name: &str) -> Option<DenialReason>;

    /// Why no policy opens this directory in `parent`, if it is barred.
    fn bars_directory(&self, parent: &Directory, directory: &Directory) -> Option<DenialReason>;

    /// Whether nothing below a directory can be barred, so that several directories can be opened in one step.
    fn may_leap(&self, base: &Directory) -> bool;
}
