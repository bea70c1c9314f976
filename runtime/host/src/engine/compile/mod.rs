//! Compiling: the one thing that happens to a tool before any policy and any limit of a run holds.
//!
//! A small file can keep a compiler busy for hours, and a hole in the compiler is one in whoever calls it. So a tool is
//! compiled in a process that has nothing: see [`Compiler`].

mod answer;
mod child;
mod code;
mod limits;
mod parent;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use wasm_agent_policy::CompileLimits;

use crate::engine::{Build, Engine};
use crate::error::{CompilerProblem, LoadError};

pub use limits::Resource;

/// Where tools are compiled.
///
/// In a **child**, which is what programs want ([`Compiler::this_program`]): this program is started again, shuts
/// itself in (`wasm-agent-jail`), reads the tool from its standard input and writes code to its standard output. It has
/// no variable, no descriptor besides, no file and no socket; it uses up memory and processor time to the
/// [limits](Compiler::limits) and ends with the program that started it. What goes wrong there is an error here.
/// Starting it takes some milliseconds; a tool whose code is kept already does not pay for it.
///
/// **In this process** ([`Compiler::in_process`]), for tools that were made by who runs them, such as those of tests:
/// whatever the compiler takes the program lacks, nothing ends it, and where it fails for lack of memory the program
/// ends. What can be counted is refused in either.
#[derive(Clone, Debug)]
pub struct Compiler {
    place: Place,
    limits: CompileLimits,
}

#[derive(Clone, Debug)]
enum Place {
    Child(PathBuf),
    Here,
}

/// What is made of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// A description of a component, or of a core module after it is adapted.
    Describe,
    /// Code of a component, or of a core module after that.
    Code(Build),
}

/// Why nothing was made of a tool.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// The tool is not valid.
    Invalid(String),
    /// It took more than it may.
    Exceeded { which: Resource, allowed: u64 },
    /// There is no more memory.
    Memory,
    /// Its process could not be started.
    Start { program: String, reason: String },
    /// The compiler failed: how, after "the compiler".
    Failed(String),
}

impl Compiler {
    /// Compiles in this same program, started again.
    ///
    /// Call it first in `main`. In the started program it does not return: it compiles, and exits. Otherwise it sees to
    /// it that descriptors that this program was started with are not passed on, besides standard input, output and
    /// error.
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
    /// Reads the program's arguments, marks its descriptors. Loading a tool starts `/proc/self/exe`.
    #[must_use]
    pub fn this_program() -> Self {
        let mut arguments = std::env::args_os().skip(1);
        if arguments.next().as_deref() == Some(OsStr::new(child::ARGUMENT)) {
            child::main(arguments);
        }
        wasm_agent_jail::pass_nothing_on();
        // The file that this process runs, whatever has its name by now.
        Self::program(Path::new("/proc/self/exe"))
    }

    /// Compiles in a program that calls [`Compiler::this_program`] and is built with this same version of the host.
    #[must_use]
    pub fn program(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { place: Place::Child(path), limits: CompileLimits::default() }
    }

    /// Compiles in this process, without limits. For tools that are not hostile.
    #[must_use]
    pub fn in_process() -> Self {
        Self { place: Place::Here, limits: CompileLimits::default() }
    }

    /// Sets what compiling one tool may use up in a child. Without it, limits grow with the tool.
    #[must_use]
    pub fn limits(mut self, limits: CompileLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Does a task with the bytes of a tool. `path` names the tool in errors.
    pub(crate) fn make(&self, engine: &Engine, task: Task, path: &Path, bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
        let made = match &self.place {
            Place::Child(program) => parent::ask(program, task, &limits::of(&self.limits, bytes.len()), bytes),
            Place::Here => match task {
                Task::Describe => code::describe(bytes),
                Task::Code(build) => code::code(engine.wasmtime(build)?, bytes),
            },
        };
        let path = path.to_owned();
        made.map_err(|problem| match problem {
            Problem::Invalid(message) => LoadError::Invalid { path, source: wasmtime::Error::msg(message) },
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
