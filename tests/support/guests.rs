//! The guest components that `cargo xtask guests` builds, and tools made of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use wasm_agent_host::{Compiler, Engine, StateDir, Tool};

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The file of a guest component.
///
/// # Panics
///
/// When it was not built: `cargo xtask guests` builds all of them.
pub fn path(name: &str) -> PathBuf {
    let path = target().join("guests").join(format!("{name}.wasm"));
    assert!(path.is_file(), "guest `{name}` is not built: run `cargo xtask guests`");
    path
}

/// The engine of all tests in one process. It compiles in that process: tools of tests are not hostile to the compiler.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Compiler::in_process()).unwrap())
}

/// A state directory that outlives the tests, so that each guest is compiled once and not by every test binary.
fn state() -> &'static StateDir {
    static STATE: OnceLock<StateDir> = OnceLock::new();
    STATE.get_or_init(|| StateDir::open(&target().join("test-state")).unwrap())
}

/// A guest component as a tool. Loaded once a process.
pub fn tool(name: &str) -> Tool {
    static TOOLS: OnceLock<Mutex<HashMap<String, Tool>>> = OnceLock::new();
    let mut tools = TOOLS.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    tools.entry(name.to_owned()).or_insert_with(|| Tool::load(engine(), &path(name), Some(state())).unwrap()).clone()
}

/// A component or core module in text form as a tool.
pub fn from_text(name: &str, text: &str) -> Tool {
    let bytes = wat::parse_str(text).unwrap();
    Tool::from_bytes(engine(), Path::new(name), &bytes, None).unwrap()
}
