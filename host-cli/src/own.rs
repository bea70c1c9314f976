//! What belongs to this program, and is kept from every tool it runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use wasm_agent_host::OwnThings;

use crate::args::{Approve, State};
use crate::machine;
use crate::state;

/// What every run is kept from, whatever it is given: the state directory, the configuration, this program, and the certificate
/// authorities that the environment names.
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
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) {
            own.add("certificate authorities", path);
        }
    }
    own
}

/// The program that answers, where one does.
pub(crate) fn approver(approve: Option<&Approve>) -> OwnThings {
    let program = match approve {
        Some(Approve::Program(program)) => found(program, std::env::var_os("PATH").as_deref()),
        Some(Approve::Terminal | Approve::Refuse) | None => None,
    };
    program.map_or_else(OwnThings::new, |program| OwnThings::new().with("approver", program))
}

/// The file of a program: a name without a slash is looked up in `PATH`, as whoever starts it does.
fn found(program: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return Some(program.to_owned());
    }
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_slash_is_looked_up() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("later")).unwrap();
        std::fs::write(dir.path().join("later/yes"), "").unwrap();
        let path = std::env::join_paths([dir.path().join("none"), dir.path().join("later")]).unwrap();
        assert_eq!(found(Path::new("yes"), Some(&path)), Some(dir.path().join("later/yes")));
        assert_eq!(found(Path::new("no"), Some(&path)), None);
        assert_eq!(found(Path::new("./yes"), Some(&path)), Some("./yes".into()));
    }
}
