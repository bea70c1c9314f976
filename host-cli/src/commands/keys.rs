//! `wasm-agent keys`.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use wasm_agent_host::journal::{KeyError, PublicKey, Signer as _, SigningKey};

use super::key_file::{self, unusable};
use crate::args::{Format, Keys};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::report::Report;
use crate::show::escape::escape_line;

/// Runs a sub-command.
pub(crate) fn keys(command: &Keys, report: &Report) -> Result<Exit, Failure> {
    match command {
        Keys::New { file } => new(file, report),
        Keys::Show { file } => show(file, report),
    }
}

/// Makes a key pair. Neither file may exist: overwriting a private key would lose it.
fn new(path: &Path, report: &Report) -> Result<Exit, Failure> {
    let public_path = public_path(path);
    if public_path.symlink_metadata().is_ok() {
        return Err(exists(&public_path));
    }
    let (key, text) = SigningKey::generate().map_err(|error| Failure::new(Exit::HostFailed, chain(&error)))?;
    write_new(path, text.as_bytes(), 0o600)?;
    let public = key.public_key();
    if let Err(failure) = write_new(&public_path, public.to_pem().as_bytes(), 0o644) {
        // A private key without its public key is of no use. Nobody has used the file yet.
        let _ = std::fs::remove_file(path);
        return Err(failure);
    }
    let fingerprint = public.fingerprint();
    match report.format {
        Format::Text => report.data(|out| {
            writeln!(out, "fingerprint: {fingerprint}")?;
            writeln!(out, "private key: {}", escape_line(&path.display().to_string()))?;
            writeln!(out, "public key: {}", escape_line(&public_path.display().to_string()))
        })?,
        Format::Json => report.object(&json!({
            "event": "key",
            "fingerprint": fingerprint,
            "private": path.display().to_string(),
            "public": public_path.display().to_string(),
        }))?,
    }
    Ok(Exit::Finished)
}

/// Shows the public part of a key.
fn show(path: &Path, report: &Report) -> Result<Exit, Failure> {
    let text = key_file::read(path)?;
    let (public, private) = match PublicKey::from_pem(&text) {
        Ok(public) => (public, false),
        Err(KeyError::Private) => {
            (SigningKey::from_pem(&text).map_err(|error| unusable(path, error))?.public_key(), true)
        }
        Err(error) => return Err(unusable(path, error)),
    };
    match report.format {
        Format::Text => report.data(|out| {
            writeln!(out, "fingerprint: {}", public.fingerprint())?;
            writeln!(out, "holds: the {} key", if private { "private" } else { "public" })?;
            write!(out, "{}", public.to_pem())
        })?,
        Format::Json => report.object(&json!({
            "event": "key",
            "fingerprint": public.fingerprint(),
            "private": private,
            "pem": public.to_pem(),
        }))?,
    }
    Ok(Exit::Finished)
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// Writes a new file, and syncs it to disk before anything is signed with it.
fn write_new(path: &Path, contents: &[u8], mode: u32) -> Result<(), Failure> {
    let written = File::options().write(true).create_new(true).mode(mode).open(path).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::file("create", "key", path, error),
    })
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::NothingRan, format!("key `{}` exists already", path.display()))
        .hint("a key is never overwritten; name another file")
}
