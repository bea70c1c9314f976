//! The compiler process's standard output: how it is confined, then one answer.

use std::io::{self, Read, Write};

use wasm_agent_jail::{Confinement, Enforcement};

use super::Problem;

/// First bytes of the output, so that no other program's output is taken for a compiler's. The number is the format's
/// version.
const MAGIC: [u8; 8] = *b"compile1";

/// Longest error text, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// The result of a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Made(Vec<u8>),
    Invalid(String),
    Failed(String),
    /// There was not enough memory.
    Memory,
}

/// Reports how this process is confined, before it reads anything.
pub(super) fn write_start(out: &mut impl Write, confinement: &Confinement) -> io::Result<()> {
    out.write_all(&MAGIC)?;
    out.write_all(&[confinement.landlock, confinement.seccomp].map(enforcement_byte))?;
    out.flush()
}

/// Reads the report of [`write_start`].
pub(super) fn read_start(from: &mut impl Read) -> io::Result<Confinement> {
    let mut head = [0; 10];
    from.read_exact(&mut head)?;
    let [magic @ .., landlock, seccomp] = head;
    match (enforcement_from_byte(landlock), enforcement_from_byte(seccomp)) {
        (Some(landlock), Some(seccomp)) if magic == MAGIC => Ok(Confinement { landlock, seccomp }),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "its output is not that of a compiler")),
    }
}

impl Answer {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (kind, contents) = match self {
            Self::Made(bytes) => (b'+', bytes.as_slice()),
            Self::Invalid(message) => (b'-', cut(message)),
            Self::Failed(message) => (b'!', cut(message)),
            Self::Memory => (b'm', &[][..]),
        };
        out.write_all(&[kind])?;
        out.write_all(&u64::try_from(contents.len()).unwrap_or(u64::MAX).to_le_bytes())?;
        out.write_all(contents)?;
        out.flush()
    }

    /// Reads one answer, which must be all that follows. No result larger than `made_max` is accepted.
    pub(super) fn read(from: &mut impl Read, made_max: usize) -> io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let max = if kind == b'+' { made_max } else { MESSAGE_BYTES_MAX };
        let length = usize::try_from(u64::from_le_bytes(length)).ok().filter(|length| *length <= max);
        let Some(length) = length else { return Err(invalid("its output is larger than is possible")) };
        // No memory is reserved for the announced length.
        let mut contents = Vec::new();
        from.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut contents)?;
        if contents.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if from.read(&mut [0])? > 0 {
            return Err(invalid("it wrote more than an answer"));
        }
        let text = |contents: Vec<u8>| String::from_utf8_lossy(&contents).into_owned();
        match kind {
            b'+' => Ok(Self::Made(contents)),
            b'-' => Ok(Self::Invalid(text(contents))),
            b'!' => Ok(Self::Failed(text(contents))),
            b'm' => Ok(Self::Memory),
            _ => Err(invalid("its output is not an answer")),
        }
    }
}

impl From<Result<Vec<u8>, Problem>> for Answer {
    fn from(made: Result<Vec<u8>, Problem>) -> Self {
        match made {
            Ok(bytes) => Self::Made(bytes),
            Err(Problem::Invalid(message)) => Self::Invalid(message),
            Err(Problem::Failed(message)) => Self::Failed(message),
            Err(Problem::Start { reason, .. }) => Self::Failed(reason),
            Err(Problem::Memory | Problem::Exceeded { .. }) => Self::Memory,
        }
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn cut(message: &str) -> &[u8] {
    let bytes = message.as_bytes();
    bytes.get(..MESSAGE_BYTES_MAX).unwrap_or(bytes)
}

fn enforcement_byte(enforcement: Enforcement) -> u8 {
    match enforcement {
        Enforcement::Full => b'w',
        Enforcement::Partial => b'p',
        Enforcement::None => b'n',
    }
}

fn enforcement_from_byte(byte: u8) -> Option<Enforcement> {
    match byte {
        b'w' => Some(Enforcement::Full),
        b'p' => Some(Enforcement::Partial),
        b'n' => Some(Enforcement::None),
        _ => None,
    }
}
