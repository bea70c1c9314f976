//! Checks a tool's imports before anything is compiled.
//!
//! One message reports everything that can't be satisfied: WASI 0.3, unknown interfaces, core modules with imports of
//! their own.

use std::path::Path;

use wasm_agent_calls::INTERFACES;

use crate::engine::Build;
use crate::error::LoadError;
use crate::tool::composition::Composition;
use crate::tool::counting::Counting;
use crate::tool::lines::Lines;
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
use wasm_agent_values::clip;
use wasmparser::{ComponentTypeRef, Parser, Payload, TypeBounds};

/// Most imports that an error names; the others are counted.
const MISSING_MAX: usize = 50;

/// Whether these bytes begin as a core module does.
pub(crate) fn is_core_module(bytes: &[u8]) -> bool {
    bytes.get(..8) == Some(b"\0asm\x01\0\0\0")
}

/// Whether a core module is a command, and not a library.
pub(crate) fn is_command(module: &[u8]) -> Result<bool, wasmparser::BinaryReaderError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload? {
            for export in section {
                if export?.name == "_start" {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// Checks everything about a tool that is known before it is compiled: its imports, how it is built, and what can be
/// counted.
///
/// # Errors
///
/// [`LoadError::Imports`] with a line for every import that this host does not have (if there are many, for the first
/// ones), [`LoadError::Invalid`] if the tool is malformed or composed of too many parts, [`LoadError::TooMuch`] if it
/// would take the compiler too long.
pub(crate) fn check(path: &Path, bytes: &[u8]) -> Result<Build, LoadError> {
    let build = if is_core_module(bytes) { check_module(path, bytes)? } else { check_component(path, bytes)? };
    let mut counting = Counting::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| invalid(path, error))?;
        counting.read(&payload).map_err(|refused| refused.into_error(path))?;
    }
    Ok(build)
}

/// Checks the imports of a component, and how it is built.
///
/// # Errors
///
/// As [`check`], but nothing is counted.
pub(crate) fn check_component(path: &Path, bytes: &[u8]) -> Result<Build, LoadError> {
    let mut missing = Lines::new(MISSING_MAX, usize::MAX);
    let mut composition = Composition::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| invalid(path, error))?;
        if let Payload::ComponentImportSection(section) = &payload
            && composition.depth() == 1
        {
            for import in section.clone() {
                let import = import.map_err(|error| invalid(path, error))?;
                // A type that is written out, as for the parameters of typed exports, needs nothing from the host.
                let asks = !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_)));
                if let Some(problem) = asks.then(|| problem(import.name.name)).flatten() {
                    missing.add(|| problem);
                }
            }
        }
        composition.read(&payload).map_err(|refused| invalid(path, refused))?;
    }
    refuse(path, missing).map(|()| composition.build())
}

/// Checks the imports of a core module, which becomes one component.
///
/// # Errors
///
/// When the module imports anything but WASI 0.1, or is malformed.
pub(crate) fn check_module(path: &Path, module: &[u8]) -> Result<Build, LoadError> {
    let mut missing = Lines::new(MISSING_MAX, usize::MAX);
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.map_err(|error| invalid(path, error))? {
            for import in section.into_imports() {
                let import = import.map_err(|error| invalid(path, error))?;
                if import.module != WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME {
                    let (module, name) = (clip(import.module), clip(import.name));
                    missing
                        .add(|| format!("`{module}` `{name}`: a core module can import `wasi_snapshot_preview1` only"));
                }
            }
        }
    }
    refuse(path, missing).map(|()| Build::Single)
}

/// Why an import can't be satisfied; `None` if it can.
fn problem(import: &str) -> Option<String> {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    let wasi = interface.starts_with("wasi:");
    let shown = clip(import);
    if wasi && version.starts_with("0.3") {
        return Some(format!(
            "`{shown}`: WASI 0.3 can't be replayed yet (the order in which its calls complete is not observable); \
             build the tool for WASI 0.2"
        ));
    }
    if !INTERFACES.contains(&interface) {
        return Some(format!("`{shown}`: no such interface here"));
    }
    let expected = if wasi { "0.2." } else { "0.1." };
    if version.starts_with(expected) { None } else { Some(format!("`{shown}`: version {expected}x is offered")) }
}

fn refuse(path: &Path, missing: Lines) -> Result<(), LoadError> {
    let missing = missing.done();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::Imports { path: path.to_owned(), missing }) }
}

pub(crate) fn invalid(path: &Path, error: impl std::fmt::Display) -> LoadError {
    LoadError::Invalid { path: path.to_owned(), source: wasmtime::Error::msg(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_0_2_version_of_wasi_is_served() {
        assert_eq!(problem("wasi:cli/exit@0.2.0"), None);
        assert_eq!(problem("wasi:http/types@0.2.12"), None);
        assert_eq!(problem("wasm-agent:host/intent@0.1.0"), None);
    }

    #[test]
    fn many_and_long_imports_are_named_in_part_and_counted() {
        let long = "n".repeat(50_000);
        let imports: String = (0..100).map(|n| format!("(import \"{long}{n}\" \"f\" (func))")).collect();
        let module = wat::parse_str(format!("(module {imports})")).unwrap();
        let imports: String = (0..100).map(|n| format!("(import \"{long}{n}\" (func))")).collect();
        let component = wat::parse_str(format!("(component {imports})")).unwrap();
        for bytes in [module, component] {
            let Err(LoadError::Imports { missing, .. }) = check(Path::new("tool.wasm"), &bytes) else { panic!() };
            assert_eq!((missing.len(), missing.last().unwrap().as_str()), (51, "and 50 more"));
            assert!(missing.iter().all(|line| line.len() < 500), "{missing:?}");
        }
    }

    #[test]
    fn says_what_is_missing_and_why() {
        assert!(problem("wasi:cli/exit@0.3.0").unwrap().contains("WASI 0.3 can't be replayed yet"));
        assert_eq!(problem("wasi:cli/exit@0.1.0").unwrap(), "`wasi:cli/exit@0.1.0`: version 0.2.x is offered");
        assert_eq!(problem("acme:db/query@1.0.0").unwrap(), "`acme:db/query@1.0.0`: no such interface here");
    }
}
