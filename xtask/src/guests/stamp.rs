//! Checks whether the guests were built from the current sources.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The file with the names of the guests and the digest of their sources. It is written last, so that an interrupted
/// build is repeated.
const STAMP: &str = "built-from";

/// Folders that builds write to, which are not sources.
const NOT_SOURCES: [&str; 1] = ["target"];

/// Hashes all files below `roots`, by name and content.
pub(crate) fn digest(roots: &[PathBuf]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for root in roots {
        let mut files = Vec::new();
        collect(root, &mut files)?;
        files.sort();
        for file in files {
            let content = fs::read(&file).with_context(|| format!("could not read `{}`", file.display()))?;
            let name = file.strip_prefix(root).unwrap_or(&file);
            hasher.update(name.as_os_str().as_encoded_bytes());
            hasher.update(&[0]);
            hasher.update(blake3::hash(&content).as_bytes());
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Counts the guests in `out`, if they were all built from sources with this digest.
pub(crate) fn count_if_fresh(out: &Path, digest: &str) -> Option<usize> {
    let text = fs::read_to_string(out.join(STAMP)).ok()?;
    let mut lines = text.lines();
    let names: Vec<&str> = (lines.next() == Some(digest)).then(|| lines.collect())?;
    names.iter().all(|name| out.join(name).is_file()).then_some(names.len())
}

/// Records that the guests in `out` were built from sources with this digest.
pub(crate) fn write(out: &Path, digest: &str) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("could not read `{}`", out.display()))? {
        let entry = entry.with_context(|| format!("could not read `{}`", out.display()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let text = format!("{digest}\n{}\n", names.join("\n"));
    fs::write(out.join(STAMP), text).context("could not note what was built")
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("could not read `{}`", dir.display()))? {
        let entry = entry.with_context(|| format!("could not read `{}`", dir.display()))?;
        let path = entry.path();
        if path.is_dir() {
            if !NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
                collect(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_changed_content_and_changed_names_but_not_build_output() {
        let dir = tempfile::tempdir().unwrap();
        let roots = [dir.path().to_owned()];
        fs::create_dir_all(dir.path().join("src")).unwrap();
        fs::create_dir_all(dir.path().join("target")).unwrap();
        fs::write(dir.path().join("src/a.rs"), "one").unwrap();
        let first = digest(&roots).unwrap();

        fs::write(dir.path().join("target/built"), "more").unwrap();
        assert_eq!(digest(&roots).unwrap(), first);
        fs::rename(dir.path().join("src/a.rs"), dir.path().join("src/b.rs")).unwrap();
        let renamed = digest(&roots).unwrap();
        assert_ne!(renamed, first);
        fs::write(dir.path().join("src/b.rs"), "two").unwrap();
        assert_ne!(digest(&roots).unwrap(), renamed);
    }

    #[test]
    fn takes_guests_for_fresh_only_when_all_are_there_and_of_these_sources() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(count_if_fresh(out.path(), "abc"), None);
        fs::write(out.path().join("a.wasm"), "").unwrap();
        fs::write(out.path().join("b.wasm"), "").unwrap();
        write(out.path(), "abc").unwrap();
        assert_eq!(count_if_fresh(out.path(), "abc"), Some(2));
        assert_eq!(count_if_fresh(out.path(), "abd"), None);
        fs::remove_file(out.path().join("b.wasm")).unwrap();
        assert_eq!(count_if_fresh(out.path(), "abc"), None);
    }
}
