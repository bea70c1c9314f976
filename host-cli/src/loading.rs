//! Loading a tool, with a sign of life on the terminal while it is compiled.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wasm_agent_host::ids::ToolDigest;
use wasm_agent_host::{Engine, LoadError, StateDir, Tool};

use crate::show::escape::escape_line;

/// How long nothing is shown. Code that was compiled before is loaded in much less.
const SILENT: Duration = Duration::from_millis(500);

/// How often the time is shown anew.
const TICK: Duration = Duration::from_millis(200);

/// Loads a tool.
///
/// # Errors
///
/// As [`Tool::load`].
pub(crate) fn load(engine: &Engine, path: &Path, state: &StateDir) -> Result<Tool, LoadError> {
    shown(path, || Tool::load(engine, path, Some(state)))
}

/// Loads the copy of a tool in the state directory. `name` is what people know it by.
///
/// # Errors
///
/// As [`Tool::load_kept`].
pub(crate) fn load_kept(engine: &Engine, tool: ToolDigest, name: &str, state: &StateDir) -> Result<Tool, LoadError> {
    shown(Path::new(name), || Tool::load_kept(engine, tool, state))
}

/// Does something that may take long, and shows on a terminal that it goes on. It is cleared afterwards.
fn shown<T>(path: &Path, load: impl FnOnce() -> T) -> T {
    let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    if dumb || !io::stderr().is_terminal() {
        return load();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let message = format!("compiling {}, which happens once", escape_line(&name));
    let (done, loaded) = channel::<()>();
    std::thread::scope(|scope| {
        // Without a thread, nothing is shown.
        let _ = Builder::new().name("progress".to_owned()).spawn_scoped(scope, move || show(&loaded, message));
        let result = load();
        drop(done);
        result
    })
}

fn show(loaded: &Receiver<()>, message: String) {
    if loaded.recv_timeout(SILENT) == Err(RecvTimeoutError::Disconnected) {
        return;
    }
    let bar = ProgressBar::new_spinner().with_message(message);
    // The template is constant. If it were invalid, the default style would do.
    let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    while loaded.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        bar.tick();
    }
    bar.finish_and_clear();
}
