//! Arguments of `wasm-agent approvals`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::common::{State, path};
use crate::show::units::DIGEST_CHARS;

#[derive(Debug, Subcommand)]
pub(crate) enum Approvals {
    /// Lists the questions that wait for an answer
    List(Waiting),
    /// Shows a question as a terminal would, with the digest of what it shows
    Show(Question),
    /// Shows a question and asks for the answer; with `--digest`, approves what was shown before
    Approve(Approval),
    /// Refuses what a question asks for
    Refuse(Refusal),
    /// Asks each question at this terminal as it comes, until Ctrl-C; with `--format json`, prints each question and
    /// takes no answers
    Watch(Waiting),
}

/// Where questions wait.
#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Where runs with `--approve queue` ask [default: `queue` in the state directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = path())]
    pub(crate) queue: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The question, or the beginning of its name, as `approvals list` shows it
    pub(crate) question: String,

    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Approval {
    #[command(flatten)]
    pub(crate) question: Question,

    /// Approves without asking if what the question shows has this digest, or one that begins so; at least 12 digits
    #[arg(long, value_name = "HEX", value_parser = digest)]
    pub(crate) digest: Option<String>,

    /// Approves this same action for the rest of the run
    #[arg(long, requires = "digest")]
    pub(crate) for_run: bool,

    /// Why; kept in the journal
    #[arg(long, value_name = "TEXT", requires = "digest")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Refusal {
    #[command(flatten)]
    pub(crate) question: Question,

    /// Stops the run too
    #[arg(long)]
    pub(crate) stop: bool,

    /// Why; kept in the journal
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// A digest, or the beginning of one, as long as `approvals show` prints it.
fn digest(text: &str) -> Result<String, String> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && text.len() >= DIGEST_CHARS {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!("expected {DIGEST_CHARS} or more hexadecimal digits, as `approvals show` prints them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_long_enough_to_be_one() {
        assert_eq!(digest("0123456789AB"), Ok("0123456789ab".to_owned()));
        assert!(digest("0123456789a").is_err());
        assert!(digest("0123456789ax").is_err());
    }
}
