//! `wasm-agent policy`, one file a sub-command.

mod check;
mod explain;
mod journals;
mod judge;
mod load;
mod own;
mod suggest;
mod surroundings;

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

/// Runs a sub-command.
pub(crate) fn policy(command: &args::Policy, report: &Report) -> Result<Exit, Failure> {
    match command {
        args::Policy::Check { policy, deny_warnings } => check::check(policy, *deny_warnings, report)?,
        args::Policy::Explain { policy, action } => explain::explain(policy, action.as_deref(), report)?,
        args::Policy::Judge(arguments) => return judge::judge(arguments, report),
        args::Policy::Suggest(arguments) => suggest::suggest(arguments, report)?,
    }
    Ok(Exit::Finished)
}
