//! `wasm-agent run`.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasm_agent_host::approval::{Approver, RefuseAll};
use wasm_agent_host::ids::RunId;
use wasm_agent_host::policy::Policy;
use wasm_agent_host::{CodeSource, Grants, Invocation, JournalFile, LoadError, OwnThings, StateDir, Tool};

use super::approvals::queue_directory;
use super::approver::{Counting, Wanted, approver, resolved};
use super::json_arguments::json_arguments;
use super::key_file::signing_key;
use crate::args::{Approve, Run};
use crate::descriptors;
use crate::engine;
use crate::exit::Exit;
use crate::failure::{Failure, missing, tidy};
use crate::host_names::host_names;
use crate::loading;
use crate::own::own_things;
use crate::report::{Recorded, Report};
use crate::signals::Signals;
use crate::sink::ToolOutput;
use crate::state;
use crate::writing;

/// Runs a tool and reports how it ended.
pub(crate) fn run(arguments: Run, report: &Report) -> Result<Exit, Failure> {
    descriptors::check()?;
    let signals = Signals::watch()?;
    let grants = granted(arguments.policy.as_deref())?;
    let approve = arguments.approve.map(resolved).transpose()?;
    let queue = queue_directory(arguments.queue.as_deref(), &arguments.state, approve.as_ref())?;
    let wanted = Wanted { approve: approve.as_ref(), variables: &arguments.approver_env, queue: queue.as_deref() };
    let approver = Arc::new(Counting::new(approver(&wanted, &grants)?));
    let signer = arguments.sign.as_deref().map(signing_key).transpose()?;
    let mut own = own_things(&arguments.state);
    add_own(&mut own, approve.as_ref(), arguments.sign.as_deref(), queue.as_deref());
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
    let given = arguments.arguments.clone();
    let mut run = wasm_agent_host::Run::new(&tool, Arc::clone(&grants), invocation)?
        .arguments(arguments.arguments)
        .approver(Arc::clone(&approver) as Arc<dyn Approver>)
        .output(Arc::clone(&output) as Arc<dyn wasm_agent_host::OutputSink>)
        .fsync(arguments.fsync.into());
    if arguments.stdin {
        run = run.stdin_from(standard_input()?);
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
    let ended = ended.inspect_err(|_| left(&path, report))?;
    report.result(&ended.outcome, arguments.json.is_some())?;
    let reason = approver.stopped.get().map(String::as_str);
    let unanswered = approver.failed.get().map(String::as_str);
    if arguments.quiet {
        report.stop(&ended.outcome, reason);
        if let Some(why) = unanswered {
            report.unanswered(why);
        }
    } else {
        let asked = approver.asked.load(Ordering::Relaxed);
        let alone = approve.is_none() && approver.name() == RefuseAll.name();
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
                host_names: &host_names(&given, grants.policy(), arguments.policy.as_deref()),
                reason,
                unanswered,
            },
        );
    }
    Ok(Exit::from(&ended.outcome))
}

/// Says what a failed run has left. A journal without a record is of no use, and would keep its name from the next run.
fn left(journal: &Path, report: &Report) {
    if std::fs::metadata(journal).is_ok_and(|found| found.len() == 0) {
        // If it can't be removed, it says itself that it is empty.
        let _ = std::fs::remove_file(journal);
    } else {
        report.partial(journal);
    }
}

/// What the policy grants; nothing without one.
fn granted(policy: Option<&Path>) -> Result<Grants, Failure> {
    let Some(policy) = policy else { return Ok(Grants::none()) };
    Ok(Grants::load(policy, &|name| std::env::var(name).ok())?)
}

/// Keeps what answers and the key that signs from the tool.
fn add_own(own: &mut OwnThings, approve: Option<&Approve>, key: Option<&Path>, queue: Option<&Path>) {
    if let Some(program) = approve.and_then(Approve::program) {
        own.add("approver", program);
    }
    if let Some(queue) = queue {
        own.add("queue", queue);
    }
    if let Some(key) = key {
        own.add("signing key", key);
    }
}

fn standard_input() -> Result<OwnedFd, Failure> {
    io::stdin().as_fd().try_clone_to_owned().map_err(|error| {
        Failure::new(Exit::HostFailed, format!("cannot read standard input: {}", tidy(&error.to_string())))
    })
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
        _ => match missing::new_journal(path, &error) {
            Some(hint) => Failure::file("create", "journal", path, error).hint(hint),
            None => Failure::file("create", "journal", path, error),
        },
    })
}
