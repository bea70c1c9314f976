//! The only calls of code that can take long or reads hostile input. A test ensures that no other source makes them.

use std::borrow::Cow;

use wasmparser::{Validator, WasmFeatures};

use super::Problem;
use super::adapt::adapt;
use crate::engine::{Adapter, Build};
use crate::tool::describe::Interfaces;
use crate::tool::imports::is_core_module;

/// The machine code of a component or core module, as the engine stores it.
pub(super) fn code(engine: &wasmtime::Engine, build: Build, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let component = component(bytes, build.adapter())?;
    engine.precompile_component(&component).map_err(|error| {
        let no_memory = error.downcast_ref::<wasmtime::OutOfMemory>().is_some();
        if no_memory { Problem::Memory } else { Problem::Invalid(format!("{error:#}")) }
    })
}

/// The imports and exports of a component, or of a core module after it is adapted, as JSON. Types consist of types, so
/// a description of a few hundred kilobytes can take gigabytes to read.
pub(super) fn describe(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let component = component(bytes, Adapter::default())?;
    let validator = Validator::new_with_features(WasmFeatures::all());
    let read = Interfaces::read(validator, &component).map_err(|error| Problem::Invalid(error.to_string()))?;
    serde_json::to_vec(&read).map_err(|error| Problem::Failed(error.to_string()))
}

/// The tool as a component: itself, or what it is adapted to.
fn component(bytes: &[u8], adapter: Adapter) -> Result<Cow<'_, [u8]>, Problem> {
    if !is_core_module(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let adapted = adapt(bytes, adapter);
    adapted.map(Cow::Owned).map_err(|error| Problem::Invalid(format!("cannot adapt WASI 0.1 to WASI 0.2: {error}")))
}
