//! The command line, parsed into types that cannot be wrong.

mod approvals;
mod common;
mod export;
mod journal;
mod keys;
mod policy;
mod replay;
mod run;

use std::path::PathBuf;

use clap::builder::{EnumValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

pub(crate) use approvals::{Approval, Approvals, Question, Refusal, Waiting};
pub(crate) use common::{Format, FormatChoice, State, unexpanded_home};
pub(crate) use export::{Export, ExportFormat, Redact, TIMEOUT_MAX, is_timeout};
pub(crate) use journal::{Calls, Files, Journal, Recover, Verify};
pub(crate) use keys::Keys;
pub(crate) use policy::{Journals, Judge, Paths, Policy, Suggest};
pub(crate) use replay::Replay;
pub(crate) use run::{Approve, Run};

use common::path;

/// Runs the tools of AI agents: sandboxed, allowlisted, approved, recorded.
#[derive(Debug, Parser)]
#[command(name = "wasm-agent", version, about, max_term_width = 100, after_help = STATUSES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The format of reports, errors and data
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_parser = EnumValueParser::<Format>::new().map(FormatChoice::Report),
        default_value = "text",
    )]
    pub(crate) format: FormatChoice,
}

/// The exit statuses, for `--help`.
const STATUSES: &str = "\
Exit status:
  0  the tool finished, or the question was answered
  1  the tool reported a failure; its own status is in the report
  2  nothing ran: arguments, policy or component
  3  stopped by a trap, a limit, an approver or a signal; a replay whose record is cut, or whose bound was too low
  4  the replay diverged, two runs differ, or a judged decision changes
  5  the host failed: journal, disk, memory, open files
  6  the journal was changed, or a part of it is not signed with the given key

Diagnostics go to standard error; `WASM_AGENT_LOG=debug` shows more.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a tool with what its policy grants, and records everything it does
    Run(Run),
    /// Replays a run from its journal alone, and compares every call
    Replay(Replay),
    /// Shows and checks journals
    #[command(subcommand)]
    Journal(Journal),
    /// Checks, explains and compares policies
    #[command(subcommand)]
    Policy(Policy),
    /// Shows what waits for a person's answer, and answers
    #[command(subcommand)]
    Approvals(Approvals),
    /// Makes and shows keys that sign journals
    #[command(subcommand)]
    Keys(Keys),
    /// Shows what a tool imports and exports
    Inspect(Inspect),
    /// Prints completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The tool
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) tool: PathBuf,

    /// Prints JSON Schemas (2020-12) of each export's arguments and result, as one JSON object
    #[arg(long)]
    pub(crate) schema: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
