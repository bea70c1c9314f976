//! Describes a tool by its file alone: nothing is compiled, and code is not read.

mod docs;
mod exported;
mod interfaces;
mod types;

use std::path::Path;

use sha2::Digest as _;

use wasm_agent_ids::ToolDigest;

use crate::engine::Engine;
use crate::engine::compile::Task;
use crate::error::{CompilerProblem, LoadError};
use crate::tool::imports::{self, is_core_module};
use crate::tool::{describe, file_name, read};

pub use exported::{Exported, Exports};
use interfaces::Parsed;
pub(crate) use interfaces::{ANSWER_BYTES_MAX, Interfaces};

/// The description of a tool, made without compiling it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    name: String,
    sha256: ToolDigest,
    adapted: bool,
    command: bool,
    imports: Vec<String>,
    exports: Exports,
}

impl Description {
    /// Reads a tool's file. Whether its code is valid is not checked.
    ///
    /// A core module for WASI 0.1 is described as the component that it is adapted to. Types are read by the engine's
    /// compiler, under the same limits as compiling: a small file can have types that expand to gigabytes.
    ///
    /// # Authority
    ///
    /// Reads `path`; starts the compiler's process.
    ///
    /// # Errors
    ///
    /// As [`Tool::load`](crate::Tool::load), as far as they show without compiling.
    pub fn read(engine: &Engine, path: &Path) -> Result<Self, LoadError> {
        let bytes = read(path)?;
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::NotAComponent { path: path.to_owned(), found: describe(&bytes) });
        }
        let sha256 = ToolDigest::from_bytes(sha2::Sha256::digest(&bytes).into());
        let adapted = is_core_module(&bytes);
        if adapted {
            imports::check(path, &bytes, engine.adapter())?;
        } else {
            imports::check_component(path, &bytes)?;
        }
        let answer = engine.compiler().make(engine, Task::Describe, path, &bytes)?;
        let Some(Parsed { command, imports, exports }) = Interfaces::parse(&answer) else {
            let problem = "the compiler process's output is not a description".to_owned();
            return Err(LoadError::Compiler { path: path.to_owned(), source: CompilerProblem::Answer(problem) });
        };
        Ok(Self { name: file_name(path), sha256, adapted, command, imports, exports })
    }

    /// The name of the file, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of the file: what `sha256sum` prints, and what a policy pins.
    pub fn sha256(&self) -> ToolDigest {
        self.sha256
    }

    /// Whether the tool is a core module that is adapted from WASI 0.1.
    pub fn is_adapted(&self) -> bool {
        self.adapted
    }

    /// Whether the tool is a command: it exports `wasi:cli/run`, any version 0.2.x.
    pub fn is_command(&self) -> bool {
        self.command
    }

    /// The names of the tool's imports, after any adaptation. Very long names are cut. If there are very many, the last
    /// line says how many more there are.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The functions that the tool exports.
    pub fn exports(&self) -> &Exports {
        &self.exports
    }
}

#[cfg(test)]
mod tests;
