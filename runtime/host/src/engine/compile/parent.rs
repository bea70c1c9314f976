//! Starts a compiler process, and reads its answer with distrust: that process has read something hostile.

#![expect(clippy::disallowed_methods, reason = "starts the compiler's process, which is this program")]

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Signal, getrlimit};
use wasm_agent_jail::Limits;

use super::answer::{Answer, read_start};
use super::child::Start;
use super::{Problem, Resource, Task};
use crate::tool::describe::ANSWER_BYTES_MAX;

/// Code that even a small tool may have, in bytes: parts of it are the same in all tools.
const MADE_BYTES: usize = 64 << 20;

/// Code for each byte of a tool. Tools from real compilers have two to four bytes; a one-byte instruction that consists
/// only of checks has some forty.
const MADE_A_BYTE: usize = 64;

/// Most bytes that are read of a process's standard error. It writes one line.
const SAID_BYTES_MAX: u64 = 4 << 10;

/// What Rust prints before it ends a process whose allocation failed.
const NO_MEMORY: &str = "memory allocation of ";

/// Does a task in a separate process.
pub(super) fn ask(program: &Path, task: Task, limits: &Limits, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let start = Start { task, tool_bytes: bytes.len(), limits: *limits, parent: std::process::id() };
    let mut command = Command::new(program);
    start.arrange(&mut command);
    let child = command
        .spawn()
        .map_err(|error| Problem::Start { program: program.display().to_string(), reason: error.to_string() })?;
    let mut running = Running(child);
    let made_max = match task {
        Task::Describe => ANSWER_BYTES_MAX,
        Task::Code(_) => MADE_BYTES.saturating_add(bytes.len().saturating_mul(MADE_A_BYTE)),
    };
    let exceeded = |which| {
        let allowed = match which {
            Resource::Memory => limits.memory_bytes,
            Resource::Cpu => limits.cpu_seconds,
        };
        Problem::Exceeded { which, allowed }
    };
    match running.answer(bytes, made_max) {
        Ok(Answer::Made(made)) => Ok(made),
        Ok(Answer::Invalid(message)) => Err(Problem::Invalid(message)),
        Ok(Answer::Failed(message)) => Err(Problem::Failed(format!("failed: {message}"))),
        Ok(Answer::Memory) => Err(no_memory(limits, exceeded)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let (said, status) = running.end();
            Err(match ran_out(&said, status) {
                Some(Resource::Memory) => no_memory(limits, exceeded),
                Some(which) => exceeded(which),
                None => Problem::Failed(ended(&said, status)),
            })
        }
        Err(error) => Err(Problem::Failed(format!("failed: {error}"))),
    }
}

/// A process that is killed and waited for when this is dropped, whatever its answer was.
struct Running(Child);

impl Running {
    /// Sends the tool to the process, and reads its answer.
    fn answer(&mut self, bytes: &[u8], made_max: usize) -> io::Result<Answer> {
        let (Some(mut input), Some(mut output)) = (self.0.stdin.take(), self.0.stdout.take()) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let confinement = read_start(&mut output)?;
        tracing::debug!(landlock = %confinement.landlock, seccomp = %confinement.seccomp, "compiler is confined");
        // If the process ends before it has read everything, its exit status explains why.
        let _ = input.write_all(bytes);
        drop(input);
        Answer::read(&mut output, made_max)
    }

    /// What a process wrote to standard error, and how it ended. It has closed its standard output.
    fn end(&mut self) -> (String, Option<ExitStatus>) {
        let mut said = Vec::new();
        if let Some(stderr) = self.0.stderr.take() {
            let _ = stderr.take(SAID_BYTES_MAX).read_to_end(&mut said);
        }
        (String::from_utf8_lossy(&said).into_owned(), self.0.wait().ok())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or has nothing more to say.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Why a process had no more memory: the limit for compiling, or a lower one that this process and all that it starts
/// have.
fn no_memory(limits: &Limits, exceeded: impl Fn(Resource) -> Problem) -> Problem {
    let lower = [rustix::process::Resource::As, rustix::process::Resource::Data]
        .into_iter()
        .filter_map(|which| getrlimit(which).current)
        .any(|allowed| allowed < limits.memory_bytes);
    if lower { Problem::Memory } else { exceeded(Resource::Memory) }
}

/// The limit that ended a process, if any did.
fn ran_out(said: &str, status: Option<ExitStatus>) -> Option<Resource> {
    let signal = status?.signal()?;
    if signal == Signal::XCPU.as_raw() {
        return Some(Resource::Cpu);
    }
    (signal == Signal::ABORT.as_raw() && said.contains(NO_MEMORY)).then_some(Resource::Memory)
}

/// How a process ended that gave no answer.
fn ended(said: &str, status: Option<ExitStatus>) -> String {
    let how = match status.map(|status| (status.signal(), status.code())) {
        Some((Some(signal), _)) => format!("was ended by signal {signal}"),
        Some((None, Some(code))) => format!("ended with {code}"),
        _ => "ended".to_owned(),
    };
    let line = said.lines().find(|line| !line.trim().is_empty()).map_or_else(String::new, |line| format!(": {line}"));
    format!("{how} and gave no answer{line}")
}
