//! The lines above and below the rows: the run, how it ended, and what is missing.

use std::io::{self, Write};
use std::time::Duration;

use wasm_agent_host::journal::{End, Header, Invocation, RunResult, Stop, Tail};

use super::text::{stopped, tail_text};
use crate::show::escape::{block, escape_line};
use crate::show::style;
use crate::show::units::{bytes, count, duration, hex, timestamp};

/// Writes the facts about the run.
pub(super) fn write(out: &mut dyn Write, header: &Header) -> io::Result<()> {
    let strong = style::STRONG;
    let mut line = |name: &str, text: &str| writeln!(out, "{strong}{name:<9}{strong:#} {text}");
    line("run", &header.run_id.to_string())?;
    if let Some(parent) = &header.parent {
        line("continues", &parent.to_string())?;
    }
    line("started", &timestamp(header.started_ns))?;
    line("tool", &escape_line(&header.component_name))?;
    line("sha256", &header.component_sha256.to_string())?;
    let arguments = header.arguments.iter().skip(1).map(|argument| escape_line(argument)).collect::<Vec<_>>().join(" ");
    if let Invocation::Call { export, arguments } = &header.invocation {
        line("call", &format!("{}({})", escape_line(export), escape_line(arguments)))?;
    }
    if !arguments.is_empty() {
        line("arguments", &arguments)?;
    }
    for (name, value) in &header.environment {
        line("variable", &format!("{}={}", escape_line(name), escape_line(value)))?;
    }
    let lines = u64::try_from(header.policy_text.lines().count()).unwrap_or(u64::MAX);
    line("policy", &format!("{} ({})", header.policy_digest, count(lines, "line")))?;
    line("approver", &escape_line(&header.approver))?;
    if let Some(key) = &header.signed_by {
        line("signed by", &format!("{}, which `journal verify` checks", key.fingerprint()))?;
    }
    if let Some(redaction) = &header.redaction {
        let without = escape_line(&redaction.taken_out.join(" and ")).into_owned();
        line("redaction", &format!("without {without}; the original's last seal is {}", hex(&redaction.seal)))?;
    }
    writeln!(out)
}

/// Writes how the run ended.
pub(super) fn write_end(out: &mut dyn Write, end: &End) -> io::Result<()> {
    let (style, text) = match &end.result {
        RunResult::Exited { code: 0 } => (style::GOOD, "the tool finished".to_owned()),
        RunResult::Exited { code } => (style::BAD, format!("the tool ended with status {code}")),
        RunResult::Returned { wave, .. } => (style::GOOD, format!("the tool returned {}", escape_line(wave))),
        RunResult::Trapped { message } => (style::BAD, format!("the tool trapped: {}", block(message))),
        RunResult::Limit { which } => (style::BAD, format!("the limit `{}` was used up", escape_line(which))),
        RunResult::Stopped { message } => (style::BAD, stopped(Stop::parse(message))),
        RunResult::HostFailed { message } => (style::BAD, format!("the host failed: {}", block(message))),
    };
    let time = |nanoseconds| duration(Duration::from_nanos(nanoseconds));
    writeln!(out, "{style}ended{style:#}: {text}")?;
    writeln!(
        out,
        "used: {} in {}, {} of it waiting; {} of memory, {} units of fuel",
        count(end.calls, "call"),
        time(end.at_ns),
        time(end.waited_ns),
        bytes(end.memory_high_bytes),
        end.fuel,
    )
}

/// Writes that the record is incomplete.
pub(super) fn write_cut(out: &mut dyn Write, tail: Option<Tail>) -> io::Result<()> {
    let warning = style::WARNING;
    writeln!(
        out,
        "{warning}incomplete{warning:#}: the run was killed, is still going, or the end of its record was cut off"
    )?;
    if let Some(tail) = &tail {
        writeln!(out, "{warning}after the last seal{warning:#}: {}", tail_text(tail))?;
    }
    Ok(())
}
