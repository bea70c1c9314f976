//! The person at the terminal, as an approver.
//!
//! This module owns the conversation: the message, the question, the answer. `layout` says what is shown,
//! `tty` reaches the terminal. It talks to the terminal itself and never to standard input or output, which
//! belong to the tool.
//!
//! The rule not to break: only a whole line, typed after the question was shown, approves. The message is
//! put together so that nothing a guest wrote can pass for a line of the prompt or push the question's
//! subject off the screen.

mod layout;
mod tty;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_host::approval::{
    Answer, AnswerFuture, ApprovalRequest, Approver, ApproverError, REASON_CHARS_MAX, Remember, Settled,
};

use self::layout::{QUESTION, message};
use self::tty::{Line, Terminal, Tty};
use crate::sink::Quiet;

/// How often the question is asked before silence and noise count as a refusal.
///
/// Somebody who leans on a key, and a program that feeds the terminal, must come to an end.
const ATTEMPTS_MAX: usize = 3;

/// Asks the person at the terminal that the process was started from.
///
/// Requests are asked one after the other. What was typed before a question is thrown away.
///
/// # Authority
///
/// Opens `/dev/tty`, anew for each request.
pub(crate) struct TerminalApprover {
    colour: bool,
    /// Held while a question is on the screen.
    turn: Arc<Mutex<()>>,
}

impl TerminalApprover {
    /// Asks in colour, or without.
    ///
    /// Whether colour is wanted (`NO_COLOR`, `TERM=dumb`) is the caller's to know.
    pub(crate) fn new(colour: bool) -> Self {
        Self { colour, turn: Arc::default() }
    }

    /// Checks that there is a terminal to ask at, without asking anything.
    ///
    /// # Errors
    ///
    /// There is none, or it is in a state in which an answer could not be trusted.
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
            // The writing end lives in this future: when it is dropped, the reader lets go of the terminal.
            let (cancelled, cancel) = io::pipe().map_err(opening)?;
            let request = request.clone();
            let colour = self.colour;
            let turn = Arc::clone(&self.turn);
            let asked = tokio::task::spawn_blocking(move || {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                let mut terminal = Terminal::controlling(cancelled)?;
                let _quiet = Quiet::begin();
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

fn opening(source: io::Error) -> ApproverError {
    ApproverError::Io { doing: "prepare to ask at the terminal", source }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> ApproverError {
    move |source| ApproverError::Io { doing, source }
}

/// Shows the request and reads the answer.
fn ask_at(tty: &mut impl Tty, request: &ApprovalRequest, colour: bool) -> Result<Settled, ApproverError> {
    let width = tty.width().map_err(failed("read the terminal's size"))?;
    let message = message(request, width, colour)?;
    let showing = failed("write to the terminal");
    tty.write(&message).map_err(&showing)?;

    for _ in 0..ATTEMPTS_MAX {
        // Thrown away as late as can be: an answer is an answer to what can be read above it.
        tty.flush_input().map_err(failed("throw away what was typed before the question"))?;
        tty.write(QUESTION).map_err(&showing)?;
        let reply = match tty.read_line().map_err(failed("read the terminal"))? {
            Line::Text(line) => parse(&line),
            Line::Unreadable => None,
            Line::End => Some(refusal(false, Some("the terminal's input ended"))),
            Line::Cancelled => return Err(abandoned(tty)),
        };
        if let Some(settled) = reply {
            tty.write(said(&settled)).map_err(&showing)?;
            return Ok(settled);
        }
    }
    let settled = refusal(false, Some("no clear answer"));
    tty.write(said(&settled)).map_err(&showing)?;
    Ok(settled)
}

/// Reads an answer. Anything that is not clearly one is none.
fn parse(line: &str) -> Option<Settled> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let reason = (!rest.is_empty()).then(|| rest.trim());
    match (word.to_ascii_lowercase().as_str(), reason) {
        // Words after an approval may be a condition, or the middle of a sentence: it takes the word alone.
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

/// What is shown after an answer, so that the screen tells what was done.
fn said(settled: &Settled) -> &'static str {
    match settled.answer {
        Answer::Approve { remember: Remember::Once } => "approved once\n\n",
        Answer::Approve { remember: Remember::Run } => "approved, and this same action for the rest of the run\n\n",
        Answer::Refuse { stop: false } => "refused\n\n",
        Answer::Refuse { stop: true } => "refused, and the run is stopped\n\n",
    }
}

/// Leaves the terminal as it should be when nobody waits for an answer any more.
fn abandoned(tty: &mut impl Tty) -> ApproverError {
    // Half an answer must not go to whoever reads the terminal next. Neither step can change the outcome.
    let _ = tty.flush_input();
    let _ = tty.write("\nno longer waiting for an answer: not approved\n\n");
    ApproverError::Unavailable { message: "the question was withdrawn".to_owned() }
}

#[cfg(test)]
mod tests;
