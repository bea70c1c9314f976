//! Compiling: the one thing that happens to a tool before a policy or a run's limit applies.
//!
//! A small file can keep a compiler busy for hours, and a vulnerability of the compiler is one of the process that
//! calls it. So a tool is compiled in a process that has no access to anything: see [`Compiler`].

mod adapt;
mod answer;
mod child;
mod code;
mod limits;
mod parent;
mod trim;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use wasm_agent_policy::CompileLimits;

use crate::engine::{Build, Engine};
use crate::error::{CompilerProblem, LoadError};
use crate::tool::features::{self, Feature};

pub use limits::Resource;

/// Where tools are compiled.
///
/// In a **child**, the right choice for programs ([`Compiler::this_program`]): this program is started again, confines
/// itself (`wasm-agent-jail`), reads the tool from its standard input and writes code to its standard output. It has no
/// environment variables, no other descriptors, no files and no sockets; it can use memory and processor time up to the
/// [limits](Compiler::limits), and ends with the program that started it. Its failure is an error here. Starting it
/// takes some milliseconds, unless the tool's code is stored already.
///
/// **In this process** ([`Compiler::in_process`]), for tools from the same author as the program, such as those of
/// tests: what the compiler uses up the program lacks, nothing stops the compiler, and if it runs out of memory the
/// program ends. What can be refused by counting is refused either way.
#[derive(Clone, Debug)]
pub struct Compiler {
    location: Location,
    limits: CompileLimits,
}

#[derive(Clone, Debug)]
enum Location {
    Child(PathBuf),
    ThisProcess,
}

/// What to make from a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// A description of a component, or of a core module after it is adapted.
    Describe,
    /// The code of a component, or of a core module after it is adapted.
    Code(Build),
}

/// Why a task failed.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// The tool is not valid.
    Invalid(String),
    /// It took more than its limit.
    Exceeded { which: Resource, allowed: u64 },
    /// There is no more memory.
    Memory,
    /// Its process could not be started.
    Start { program: String, reason: String },
    /// The compiler failed. The text continues the words "the compiler".
    Failed(String),
}

impl Compiler {
    /// Compiles in this same program, started again.
    ///
    /// Call it first in `main`. In the started process it does not return: it compiles, and exits. Otherwise it ensures
    /// that child processes do not inherit the descriptors that this program was started with, besides standard input,
    /// output and error.
    ///
    /// ```no_run
    /// use wasm_agent_host::{Compiler, Engine};
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let compiler = Compiler::this_program();
    ///     let engine = Engine::new(compiler)?;
    ///     // …
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Authority
    ///
    /// Reads the program's arguments, marks its descriptors as close-on-exec. Loading a tool starts `/proc/self/exe`.
    #[must_use]
    pub fn this_program() -> Self {
        let mut arguments = std::env::args_os().skip(1);
        if arguments.next().as_deref() == Some(OsStr::new(child::ARGUMENT)) {
            child::main(arguments);
        }
        wasm_agent_jail::pass_nothing_on();
        // The file that this process runs, whatever file has its name by now.
        Self::program(Path::new("/proc/self/exe"))
    }

    /// Compiles in a program that calls [`Compiler::this_program`] and is built with this same version of the host.
    #[must_use]
    pub fn program(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { location: Location::Child(path), limits: CompileLimits::default() }
    }

    /// Compiles in this process, without limits. Only for tools that are not hostile.
    #[must_use]
    pub fn in_process() -> Self {
        Self { location: Location::ThisProcess, limits: CompileLimits::default() }
    }

    /// Sets what compiling one tool may use up in a child. By default the limits grow with the tool.
    #[must_use]
    pub fn limits(mut self, limits: CompileLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Does a task with the bytes of a tool. `path` names the tool in errors.
    pub(crate) fn make(&self, engine: &Engine, task: Task, path: &Path, bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
        let made = match &self.location {
            Location::Child(program) => parent::ask(program, task, &limits::of(&self.limits, bytes.len()), bytes),
            Location::ThisProcess => match task {
                Task::Describe => code::describe(bytes),
                Task::Code(build) => code::code(engine.wasmtime(build)?, build, bytes),
            },
        };
        let path = path.to_owned();
        made.map_err(|problem| match problem {
            Problem::Invalid(message) => match features::refused(&message) {
                Some(Feature { name, advice }) => LoadError::Feature { path, name, advice },
                None => LoadError::Invalid { path, source: wasmtime::Error::msg(message) },
            },
            Problem::Exceeded { which, allowed } => LoadError::Exceeded { path, which, allowed },
            Problem::Memory => LoadError::Compiler { path, source: CompilerProblem::Memory },
            Problem::Start { program, reason } => {
                LoadError::Compiler { path, source: CompilerProblem::Start { program, reason } }
            }
            Problem::Failed(how) => LoadError::Compiler { path, source: CompilerProblem::Failed(how) },
        })
    }
}

#[cfg(test)]
mod tests;
