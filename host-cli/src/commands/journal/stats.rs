//! `wasm-agent journal stats`.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use wasm_agent_audit::stats::{FunctionStats, Stats, Traffic};
use wasm_agent_host::journal::{Event, Header, Record};

use super::shared::write_incomplete;
use crate::args::Format;
use crate::commands::progress::{Prints, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::table::{Align, Table};
use crate::show::units::{bytes, count, share, short_duration, since_start};
use crate::timeline;

/// Shows what a run cost.
pub(super) fn stats(path: &Path, report: &Report) -> Result<Exit, Failure> {
    let length = std::fs::metadata(path).map_err(|error| Failure::file("open", "journal", path, error))?.len();
    let mut reader = open_journal(path, Prints::AtTheEnd)?;
    let mut stats = Stats::new();
    while let Some(record) = reader.next().map_err(|error| Failure::journal(path, &error))? {
        stats.record(&record, describe);
        if let Event::Call(call) = record.event {
            reader.reuse(call);
        }
    }
    stats.finish(reader.tail().map_or(length, |tail| tail.at));
    let (header, complete) = (reader.header().clone(), reader.is_complete());
    // Takes the bar off the terminal.
    drop(reader);
    match report.format {
        Format::Text => report.data(|out| text(out, &header, &stats, complete))?,
        Format::Json => report.object(&object(&header, &stats, complete))?,
    }
    Ok(Exit::Finished)
}

fn describe(record: &Record) -> String {
    match &record.event {
        Event::Call(call) => timeline::call(call),
        _ => String::new(),
    }
}

fn text(out: &mut dyn Write, header: &Header, stats: &Stats, complete: bool) -> io::Result<()> {
    let strong = style::STRONG;
    let (time, calls) = (stats.time(), stats.calls());
    let mut line = |name: &str, text: &str| writeln!(out, "{strong}{name:<8}{strong:#} {text}");
    line("tool", &escape_line(&header.component_name))?;
    line("run", &header.run_id.to_string())?;
    line(
        "time",
        &format!(
            "{}: {} in the tool, {} in the host; {} waiting for answers",
            short_duration(time.total_ns),
            short_duration(time.tool_ns),
            short_duration(time.host_ns),
            short_duration(time.waited_ns),
        ),
    )?;
    line("calls", &format!("{}, {} denied, {} with an error", calls.calls, calls.denied, calls.errors))?;
    line("contents", &contents(&stats.traffic(), recorded(stats)))?;
    let answers: Vec<String> = stats.approvals().map(|(answer, number)| format!("{number} {answer}")).collect();
    if !answers.is_empty() {
        line("answers", &answers.join(", "))?;
    }
    if let Some(end) = stats.end() {
        line("used", &format!("{} of memory, {} of fuel", bytes(end.memory_high_bytes), count(end.fuel, "unit")))?;
    }
    functions(stats).write(out)?;
    effects(stats).write(out)?;
    slowest(stats).write(out)?;
    records(stats).write(out)?;
    if !complete {
        write_incomplete(out)?;
    }
    Ok(())
}

fn contents(traffic: &Traffic, recorded: u64) -> String {
    let parts = [
        (traffic.files_read, "read from files"),
        (traffic.files_written, "written to files"),
        (traffic.http_sent, "sent"),
        (traffic.http_received, "received"),
        (traffic.input, "of input"),
        (traffic.output, "of output"),
        (recorded, "recorded"),
    ];
    let shown = parts.iter().filter(|(number, _)| *number > 0);
    shown.map(|(number, what)| format!("{} {what}", bytes(*number))).collect::<Vec<_>>().join(", ")
}

fn recorded(stats: &Stats) -> u64 {
    stats.records().map(|(_, sum)| sum.bytes).fold(0, u64::saturating_add)
}

fn functions(stats: &Stats) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        right("CALLS"),
        right("SHARE"),
        right("TIME"),
        right("MEAN"),
        right("MAX"),
        right("IN"),
        right("OUT"),
        right("DENIED"),
        ("FUNCTION", Align::Left),
    ]);
    for (name, sums) in stats.functions() {
        table.row([
            sums.calls.to_string(),
            share(sums.calls, stats.calls().calls),
            short_duration(sums.total_ns),
            short_duration(sums.mean_ns()),
            short_duration(sums.max_ns),
            bytes(sums.bytes_in),
            bytes(sums.bytes_out),
            sums.denied.to_string(),
            escape_line(name).into_owned(),
        ]);
    }
    table
}

fn effects(stats: &Stats) -> Table {
    let right = |name| (name, Align::Right);
    let columns = [right("DONE"), right("FAILED"), right("NOT DONE"), right("UNKNOWN"), ("EFFECT", Align::Left)];
    let mut table = Table::new(&columns);
    for (kind, counts) in stats.effects().kinds() {
        let numbers = [counts.done, counts.failed, counts.denied, counts.open()].map(|number| number.to_string());
        table.row(numbers.into_iter().chain([kind.to_owned()]));
    }
    table
}

fn slowest(stats: &Stats) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[right("SLOWEST"), right("CALL"), right("AT"), ("WHAT", Align::Left)]);
    for slow in stats.slowest() {
        // The description is already escaped.
        let time = short_duration(slow.duration_ns);
        table.row([time, slow.call.to_string(), since_start(slow.at_ns), slow.description.clone()]);
    }
    table
}

fn records(stats: &Stats) -> Table {
    let mut table = Table::new(&[("RECORDS", Align::Right), ("SIZE", Align::Right), ("KIND", Align::Left)]);
    for (kind, sum) in stats.records() {
        table.row([sum.records.to_string(), bytes(sum.bytes), kind.to_owned()]);
    }
    table
}

fn object(header: &Header, stats: &Stats, complete: bool) -> Value {
    let (time, traffic) = (stats.time(), stats.traffic());
    let functions: Vec<Value> = stats
        .functions()
        .iter()
        .map(|(name, sums)| {
            let mut object = sums_object(sums);
            object.insert("function".to_owned(), (*name).into());
            object.into()
        })
        .collect();
    let effects: Map<String, Value> = stats
        .effects()
        .kinds()
        .map(|(kind, counts)| {
            let counts = json!({ "begun": counts.begun, "done": counts.done, "failed": counts.failed,
                "denied": counts.denied, "open": counts.open() });
            (kind.to_owned(), counts)
        })
        .collect();
    let slowest: Vec<Value> = stats
        .slowest()
        .iter()
        .map(|slow| {
            json!({ "call": slow.call, "function": slow.function, "at_ns": slow.at_ns,
                "duration_ns": slow.duration_ns, "what": slow.description })
        })
        .collect();
    let records: Map<String, Value> = stats
        .records()
        .map(|(kind, sum)| (kind.to_owned(), json!({ "records": sum.records, "bytes": sum.bytes })))
        .collect();
    let answers: Map<String, Value> =
        stats.approvals().map(|(answer, number)| (answer.to_owned(), number.into())).collect();
    json!({
        "event": "stats",
        "run": header.run_id.to_string(),
        "tool": { "name": header.component_name, "sha256": header.component_sha256.to_string() },
        "complete": complete,
        "time": { "total_ns": time.total_ns, "tool_ns": time.tool_ns, "host_ns": time.host_ns,
            "waited_ns": time.waited_ns },
        "calls": sums_object(&stats.calls()),
        "functions": functions,
        "effects": effects,
        "answers": answers,
        "bytes": { "files_read": traffic.files_read, "files_written": traffic.files_written,
            "http_sent": traffic.http_sent, "http_received": traffic.http_received, "input": traffic.input,
            "output": traffic.output, "recorded": recorded(stats) },
        "slowest": slowest,
        "records": records,
        "fuel": stats.end().map(|end| end.fuel),
        "memory_high_bytes": stats.end().map(|end| end.memory_high_bytes),
    })
}

fn sums_object(sums: &FunctionStats) -> Map<String, Value> {
    let pairs = [
        ("calls", sums.calls),
        ("denied", sums.denied),
        ("errors", sums.errors),
        ("total_ns", sums.total_ns),
        ("mean_ns", sums.mean_ns()),
        ("max_ns", sums.max_ns),
        ("bytes_in", sums.bytes_in),
        ("bytes_out", sums.bytes_out),
    ];
    pairs.into_iter().map(|(name, number)| (name.to_owned(), number.into())).collect()
}
