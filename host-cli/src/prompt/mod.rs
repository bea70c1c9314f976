//! The approver that asks the person at the terminal.
//!
//! This module owns the conversation: message, question, answer. `layout` says what is shown, `tty` reads and writes
//! the terminal. It uses the terminal itself, and never standard input or output, which belong to the tool.
//!
//! The rule not to break: only a whole line that was typed after the question approves. The message is laid out so that
//! text from a guest can't look like a line of the prompt, or push the action off the screen.

mod layout;
mod tty;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_host::approval::{
    Answer, AnswerFuture, ApprovalRequest, Approver, ApproverError, REASON_CHARS_MAX, Remember, Settled,
};

pub(crate) use self::layout::about_question;
use self::layout::{QUESTION, message};
use self::tty::{Line, Terminal, Tty};
use crate::sink::{OutputHold, is_output_held};

/// How often the question is asked. After that, unclear answers count as a refusal.
///
/// This stops a stuck key, and a program that feeds the terminal.
const ATTEMPTS_MAX: usize = 3;

/// Asks the person at the terminal that the process was started from.
///
/// Requests are asked one after the other. Input typed before a question is discarded.
///
/// # Authority
///
/// Opens `/dev/tty` for each request.
pub(crate) struct TerminalApprover {
    colour: bool,
    /// Locked while a question is on the screen.
    turn: Arc<Mutex<()>>,
}

impl TerminalApprover {
    /// Asks with or without colour. The caller decides by `NO_COLOR` and `TERM=dumb`.
    pub(crate) fn new(colour: bool) -> Self {
        Self { colour, turn: Arc::default() }
    }

    /// Checks that there is a terminal to ask at, without asking anything.
    ///
    /// # Errors
    ///
    /// When there is no terminal, or its state makes answers untrustworthy.
    pub(crate) fn check() -> Result<(), ApproverError> {
        let (cancelled, _cancel) = io::pipe().map_err(opening)?;
        Terminal::controlling(cancelled).map(drop)
    }
}

impl Approver for TerminalApprover {
    fn name(&self) -> String {
        "terminal".to_owned()
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(async {
            // This future owns the writing end. When it is dropped, the reader stops using the terminal.
            let (cancelled, cancel) = io::pipe().map_err(opening)?;
            let request = request.clone();
            let colour = self.colour;
            let turn = Arc::clone(&self.turn);
            let asked = tokio::task::spawn_blocking(move || {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                let mut terminal = Terminal::controlling(cancelled)?;
                let _quiet = OutputHold::begin();
                let mut settled = ask_at(&mut terminal, &request, colour)?;
                settled.approver = format!("terminal, user {}", rustix::process::getuid().as_raw());
                Ok(settled)
            });
            let settled = asked
                .await
                .map_err(|error| ApproverError::Unavailable { message: format!("the prompt failed: {error}") })?;
            drop(cancel);
            settled
        })
    }
}

/// Shows the line of the question again, if one waits for its answer: a shell has used the terminal meanwhile.
///
/// Waits for the terminal. Where another thread does so already, it shows the line.
pub(crate) fn ask_again() {
    static TURN: Mutex<()> = Mutex::new(());
    if let Ok(_turn) = TURN.try_lock()
        && is_output_held()
        && let Ok((cancelled, _cancel)) = io::pipe()
        && let Ok(mut terminal) = Terminal::controlling(cancelled)
    {
        // The answer counts, whether or not this is seen.
        let _ = terminal.write(QUESTION);
    }
}

/// Asks here and now, for a question that another process waits for. `None` if the terminal's input ended. The question
/// is withdrawn when the other end of `cancelled` is closed.
///
/// # Errors
///
/// When there is no terminal, the question can't be shown whole, or it was withdrawn.
pub(crate) fn ask_here(
    request: &ApprovalRequest,
    colour: bool,
    cancelled: io::PipeReader,
) -> Result<Option<Settled>, ApproverError> {
    let mut terminal = Terminal::controlling(cancelled)?;
    let settled = answered_at(&mut terminal, request, colour)?;
    if settled.is_none() {
        terminal.write("\nnot answered\n\n").map_err(failed("write to the terminal"))?;
    }
    Ok(settled)
}

fn opening(source: io::Error) -> ApproverError {
    ApproverError::Io { doing: "prepare to ask at the terminal", source }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> ApproverError {
    move |source| ApproverError::Io { doing, source }
}

/// Shows the request and reads the answer. The end of the input is a refusal: nobody can answer any more.
fn ask_at(tty: &mut impl Tty, request: &ApprovalRequest, colour: bool) -> Result<Settled, ApproverError> {
    if let Some(settled) = answered_at(tty, request, colour)? {
        return Ok(settled);
    }
    let settled = refusal(false, Some("the terminal's input ended"));
    tty.write(confirmation(&settled)).map_err(failed("write to the terminal"))?;
    Ok(settled)
}

/// Shows the request and reads the answer. `None` if the input ended.
fn answered_at(tty: &mut impl Tty, request: &ApprovalRequest, colour: bool) -> Result<Option<Settled>, ApproverError> {
    let width = tty.width().map_err(failed("read the terminal's size"))?;
    let message = message(request, width, colour)?;
    let showing = failed("write to the terminal");
    tty.write(&message).map_err(&showing)?;

    for _ in 0..ATTEMPTS_MAX {
        // Discarded as late as possible: an answer must be to the text above it.
        tty.flush_input().map_err(failed("throw away what was typed before the question"))?;
        tty.write(QUESTION).map_err(&showing)?;
        let reply = match tty.read_line().map_err(failed("read the terminal"))? {
            Line::Text(line) => parse(&line),
            Line::Unreadable => None,
            Line::End => return Ok(None),
            Line::Cancelled => return Err(abandoned(tty)),
        };
        if let Some(settled) = reply {
            tty.write(confirmation(&settled)).map_err(&showing)?;
            return Ok(Some(settled));
        }
    }
    let settled = refusal(false, Some("no clear answer"));
    tty.write(confirmation(&settled)).map_err(&showing)?;
    Ok(Some(settled))
}

/// Parses an answer. `None` if it is unclear.
fn parse(line: &str) -> Option<Settled> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let reason = (!rest.is_empty()).then(|| rest.trim());
    match (word.to_ascii_lowercase().as_str(), reason) {
        // An approval is a single word: further words could be a condition, or part of a sentence.
        ("y" | "yes", None) => Some(approval(Remember::Once)),
        ("a", None) => Some(approval(Remember::Run)),
        ("n" | "no", reason) => Some(refusal(false, reason)),
        ("s" | "stop", reason) => Some(refusal(true, reason)),
        _ => None,
    }
}

fn approval(remember: Remember) -> Settled {
    Settled { answer: Answer::Approve { remember }, approver: "terminal".to_owned(), reason: None }
}

fn refusal(stop: bool, reason: Option<&str>) -> Settled {
    Settled {
        answer: Answer::Refuse { stop },
        approver: "terminal".to_owned(),
        reason: reason.map(|reason| reason.chars().take(REASON_CHARS_MAX).collect()),
    }
}

/// The confirmation that is shown after an answer.
fn confirmation(settled: &Settled) -> &'static str {
    match settled.answer {
        Answer::Approve { remember: Remember::Once } => "approved once\n\n",
        Answer::Approve { remember: Remember::Run } => "approved, and this same action for the rest of the run\n\n",
        Answer::Refuse { stop: false } => "refused\n\n",
        Answer::Refuse { stop: true } => "refused, and the run is stopped\n\n",
    }
}

/// Cleans up the terminal when nobody waits for the answer any more.
fn abandoned(tty: &mut impl Tty) -> ApproverError {
    // The next reader of the terminal must not get half an answer. Errors here can't change the outcome.
    let _ = tty.flush_input();
    let _ = tty.write("\nno longer waiting for an answer: not approved\n\n");
    ApproverError::Unavailable { message: "the question was withdrawn".to_owned() }
}

#[cfg(test)]
mod tests;
