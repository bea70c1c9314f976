//! The key that authenticates compiled code: it distinguishes code that this host wrote from code that somebody else
//! put there.

#![expect(clippy::disallowed_methods, reason = "manages a file of the state directory")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{FileRole, LoadError, StateProblem};
use crate::state::{StateDir, is_private, random};

/// Size of a key in bytes, as keyed BLAKE3 needs it.
const KEY_BYTES: usize = 32;

/// Prefix of the authenticated bytes, so that the key authenticates nothing else. The number is the format's version.
const CONTEXT: &[u8] = b"wasm-agent compiled code 1\n";

/// What compiled code is stored for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// The component or core module that was compiled.
    pub(crate) sha256: &'a [u8; 32],
    /// The engine with all its settings, and the build.
    pub(crate) engine: &'a str,
}

/// The secret of one state directory.
pub(crate) struct CodeKey(Zeroizing<[u8; KEY_BYTES]>);

impl CodeKey {
    /// The key of a state directory. It is made if there is none.
    ///
    /// # Errors
    ///
    /// When it can't be read or made, has another size, or others can access it.
    pub(crate) fn open(state: &StateDir) -> Result<Self, LoadError> {
        let path = state.code_key_path();
        let error = |verb| {
            let path = path.clone();
            move |source| LoadError::File { verb, what: FileRole::CodeKey, path, source }
        };
        match read(&path) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => create(&path).map_err(error("create"))?,
            Err(source) => return Err(error("read")(source)),
            Ok(read) => return read.map(Self).map_err(|problem| LoadError::State { path, problem }),
        }
        read(&path).map_err(error("read"))?.map(Self).map_err(|problem| LoadError::State { path, problem })
    }

    /// Authenticates code together with the entry that it was compiled for.
    pub(crate) fn authenticate(&self, entry: &Entry<'_>, bytes: u64, code: impl Read) -> io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(CONTEXT).update(entry.sha256);
        // With lengths, so that no two entries give the same text.
        let length = u64::try_from(entry.engine.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes()).update(entry.engine.as_bytes()).update(&bytes.to_le_bytes());
        hasher.update_reader(code)?;
        Ok(hasher.finalize())
    }
}

/// The key in a file, or the problem with the file.
fn read(path: &Path) -> io::Result<Result<Zeroizing<[u8; KEY_BYTES]>, StateProblem>> {
    // Non-blocking: a pipe in the file's place must not make the program wait.
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Err(StateProblem::NotAFile));
    }
    if let Err(problem) = is_private(&metadata) {
        return Ok(Err(problem));
    }
    if metadata.mode() & 0o077 != 0 {
        return Ok(Err(StateProblem::ReadByOthers { mode: metadata.mode() & 0o7777 }));
    }
    let mut contents = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    file.take(u64::try_from(KEY_BYTES).unwrap_or_default() + 1).read_to_end(&mut contents)?;
    let key: Result<[u8; KEY_BYTES], _> = contents.as_slice().try_into();
    Ok(key.map(Zeroizing::new).map_err(|_| StateProblem::NotAKey { expected: KEY_BYTES }))
}

/// Makes a key, completely or not at all. If another process was faster, its key stays.
fn create(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(key.as_mut()).map_err(io::Error::other)?;
    let temporary = path.with_file_name(format!(".{:032x}", random()?));
    let made = write(&temporary, key.as_ref()).and_then(|()| match std::fs::hard_link(&temporary, path) {
        Err(there) if there.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    // The first error is the one that matters. Any remains are a hidden file in a private directory.
    drop(std::fs::remove_file(&temporary));
    made
}

fn write(path: &Path, key: &[u8]) -> io::Result<()> {
    let mut file: File = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn state(folder: &tempfile::TempDir) -> StateDir {
        StateDir::open(&folder.path().join("state")).unwrap()
    }

    #[test]
    fn is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder);
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| *CodeKey::open(&state).unwrap().0)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0] && *key != [0; KEY_BYTES]));
        let metadata = std::fs::metadata(state.code_key_path()).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.len(), metadata.nlink()), (0o600, 32, 1));
        assert_eq!(std::fs::read_dir(folder.path().join("state")).unwrap().count(), 4);
    }

    #[test]
    fn a_file_that_is_not_private_or_not_a_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder);
        let path = state.code_key_path();
        let problem = || match CodeKey::open(&state) {
            Err(LoadError::State { problem, .. }) => problem.to_string(),
            Err(other) => other.to_string(),
            Ok(_) => panic!("taken"),
        };
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert_eq!(problem(), "is not a file");
        std::fs::remove_file(&path).unwrap();
        for (length, expected) in [(0, "is not a key"), (31, "is not a key"), (33, "is not a key")] {
            std::fs::write(&path, vec![1; length]).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            assert!(problem().starts_with(expected), "{}", problem());
        }
        std::fs::write(&path, [1; 32]).unwrap();
        for (mode, expected) in
            [(0o640, "can be read by others"), (0o604, "can be read by others"), (0o620, "can be written by others")]
        {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert!(problem().starts_with(expected), "{}", problem());
        }
        std::fs::rename(&path, folder.path().join("key")).unwrap();
        std::fs::set_permissions(folder.path().join("key"), PermissionsExt::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(folder.path().join("key"), &path).unwrap();
        assert!(problem().starts_with("cannot read key of the state directory"), "{}", problem());
    }
}
