//! What to do about a file of the command line that is not there.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::show::units::shell_word;

/// Where relative paths of the command line begin.
const RELATIVE: &str = "relative paths start at the folder that you are in";

/// A tool that can't be read.
pub(crate) fn tool(path: &Path, error: &Error) -> Option<String> {
    if path.is_dir() {
        return Some(format!("name the file of a tool in it, such as `{}`", shell_word(&path.join("tool.wasm"))));
    }
    is_missing(error).then(|| meant(path, "wasm").unwrap_or_else(|| RELATIVE.to_owned()))
}

/// A policy that can't be read.
pub(crate) fn policy(path: &Path, error: &Error) -> Option<String> {
    if path.is_dir() {
        return Some(format!("name the policy's file in it, such as `{}`", shell_word(&path.join("policy.toml"))));
    }
    let new = || format!("{RELATIVE}; a policy is a file that begins with `version = 1`");
    is_missing(error).then(|| meant(path, "toml").unwrap_or_else(new))
}

/// A journal that can't be created.
pub(crate) fn new_journal(path: &Path, error: &Error) -> Option<String> {
    let folder = path.parent()?;
    is_missing(error).then(|| format!("`mkdir -p {}` makes its folder", shell_word(folder)))
}

fn is_missing(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// The file with this ending, if that is there.
fn meant(path: &Path, ending: &str) -> Option<String> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    let file = PathBuf::from(name);
    file.is_file().then(|| format!("did you mean `{}`?", shell_word(&file)))
}
