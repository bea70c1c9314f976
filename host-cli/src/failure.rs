//! Why a command did not do what it was asked to: one line a problem, a hint where one helps, and an exit status.

pub(crate) mod missing;
mod shortage;

use std::error::Error;
use std::io;
use std::path::Path;

use wasm_agent_host::journal::{Damage, ReadError, Tampered};
use wasm_agent_host::policy::unexpanded;
use wasm_agent_host::{
    Bound, CompilerProblem, Divergence, FileRole, GrantProblem, LoadError, ReplayError, ReplayFailure, Resource,
    RunError, StateProblem, chain_with,
};

use crate::divergence::headline;
use crate::exit::Exit;
use crate::machine;
use crate::show::units::shell_word;
use crate::timeline::Around;

/// What went wrong, for the operator.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// At least one.
    pub(crate) problems: Vec<Problem>,
    pub(crate) exit: Exit,
    /// What a replay and its journal differ in.
    pub(crate) divergence: Option<Box<Divergence>>,
    /// The recorded calls around it, where they were asked for.
    pub(crate) around: Option<Around>,
}

/// One thing that is wrong. Its text may hold names that a tool or a file gave: it is escaped where it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { message: message.into(), hint: None }], exit, divergence: None, around: None }
    }

    /// Adds a hint to the last problem, unless it has one.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.hint.get_or_insert_with(|| hint.into());
        }
        self
    }

    /// A file that can't be used, before anything ran.
    pub(crate) fn file(verb: &str, what: &str, path: &Path, source: io::Error) -> Self {
        let attempted = format!("cannot {verb} {what} `{}`", path.display());
        Self::new(Exit::NothingRan, format!("{attempted}: {}", tidy(&source.to_string())))
    }

    /// A journal that can't be read: not usable at all, or not what was written.
    pub(crate) fn journal(path: &Path, error: &ReadError) -> Self {
        let shown = path.display();
        match error {
            ReadError::Tampered(Tampered { damage: Damage::OtherKey { found, .. }, .. }) => {
                let failure = Self::new(
                    Exit::Unverified,
                    format!("journal `{shown}` is not signed with the given key: {}", chain(error)),
                );
                failure.hint(match found {
                    Some(_) => "its maker has another key: trust the journal only if you trust that key",
                    None => "without a signature anybody can have made it; `run --sign KEY` signs a journal",
                })
            }
            ReadError::Tampered(_) | ReadError::Blob { .. } => {
                Self::new(Exit::Unverified, format!("journal `{shown}` is not what was written: {}", chain(error)))
                    .hint("trust nothing from that record on; compare with another copy of the journal")
            }
            ReadError::Version { .. } => {
                Self::new(Exit::NothingRan, format!("cannot read journal `{shown}`: {}", chain(error)))
                    .hint("read it with the release of `wasm-agent` that wrote it")
            }
            _ => Self::new(Exit::NothingRan, format!("cannot read journal `{shown}`: {}", chain(error))),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        if let LoadError::Policy { path, errors } = &error {
            let problem = |error: &wasm_agent_host::policy::PolicyError| Problem {
                message: format!("policy `{}` {error}", path.display()),
                hint: error.hint.clone(),
            };
            let more =
                (errors.more() > 0).then(|| Problem { message: format!("and {} more", errors.more()), hint: None });
            let problems = errors.iter().map(problem).chain(more).collect();
            return Self { problems, exit: Exit::NothingRan, divergence: None, around: None };
        }
        let hint = load_hint(&error);
        let exit = if shortage::is_one(&error) { Exit::HostFailed } else { Exit::NothingRan };
        let mut failure = Self::new(exit, chain(&error));
        if let Some(hint) = hint {
            failure = failure.hint(hint);
        }
        failure
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::OwnThing { source } => LoadError::from(source).into(),
            RunError::Shortage { .. } => Self::new(Exit::HostFailed, chain(&error)).hint(
                "`ulimit -a` shows this process's limits; each memory of a tool takes 4 GiB of addresses, used or not",
            ),
            error => Self::new(Exit::HostFailed, chain(&error)),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Diverged(divergence) => {
                let failure = Self::new(Exit::Diverged, headline(&divergence));
                Self { divergence: Some(divergence), ..failure }
            }
            ReplayError::Incomplete { .. } => Self::new(Exit::Stopped, chain(&error)),
            ReplayError::Bound { what, most } => {
                let option = match what {
                    Bound::Memory => "--max-memory",
                    _ => "--max-fuel",
                };
                let (more, doubts) = (most.saturating_mul(2), "a journal that was forged may never have enough");
                Self::new(Exit::Stopped, chain(&error))
                    .hint(format!("`{option} {more}` allows twice as much; {doubts}"))
            }
            ReplayError::Journal { .. } => Self::new(Exit::Unverified, chain(&error)),
            other => Self::new(Exit::Stopped, chain(&other)),
        }
    }
}

impl From<ReplayFailure> for Failure {
    fn from(failure: ReplayFailure) -> Self {
        match failure {
            ReplayFailure::Load(error) => error.into(),
            ReplayFailure::Run(error) => error.into(),
            ReplayFailure::Replay(error) => error.into(),
            other => Self::new(Exit::HostFailed, chain(&other)),
        }
    }
}

/// What to do about something that can't be loaded.
fn load_hint(error: &LoadError) -> Option<String> {
    match error {
        LoadError::File { what: FileRole::StateDirectory | FileRole::ToolCopy | FileRole::CodeKey, source, .. } => {
            (source.kind() != io::ErrorKind::StorageFull)
                .then(|| "name another directory with `--state DIR`".to_owned())
        }
        LoadError::File { what: FileRole::Tool, path, source, .. } => missing::tool(path, source),
        LoadError::File { what: FileRole::Policy, path, source, .. } => missing::policy(path, source),
        LoadError::Invalid { .. } => Some("build it again, or copy it again: a part may be missing".to_owned()),
        LoadError::NotAComponent { .. } => {
            Some("a tool is a WebAssembly component (`wasm32-wasip2`), or a core module for WASI 0.1".to_owned())
        }
        LoadError::TooMuch { .. } => {
            Some("no compiler that is known makes such code; don't run it, or ask who made it".to_owned())
        }
        LoadError::Exceeded { which, allowed, .. } => Some(more(*which, *allowed)),
        error if shortage::is_one(error) => Some("`ulimit -a` shows the limits of this process".to_owned()),
        LoadError::Compiler { source: CompilerProblem::Start { .. }, .. } => {
            Some("`wasm-agent` starts itself to compile, as `/proc/self/exe`: is `/proc` mounted?".to_owned())
        }
        LoadError::Imports { advice: Some(advice), .. } | LoadError::Feature { advice, .. } => {
            Some((*advice).to_owned())
        }
        LoadError::Library { .. } => Some(
            "build a program (Rust: a `bin`; C: with `main`, without `-mexec-model=reactor`), or a component with \
             typed exports (`wasm32-wasip2` with `wit-bindgen`)"
                .to_owned(),
        ),
        LoadError::Imports { .. } => {
            Some("a tool can import `wasi:*` 0.2 and `wasm-agent:host` 0.1; build it for those".to_owned())
        }
        LoadError::Pin { found, .. } => {
            Some(format!("if this is the tool that was vetted, set `sha256 = \"{found}\"` under `[tool]`"))
        }
        LoadError::KeptCopy { path, .. } => Some(format!(
            "`rm {}`, and name the tool with `--component FILE`; its next run or replay keeps a new copy",
            shell_word(path)
        )),
        LoadError::Grant { source, .. } => grant_hint(source),
        LoadError::State { path, problem: StateProblem::WrittenByOthers { .. } } => {
            Some(format!("`chmod go-w {}`, or name another directory with `--state DIR`", shell_word(path)))
        }
        LoadError::State { path, .. } if path.extension().is_some_and(|extension| extension == "key") => {
            Some(format!("`rm {}`: a new one is made, and tools are compiled again", shell_word(path)))
        }
        LoadError::State { .. } => Some("name another directory with `--state DIR`".to_owned()),
        LoadError::GrantOfOwnThing { .. } => {
            Some("grant another folder; copy what the tool is to read, such as an old journal, to it".to_owned())
        }
        LoadError::Invocation { hint, .. } => hint.clone(),
        _ => None,
    }
}

/// What to do about something that a policy names.
fn grant_hint(problem: &GrantProblem) -> Option<String> {
    match problem {
        GrantProblem::Directory { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
            Some("a grant is for a directory: name the one that the file is in, and list the file in `only`".to_owned())
        }
        GrantProblem::Directory { host: path, source }
        | GrantProblem::SecretFile { file: path, source, .. }
        | GrantProblem::AuthorityFile { file: path, source } => path_hint(path, source),
        GrantProblem::SecretUnset { .. } => {
            Some("set it in the environment of `wasm-agent`; the tool does not see it".to_owned())
        }
        _ => None,
    }
}

/// What to do about a path that can't be opened.
fn path_hint(path: &str, error: &io::Error) -> Option<String> {
    let hint = || match unexpanded(path) {
        Some(part) => format!("only a shell replaces `{part}`: write the whole path"),
        None => "relative paths start at the folder of the policy".to_owned(),
    };
    (error.kind() == io::ErrorKind::NotFound).then(hint)
}

/// How a tool gets more to be compiled with, by someone who trusts it.
fn more(which: Resource, allowed: u64) -> String {
    let setting = format!("{} = \"{}\"", which.key(), which.setting(allowed.saturating_mul(2)));
    match machine::path() {
        Some(path) => format!("if you trust it, set `{setting}` under `[compile]` in `{}`", path.display()),
        None => format!(
            "if you trust it, set `HOME`, and `{setting}` under `[compile]` in its `.config/wasm-agent/config.toml`"
        ),
    }
}

/// An error with its causes, on one line where they are.
pub(crate) fn chain(error: &dyn Error) -> String {
    chain_with(error, |cause| tidy(&cause))
}

/// What an operating system says, in the form of our own messages.
pub(crate) fn tidy(text: &str) -> String {
    let Some((message, _)) = text.rsplit_once(" (os error ") else { return text.to_owned() };
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_one_line() {
        let source = io::Error::from_raw_os_error(2);
        let failure = Failure::file("read", "tool", Path::new("a.wasm"), source);
        assert_eq!(failure.problems[0].message, "cannot read tool `a.wasm`: no such file or directory");
        assert_eq!(failure.exit, Exit::NothingRan);
    }

    #[test]
    fn every_error_of_a_policy_is_reported() {
        let errors = wasm_agent_host::policy::Policy::parse("version = 2\nfoo = 1\n").unwrap_err();
        let count = errors.as_slice().len();
        let failure = Failure::from(LoadError::Policy { path: "p.toml".into(), errors });
        assert_eq!(failure.problems.len(), count);
        assert!(count >= 2);
        assert!(failure.problems[0].message.starts_with("policy `p.toml` line 1, column "), "{failure:?}");
    }

    #[test]
    fn a_full_disk_is_not_answered_with_another_directory() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let what = FileRole::StateDirectory;
        let failure = Failure::from(LoadError::File { verb: "create", what, path: "s".into(), source });
        assert_eq!(failure.problems[0].hint, None);
    }
}
