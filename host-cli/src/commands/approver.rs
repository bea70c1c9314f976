//! The approver of `wasm-agent run`.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_host::Grants;
use wasm_agent_host::approval::queue::{Queue, QueueApprover};
use wasm_agent_host::approval::{
    Answer, AnswerFuture, ApprovalRequest, Approver, InOrder, Program, RefuseAll, Settled,
};
use wasm_agent_host::policy::SecretSource;

use crate::args::Approve;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::own;
use crate::prompt::TerminalApprover;
use crate::show::units::shell_word;

/// The approver that the command line asks for.
pub(super) struct Wanted<'a> {
    pub(super) approve: Option<&'a Approve>,
    /// Variables for a program.
    pub(super) variables: &'a [String],
    /// Where a queue is, if one is asked for.
    pub(super) queue: Option<&'a Path>,
}

/// Resolves the approver's program to a file, once: the run may change folders in `PATH`.
pub(super) fn resolved(approve: Approve) -> Result<Approve, Failure> {
    let name = match approve {
        Approve::Program(name) => name,
        Approve::InOrder(approvers) => {
            return approvers.into_iter().map(resolved).collect::<Result<_, _>>().map(Approve::InOrder);
        }
        Approve::Terminal | Approve::Refuse | Approve::Queue => return Ok(approve),
    };
    let missing = || {
        let failure = Failure::new(Exit::NothingRan, format!("no approver `{}` in `PATH`", name.display()));
        failure.hint(match with_arguments(&name) {
            Some(hint) => hint,
            None if name.is_file() => format!("`--approve exec:{}`", shell_word(&Path::new(".").join(&name))),
            None => "a program that is not in `PATH` has a path, such as `exec:./approve.sh`".to_owned(),
        })
    };
    own::program(&name).map(Approve::Program).ok_or_else(missing)
}

/// The approver from the command line, or the terminal if there is one.
pub(super) fn approver(wanted: &Wanted<'_>, grants: &Grants) -> Result<Box<dyn Approver>, Failure> {
    if !wanted.variables.is_empty() && wanted.approve.and_then(Approve::program).is_none() {
        let message = "`--approver-env` is for the program of `--approve exec:PROGRAM`";
        return Err(Failure::new(Exit::NothingRan, message));
    }
    match wanted.approve {
        Some(approve) => one(approve, wanted, grants),
        None if io::stderr().is_terminal() && TerminalApprover::check().is_ok() => Ok(Box::new(at_terminal())),
        None => Ok(Box::new(RefuseAll)),
    }
}

fn one(approve: &Approve, wanted: &Wanted<'_>, grants: &Grants) -> Result<Box<dyn Approver>, Failure> {
    match approve {
        Approve::Refuse => Ok(Box::new(RefuseAll)),
        Approve::Program(program) => {
            check(program)?;
            Ok(Box::new(asking(program, wanted.variables, grants)?))
        }
        Approve::Terminal => match TerminalApprover::check() {
            Ok(()) => Ok(Box::new(at_terminal())),
            Err(error) => Err(Failure::new(Exit::NothingRan, error.to_string()).hint(
                "`--approve queue` waits for `wasm-agent approvals`, `--approve exec:PROGRAM` asks a program, \
                 `--approve refuse` refuses everything",
            )),
        },
        Approve::Queue => {
            let Some(queue) = wanted.queue else {
                return Err(
                    Failure::new(Exit::NothingRan, "no directory to ask in").hint("name one with `--queue DIR`")
                );
            };
            Ok(Box::new(QueueApprover::new(Queue::to_ask(queue)?)))
        }
        Approve::InOrder(approvers) => {
            // One that can't ask later either is left to the next one.
            let can_ask = |approve: &&Approve| **approve != Approve::Terminal || TerminalApprover::check().is_ok();
            let approvers = approvers.iter().filter(can_ask).map(|approve| one(approve, wanted, grants));
            Ok(Box::new(InOrder::new(approvers.collect::<Result<_, _>>()?)))
        }
    }
}

fn at_terminal() -> TerminalApprover {
    TerminalApprover::new(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
}

/// What to do about a command with arguments in the place of a program.
fn with_arguments(program: &Path) -> Option<String> {
    let has_arguments = program.to_str().is_some_and(|text| text.contains(' '));
    has_arguments.then(|| "`exec:` takes a program without arguments: write a script that has them".to_owned())
}

/// Refuses a program that can't be started, before anything runs.
fn check(program: &Path) -> Result<(), Failure> {
    let shown = program.display();
    if !program.is_file() {
        let failure = Failure::new(Exit::NothingRan, format!("no approver at `{shown}`"));
        return Err(match with_arguments(program) {
            Some(hint) => failure.hint(hint),
            None => failure.hint("relative paths start at the folder that you are in"),
        });
    }
    if !own::is_executable(program) {
        return Err(Failure::new(Exit::NothingRan, format!("approver `{shown}` is not executable"))
            .hint(format!("`chmod +x {}`", shell_word(program))));
    }
    Ok(())
}

/// The approver's program with its variables. None of them holds a secret of the policy.
fn asking(program: &Path, variables: &[String], grants: &Grants) -> Result<Program, Failure> {
    let unusable = |message: String| Failure::new(Exit::NothingRan, format!("`--approver-env`: {message}"));
    let secrets = grants.policy().secrets().iter().filter_map(|secret| match &secret.source {
        SecretSource::Env(variable) => Some((variable.as_str(), secret.name.as_str())),
        SecretSource::File(_) => None,
    });
    let given = variables.iter().map(|variable| {
        if let Some((_, secret)) = secrets.clone().find(|(secret, _)| secret == variable) {
            return Err(unusable(format!("`{variable}` holds the policy's secret `{secret}`, which no program gets"))
                .hint("give the approver a token of its own, in another variable"));
        }
        let value = std::env::var_os(variable).ok_or_else(|| {
            unusable(format!("`{variable}` is not set")).hint("set and export it, or leave this option out")
        })?;
        Ok((variable.into(), value))
    });
    let given: Vec<_> = given.collect::<Result<_, _>>()?;
    let program = Program::new(program, std::iter::empty::<&str>(), std::env::vars_os());
    Ok(program.with(given).without(secrets.map(|(variable, _)| variable)))
}

/// Counts the questions to an approver, and keeps its first error and why it ended the run.
pub(super) struct Counting {
    approver: Box<dyn Approver>,
    pub(super) asked: AtomicU64,
    pub(super) failed: OnceLock<String>,
    /// Why the approver ended the run, if it said so.
    pub(super) stopped: OnceLock<String>,
}

impl Counting {
    pub(super) fn new(approver: Box<dyn Approver>) -> Self {
        Self { approver, asked: AtomicU64::new(0), failed: OnceLock::new(), stopped: OnceLock::new() }
    }
}

impl Approver for Counting {
    fn name(&self) -> String {
        self.approver.name()
    }

    fn can_ask(&self) -> bool {
        self.approver.can_ask()
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let answered = self.approver.ask(request).await;
            match &answered {
                Ok(Settled { answer: Answer::Refuse { stop: true }, reason: Some(reason), .. }) => {
                    self.stopped.get_or_init(|| reason.clone());
                }
                Ok(_) => {}
                Err(error) => {
                    self.failed.get_or_init(|| chain(error));
                }
            }
            answered
        })
    }
}
