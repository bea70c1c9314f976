//! The JSON arguments of `run --call`: on the command line, in a file, or on standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::exit::Exit;
use crate::failure::{Failure, chain};

/// Largest JSON arguments, in bytes. They are held in memory several times, and the journal has them as a whole.
const JSON_BYTES_MAX: u64 = 12 << 20;

/// The text of the arguments. `given` is the text itself, `@` and the name of a file, or `-` for standard input.
///
/// # Authority
///
/// Reads the named file or standard input.
///
/// # Errors
///
/// When it can't be read, is not UTF-8, or is larger than 12 MiB; when the tool is to have standard input too.
pub(super) fn json_arguments(given: &str, stdin_is_the_tools: bool) -> Result<String, Failure> {
    if given == "-" {
        if stdin_is_the_tools {
            return Err(Failure::new(Exit::NothingRan, "`--json -` and `--stdin` both read standard input")
                .hint("put the arguments into a file, and name it: `--json @FILE`"));
        }
        return read(io::stdin().lock(), "standard input");
    }
    let Some(path) = given.strip_prefix('@').map(Path::new) else { return Ok(given.to_owned()) };
    let unreadable = |error| Failure::file("read", "JSON arguments", path, error);
    // Without blocking: a pipe in place of the file must not hang the program.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file"))
            .hint("`--json -` reads the arguments from standard input"));
    }
    read(file, &format!("JSON arguments `{}`", path.display()))
}

fn read(from: impl Read, what: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(JSON_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes);
    let failure = |message: String| Failure::new(Exit::NothingRan, format!("cannot read {what}: {message}"));
    read.map_err(|error| failure(chain(&error)))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > JSON_BYTES_MAX {
        let most = JSON_BYTES_MAX >> 20;
        return Err(failure(format!("it has more than {most} MiB"))
            .hint("grant the tool the folder of a file instead, and pass the file's name"));
    }
    String::from_utf8(bytes).map_err(|_| failure("it is not UTF-8, as JSON is".to_owned()))
}
