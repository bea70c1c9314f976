//! Arguments of `wasm-agent run`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use wasm_agent_host::journal::Fsync;

use super::common::{State, path, unexpanded_home};

#[derive(Debug, Args)]
#[command(after_help = "\
Without `--policy`, the tool is granted nothing. Standard output has the tool's own output, or the result of `--call`; \
the report goes to standard error. On a terminal, control characters in the tool's output are shown escaped.")]
pub(crate) struct Run {
    /// The tool: a component, or a core module for WASI 0.1
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) tool: PathBuf,

    /// The tool's arguments
    #[arg(last = true)]
    pub(crate) arguments: Vec<String>,

    /// What the tool may do
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) policy: Option<PathBuf>,

    /// Where the journal goes; the file must not exist [default: below the state directory]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: Option<PathBuf>,

    /// Who approves what can't be undone: `terminal`, `queue` (whoever answers with `wasm-agent approvals`), `refuse`,
    /// or `exec:PROGRAM`; with commas, the first that can ask [default: `terminal` where there is one]
    #[arg(short, long, value_name = "WHO", value_parser = parse_approve)]
    pub(crate) approve: Option<Approve>,

    /// Where `--approve queue` asks [default: `queue` in the state directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = path(), requires = "approve")]
    pub(crate) queue: Option<PathBuf>,

    /// A variable that the program of `--approve exec:PROGRAM` gets besides HOME, LANG and PATH; can be repeated
    #[arg(long, value_name = "NAME", requires = "approve")]
    pub(crate) approver_env: Vec<String>,

    /// Calls a typed export, in WAVE syntax: 'search("/notes", "todo")'; with `--json` its name alone. `wasm-agent
    /// inspect` prints the calls that there are
    #[arg(short, long, value_name = "CALL")]
    pub(crate) call: Option<String>,

    /// Arguments of `--call` as JSON, an object or an array; `@FILE` reads them from a file, `-` from standard input.
    /// The result is printed as JSON too
    #[arg(long, value_name = "JSON", requires = "call", allow_hyphen_values = true, value_parser = parse_json)]
    pub(crate) json: Option<String>,

    /// Passes standard input to the tool, as the tool reads it; otherwise it has none
    #[arg(long)]
    pub(crate) stdin: bool,

    /// When the journal is synced to disk: before effects that can't be undone, at every effect, never
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Sync::Effects)]
    pub(crate) fsync: Sync,

    /// Signs the journal with this private key: every seal, so that a killed run is signed too
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) sign: Option<PathBuf>,

    /// Prints no report; one line if the run is stopped, and errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sync {
    Effects,
    All,
    None,
}

/// Who approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Approve {
    /// The person at the terminal.
    Terminal,
    /// Nobody: everything is refused.
    Refuse,
    /// A program.
    Program(PathBuf),
    /// Whoever answers from another process.
    Queue,
    /// The first of them that can ask.
    InOrder(Vec<Approve>),
}

impl Approve {
    /// Whether it asks in a queue.
    pub(crate) fn asks_in_queue(&self) -> bool {
        match self {
            Self::Queue => true,
            Self::InOrder(approvers) => approvers.iter().any(Self::asks_in_queue),
            Self::Terminal | Self::Refuse | Self::Program(_) => false,
        }
    }

    /// The program that it asks.
    pub(crate) fn program(&self) -> Option<&Path> {
        match self {
            Self::Program(program) => Some(program),
            Self::InOrder(approvers) => approvers.iter().find_map(Self::program),
            Self::Terminal | Self::Refuse | Self::Queue => None,
        }
    }
}

impl From<Sync> for Fsync {
    fn from(sync: Sync) -> Self {
        match sync {
            Sync::Effects => Self::Effects,
            Sync::All => Self::All,
            Sync::None => Self::None,
        }
    }
}

fn parse_approve(text: &str) -> Result<Approve, String> {
    let mut approvers = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        // The path of a program may have commas.
        let (one, after) = match text.split_once(',') {
            Some((one, after)) if !text.starts_with("exec:") => (one, Some(after)),
            _ => (text, None),
        };
        approvers.push(parse_approver(one)?);
        rest = after;
    }
    match (approvers.pop(), approvers.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) if last != Approve::Refuse && !approvers.contains(&Approve::Refuse) => {
            approvers.push(last);
            Ok(Approve::InOrder(approvers))
        }
        _ => Err("`refuse` stands alone: it refuses everything".to_owned()),
    }
}

fn parse_approver(text: &str) -> Result<Approve, String> {
    match text {
        "terminal" => Ok(Approve::Terminal),
        "refuse" => Ok(Approve::Refuse),
        "queue" => Ok(Approve::Queue),
        _ => match text.strip_prefix("exec:") {
            Some("") => Err("expected a program after `exec:`".to_owned()),
            Some(program) => match unexpanded_home(program.as_ref()) {
                Some(message) => Err(message),
                None => Ok(Approve::Program(program.into())),
            },
            None => Err("expected `terminal`, `queue`, `refuse` or `exec:PROGRAM`".to_owned()),
        },
    }
}

fn parse_json(text: &str) -> Result<String, String> {
    match text.strip_prefix('@').and_then(|file| unexpanded_home(file.as_ref())) {
        Some(message) => Err(message),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

    #[test]
    fn what_follows_the_dashes_is_the_tools() {
        let arguments = Arguments::try_parse_from(["wasm-agent", "run", "a.wasm", "--", "--policy", "-x"]).unwrap();
        let Command::Run(run) = arguments.command else { panic!("not a run") };
        assert_eq!(run.arguments, ["--policy", "-x"]);
        assert_eq!(run.policy, None);
    }

    #[test]
    fn approvers_stand_alone_or_in_order() {
        assert_eq!(parse_approve("queue"), Ok(Approve::Queue));
        assert_eq!(parse_approve("terminal,queue"), Ok(Approve::InOrder(vec![Approve::Terminal, Approve::Queue])));
        let program = Approve::Program("./a,b.sh".into());
        assert_eq!(parse_approve("terminal,exec:./a,b.sh"), Ok(Approve::InOrder(vec![Approve::Terminal, program])));
        for wrong in ["terminal,refuse", "refuse,queue", "terminal,", ",queue"] {
            assert!(parse_approve(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_approve("refuse"), Ok(Approve::Refuse));
        assert_eq!(parse_approve("exec:./ask.sh"), Ok(Approve::Program("./ask.sh".into())));
        assert!(parse_approve("exec:").is_err());
        assert!(parse_approve("everything").is_err());
        assert!(parse_approve("exec:~/ask.sh").is_err());
    }

    #[test]
    fn json_arguments_need_a_call() {
        assert!(Arguments::try_parse_from(["wasm-agent", "run", "--json", "[]", "a.wasm"]).is_err());
    }
}
