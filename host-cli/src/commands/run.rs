//! `wasm-agent run`.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use wasm_agent_host::approval::{AnswerFuture, ApprovalRequest, Approver, Program, RefuseAll};
use wasm_agent_host::ids::RunId;
use wasm_agent_host::policy::{Policy, SecretSource};
use wasm_agent_host::{CodeSource, Grants, Invocation, JournalFile, LoadError, OwnThings, StateDir, Tool};

use super::json_arguments::json_arguments;
use super::key_file::signing_key;
use crate::args::{Approve, Run};
use crate::descriptors;
use crate::engine;
use crate::exit::Exit;
use crate::failure::{Failure, chain, tidy};
use crate::loading;
use crate::own::{self, own_things};
use crate::prompt::TerminalApprover;
use crate::report::{Recorded, Report};
use crate::signals::Signals;
use crate::sink::ToolOutput;
use crate::state;
use crate::writing;

/// Runs a tool and reports how it ended.
pub(crate) fn run(arguments: Run, report: &Report) -> Result<Exit, Failure> {
    descriptors::check()?;
    let signals = Signals::watch()?;
    let grants = match &arguments.policy {
        Some(policy) => Grants::load(policy, &|name| std::env::var(name).ok())?,
        None => Grants::none(),
    };
    let approve = arguments.approve.map(resolved).transpose()?;
    let approver = Arc::new(Counting::new(approver(approve.as_ref(), &arguments.approver_env, &grants)?));
    let signer = arguments.sign.as_deref().map(signing_key).transpose()?;
    let mut own = own_things(&arguments.state);
    if let Some(Approve::Program(program)) = &approve {
        own.add("approver", program);
    }
    if let Some(key) = &arguments.sign {
        own.add("signing key", key);
    }
    let grants = grants.keeping(&own)?;
    warn(&grants, arguments.journal.as_deref(), report)?;
    let state = state::open(&arguments.state)?;
    let code = if grants.reach(state.root())? { CodeSource::Copied } else { CodeSource::Mapped };
    let state = state.code_source(code);
    let engine = engine::from_config()?;
    let tool = loading::load(&engine, &arguments.tool, &state)?;
    let json = arguments.json.as_deref().map(|given| json_arguments(given, arguments.stdin)).transpose()?;
    let invocation = invocation(&tool, arguments.call.as_deref(), json.as_deref())?;
    let output = Arc::new(ToolOutput::new());
    let grants = Arc::new(grants);
    let mut run = wasm_agent_host::Run::new(&tool, Arc::clone(&grants), invocation)?
        .arguments(arguments.arguments)
        .approver(Arc::clone(&approver) as Arc<dyn Approver>)
        .output(Arc::clone(&output) as Arc<dyn wasm_agent_host::OutputSink>)
        .fsync(arguments.fsync.into());
    if arguments.stdin {
        run = run.stdin_from(io::stdin().as_fd().try_clone_to_owned().map_err(|error| {
            Failure::new(Exit::HostFailed, format!("cannot read standard input: {}", tidy(&error.to_string())))
        })?);
    }
    let signed_by = signer.as_ref().map(|signer| signer.public_key().fingerprint());
    if let Some(signer) = signer {
        run = run.signer(signer);
    }
    let path = journal_path(arguments.journal, &state, run.id());
    // Before the journal is there: a signal that ended the program would leave it empty.
    signals.stop(run.handle());
    writing::only_while(run.handle());
    let journal = create(&path)?;

    let ended = run.keeping(&OwnThings::new().with("journal", &path)).execute_blocking(journal);
    // If writing fails here, it failed before too, and the tool got the error.
    let _ = output.finish();
    let ended = ended.inspect_err(|_| report.partial(&path))?;
    report.result(&ended.outcome, arguments.json.is_some())?;
    if arguments.quiet {
        report.stop(&ended.outcome);
    } else {
        let asked = approver.asked.load(Ordering::Relaxed);
        let alone = approve.is_none() && approver.name() == RefuseAll.name();
        let unanswered = approver.failed.get().map(String::as_str);
        report.run(
            &ended,
            &Recorded {
                tool: tool.name(),
                sha256: tool.sha256(),
                journal: &path,
                signed_by: signed_by.as_deref(),
                asked,
                alone,
                policy: grants.policy(),
                has_policy: arguments.policy.is_some(),
                unanswered,
            },
        );
    }
    Ok(Exit::from(&ended.outcome))
}

/// Warns of what the run is given and may not be meant.
fn warn(grants: &Grants, journal: Option<&Path>, report: &Report) -> Result<(), Failure> {
    if let Some(journal) = journal
        && grants.may_write(journal)?
    {
        report.warning(&format!(
            "journal `{}` lies in a folder that the policy grants for writing: once this run has ended, another can \
             change it",
            journal.display()
        ));
    }
    if let Some(variable) = unused_proxy(grants.policy()) {
        report.warning(&format!(
            "`{variable}` is not used: the policy grants requests and has no proxy for them; `[network]` with `proxy = \
             \"http://HOST:PORT\"` in the policy sends them through one"
        ));
    }
    Ok(())
}

/// A variable that names a proxy for other programs, where the policy grants requests and says nothing of one.
fn unused_proxy(policy: &Policy) -> Option<&'static str> {
    let direct = policy.proxy().is_none() && policy.http().iter().any(|grant| grant.proxy().is_none());
    let is_set = |name: &&str| direct && std::env::var_os(name).is_some_and(|value| !value.is_empty());
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].into_iter().find(is_set)
}

fn invocation(tool: &Tool, call: Option<&str>, json: Option<&str>) -> Result<Invocation, LoadError> {
    match (call, json) {
        (None, _) => Invocation::command(tool),
        (Some(call), None) => Invocation::parse(tool, call),
        (Some(export), Some(arguments)) => Invocation::from_json(tool, export, arguments),
    }
}

/// Resolves the approver's program to a file, once: the run may change folders in `PATH`.
fn resolved(approve: Approve) -> Result<Approve, Failure> {
    let Approve::Program(name) = approve else { return Ok(approve) };
    let missing = || Failure::new(Exit::NothingRan, format!("no approver `{}` in `PATH`", name.display()));
    own::program(&name).map(Approve::Program).ok_or_else(missing)
}

/// The approver from the command line, or the terminal if there is one.
fn approver(wanted: Option<&Approve>, variables: &[String], grants: &Grants) -> Result<Box<dyn Approver>, Failure> {
    if !variables.is_empty() && !matches!(wanted, Some(Approve::Program(_))) {
        let message = "`--approver-env` is for the program of `--approve exec:PROGRAM`";
        return Err(Failure::new(Exit::NothingRan, message));
    }
    let coloured = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    match wanted {
        Some(Approve::Refuse) => Ok(Box::new(RefuseAll)),
        Some(Approve::Program(program)) => {
            if !program.is_file() {
                return Err(Failure::new(Exit::NothingRan, format!("no approver at `{}`", program.display())));
            }
            Ok(Box::new(asking(program, variables, grants)?))
        }
        Some(Approve::Terminal) => match TerminalApprover::check() {
            Ok(()) => Ok(Box::new(TerminalApprover::new(coloured))),
            Err(error) => Err(Failure::new(Exit::NothingRan, error.to_string())
                .hint("`--approve exec:PROGRAM` asks a program, `--approve refuse` refuses everything")),
        },
        None if io::stderr().is_terminal() && TerminalApprover::check().is_ok() => {
            Ok(Box::new(TerminalApprover::new(coloured)))
        }
        None => Ok(Box::new(RefuseAll)),
    }
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
        let value = std::env::var_os(variable).ok_or_else(|| unusable(format!("`{variable}` is not set")))?;
        Ok((variable.into(), value))
    });
    let given: Vec<_> = given.collect::<Result<_, _>>()?;
    let program = Program::new(program, std::iter::empty::<&str>(), std::env::vars_os());
    Ok(program.with(given).without(secrets.map(|(variable, _)| variable)))
}

/// Counts the questions to an approver, and keeps its first error.
struct Counting {
    approver: Box<dyn Approver>,
    asked: AtomicU64,
    failed: OnceLock<String>,
}

impl Counting {
    fn new(approver: Box<dyn Approver>) -> Self {
        Self { approver, asked: AtomicU64::new(0), failed: OnceLock::new() }
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
            self.approver.ask(request).await.inspect_err(|error| {
                self.failed.get_or_init(|| chain(error));
            })
        })
    }
}

fn journal_path(named: Option<PathBuf>, state: &StateDir, run: RunId) -> PathBuf {
    named.unwrap_or_else(|| state.journal_path(run))
}

/// Creates the journal's file.
fn create(path: &Path) -> Result<JournalFile, Failure> {
    JournalFile::create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::NothingRan, format!("journal `{}` exists already", path.display()))
                .hint("journals are never overwritten; name another file with `--journal`")
        }
        _ => Failure::file("create", "journal", path, error),
    })
}
