//! The programs of wasi-testsuite for WASI 0.1, each with a specification of its arguments, environment and folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::program::Program;
use crate::stage::Folders;

/// How many programs there are at least: fewer mean that they were looked for in the wrong place.
pub const PROGRAMS_MIN: usize = 70;

/// The environment variable with the folder of its repository, on a branch where the programs are built.
const FOLDER_VARIABLE: &str = "WASM_AGENT_WASI_TESTSUITE";

/// The languages that they are written in. Programs for threads and for WASI 0.3 stand elsewhere.
const LANGUAGES: [&str; 3] = ["assemblyscript", "c", "rust"];

/// All of them, in order of their names.
pub fn programs() -> Vec<Program> {
    let folder = std::env::var_os(FOLDER_VARIABLE).unwrap_or_else(|| panic!("{FOLDER_VARIABLE} is not set"));
    let mut programs = Vec::new();
    for language in LANGUAGES {
        let folder = Path::new(&folder).join("tests").join(language).join("testsuite/wasm32-wasip1");
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
        files.sort();
        programs.extend(files.iter().map(|file| program(language, file)));
    }
    programs
}

fn program(language: &str, file: &Path) -> Program {
    let specification: Value = match std::fs::read(file.with_extension("json")) {
        Ok(text) => serde_json::from_slice(&text).unwrap(),
        Err(_) => Value::Null,
    };
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned();
    let environment = specification["env"].as_object().into_iter().flatten();
    Program {
        name: format!("{language}/{}", file.file_name().unwrap().to_str().unwrap()),
        bytes: Arc::from(std::fs::read(file).unwrap()),
        arguments: specification["args"].as_array().into_iter().flatten().map(text).collect(),
        environment: environment.map(|(name, value)| (name.clone(), text(value))).collect(),
        folders: match specification["root"].as_str() {
            Some(root) => Folders::Copy(file.with_file_name(root)),
            None => Folders::Nothing,
        },
        stdin: "",
        policy: String::new(),
    }
}
