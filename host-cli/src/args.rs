//! The command line, parsed into types that cannot be wrong.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use wasm_agent_host::journal::Fsync;

/// Runs the tools of AI agents: sandboxed, allowlisted, approved, recorded.
#[derive(Debug, Parser)]
#[command(name = "wasm-agent", version, about, max_term_width = 100, after_help = STATUSES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How reports, errors and asked-for data are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// What the numbers mean, for `--help`.
const STATUSES: &str = "\
Exit status:
  0  the tool finished, or the question was answered
  1  the tool reported a failure; its own status is in the report
  2  nothing ran: arguments, policy or component
  3  stopped by a trap, a limit or an approver; a replay's record ends in the middle
  4  the replay diverged
  5  the host failed: journal, disk
  6  the journal is not what was written

Diagnostics go to standard error; `WASM_AGENT_LOG=debug` asks for more.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a tool: with what the policy grants, and a record of all it does
    Run(Run),
    /// Runs a recorded run again from its journal alone, and compares every call
    Replay(Replay),
    /// Shows and checks journals
    #[command(subcommand)]
    Journal(Journal),
    /// Checks and explains policies
    #[command(subcommand)]
    Policy(Policy),
    /// Shows what a tool imports and exports
    Inspect(Inspect),
    /// Prints completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without `--policy` the tool is granted nothing. Standard output carries the tool's own output, or the result of \
`--call`; the report goes to standard error. On a terminal, control characters in the tool's output are shown escaped.")]
pub(crate) struct Run {
    /// The tool: a component, or a core module for WASI 0.1
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) tool: PathBuf,

    /// The tool's arguments
    #[arg(last = true)]
    pub(crate) arguments: Vec<String>,

    /// What the tool may do
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,

    /// Where the record goes; the file must not exist [default: below the state directory]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) journal: Option<PathBuf>,

    /// Who approves what can't be undone: `terminal`, `refuse`, or `exec:PROGRAM`
    /// [default: `terminal` where there is one]
    #[arg(short, long, value_name = "WHO", value_parser = parse_approve)]
    pub(crate) approve: Option<Approve>,

    /// Calls a typed export, in WAVE syntax: 'search("/notes", "todo")'; with `--json` its name alone
    #[arg(short, long, value_name = "CALL")]
    pub(crate) call: Option<String>,

    /// Arguments of `--call` as JSON, an array or an object; the result is printed as JSON too
    #[arg(long, value_name = "JSON", requires = "call")]
    pub(crate) json: Option<String>,

    /// Gives the tool this program's standard input; it has none otherwise
    #[arg(long)]
    pub(crate) stdin: bool,

    /// When the journal is synced to disk: before effects that can't be undone, at every effect, never
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Sync::Effects)]
    pub(crate) fsync: Sync,

    /// Leaves out the report, unless the host fails
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Args)]
#[command(after_help = "\
No file, no network and no policy is used. An identical replay ends with the status of the recorded run. A run that was \
killed is replayed as far as its record goes, and ends with 3.")]
pub(crate) struct Replay {
    /// The journal of the run
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) journal: PathBuf,

    /// The tool, where the state directory has no copy of it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,

    /// Prints the result of a typed call as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Leaves out the report, unless the replay differs
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Shows what happened, in order; with `--format json` one event a line
    Show {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath)]
        journal: PathBuf,

        /// Which host calls are shown: those with an effect or a denial, or all
        #[arg(long, value_enum, default_value_t = Calls::Effects)]
        calls: Calls,
    },
    /// Says whether a journal is whole and unchanged
    Verify {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath)]
        journal: PathBuf,

        /// Also fails where the end of the run is missing
        #[arg(long)]
        complete: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Reports everything that is wrong with a policy
    Check {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,
    },
    /// Says what a policy decides about an action, and why
    Explain {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,

        /// The action, such as 'DELETE /notes/a.md' or 'POST https://example.com/'
        action: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The tool
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) tool: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct State {
    /// Where journals, copies of tools and compiled code are kept
    /// [default: $WASM_AGENT_STATE, $XDG_STATE_HOME/wasm-agent or ~/.local/state/wasm-agent]
    #[arg(long = "state", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one object a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Calls {
    /// Effects, denials and approvals; other calls are counted
    Effects,
    /// Every call
    All,
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
    match text {
        "terminal" => Ok(Approve::Terminal),
        "refuse" => Ok(Approve::Refuse),
        _ => match text.strip_prefix("exec:") {
            Some("") => Err("expected a program after `exec:`".to_owned()),
            Some(program) => Ok(Approve::Program(program.into())),
            None => Err("expected `terminal`, `refuse` or `exec:PROGRAM`".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_the_dashes_is_the_tools() {
        let arguments = Arguments::try_parse_from(["wasm-agent", "run", "a.wasm", "--", "--policy", "-x"]).unwrap();
        let Command::Run(run) = arguments.command else { panic!("not a run") };
        assert_eq!(run.arguments, ["--policy", "-x"]);
        assert_eq!(run.policy, None);
    }

    #[test]
    fn an_approver_is_one_of_three() {
        assert_eq!(parse_approve("refuse"), Ok(Approve::Refuse));
        assert_eq!(parse_approve("exec:./ask.sh"), Ok(Approve::Program("./ask.sh".into())));
        assert!(parse_approve("exec:").is_err());
        assert!(parse_approve("everything").is_err());
    }

    #[test]
    fn json_arguments_need_a_call() {
        assert!(Arguments::try_parse_from(["wasm-agent", "run", "--json", "[]", "a.wasm"]).is_err());
    }
}
