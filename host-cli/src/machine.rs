//! Where the configuration of this machine is: `config.toml`.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where `config.toml` is or would be, by the rules of XDG base directories. `None` if the environment has no absolute
/// path for it.
pub(crate) fn path() -> Option<PathBuf> {
    find(&|name| std::env::var_os(name))
}

fn find(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    base.map(|base| base.join("wasm-agent/config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(set: &[(&str, &str)]) -> Option<PathBuf> {
        find(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn only_absolute_paths_count() {
        let home = ("HOME", "/h");
        assert_eq!(found(&[home]), Some("/h/.config/wasm-agent/config.toml".into()));
        assert_eq!(found(&[home, ("XDG_CONFIG_HOME", "/c")]), Some("/c/wasm-agent/config.toml".into()));
        for relative in ["", "c", "./c"] {
            let set = [home, ("XDG_CONFIG_HOME", relative)];
            assert_eq!(found(&set), Some("/h/.config/wasm-agent/config.toml".into()));
        }
        assert_eq!(found(&[("HOME", "h")]), None);
        assert_eq!(found(&[]), None);
    }
}
