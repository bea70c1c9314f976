//! How the program ends, as a number.

use std::process::ExitCode;

use wasm_agent_host::Outcome;

/// Exit statuses. They are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The tool finished, or the question was answered.
    Finished,
    /// The tool reported a failure: a status other than 0, or an `err` result.
    ToolFailed,
    /// Nothing ran: arguments, policy or component are not usable.
    NothingRan,
    /// The run was stopped: a trap, a limit, an approver, or a record that ends in the middle.
    Stopped,
    /// The replay differs from its journal, or another policy decides otherwise.
    Diverged,
    /// The host failed: journal, disk, engine.
    HostFailed,
    /// The journal is not what was written.
    Unverified,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::ToolFailed => 1,
            Self::NothingRan => 2,
            Self::Stopped => 3,
            Self::Diverged => 4,
            Self::HostFailed => 5,
            Self::Unverified => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<&Outcome> for Exit {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Exited(0) | Outcome::Returned { failed: false, .. } => Self::Finished,
            Outcome::Exited(_) | Outcome::Returned { failed: true, .. } => Self::ToolFailed,
            Outcome::HostFailed { .. } => Self::HostFailed,
            // Limits, traps and refusals, and outcomes of later releases.
            _ => Self::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_tool_is_no_failure_of_the_host() {
        let returned = |failed| Outcome::Returned { wave: String::new(), json: None, failed };
        assert_eq!(Exit::from(&Outcome::Exited(0)).code(), 0);
        assert_eq!(Exit::from(&Outcome::Exited(5)).code(), 1);
        assert_eq!(Exit::from(&returned(false)).code(), 0);
        assert_eq!(Exit::from(&returned(true)).code(), 1);
        assert_eq!(Exit::from(&Outcome::Limit { which: "time".to_owned() }).code(), 3);
        assert_eq!(Exit::from(&Outcome::Trapped { message: String::new() }).code(), 3);
        assert_eq!(Exit::from(&Outcome::Stopped { action: String::new() }).code(), 3);
    }
}
