//! Everything that is not a file: arguments, environment, clocks, random numbers, the end of the program; and sockets,
//! of which there are none.

use crate::abi::clock;
use crate::bindings::wasi::cli::{
    environment, exit as cli_exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout,
};
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random;
use crate::descriptors::{Descriptor, Descriptors};
use crate::errors::Errno;
use crate::memory;

/// Random bytes that one call of the host is asked for.
const RANDOM_BYTES: u32 = 64 << 10;

/// What the module's program has: its open files, and its arguments once it has asked for them.
pub(crate) struct Process {
    pub(crate) descriptors: Descriptors,
    arguments: Option<Vec<Vec<u8>>>,
    environment: Option<Vec<Vec<u8>>>,
}

impl Default for Process {
    /// Opens the standard streams as 0, 1 and 2.
    fn default() -> Self {
        let streams = [
            Descriptor::Input {
                stream: stdin::get_stdin(),
                is_terminal: terminal_stdin::get_terminal_stdin().is_some(),
            },
            Descriptor::Output {
                stream: stdout::get_stdout(),
                is_terminal: terminal_stdout::get_terminal_stdout().is_some(),
            },
            Descriptor::Output {
                stream: stderr::get_stderr(),
                is_terminal: terminal_stderr::get_terminal_stderr().is_some(),
            },
        ];
        let descriptors = Descriptors::new(streams);
        Self { descriptors, arguments: None, environment: None }
    }
}

impl Process {
    fn arguments(&mut self) -> &[Vec<u8>] {
        self.arguments.get_or_insert_with(|| environment::get_arguments().into_iter().map(ended).collect())
    }

    fn environment(&mut self) -> &[Vec<u8>] {
        self.environment.get_or_insert_with(|| {
            let pairs = environment::get_environment().into_iter();
            pairs.map(|(name, value)| ended(format!("{name}={value}"))).collect()
        })
    }
}

/// A text as C has it.
fn ended(text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    bytes.push(0);
    bytes
}

pub(crate) fn args_sizes_get(process: &mut Process, count: u32, bytes: u32) -> Result<(), Errno> {
    write_sizes(process.arguments(), count, bytes);
    Ok(())
}

pub(crate) fn args_get(process: &mut Process, argv: u32, bytes: u32) -> Result<(), Errno> {
    write_texts(process.arguments(), argv, bytes)
}

pub(crate) fn environ_sizes_get(process: &mut Process, count: u32, bytes: u32) -> Result<(), Errno> {
    write_sizes(process.environment(), count, bytes);
    Ok(())
}

pub(crate) fn environ_get(process: &mut Process, environ: u32, bytes: u32) -> Result<(), Errno> {
    write_texts(process.environment(), environ, bytes)
}

fn write_sizes(texts: &[Vec<u8>], count: u32, bytes: u32) {
    memory::write_u32(count, memory::size(texts.len()));
    memory::write_u32(bytes, memory::size(texts.iter().map(Vec::len).sum()));
}

/// Writes the texts one behind another, and where each begins.
fn write_texts(texts: &[Vec<u8>], mut pointers: u32, mut bytes: u32) -> Result<(), Errno> {
    for text in texts {
        memory::write_u32(pointers, bytes);
        memory::write(bytes, text);
        pointers = pointers.checked_add(4).ok_or(Errno::OVERFLOW)?;
        bytes = bytes.checked_add(memory::size(text.len())).ok_or(Errno::OVERFLOW)?;
    }
    Ok(())
}

/// Nanoseconds of a time, as far as 64 bits hold it.
pub(crate) fn nanoseconds(time: wall_clock::Datetime) -> u64 {
    time.seconds.saturating_mul(1_000_000_000).saturating_add(time.nanoseconds.into())
}

pub(crate) fn clock_res_get(_: &mut Process, id: u32, resolution: u32) -> Result<(), Errno> {
    let nanos = match id {
        clock::REALTIME => nanoseconds(wall_clock::resolution()),
        clock::MONOTONIC => monotonic_clock::resolution(),
        other => return Err(no_clock(other)),
    };
    memory::write_u64(resolution, nanos);
    Ok(())
}

pub(crate) fn clock_time_get(_: &mut Process, id: u32, _precision: u64, time: u32) -> Result<(), Errno> {
    let nanos = match id {
        clock::REALTIME => nanoseconds(wall_clock::now()),
        clock::MONOTONIC => monotonic_clock::now(),
        other => return Err(no_clock(other)),
    };
    memory::write_u64(time, nanos);
    Ok(())
}

/// WASI 0.2 has no clocks for processor time, and the engine answers with this number.
fn no_clock(id: u32) -> Errno {
    if matches!(id, clock::PROCESS_CPUTIME | clock::THREAD_CPUTIME) { Errno::BADF } else { Errno::INVAL }
}

pub(crate) fn random_get(_: &mut Process, mut to: u32, mut bytes: u32) -> Result<(), Errno> {
    while bytes > 0 {
        let part = random::get_random_bytes(bytes.min(RANDOM_BYTES).into());
        let length = memory::size(part.len());
        memory::write(to, &part);
        to = to.checked_add(length).ok_or(Errno::OVERFLOW)?;
        bytes = bytes.saturating_sub(length);
    }
    Ok(())
}

/// Nothing else runs.
pub(crate) fn sched_yield(_: &mut Process) -> Result<(), Errno> {
    Ok(())
}

pub(crate) fn proc_raise(_: &mut Process, _signal: u32) -> Result<(), Errno> {
    Err(Errno::NOTSUP)
}

/// Ends the program. A status has eight bits, as in POSIX; a larger one stays a failure.
pub(crate) fn exit(status: u32) {
    match status {
        0 => cli_exit::exit(Ok(())),
        other => cli_exit::exit_with_code(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}

pub(crate) fn sock_accept(process: &mut Process, fd: u32, _flags: u32, _to: u32) -> Result<(), Errno> {
    not_a_socket(process, fd)
}

pub(crate) fn sock_recv(
    process: &mut Process,
    fd: u32,
    _iovs: u32,
    _count: u32,
    _flags: u32,
    _received: u32,
    _out_flags: u32,
) -> Result<(), Errno> {
    not_a_socket(process, fd)
}

pub(crate) fn sock_send(
    process: &mut Process,
    fd: u32,
    _iovs: u32,
    _count: u32,
    _flags: u32,
    _sent: u32,
) -> Result<(), Errno> {
    not_a_socket(process, fd)
}

pub(crate) fn sock_shutdown(process: &mut Process, fd: u32, _how: u32) -> Result<(), Errno> {
    not_a_socket(process, fd)
}

fn not_a_socket(process: &mut Process, fd: u32) -> Result<(), Errno> {
    process.descriptors.get(fd)?;
    Err(Errno::NOTSOCK)
}
