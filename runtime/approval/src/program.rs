//! An approver that is a program of the operator's: a request in JSON in, an answer in JSON out.

#![expect(clippy::disallowed_methods, reason = "runs the approver that the operator names")]

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::future::{Future as _, poll_fn};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::task::Poll;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Interest};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::{AnswerFuture, ApprovalRequest, Approver, ApproverError, Settled};

/// Longest output of a program, in bytes.
///
/// An answer is a few hundred bytes; its longest reason is 4096 characters. A program that writes more than
/// this has gone astray, and must not fill the host's memory.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Most bytes that are kept of what a program writes to standard error, to say why it failed.
pub const DIAGNOSTICS_BYTES_MAX: usize = 1024;

/// The only variables that a program is started with.
///
/// Enough to find its own commands and files. The operator's environment holds secrets, and the program
/// reads text that a guest wrote.
const ENVIRONMENT: [&str; 3] = ["HOME", "LANG", "PATH"];

/// Asks a program, once for each request.
///
/// The program is started anew each time, reads the request (`schema/approval-request.v1.json`) from standard input,
/// writes the answer (`schema/approval-answer.v1.json`) to standard output and ends with status 0. It need not read the
/// request. It runs in a process group of its own, so it cannot read the terminal. The whole group is killed once the
/// program has ended, and when nobody waits for its answer any more: at the end of the time to answer, and of the run.
/// The answer is what was written until the program ended; a process that left the group can't hold it up.
///
/// # Authority
///
/// Starts processes with the operator's rights.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// Names a program and its arguments.
    ///
    /// A path without a slash is looked up in `PATH`. Of `environment`, usually that of the whole process,
    /// the program is given `HOME`, `LANG` and `PATH` only.
    pub fn new(
        path: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let passed_on = |name: &OsStr| ENVIRONMENT.iter().any(|known| name == *known);
        Self {
            path: path.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: environment.into_iter().filter(|(name, _)| passed_on(name)).collect(),
        }
    }

    /// Passes none of these variables on, even if one of the three is among them: those that a policy takes secrets
    /// from.
    #[must_use]
    pub fn without<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        for secret in names {
            self.environment.retain(|(name, _)| name != secret);
        }
        self
    }

    async fn exchange(&self, request: &ApprovalRequest) -> Result<Settled, ApproverError> {
        let mut message = serde_json::to_vec(request).map_err(ApproverError::Request)?;
        message.push(b'\n');

        let (process, pipes) = self.start()?;
        let mut output = Vec::new();
        let mut diagnostics = Vec::new();
        let status = self.converse(process, pipes, &message, &mut output, &mut diagnostics).await?;

        if !status.success() {
            return Err(ApproverError::Failed {
                program: self.shown(),
                status: status.to_string(),
                diagnostics: String::from_utf8_lossy(&diagnostics).into_owned(),
            });
        }
        Settled::from_json(&output, &self.name())
            .map_err(|source| ApproverError::Answer { program: self.shown(), source })
    }

    fn start(&self) -> Result<(Process, Pipes), ApproverError> {
        let mut child = Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ApproverError::Start { program: self.shown(), source })?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Process::new(child)?;
        match pipes {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((process, Pipes { stdin, stdout, stderr })),
            _ => {
                Err(ApproverError::Unavailable { message: format!("`{}` was started without its pipes", self.shown()) })
            }
        }
    }

    /// Talks until the program has ended, and ends what it left behind.
    ///
    /// All three pipes are served at once: a program may answer before it has read, or never read at all.
    async fn converse(
        &self,
        process: Process,
        pipes: Pipes,
        message: &[u8],
        output: &mut Vec<u8>,
        diagnostics: &mut Vec<u8>,
    ) -> Result<ExitStatus, ApproverError> {
        let listen = async {
            tokio::try_join!(self.read_answer(pipes.stdout, output), read_diagnostics(pipes.stderr, diagnostics),)
        };
        let answer = async {
            // All that the program wrote is in the pipes when it has ended, and one poll takes it: a process that holds
            // them open has no more to say.
            let listen = tokio::task::unconstrained(listen);
            tokio::pin!(listen);
            tokio::select! {
                biased;
                heard = &mut listen => {
                    heard?;
                    process.ended().await
                }
                ended = process.ended() => {
                    ended?;
                    let heard = poll_fn(|context| Poll::Ready(listen.as_mut().poll(context))).await;
                    if let Poll::Ready(heard) = heard {
                        heard?;
                    }
                    Ok(())
                }
            }
        };
        tokio::select! {
            ended = answer => ended?,
            never = tell(pipes.stdin, message) => match never {},
        }
        process.wait().await
    }

    async fn read_answer(&self, stdout: ChildStdout, output: &mut Vec<u8>) -> Result<(), ApproverError> {
        // One byte more than is allowed tells a full answer from one that goes on.
        read_head(stdout, ANSWER_BYTES_MAX + 1, output).await?;
        if output.len() > ANSWER_BYTES_MAX {
            return Err(ApproverError::TooMuchOutput { program: self.shown(), limit_bytes: ANSWER_BYTES_MAX });
        }
        Ok(())
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

impl Approver for Program {
    fn name(&self) -> String {
        format!("exec:{}", self.shown())
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(self.exchange(request))
    }
}

struct Pipes {
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

/// A started program, which ends with this value, and everything in its process group with it.
struct Process {
    child: Child,
    /// The program's number and its group's, as long as nobody else can have it.
    group: Option<Pid>,
    /// Becomes readable when the program has ended, and leaves its number taken.
    handle: AsyncFd<OwnedFd>,
}

impl Process {
    fn new(child: Child) -> Result<Self, ApproverError> {
        let watching = |source| ApproverError::Io { doing: "watch the approver's program", source };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // Until it is waited for, a process keeps its number, even when it has ended.
        let handle = group.ok_or_else(|| watching(std::io::ErrorKind::NotFound.into())).and_then(|group| {
            let handle = pidfd_open(group, PidfdFlags::NONBLOCK).map_err(|error| watching(error.into()))?;
            watch(handle).map_err(watching)
        });
        match handle {
            Ok(handle) => Ok(Self { child, group, handle }),
            Err(error) => {
                end(group);
                Err(error)
            }
        }
    }

    /// Ends when the program has, with all that it wrote in its pipes.
    async fn ended(&self) -> Result<(), ApproverError> {
        let ended = self.handle.readable().await;
        ended.map(drop).map_err(|source| ApproverError::Io { doing: "watch the approver's program", source })
    }

    /// How the program ended. What it left of its group ends first: after this its number may be anybody's.
    async fn wait(mut self) -> Result<ExitStatus, ApproverError> {
        end(self.group.take());
        self.child.wait().await.map_err(|source| ApproverError::Io { doing: "wait for the approver's program", source })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The runtime waits for what `Child` leaves.
        end(self.group.take());
    }
}

#[expect(
    deprecated,
    reason = "for types whose descriptor may change or close while they are watched, which an `OwnedFd` does not do"
)]
fn watch(handle: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}

/// Kills a process group, whose leader nobody has waited for yet.
fn end(group: Option<Pid>) {
    if let Some(group) = group {
        // The group is gone already, or it is not: nothing else can be done about it here.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Hands the request over, then lets the rest of the conversation go on.
async fn tell(mut stdin: ChildStdin, message: &[u8]) -> Infallible {
    // A program that decides without reading closes the pipe early. Its answer says whether that is well.
    let _ = stdin.write_all(message).await;
    drop(stdin);
    std::future::pending().await
}

/// Keeps the first of what a program complains about, and reads the rest so that it does not block.
async fn read_diagnostics(mut stderr: ChildStderr, diagnostics: &mut Vec<u8>) -> Result<(), ApproverError> {
    read_head(&mut stderr, DIAGNOSTICS_BYTES_MAX, diagnostics).await?;
    tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await.map(drop).map_err(reading)
}

/// Reads until the end or the limit, whichever is first.
async fn read_head(from: impl AsyncRead + Unpin, limit_bytes: usize, into: &mut Vec<u8>) -> Result<(), ApproverError> {
    let limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX);
    let read = from.take(limit).read_to_end(into).await;
    read.map(drop).map_err(reading)
}

fn reading(source: std::io::Error) -> ApproverError {
    ApproverError::Io { doing: "read from the approver's program", source }
}

#[cfg(test)]
mod tests;
