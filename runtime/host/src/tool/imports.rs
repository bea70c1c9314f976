//! Checks a tool's imports before anything is compiled.
//!
//! One message reports everything that can't be satisfied: WASI 0.3, unknown interfaces, core modules with imports of
//! their own.

use std::path::Path;

use wasm_agent_calls::INTERFACES;

use crate::engine::{Adapter, Build};
use crate::error::LoadError;
use crate::tool::composition::Composition;
use crate::tool::counting::Counting;
use crate::tool::features::{self, Feature};
use crate::tool::foreign;
use crate::tool::lines::Lines;
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
use wasm_agent_values::clip;
use wasmparser::{ComponentTypeRef, Parser, Payload, TypeBounds};

/// Most imports that an error names; the others are counted.
const MISSING_MAX: usize = 50;

/// The beginning of the name of a custom section in which `wit-bindgen` leaves a core module's WIT.
const COMPONENT_TYPE: &str = "component-type";

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

/// Whether a core module says in a section which WIT it imports and exports.
pub(crate) fn has_wit(module: &[u8]) -> Result<bool, wasmparser::BinaryReaderError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && section.name().starts_with(COMPONENT_TYPE)
        {
            return Ok(true);
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
/// ones), [`LoadError::Feature`] if it needs WebAssembly that this host does not run, [`LoadError::Library`] if it has
/// nothing to run, [`LoadError::Invalid`] if the tool is malformed or composed of too many parts,
/// [`LoadError::TooMuch`] if it would take the compiler too long.
pub(crate) fn check(path: &Path, bytes: &[u8], adapter: Adapter) -> Result<Build, LoadError> {
    let build = if is_core_module(bytes) {
        check_module(path, bytes)?;
        Build::Adapted(adapter)
    } else {
        check_component(path, bytes)?
    };
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
    let (mut composition, mut feature) = (Composition::default(), None);
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
        feature = feature.or(features::find(&payload).map_err(|error| invalid(path, error))?);
    }
    refuse(path, missing, None)?;
    refuse_feature(path, feature)?;
    Ok(composition.build())
}

/// Checks a core module, which becomes one component.
///
/// One with a `component-type` section says by itself which WIT it imports and exports. All others can import WASI 0.1
/// alone, and are commands: their exports have no types by which they could be called.
///
/// # Errors
///
/// When the module imports something else, has nothing to run, or is malformed.
pub(crate) fn check_module(path: &Path, module: &[u8]) -> Result<(), LoadError> {
    let typed = has_wit(module).map_err(|error| invalid(path, error))?;
    let (mut feature, mut sections) = (None, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| invalid(path, error))?;
        feature = feature.or(features::find(&payload).map_err(|error| invalid(path, error))?);
        if let Payload::ImportSection(section) = payload {
            sections.push(section);
        }
    }
    let (mut missing, mut advice) = (Lines::new(MISSING_MAX, usize::MAX), None);
    for import in sections.into_iter().flat_map(wasmparser::SectionLimited::into_imports) {
        let import = import.map_err(|error| invalid(path, error))?;
        if let Some((line, advised)) = unsatisfied(import.module, import.name, typed) {
            missing.add(|| line);
            advice = advice.or(advised);
        }
    }
    refuse(path, missing, advice)?;
    refuse_feature(path, feature)?;
    if !typed && !is_command(module).map_err(|error| invalid(path, error))? {
        return Err(LoadError::Library { path: path.to_owned() });
    }
    Ok(())
}

/// Why an import of a core module can't be satisfied, and how the module is built without it; `None` if it can.
fn unsatisfied(module: &str, name: &str, typed: bool) -> Option<(String, Option<&'static str>)> {
    // Resources of the module's own exports, and names in the `cm32p2` scheme, which the encoder checks.
    let bound = module.starts_with("[export]") || module.starts_with("cm32p2");
    match module {
        WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME => None,
        _ if typed && bound => None,
        // Functions of the world itself.
        "$root" if typed => problem(name).map(|problem| (problem, None)),
        _ if typed && module.contains(':') => problem(module).map(|problem| (problem, None)),
        _ => {
            let known = foreign::recognise(module, name);
            let what = known.map_or_else(String::new, |known| format!(" ({})", known.what));
            let line = format!(
                "`{}` `{}`: a core module can import `wasi_snapshot_preview1` only{what}",
                clip(module),
                clip(name)
            );
            Some((line, known.map(|known| known.advice)))
        }
    }
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

fn refuse(path: &Path, missing: Lines, advice: Option<&'static str>) -> Result<(), LoadError> {
    let missing = missing.done();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::Imports { path: path.to_owned(), missing, advice }) }
}

fn refuse_feature(path: &Path, feature: Option<Feature>) -> Result<(), LoadError> {
    match feature {
        None => Ok(()),
        Some(Feature { name, advice }) => Err(LoadError::Feature { path: path.to_owned(), name, advice }),
    }
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
            let Err(LoadError::Imports { missing, .. }) = check(Path::new("tool.wasm"), &bytes, Adapter::default())
            else {
                panic!()
            };
            assert_eq!((missing.len(), missing.last().unwrap().as_str()), (51, "and 50 more"));
            assert!(missing.iter().all(|line| line.len() < 500), "{missing:?}");
        }
    }

    #[test]
    fn a_module_says_by_its_types_what_it_imports() {
        let lines = |typed: bool, import: &str| {
            let types = if typed { r#"(@custom "component-type:w" "")"# } else { "" };
            let module = wat::parse_str(format!("(module {import} (func (export \"_start\")) {types})")).unwrap();
            match check(Path::new("tool.wasm"), &module, Adapter::default()) {
                Ok(_) => Vec::new(),
                Err(LoadError::Imports { missing, .. }) => missing,
                Err(error) => panic!("{error}"),
            }
        };
        let import = |module: &str, name: &str| format!("(import \"{module}\" \"{name}\" (func))");
        for import in [
            import("wasi:cli/exit@0.2.6", "exit"),
            import("wasm-agent:host/intent@0.1.0", "declare"),
            import("[export]acme:shop/cart@1.0.0", "[resource-new]cart"),
            import("wasi_snapshot_preview1", "proc_exit"),
        ] {
            assert_eq!(lines(true, &import), [""; 0], "{import}");
        }
        assert_eq!(lines(true, &import("acme:db/query@1.0.0", "f")), ["`acme:db/query@1.0.0`: no such interface here"]);
        assert_eq!(lines(true, &import("$root", "log")), ["`log`: no such interface here"]);
        assert!(lines(true, &import("wasi:cli/exit@0.3.0", "exit"))[0].contains("WASI 0.3 can't be replayed yet"));
        assert!(lines(true, &import("env", "now"))[0].contains("the linker did not find"));
        assert!(lines(false, &import("wasi:cli/exit@0.2.6", "exit"))[0].contains("no section `component-type`"));
    }

    #[test]
    fn what_a_tool_needs_is_told_before_it_is_compiled() {
        let checked = |text: &str| check(Path::new("tool.wasm"), &wat::parse_str(text).unwrap(), Adapter::default());
        assert!(matches!(checked("(module (func (export \"add\")))"), Err(LoadError::Library { .. })));
        for text in ["(module (tag) (func (export \"_start\")))", "(component (core module (tag)))"] {
            assert!(matches!(checked(text), Err(LoadError::Feature { .. })), "{text}");
        }
        // What a tool imports says more about where it comes from.
        assert!(matches!(checked("(module (import \"env\" \"f\" (func)) (tag))"), Err(LoadError::Imports { .. })));
    }

    #[test]
    fn says_what_is_missing_and_why() {
        assert!(problem("wasi:cli/exit@0.3.0").unwrap().contains("WASI 0.3 can't be replayed yet"));
        assert_eq!(problem("wasi:cli/exit@0.1.0").unwrap(), "`wasi:cli/exit@0.1.0`: version 0.2.x is offered");
        assert_eq!(problem("acme:db/query@1.0.0").unwrap(), "`acme:db/query@1.0.0`: no such interface here");
    }
}
