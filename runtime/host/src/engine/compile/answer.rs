//! What a compiler's process says on its standard output: that it is shut in, then one answer.

use std::io::{self, Read, Write};

use wasm_agent_jail::{Confinement, Enforcement};

use super::Problem;

/// Begins what a compiler says, so that nothing else is taken for one. The number is the form's.
const MAGIC: [u8; 8] = *b"compile1";

/// Longest text of an error, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// What came of a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Made(Vec<u8>),
    Invalid(String),
    Failed(String),
    /// There was not enough memory.
    Memory,
}

/// Says that this process is shut in, before it reads anything.
pub(super) fn begin(out: &mut impl Write, walls: &Confinement) -> io::Result<()> {
    out.write_all(&MAGIC)?;
    out.write_all(&[walls.landlock, walls.seccomp].map(wall))?;
    out.flush()
}

/// Reads that.
pub(super) fn begun(from: &mut impl Read) -> io::Result<Confinement> {
    let mut head = [0; 10];
    from.read_exact(&mut head)?;
    let [magic @ .., landlock, seccomp] = head;
    match (wall_of(landlock), wall_of(seccomp)) {
        (Some(landlock), Some(seccomp)) if magic == MAGIC => Ok(Confinement { landlock, seccomp }),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what it wrote is not a compiler's")),
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

    /// Reads an answer to its end, and nothing after it. Nothing larger than `made_max` was made.
    pub(super) fn read(from: &mut impl Read, made_max: usize) -> io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let max = if kind == b'+' { made_max } else { MESSAGE_BYTES_MAX };
        let length = usize::try_from(u64::from_le_bytes(length)).ok().filter(|length| *length <= max);
        let Some(length) = length else { return Err(invalid("what it wrote is larger than it can be")) };
        // What is said to come is not held before it comes.
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
            _ => Err(invalid("what it wrote is not an answer")),
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

fn wall(wall: Enforcement) -> u8 {
    match wall {
        Enforcement::Full => b'w',
        Enforcement::Partial => b'p',
        Enforcement::None => b'n',
    }
}

fn wall_of(byte: u8) -> Option<Enforcement> {
    match byte {
        b'w' => Some(Enforcement::Full),
        b'p' => Some(Enforcement::Partial),
        b'n' => Some(Enforcement::None),
        _ => None,
    }
}
