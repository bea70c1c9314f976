//! An approver that is a program: a request in JSON goes in, an answer in JSON comes out.

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
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::watch::watch;
use super::{AnswerFuture, ApprovalRequest, Approver, ApproverError, Settled};

/// Longest output of a program, in bytes.
///
/// An answer is a few hundred bytes; its longest reason has 4096 characters. A program that writes more is broken, and
/// must not fill the host's memory.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Most bytes of a program's standard error that are kept, to say why it failed.
pub const DIAGNOSTICS_BYTES_MAX: usize = 1024;

/// The environment variables that every program gets.
///
/// Enough to find its own commands and files. The operator's environment holds secrets, and the program reads text that
/// a guest wrote.
const ENVIRONMENT: [&str; 3] = ["HOME", "LANG", "PATH"];

/// Asks a program, starting it once for each request.
///
/// The program reads the request (`schema/approval-request.v1.json`) from standard input, writes the answer
/// (`schema/approval-answer.v1.json`) to standard output and ends with status 0. It need not read the request. It runs
/// in a process group of its own, so it cannot read the terminal. The whole group is killed once the program has ended,
/// and once its answer is no longer awaited: when the time to answer or the run is over. The answer is what the program
/// wrote before it ended; a process that left the group can't delay it.
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
    /// Takes a program and its arguments.
    ///
    /// A path without a slash is looked up in `PATH`. `environment` is usually that of the whole process; the program
    /// gets only its `HOME`, `LANG` and `PATH`, and what [`with`](Self::with) adds.
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

    /// Gives the program these variables too, such as a token that it asks elsewhere with.
    #[must_use]
    pub fn with(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// Withholds these variables, even those that were asked for: the variables that a policy takes secrets from.
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

    /// Exchanges request and answer until the program has ended, then ends the processes that it left behind.
    ///
    /// All three pipes are served at once: a program may answer before it has read the request, or never read it.
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
            // When the program has ended, everything that it wrote is in the pipes, and one poll reads it. A process
            // that keeps them open has nothing to add.
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
        // One byte more than allowed shows whether an answer of full length goes on.
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

/// A started program. Dropping it ends the program and everything in its process group.
struct Process {
    child: Child,
    /// The id of the program and of its group, as long as no other process can get it.
    group: Option<Pid>,
    /// Becomes readable when the program has ended, without freeing its id.
    handle: AsyncFd<OwnedFd>,
}

impl Process {
    fn new(child: Child) -> Result<Self, ApproverError> {
        let watching = |source| ApproverError::Io { doing: "watch the approver's program", source };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // A process keeps its id until it is waited for, even when it has ended.
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

    /// Waits until the program has ended. Everything that it wrote is in its pipes by then.
    async fn ended(&self) -> Result<(), ApproverError> {
        let ended = self.handle.readable().await;
        ended.map(drop).map_err(|source| ApproverError::Io { doing: "watch the approver's program", source })
    }

    /// How the program ended. The rest of its group is killed first: afterwards another process may get the id.
    async fn wait(mut self) -> Result<ExitStatus, ApproverError> {
        end(self.group.take());
        self.child.wait().await.map_err(|source| ApproverError::Io { doing: "wait for the approver's program", source })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The runtime reaps the child.
        end(self.group.take());
    }
}

/// Kills a process group whose leader has not been waited for yet.
fn end(group: Option<Pid>) {
    if let Some(group) = group {
        // If this fails, the group is gone already, or nothing can be done about it.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Writes the request, and then never completes, so that the rest of the exchange goes on.
async fn tell(mut stdin: ChildStdin, message: &[u8]) -> Infallible {
    // A program that decides without reading closes the pipe early, which is not an error: its answer counts.
    let _ = stdin.write_all(message).await;
    drop(stdin);
    std::future::pending().await
}

/// Keeps the beginning of standard error, and reads the rest so that the program does not block.
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
