//! This program's own files, which are kept from every tool.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use wasm_agent_host::OwnThings;

use crate::args::State;
use crate::machine;
use crate::state;

/// The files that every run is kept from, whatever its policy grants: the state directory, the configuration, this
/// program, and the certificate authorities that the environment names.
pub(crate) fn own_things(state: &State) -> OwnThings {
    let mut own = OwnThings::new();
    if let Some(root) = state::root(state) {
        own.add("state directory", root);
    }
    if let Some(folder) = machine::path().as_deref().and_then(Path::parent) {
        own.add("configuration", folder);
    }
    if let Ok(program) = std::env::current_exe() {
        own.add("program", program);
    }
    // The name that the program was started by, which can be a link.
    let path = std::env::var_os("PATH");
    if let Some(program) = std::env::args_os().next().and_then(|name| find_program(Path::new(&name), path.as_deref())) {
        own.add("program", program);
    }
    if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
        own.add("certificate authorities", path);
    }
    // A list, like `PATH`.
    for path in std::env::split_paths(&std::env::var_os("SSL_CERT_DIR").unwrap_or_default()) {
        if !path.as_os_str().is_empty() {
            own.add("certificate authorities", path);
        }
    }
    own
}

/// The file of a program. A name without a slash is looked up in `PATH`. Look it up once only: later, it could be
/// another file.
pub(crate) fn program(name: &Path) -> Option<PathBuf> {
    find_program(name, std::env::var_os("PATH").as_deref())
}

fn find_program(program: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return Some(program.to_owned());
    }
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

/// Whether this user can start a file.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_name_without_a_slash_is_looked_up() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("later")).unwrap();
        std::fs::create_dir(dir.path().join("first")).unwrap();
        std::fs::write(dir.path().join("first/yes"), "can't be run").unwrap();
        std::fs::write(dir.path().join("later/yes"), "").unwrap();
        std::fs::set_permissions(dir.path().join("later/yes"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths(["none", "first", "later"].map(|name| dir.path().join(name))).unwrap();
        assert_eq!(find_program(Path::new("yes"), Some(&path)), Some(dir.path().join("later/yes")));
        assert_eq!(find_program(Path::new("no"), Some(&path)), None);
        assert_eq!(find_program(Path::new("./yes"), Some(&path)), Some("./yes".into()));
    }
}
