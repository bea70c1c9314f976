//! What an operator could write to allow an action on files.

use super::guest_path::GuestPath;
use crate::hint::toml_string;

/// A grant for the directory that the path is in.
pub(crate) fn grant(path: &GuestPath, access: &str) -> String {
    let directory = path.parent().unwrap_or_else(GuestPath::root);
    format!("[[filesystem]]\nhost = \"…\"\nguest = {}\naccess = \"{access}\"", toml_string(directory.as_str()))
}
