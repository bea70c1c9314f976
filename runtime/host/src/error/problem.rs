//! What is wrong with something that a run needs, as values that a front end can match.

use std::fmt;
use std::io;

use wasm_agent_egress::ClientError;

/// The role of a file in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileRole {
    /// A tool.
    Tool,
    /// A policy.
    Policy,
    /// The state directory, or a folder of it.
    StateDirectory,
    /// The copy of a tool that the state directory keeps.
    ToolCopy,
    /// The key that authenticates compiled code.
    CodeKey,
}

impl fmt::Display for FileRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Policy => "policy",
            Self::StateDirectory => "state directory",
            Self::ToolCopy => "copy of the tool",
            Self::CodeKey => "key of the state directory",
        })
    }
}

/// Why a file or folder of the state directory is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateProblem {
    /// Another user owns it.
    #[error("belongs to user {owner}, not to user {user} who runs this")]
    Owner {
        /// The owner's user id.
        owner: u32,
        /// The id of the user who runs this process.
        user: u32,
    },
    /// Its group or everybody can write to it.
    #[error("can be written by others (mode {mode:04o}, expected 0700)")]
    WrittenByOthers {
        /// Its permissions.
        mode: u32,
    },
    /// It holds a secret that its group or everybody can read.
    #[error("can be read by others (mode {mode:04o}, expected 0600)")]
    ReadByOthers {
        /// Its permissions.
        mode: u32,
    },
    /// Something other than a file is in its place.
    #[error("is not a file")]
    NotAFile,
    /// A key does not have the right size.
    #[error("is not a key: it does not have {expected} bytes")]
    NotAKey {
        /// The size of a key.
        expected: usize,
    },
}

/// Why a policy's grant, secret or setting can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantProblem {
    /// The directory of a grant can't be opened.
    #[error("cannot open directory `{host}`")]
    Directory {
        /// The directory as the policy names it.
        host: String,
        /// What the operating system reports.
        source: io::Error,
    },
    /// The directory is a view of the kernel or its devices, not of files.
    #[error(
        "`{host}` is on a file system of type {kind}, which shows the kernel or its devices; copy what the tool needs \
         to a file"
    )]
    Kernel {
        /// The directory as the policy names it.
        host: String,
        /// The type of the file system, as `mount` shows it.
        kind: &'static str,
    },
    /// A mount shows another grant's files at other paths.
    #[error("`{host}` shows files of `{other}` (line {line}) by a mount, so they would have two names")]
    ShownTwice {
        /// The directory as the policy names it.
        host: String,
        /// The other grant's directory.
        other: String,
        /// The other grant's line.
        line: u32,
    },
    /// The directory lies in that of another grant, and the guest paths do not lie in each other in the same way.
    #[error(
        "`{host}` lies in `{other}` (line {line}), so its files would have two names; its `guest` must lie in \
         `{other_guest}` in the same way"
    )]
    TwoNames {
        /// The directory as the policy names it.
        host: String,
        /// The other grant's directory.
        other: String,
        /// The other grant's line.
        line: u32,
        /// The other grant's guest path.
        other_guest: String,
    },
    /// The guest path lies in that of another grant, and the directories do not lie in each other in the same way.
    #[error(
        "guest path `{guest}` lies in `{other_guest}` (line {line}), so it would be the name of two directories; its \
         `host` must lie in `{other}` in the same way"
    )]
    TwoDirectories {
        /// The guest path.
        guest: String,
        /// The other grant's directory.
        other: String,
        /// The other grant's line.
        line: u32,
        /// The other grant's guest path.
        other_guest: String,
    },
    /// The variable of a secret is not set.
    #[error("secret `{secret}`: the environment has no `{variable}`")]
    SecretUnset {
        /// The secret's name.
        secret: String,
        /// The variable.
        variable: String,
    },
    /// The file of a secret can't be read.
    #[error("secret `{secret}`: cannot read `{file}`")]
    SecretFile {
        /// The secret's name.
        secret: String,
        /// The file as the policy names it.
        file: String,
        /// What the operating system reports.
        source: io::Error,
    },
    /// The secret is not ASCII, or has a character that headers must not contain.
    #[error("secret `{secret}` can't be the value of a header")]
    SecretNotAHeader {
        /// The secret's name.
        secret: String,
    },
    /// The secret is empty.
    #[error("secret `{secret}` is empty")]
    SecretEmpty {
        /// The secret's name.
        secret: String,
    },
    /// The secret is so short that other text contains it by chance.
    #[error("secret `{secret}` has {bytes} bytes; it needs at least {min} so that responses can be searched for it")]
    SecretTooShort {
        /// The secret's name.
        secret: String,
        /// Its length.
        bytes: usize,
        /// The minimum.
        min: usize,
    },
    /// The secret is longer than the search can find.
    #[error("secret `{secret}` has {bytes} bytes; it may have at most {max} so that responses can be searched for it")]
    SecretTooLong {
        /// The secret's name.
        secret: String,
        /// Its length.
        bytes: usize,
        /// The maximum.
        max: usize,
    },
    /// The file with certificate authorities can't be read.
    #[error("cannot read `ca` file `{file}`")]
    AuthorityFile {
        /// The file as the policy names it.
        file: String,
        /// What the operating system reports.
        source: io::Error,
    },
    /// The file does not hold certificate authorities.
    #[error("`ca`: {0}")]
    Authority(ClientError),
}

/// Why the compiler produced nothing usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompilerProblem {
    /// Its process can't be started.
    #[error("cannot start the compiler `{program}`: {reason}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system reports.
        reason: String,
    },
    /// There is not enough memory.
    #[error("there is not enough memory")]
    Memory,
    /// It failed, or its process ended.
    #[error("the compiler {0}")]
    Failed(String),
    /// Its answer is invalid.
    #[error("{0}")]
    Answer(String),
}
