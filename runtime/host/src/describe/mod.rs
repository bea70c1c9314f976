//! What a tool is, as far as its file says: nothing is compiled, and of its code nothing is read.

mod types;

use std::path::Path;

use sha2::Digest as _;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::compile::Task;
use crate::engine::Engine;
use crate::error::LoadError;
use crate::imports::{self, invalid, is_core_module};
use crate::lines::{Lines, clip};
use crate::tool::{describe, file_name, hex, read};

/// Most imports, and most functions, that are shown. A tool may export an interface of a thousand functions a thousand times.
const LINES_MAX: usize = 10_000;

/// Most bytes of either.
const BYTES_MAX: usize = 1 << 20;

/// What is known of a tool without compiling it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    name: String,
    sha256: [u8; 32],
    adapted: bool,
    command: bool,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Description {
    /// Reads a tool's file. Whether its code is valid is not looked at.
    ///
    /// A core module for WASI 0.1 is described as the component that it is adapted to. That is made where the engine has
    /// tools compiled, and takes no more than compiling may.
    ///
    /// # Authority
    ///
    /// Reads `path`; starts the compiler's process for a core module.
    ///
    /// # Errors
    ///
    /// As [`Tool::load`](crate::Tool::load), as far as they can be found without compiling.
    pub fn read(engine: &Engine, path: &Path) -> Result<Self, LoadError> {
        let bytes = read(path)?;
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::NotAComponent { path: path.to_owned(), found: describe(&bytes) });
        }
        let sha256 = sha2::Sha256::digest(&bytes).into();
        let adapted = is_core_module(&bytes);
        let component = if adapted {
            imports::check(path, &bytes)?;
            engine.compiler().make(engine, Task::Adapt, path, &bytes)?
        } else {
            imports::check_component(path, &bytes)?;
            bytes
        };
        let Interfaces { command, imports, exports } = Interfaces::read(path, &component)?;
        let (imports, exports) = (imports.done(), exports.done());
        Ok(Self { name: file_name(path), sha256, adapted, command, imports, exports })
    }

    /// The name of the file, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of the file: what `sha256sum` prints, and what a policy pins.
    pub fn sha256(&self) -> String {
        hex(&self.sha256)
    }

    /// Whether the tool is a core module that is adapted from WASI 0.1.
    pub fn is_adapted(&self) -> bool {
        self.adapted
    }

    /// Whether the tool is a command: it exports `wasi:cli/run`, any version 0.2.x.
    pub fn is_command(&self) -> bool {
        self.command
    }

    /// Names of what the tool imports, as its component does after any adaptation. Names that are very long are cut; of very many, the
    /// last line says how many more there are.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Functions that the tool exports, as WIT writes them: `search: func(root: string) -> list<string>`. What is very long is cut;
    /// of very many, the last line says how many more there are.
    pub fn exports(&self) -> &[String] {
        &self.exports
    }
}

/// What a component imports and exports.
struct Interfaces {
    command: bool,
    imports: Lines,
    exports: Lines,
}

impl Interfaces {
    fn read(path: &Path, component: &[u8]) -> Result<Self, LoadError> {
        let lines = || Lines::new(LINES_MAX, BYTES_MAX);
        let mut read = Self { command: false, imports: lines(), exports: lines() };
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let (mut depth, mut exported) = (0_usize, Vec::new());
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.map_err(|error| invalid(path, error))?;
            match &payload {
                Payload::Version { .. } => depth = depth.saturating_add(1),
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section.clone() {
                        let name = import.map_err(|error| invalid(path, error))?.name.name;
                        read.imports.add(|| clip(name).into_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section.clone() {
                        exported.push(export.map_err(|error| invalid(path, error))?.name.name);
                    }
                }
                _ => {}
            }
            if let ValidPayload::End(types) = validator.payload(&payload).map_err(|error| invalid(path, error))?
                && depth == 0
            {
                for name in &exported {
                    read.export(types.as_ref(), name);
                }
            }
        }
        Ok(read)
    }

    /// Adds the functions of an export.
    fn export(&mut self, types: TypesRef<'_>, name: &str) {
        match types.component_item_for_export(name) {
            Some(ComponentItem { ty: ComponentEntityType::Func(function), .. }) => {
                self.exports.add(|| types::function(types, &clip(name), *function));
            }
            Some(ComponentItem { ty: ComponentEntityType::Instance(instance), .. }) => {
                for (inner, item) in types.get(*instance).iter().flat_map(|instance| &instance.exports) {
                    if let ComponentEntityType::Func(function) = item.ty {
                        self.command |= inner == "run" && is_run(name);
                        self.exports
                            .add(|| types::function(types, &format!("{}#{}", clip(name), clip(inner)), function));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether this is the interface of a command.
fn is_run(interface: &str) -> bool {
    interface.strip_prefix("wasi:cli/run@0.2.").is_some_and(|patch| patch.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
