//! Compiled components, stored by the digest of the component and the engine that compiled it.
//!
//! A file contains the code as the engine serialised it, a message authentication code ([`CodeKey`]), and [`MAGIC`].

#![expect(clippy::disallowed_methods, reason = "manages files of the state directory")]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::code_key::{CodeKey, Entry};
use crate::state::{CodeSource, is_private};

/// The last bytes of a file of compiled code.
const MAGIC: [u8; 8] = *b"wacode1\n";

/// The bytes after the code: the authentication code, and [`MAGIC`].
const TRAILER_BYTES: usize = blake3::OUT_LEN + MAGIC.len();

/// The compiled code at `path`, if it is there, private, and this host stored it for this entry.
///
/// If anything is wrong with it, the answer is `None`, and the component is compiled again.
pub(crate) fn load(
    engine: &Engine,
    path: &Path,
    source: CodeSource,
    key: &CodeKey,
    entry: &Entry<'_>,
) -> Option<Component> {
    match checked(path, source, key, entry).and_then(|code| deserialize(engine, &code).map_err(|e| format!("{e:#}"))) {
        Ok(component) => Some(component),
        Err(problem) => {
            tracing::warn!(path = %path.display(), problem, "cannot use compiled code, compiling again");
            None
        }
    }
}

/// Loads code that was just compiled.
pub(crate) fn of_bytes(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    deserialize(engine, &Code::Bytes(code.into()))
}

/// Stores code at `path`, with its authentication code.
pub(crate) fn keep(path: &Path, key: &CodeKey, entry: &Entry<'_>, mut code: Vec<u8>) -> io::Result<()> {
    let length = u64::try_from(code.len()).unwrap_or(u64::MAX);
    let authenticated = key.authenticate(entry, length, code.as_slice())?;
    code.extend_from_slice(authenticated.as_bytes());
    code.extend_from_slice(&MAGIC);
    crate::state::write_whole(path, &code)
}

/// Code whose origin is proven.
enum Code<'a> {
    /// In an open file, named by its descriptor and not by its path.
    Mapped { path: PathBuf, _open: File },
    /// In memory.
    Bytes(std::borrow::Cow<'a, [u8]>),
}

/// Opens a file, and checks that it contains what was stored.
fn checked(path: &Path, source: CodeSource, key: &CodeKey, entry: &Entry<'_>) -> Result<Code<'static>, String> {
    let text = |error: io::Error| error.to_string();
    // Non-blocking: a pipe in the file's place must not make the program wait.
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let mut file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(text)?;
    let metadata = file.metadata().map_err(text)?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    is_private(&metadata).map_err(|problem| problem.to_string())?;
    let trailer = u64::try_from(TRAILER_BYTES).unwrap_or(u64::MAX);
    let length = metadata.len().checked_sub(trailer).ok_or("it is too short")?;
    let bytes = match source {
        CodeSource::Mapped => None,
        CodeSource::Copied => {
            let mut bytes = Vec::new();
            (&file).take(length).read_to_end(&mut bytes).map_err(text)?;
            Some(bytes)
        }
    };
    file.seek(SeekFrom::Start(length)).map_err(text)?;
    let mut end = [0; TRAILER_BYTES];
    file.read_exact(&mut end).map_err(text)?;
    let [authenticated @ .., _, _, _, _, _, _, _, _] = end;
    if !end.ends_with(&MAGIC) {
        return Err("it has no authentication code".to_owned());
    }
    let found = match &bytes {
        Some(bytes) => key.authenticate(entry, length, bytes.as_slice()),
        None => {
            file.rewind().map_err(text)?;
            key.authenticate(entry, length, (&file).take(length))
        }
    };
    // Compares in constant time.
    if found.map_err(text)? != blake3::Hash::from_bytes(authenticated) {
        return Err("its authentication code is wrong".to_owned());
    }
    Ok(match bytes {
        Some(bytes) => Code::Bytes(bytes.into()),
        None => Code::Mapped { path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(), _open: file },
    })
}

/// Loads compiled code into this process.
#[expect(
    unsafe_code,
    reason = "loading compiled code is the one place where this is accepted; see the argument within"
)]
fn deserialize(engine: &Engine, code: &Code<'_>) -> wasmtime::Result<Component> {
    // SAFETY: both functions run whatever native code they get, so it must be the unchanged output of this engine's
    // compiler.
    //
    // - Who made it: `Engine::precompile_component` of the same release, in this process, or in one that this process
    //   started from its own program and that was confined before it read the tool.
    // - That it is the code that was made: a file is used only if the authentication code after it is right for this
    //   component and this engine, under a key that only this user can read and that no grant of a policy reaches.
    // - That the authenticated bytes are the ones used: code in memory belongs to this process. A file is mapped
    //   through the same descriptor that it was read through. Nothing writes to it in between, nor later: the state
    //   directory belongs to this user and others can't write to it (`StateDir::open`, `is_private`); files in it are
    //   replaced by `rename` and never written in place; and where a grant reaches it, the code is copied before it is
    //   checked (`CodeSource::Copied`). Another process of this user could do harm anyway: it could attach to this one,
    //   or replace its program.
    // - That it fits: wasmtime compares the version, the target and all settings recorded in the code before it uses
    //   any of it.
    unsafe {
        match code {
            Code::Mapped { path, .. } => Component::deserialize_file(engine, path),
            Code::Bytes(bytes) => Component::deserialize(engine, bytes),
        }
    }
}

#[cfg(test)]
mod tests;
