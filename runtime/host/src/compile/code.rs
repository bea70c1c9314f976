//! The only calls of what takes long, and of what hostile code is read by: a test holds all other sources to that.

use wit_component::ComponentEncoder;

use super::Problem;
use crate::imports::{is_command, is_core_module};

/// Machine code of a component or core module, as the engine keeps it.
pub(super) fn code(engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let adapted;
    let component = if is_core_module(bytes) {
        adapted = adapt(bytes)?;
        adapted.as_slice()
    } else {
        bytes
    };
    engine.precompile_component(component).map_err(|error| {
        let no_memory = error.downcast_ref::<wasmtime::OutOfMemory>().is_some();
        if no_memory { Problem::Memory } else { Problem::Invalid(format!("{error:#}")) }
    })
}

/// Wraps a core module for WASI 0.1 into a component for WASI 0.2.
pub(super) fn adapt(module: &[u8]) -> Result<Vec<u8>, Problem> {
    use wasi_preview1_component_adapter_provider as adapter;
    let invalid = |error: String| Problem::Invalid(format!("cannot adapt WASI 0.1 to WASI 0.2: {error}"));
    let bytes = if is_command(module).map_err(|error| invalid(error.to_string()))? {
        adapter::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        adapter::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(adapter::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, bytes))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| invalid(format!("{error:#}")))
}
