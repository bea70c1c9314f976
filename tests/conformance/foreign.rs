//! Programs from elsewhere, which are not part of this repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::program::Program;
use crate::server::Server;
use crate::stage::Folders;

/// How many programs of wasi-testsuite there are at least: fewer mean that they were looked for in the wrong place.
pub const TESTSUITE_MIN: usize = 70;

/// How many of the engine's programs there are at least.
pub const ENGINE_MIN: usize = 150;

/// The environment variable with the folder of wasi-testsuite's repository, on a branch where the programs are built.
const TESTSUITE_VARIABLE: &str = "WASM_AGENT_WASI_TESTSUITE";

/// The environment variable with a folder of the engine's own test programs, as its build leaves them: core modules for
/// WASI 0.1 (`p1_*.wasm`), and components (`p1_*.component.wasm`, `p2_*.component.wasm`).
const ENGINE_VARIABLE: &str = "WASM_AGENT_ENGINE_PROGRAMS";

/// A part of the names of those that print a hash map.
const SHUFFLES: &str = "poll_oneoff_stdio";

/// The beginnings of the names of those that can't be compared.
const NOT_COMPARED: [&str; 10] = [
    // They export functions of their own.
    "p2_api_",
    "p2_cli_invoke_",
    // They answer requests.
    "p2_cli_serve_",
    // They import what neither side has: WASI 0.3, `wasi:tls`.
    "p2_cli_http_headers.",
    "p2_tls_",
    // It never ends.
    "p2_cli_sleep_forever.",
    // It asks a name server.
    "p2_http_outbound_request_invalid_dnsname.",
    // They take more handles than a run has by default, and one prints more than a run may.
    "p1_cli_hostcall_fuel.",
    "p2_cli_many_resources.",
    "p2_cli_stdout_epipe.",
];

/// The languages that they are written in. Programs for threads and for WASI 0.3 stand elsewhere.
const LANGUAGES: [&str; 3] = ["assemblyscript", "c", "rust"];

/// The programs of wasi-testsuite for WASI 0.1, each with a specification of its arguments, environment and folder.
pub fn testsuite() -> Vec<Program> {
    let folder = folder(TESTSUITE_VARIABLE);
    let in_language = |language| {
        let files = modules(&folder.join("tests").join(language).join("testsuite/wasm32-wasip1"));
        files.into_iter().map(move |file| specified(language, &file))
    };
    LANGUAGES.into_iter().flat_map(in_language).collect()
}

/// The engine's programs for WASI 0.1 and 0.2. Each tests what it is told, in a folder that is empty, and exits with 0
/// if all is well.
pub fn engine(server: &Server) -> Vec<Program> {
    let files = modules(&folder(ENGINE_VARIABLE));
    let programs = files.iter().filter_map(|file| {
        let name = file.file_name()?.to_str()?;
        let is_compared = !NOT_COMPARED.iter().any(|start| name.starts_with(start));
        let is_for_wasi = name.starts_with("p1_") || name.starts_with("p2_");
        (is_for_wasi && is_compared).then(|| Program {
            name: name.to_owned(),
            bytes: Arc::from(std::fs::read(file).unwrap()),
            arguments: vec!["/work".to_owned()],
            environment: vec![
                // The codes of errors that they expect.
                ("ERRNO_MODE_UNIX".to_owned(), "1".to_owned()),
                ("HTTP_SERVER".to_owned(), server.authority()),
            ],
            folders: Folders::Empty,
            stdin: "",
            policy: server.grant(),
            shuffles: name.contains(SHUFFLES),
        })
    });
    programs.collect()
}

fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set")).into()
}

/// The binaries in a folder, in order of their names.
fn modules(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    files
}

fn specified(language: &str, file: &Path) -> Program {
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
        shuffles: file.to_string_lossy().contains(SHUFFLES),
    }
}
