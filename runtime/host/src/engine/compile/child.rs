//! The compiler process, from its start to its end.

use std::ffi::OsString;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use wasm_agent_jail::Limits;

use super::answer::{self, Answer};
use super::{Problem, Task, code};
use crate::engine::{self, Adapter, Build};

/// The first argument of a compiler process. Its format is internal to the library; programs must not pass it on.
pub(super) const ARGUMENT: &str = "__wasm-agent-compile";

/// The tasks by the names that a process is given.
const TASKS: [(&str, Task); 5] = [
    ("describe", Task::Describe),
    ("single", Task::Code(Build::Single)),
    ("composed", Task::Code(Build::Composed)),
    ("adapted", Task::Code(Build::Adapted(Adapter::OwnMemory))),
    ("adapted-by-engine", Task::Code(Build::Adapted(Adapter::Engine))),
];

/// Most threads that compile at a time. Each has its own stack and heap areas, which count against the limit.
const THREADS_MAX: usize = 16;

/// How a process is started: the task, the tool's size, the limits, and the process that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) task: Task,
    pub(super) tool_bytes: usize,
    pub(super) limits: Limits,
    pub(super) parent: u32,
}

impl Start {
    /// Adds the arguments that say so, and removes everything else that the process would inherit.
    pub(super) fn arrange(&self, command: &mut Command) {
        let task = TASKS.iter().find(|(_, task)| *task == self.task).map_or("", |(name, _)| *name);
        let Limits { memory_bytes, cpu_seconds } = self.limits;
        command.args([ARGUMENT, task]).args([
            self.tool_bytes.to_string(),
            memory_bytes.to_string(),
            cpu_seconds.to_string(),
            self.parent.to_string(),
        ]);
        command.env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let words: Vec<String> = arguments.map(OsString::into_string).collect::<Result<_, _>>().ok()?;
        let [task, tool_bytes, memory_bytes, cpu_seconds, parent] = words.try_into().ok()?;
        let task = TASKS.iter().find(|(name, _)| *name == task).map(|(_, task)| *task)?;
        let limits = Limits { memory_bytes: memory_bytes.parse().ok()?, cpu_seconds: cpu_seconds.parse().ok()? };
        Some(Self { task, tool_bytes: tool_bytes.parse().ok()?, limits, parent: parent.parse().ok()? })
    }
}

/// Compiles, and exits. Any error before there is an answer is one line on standard error.
#[expect(clippy::disallowed_methods, reason = "this process was started to do this and nothing else")]
#[expect(clippy::print_stderr, reason = "the process that started this one reads it")]
pub(super) fn main(arguments: impl Iterator<Item = OsString>) -> ! {
    match serve(arguments) {
        Ok(()) => std::process::exit(0),
        Err(problem) => {
            eprintln!("{problem}");
            std::process::exit(1)
        }
    }
}

fn serve(arguments: impl Iterator<Item = OsString>) -> Result<(), Box<dyn std::error::Error>> {
    let start = Start::parse(arguments).ok_or("only the program itself starts this, to compile tools")?;
    let confinement =
        wasm_agent_jail::enter(start.parent, &start.limits).map_err(|error| format!("{error}: {}", error.source))?;
    // The text of a panic is part of the answer.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = io::stdout().lock();
    answer::write_start(&mut out, &confinement)?;
    let mut bytes = Vec::with_capacity(start.tool_bytes);
    io::stdin().lock().take(u64::try_from(start.tool_bytes)?).read_to_end(&mut bytes)?;
    if bytes.len() < start.tool_bytes {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Answer::from(make(start.task, &bytes)).write(&mut out)?;
    Ok(())
}

fn make(task: Task, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(THREADS_MAX);
    // If threads can't be started, memory is short.
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|_| Problem::Memory)?;
    catch_unwind(AssertUnwindSafe(|| match task {
        Task::Describe => code::describe(bytes),
        Task::Code(build) => {
            let engine = engine::compiling(build).map_err(|error| Problem::Failed(format!("{error:#}")))?;
            code::code(&engine, build, bytes)
        }
    }))
    .unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Problem::Failed(format!("it panicked: {}", text.unwrap_or("without a message"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gets_its_start_arguments() {
        for (_, task) in TASKS {
            let limits = Limits { memory_bytes: 1 << 40, cpu_seconds: 7 };
            let start = Start { task, tool_bytes: 12, limits, parent: 4711 };
            let mut command = Command::new("program");
            start.arrange(&mut command);
            let mut arguments = command.get_args().map(OsString::from);
            assert_eq!(arguments.next().unwrap(), ARGUMENT);
            assert_eq!(Start::parse(arguments), Some(start));
        }
        assert_eq!(Start::parse(["single", "1", "2", "3"].map(OsString::from).into_iter()), None);
        assert_eq!(Start::parse(["double", "1", "2", "3", "4"].map(OsString::from).into_iter()), None);
    }
}
