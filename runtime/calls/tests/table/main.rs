//! Checks that the table is the one that `wit/` and `classes.txt` define, or regenerates it.
//!
//! Nothing here uses the table, so a wrong or empty one can be regenerated.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod classes;
mod wit;
mod write;

use std::path::{Path, PathBuf};

/// If this is set, the table is regenerated instead of compared.
const UPDATE_VARIABLE: &str = "UPDATE_SNAPSHOTS";

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the table, with the contents that they should have.
fn files() -> Vec<(PathBuf, String)> {
    let packages = wit::packages(&here().join("../../wit"));
    let classes = classes::read();
    let folder = here().join("src/table");
    let path = |name: &str| folder.join(format!("{name}.rs"));
    let mut files = vec![(path("mod"), write::index(&packages))];
    files.extend(packages.iter().map(|package| (path(&package.module), write::package(package, &classes))));
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "compares with files of the project")]
fn the_table_is_what_wit_says() {
    for (path, expected) in files() {
        if std::env::var_os(UPDATE_VARIABLE).is_some() {
            std::fs::write(&path, expected).unwrap();
            continue;
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{} is not up to date with `wit/` and `classes.txt`: \
             `{UPDATE_VARIABLE}=1 cargo test -p wasm-agent-calls --test table` writes it anew, and the diff is read",
            path.display()
        );
    }
}

#[test]
fn every_function_has_a_class_and_every_class_a_function() {
    let functions = wit::packages(&here().join("../../wit"));
    let mut expected: Vec<String> = functions.iter().flat_map(wit::Package::keys).collect();
    expected.sort();
    let mut classes: Vec<String> = classes::read().into_keys().collect();
    classes.sort();
    assert_eq!(classes, expected, "`classes.txt` has the functions of `wit/`, each once");
}
