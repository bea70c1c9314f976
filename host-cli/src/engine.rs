//! The engine, set up by the configuration of this machine.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use wasm_agent_host::policy::{MACHINE_BYTES_MAX, Machine, PolicyError};
use wasm_agent_host::{Compiler, Engine};

use crate::exit::Exit;
use crate::failure::{Failure, Problem};
use crate::machine;

/// An engine that compiles each tool in a separate process, within the configured limits.
///
/// # Errors
///
/// When `config.toml` has errors, or this machine's processor is not supported.
pub(crate) fn from_config() -> Result<Engine, Failure> {
    let machine = machine::path().map_or_else(|| Ok(Machine::default()), |path| read(&path))?;
    Ok(Engine::new(Compiler::this_program().limits(machine.compile))?)
}

/// Reads the configuration. A missing file is an empty one.
fn read(path: &Path) -> Result<Machine, Failure> {
    let unreadable = |error| Failure::file("read", "configuration", path, error);
    let mut text = String::new();
    // Without blocking: a pipe in place of the file must not hang the program.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    match File::options().read(true).custom_flags(flags).open(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => return Err(unreadable(error)),
        // One byte over the limit, so that the parser sees that a file is too long.
        Ok(file) => {
            if !file.metadata().map_err(unreadable)?.is_file() {
                return Err(unreadable(io::Error::other("it is not a regular file")));
            }
            let most = u64::try_from(MACHINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
            file.take(most).read_to_string(&mut text).map_err(unreadable)?;
        }
    }
    Machine::parse(&text).map_err(|errors| {
        let problem = |error: &PolicyError| Problem {
            message: format!("configuration `{}` {error}", path.display()),
            hint: error.hint.clone(),
        };
        Failure { problems: errors.iter().map(problem).collect(), ..Failure::new(Exit::NothingRan, "") }
    })
}
