//! Errors of loading that say what this machine lacks, and nothing about the tool or the policy.

use std::error::Error;
use std::io;

use rustix::io::Errno;
use wasm_agent_host::{CompilerProblem, LoadError};

/// What the operating system answers when it has no more: threads, memory, open files of all processes, and of this
/// one.
const LACKING: [Errno; 4] = [Errno::AGAIN, Errno::NOMEM, Errno::NFILE, Errno::MFILE];

/// Whether a load failed because the machine lacks something.
pub(super) fn is_one(error: &LoadError) -> bool {
    match error {
        LoadError::Thread { .. } | LoadError::Compiler { source: CompilerProblem::Memory, .. } => true,
        LoadError::Compiler { source: CompilerProblem::Start { reason, .. }, .. } => {
            LACKING.iter().any(|errno| reason.ends_with(&format!("(os error {})", errno.raw_os_error())))
        }
        error => causes(error).any(lacks),
    }
}

fn lacks(cause: &(dyn Error + 'static)) -> bool {
    let errno = cause.downcast_ref::<io::Error>().and_then(Errno::from_io_error);
    errno.or_else(|| cause.downcast_ref::<Errno>().copied()).is_some_and(|errno| LACKING.contains(&errno))
}

fn causes(error: &LoadError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (**cause).source())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_agent_host::FileRole;

    #[test]
    fn only_what_the_machine_lacks_is_its_shortage() {
        let file = |errno: Errno| LoadError::File {
            verb: "read",
            what: FileRole::Tool,
            path: "a.wasm".into(),
            source: errno.into(),
        };
        assert!(is_one(&file(Errno::MFILE)));
        assert!(!is_one(&file(Errno::NOENT)));
        let start = |errno: Errno| LoadError::Compiler {
            path: "a.wasm".into(),
            source: CompilerProblem::Start { program: "p".to_owned(), reason: io::Error::from(errno).to_string() },
        };
        assert!(is_one(&start(Errno::AGAIN)));
        assert!(!is_one(&start(Errno::NOENT)));
    }
}
