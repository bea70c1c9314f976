//! Where the state directory is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wasm_agent_host::StateDir;

use crate::args::{State, unexpanded_home};
use crate::exit::Exit;
use crate::failure::Failure;

/// Opens the named state directory, or the user's.
///
/// # Errors
///
/// When none is named and the user has no home, or it can't be used.
pub(crate) fn open(state: &State) -> Result<StateDir, Failure> {
    let Some(root) = root(state) else {
        return Err(
            Failure::new(Exit::NothingRan, "no state directory: `HOME` is not set").hint("name one with `--state DIR`")
        );
    };
    // Where no shell replaced it, `~` would become the name of a folder.
    if let Some(message) = unexpanded_home(&root) {
        let message = format!("state directory `{}`: {message}", root.display());
        return Err(Failure::new(Exit::NothingRan, message).hint("set `WASM_AGENT_STATE` or `HOME` to a whole path"));
    }
    Ok(StateDir::open(&root)?)
}

/// Where the state directory is, or would be created.
pub(crate) fn root(state: &State) -> Option<PathBuf> {
    state.directory.clone().or_else(of_user)
}

/// The user's state directory; `None` if the environment names none and has no home.
pub(crate) fn of_user() -> Option<PathBuf> {
    find(&|name| std::env::var_os(name))
}

/// The user's state directory, by the rules of XDG base directories: relative paths are ignored.
fn find(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = set("WASM_AGENT_STATE") {
        return Some(own);
    }
    let base = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let base = base.or_else(|| set("HOME").map(|home| home.join(".local/state")));
    base.map(|base| base.join(Path::new("wasm-agent")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(set: &[(&str, &str)]) -> Option<PathBuf> {
        find(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_nearest_setting_wins() {
        let home = ("HOME", "/h");
        assert_eq!(found(&[home]), Some("/h/.local/state/wasm-agent".into()));
        assert_eq!(found(&[home, ("XDG_STATE_HOME", "/s")]), Some("/s/wasm-agent".into()));
        assert_eq!(found(&[home, ("XDG_STATE_HOME", "/s"), ("WASM_AGENT_STATE", "w")]), Some("w".into()));
    }

    #[test]
    fn empty_and_relative_settings_are_none() {
        assert_eq!(found(&[("HOME", "/h"), ("XDG_STATE_HOME", "s")]), Some("/h/.local/state/wasm-agent".into()));
        assert_eq!(found(&[("HOME", "/h"), ("WASM_AGENT_STATE", "")]), Some("/h/.local/state/wasm-agent".into()));
        assert_eq!(found(&[]), None);
    }
}
