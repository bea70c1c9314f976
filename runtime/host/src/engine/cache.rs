//! Compiled components, kept by the digest of the component and the engine that compiled it.
//!
//! A file of it is code as the engine serialised it, a code that authenticates it ([`CodeKey`]), and [`MAGIC`].

#![expect(clippy::disallowed_methods, reason = "looks after files of the state directory")]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::code_key::{CodeKey, Entry};
use crate::state::{CodeSource, is_private};

/// Ends a file of compiled code.
const MAGIC: [u8; 8] = *b"wacode1\n";

/// What follows the code: what authenticates it, and [`MAGIC`].
const TRAILER_BYTES: usize = blake3::OUT_LEN + MAGIC.len();

/// The compiled code at `path`, if it is there, private, and was kept by this host for this very entry.
///
/// Whatever is wrong with it, the answer is the same: none, and the component is compiled again.
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

/// Code that was just compiled.
pub(crate) fn of_bytes(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    deserialize(engine, &Code::Bytes(code.into()))
}

/// Keeps code at `path`, with what authenticates it.
pub(crate) fn keep(path: &Path, key: &CodeKey, entry: &Entry<'_>, mut code: Vec<u8>) -> io::Result<()> {
    let length = u64::try_from(code.len()).unwrap_or(u64::MAX);
    let authenticated = key.authenticate(entry, length, code.as_slice())?;
    code.extend_from_slice(authenticated.as_bytes());
    code.extend_from_slice(&MAGIC);
    crate::state::write_whole(path, &code)
}

/// Code whose origin is known.
enum Code<'a> {
    /// In a file that is open, by a path to what is open and not to what has its name.
    Mapped { path: PathBuf, _open: File },
    /// In memory.
    Bytes(std::borrow::Cow<'a, [u8]>),
}

/// Opens a file, and finds out whether it is what was kept.
fn checked(path: &Path, source: CodeSource, key: &CodeKey, entry: &Entry<'_>) -> Result<Code<'static>, String> {
    let text = |error: io::Error| error.to_string();
    // Not blocking: a pipe in the file's place must not hold the program.
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let mut file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(text)?;
    let metadata = file.metadata().map_err(text)?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    is_private(&metadata).map_err(|problem| problem.to_string())?;
    let trailer = u64::try_from(TRAILER_BYTES).unwrap_or(u64::MAX);
    let length = metadata.len().checked_sub(trailer).ok_or("it is cut")?;
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
        return Err("nothing says who wrote it".to_owned());
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
        return Err("it is not what this host kept there".to_owned());
    }
    Ok(match bytes {
        Some(bytes) => Code::Bytes(bytes.into()),
        None => Code::Mapped { path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(), _open: file },
    })
}

/// Takes compiled code into this process.
#[expect(
    unsafe_code,
    reason = "loading compiled code is the one place where this is accepted; see the argument within"
)]
fn deserialize(engine: &Engine, code: &Code<'_>) -> wasmtime::Result<Component> {
    // SAFETY: both functions run whatever native code they are given, so it must be what this engine's compiler wrote,
    // unchanged since.
    //
    // - Who made it: `Engine::precompile_component` of the same release, in this process or in one that this process
    //   started from its own program and that was shut in before it read the tool.
    // - That it is what was made: a file is used only if what follows the code authenticates it, for this component and
    //   this engine, under a key that only this user can read and no grant of a policy reaches.
    // - That what was authenticated is what is used: code in memory is this process's own. A file is mapped by the very
    //   descriptor that it was read through. Nothing writes to it between the two, nor later: the state directory is
    //   this user's and closed to writing by others (`StateDir::open`, `is_private`), files in it are replaced by
    //   `rename` and never written in place, and where a grant reaches it the code is copied before it is looked at
    //   (`CodeSource::Copied`). Another process of this user could as well attach to this one, or replace its program.
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
