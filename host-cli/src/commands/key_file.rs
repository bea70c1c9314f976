//! Reading key files, and refusing unsafe ones.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use wasm_agent_host::journal::{KeyError, PublicKey, Signer, SigningKey};

use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::show::units::shell_word;

/// Longest key file, in bytes. A key takes 120; the rest is room for comments.
const KEY_BYTES_MAX: u64 = 16 << 10;

/// Permission bits that let others read or replace a file.
const OTHERS: u32 = 0o077;

/// Reads the private key to sign with. Refuses a key that others can read: its signatures prove nothing.
pub(super) fn signing_key(path: &Path) -> Result<Arc<dyn Signer>, Failure> {
    let file = open(path)?;
    let found = file.metadata().map_err(|error| Failure::file("read", "key", path, error))?;
    let owner = found.uid();
    let is_own = owner == rustix::process::geteuid().as_raw() || owner == 0;
    if !is_own || found.mode() & OTHERS != 0 {
        let failure = Failure::new(Exit::NothingRan, format!("key `{}` can be read by others", path.display()));
        let advice =
            if is_own { format!("`chmod 600 {}`", shell_word(path)) } else { "sign with a key of your own".to_owned() };
        return Err(failure.hint(advice));
    }
    let text = text(path, file)?;
    let key = SigningKey::from_pem(&text).map_err(|error| unusable(path, error))?;
    Ok(Arc::new(key))
}

/// Reads the public key to verify with.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&read(path)?).map_err(|error| unusable(path, error))
}

/// Reads the text of a key file.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    text(path, open(path)?)
}

/// The failure of a key that can't be used.
pub(super) fn unusable(path: &Path, error: KeyError) -> Failure {
    let failure = Failure::new(Exit::NothingRan, format!("cannot use key `{}`: {}", path.display(), chain(&error)));
    match error {
        KeyError::Private => failure.hint("the public key is in the file with `.pub` after this name"),
        KeyError::Public => failure.hint("the private key is in the file without `.pub` after its name"),
        KeyError::OtherAlgorithm | KeyError::NoBlock { .. } | KeyError::Damaged => {
            failure.hint("make a key with `wasm-agent keys new FILE`, or `openssl genpkey -algorithm ed25519`")
        }
        KeyError::Encrypted => failure.hint("remove the passphrase with `openssl pkey -in KEY -out FILE`"),
        KeyError::NoRandomness => failure,
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let opened = File::open(path).and_then(|file| {
        let is_dir = file.metadata()?.is_dir();
        if is_dir { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
    });
    opened.map_err(|error| Failure::file("open", "key", path, error))
}

fn text(path: &Path, file: File) -> Result<String, Failure> {
    let mut text = String::new();
    let read = file.take(KEY_BYTES_MAX + 1).read_to_string(&mut text);
    let read = read.map_err(|error| Failure::file("read", "key", path, error))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > KEY_BYTES_MAX {
        return Err(Failure::new(
            Exit::NothingRan,
            format!("cannot use key `{}`: it has more than {KEY_BYTES_MAX} bytes", path.display()),
        ));
    }
    Ok(text)
}
