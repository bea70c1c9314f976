//! Compiled components, kept by the digest of the component and the engine that compiled it.

#![expect(clippy::disallowed_methods, reason = "looks after files of the state directory")]

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::state::is_private;

/// The compiled code at `path`, if it is there, private, and made by this very engine.
///
/// Whatever is wrong with it, the answer is the same: none, and the component is compiled again.
pub(crate) fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    if !metadata.is_file() {
        return None;
    }
    if let Err(problem) = is_private(&metadata) {
        tracing::warn!(path = %path.display(), problem, "compiled code is not private, compiling again");
        return None;
    }
    match deserialize(engine, path) {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "cannot use compiled code, compiling again");
            None
        }
    }
}

/// Maps compiled code into this process.
#[expect(
    unsafe_code,
    reason = "loading compiled code is the one place where this is accepted; see the argument within"
)]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize_file` runs whatever native code the file holds, so the file must be one that
    // `Component::serialize` of this engine wrote, unchanged since.
    //
    // - Who can have written it: only this user. `StateDir::open` refuses a state directory that is another
    //   user's or that others can write to, its sub-directories likewise, and `load` refuses a file that is.
    //   A process of this same user could as well attach to this one, or replace its executable.
    // - That it is whole: files get their name by `rename` after everything was written.
    // - That it fits: the name carries the component's digest and the engine's fingerprint, and wasmtime compares the
    //   version, the target and all settings recorded in the file before it uses any of it.
    // - That it stays: files are replaced by `rename`, never written in place, so the mapping keeps its contents.
    unsafe { Component::deserialize_file(engine, path) }
}
