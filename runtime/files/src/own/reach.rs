//! Lists the host's own things in granted directories, for the operator to read before anything runs.

#![expect(clippy::disallowed_methods, reason = "looks for the directories that a policy names")]

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use wasm_agent_policy::{GuestPath, Policy};

use super::OwnThingError;
use super::steps::Walker;
use super::{OwnThings, policy_folder};
use crate::look_at;

/// One of the host's own things in a directory that a policy grants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reached {
    /// Its role for the host, such as `policy`.
    pub what: String,
    /// The guest path at which a tool would find it, if it were not kept.
    pub path: GuestPath,
    /// The line of the grant in the policy file, from 1.
    pub line: u32,
}

/// The host's own things that lie in a policy's directories. No tool can reach them there.
///
/// Directories that don't exist are skipped: they are reported when the policy is used.
///
/// # Authority
///
/// Looks for each `host` directory, relative to the folder of `path`, the policy's file, and for each thing. Reads no
/// contents.
///
/// # Errors
///
/// When the way to a thing can't be followed.
pub fn reached(policy: &Policy, path: &Path, things: &OwnThings) -> Result<Vec<Reached>, OwnThingError> {
    let mut found = Vec::new();
    let mut walked = Vec::new();
    let mut walker = Walker::default();
    for thing in things.iter() {
        let failed = |source| OwnThingError { what: thing.what().to_owned(), path: thing.path().to_owned(), source };
        walked.push((thing, walker.steps(thing.path()).map_err(failed)?.steps));
    }
    for grant in policy.filesystem() {
        let Ok(root) = File::open(policy_folder(path).join(&grant.host)) else { continue };
        let Ok(root) = look_at(&root) else { continue };
        for (thing, steps) in &walked {
            // Links lead anywhere, so each directory on the way keeps its guest path.
            let mut known = HashMap::from([(root.identity.file(), grant.guest.clone())]);
            for step in steps {
                let Some(name) = step.name.to_str() else { continue };
                let Some(path) = known.get(&step.directory).and_then(|directory| directory.join(name).ok()) else {
                    continue;
                };
                // If the way ends early, nothing has the thing's name yet.
                let rest = step.rest.iter().rev().map(|name| name.to_str());
                let whole = rest.into_iter().try_fold(path.clone(), |path, name| path.join(name?).ok());
                if let Some(path) = whole.filter(|_| step.is_thing || !step.rest.is_empty()) {
                    let reached = Reached { what: thing.what().to_owned(), path, line: grant.line };
                    if !found.contains(&reached) {
                        found.push(reached);
                    }
                }
                if let Some(directory) = step.found.as_ref().filter(|found| found.is_dir()) {
                    known.insert(directory.identity.file(), path);
                }
            }
        }
    }
    Ok(found)
}
