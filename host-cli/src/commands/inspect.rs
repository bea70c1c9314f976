//! `wasm-agent inspect`.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::{Description, Exported};

use crate::args::{Format, Inspect};
use crate::engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::shell_word;

/// What a tool's imports are for, by the beginnings of their names: a word, and what decides about it.
const NEEDS: [(&str, &str, &str); 7] = [
    ("wasi:filesystem/", "files", "those that `[[filesystem]]` grants; no folder without one"),
    ("wasi:http/outgoing-handler", "requests", "those that `[[http]]` grants; none without one"),
    ("wasi:sockets/", "sockets", "always denied; a tool uses `wasi:http` instead"),
    ("wasi:cli/environment", "arguments", "those of the command line, and the variables of `[environment]`"),
    ("wasi:cli/stdin", "input", "only with `--stdin`"),
    ("wasm-agent:host/approval", "checkpoints", "questions of its own, which an approver answers"),
    ("wasm-agent:host/intent", "intents", "reasons that it gives for its calls, in the journal"),
];

/// Most bytes of schemas, beyond which exports are counted and not described. A tool can export a function with
/// thousands of types under thousands of names.
const SCHEMAS_BYTES_MAX: usize = 16 << 20;

/// Describes a tool. It is neither compiled nor run, and nothing is stored.
pub(crate) fn inspect(arguments: &Inspect, report: &Report) -> Result<Exit, Failure> {
    let tool = Description::read(&engine::from_config()?, &arguments.tool)?;
    if arguments.schema {
        report.object(&schemas(&tool))?;
        return Ok(Exit::Finished);
    }
    match report.format {
        Format::Text => report.data(|out| describe(&tool, out))?,
        Format::Json => report.object(&json!({
            "event": "tool",
            "name": tool.name(),
            "sha256": tool.sha256().to_string(),
            "adapted": tool.is_adapted(),
            "command": tool.is_command(),
            "imports": tool.imports(),
            "needs": needs(&tool).map(|(word, _)| word).collect::<Vec<_>>(),
            "exports": tool.exports().iter().map(export).collect::<Vec<_>>(),
            "more": tool.exports().more(),
        }))?,
    }
    Ok(Exit::Finished)
}

fn describe(tool: &Description, out: &mut dyn Write) -> io::Result<()> {
    let strong = style::STRONG;
    let form = if tool.is_adapted() { "core module for WASI 0.1, adapted" } else { "component" };
    let callable = tool.exports().iter().any(|export| export.callable().is_ok());
    let use_it = match (tool.is_command(), callable) {
        (true, _) => "a command",
        (false, true) => "not a command: call its exports with `--call`",
        (false, false) => "not a command, and without exports that can be called",
    };
    writeln!(out, "{strong}{}{strong:#}: {form}, {use_it}", escape_line(tool.name()))?;
    writeln!(out, "sha256: {}", tool.sha256())?;
    writeln!(out, "\n{strong}can use{strong:#}")?;
    let mut any = false;
    for (word, what) in needs(tool) {
        any = true;
        writeln!(out, "  {word:<12} {what}")?;
    }
    if !any {
        writeln!(out, "  nothing that a policy grants")?;
    }
    writeln!(out, "\n{strong}imports{strong:#}")?;
    for line in tool.imports() {
        writeln!(out, "  {}", escape_line(line))?;
    }
    writeln!(out, "\n{strong}exports{strong:#}")?;
    describe_exports(tool, out)
}

fn describe_exports(tool: &Description, out: &mut dyn Write) -> io::Result<()> {
    let faint = style::FAINT;
    for export in tool.exports().iter() {
        writeln!(out, "  {}: {}", escape_line(&export.shown()), escape_line(&export.signature()))?;
        if let Some(first) = export.docs().and_then(|docs| docs.lines().next()) {
            writeln!(out, "    {}", escape_line(first))?;
        }
        match (export.example(), export.callable()) {
            _ if is_run(export) => {}
            (Some(call), _) => {
                let call = shell_word(Path::new(&call));
                writeln!(out, "    {faint}--call {}{faint:#}", escape_line(&call))?;
            }
            (None, Err(problem)) => writeln!(out, "    {faint}not callable: {problem}{faint:#}")?,
            (None, Ok(_)) => {}
        }
    }
    if tool.exports().more() > 0 {
        writeln!(out, "  and {} more", tool.exports().more())?;
    }
    for export in tool.exports().of_the_toolchain() {
        let name = export.shown();
        writeln!(out, "  {faint}{}: for the toolchain that built the tool{faint:#}", escape_line(&name))?;
    }
    Ok(())
}

/// Whether this is how a command is run, for which `--call` is not needed.
fn is_run(export: &Exported) -> bool {
    export.shown().starts_with("wasi:cli/run@")
}

/// What a tool can use, and what decides about it.
fn needs(tool: &Description) -> impl Iterator<Item = (&'static str, &'static str)> {
    let used = |prefix: &str| tool.imports().iter().any(|import| import.starts_with(prefix));
    NEEDS.iter().filter(move |(prefix, ..)| used(prefix)).map(|(_, word, what)| (*word, *what))
}

fn export(export: &Exported) -> Value {
    json!({
        "name": export.name(),
        "signature": export.signature(),
        "description": export.docs(),
        "call": export.example(),
        "not_callable": export.callable().err().map(|problem| problem.to_string()),
    })
}

/// JSON Schemas of the arguments and the result of each export that can be called, up to a number of bytes.
fn schemas(tool: &Description) -> Value {
    let (mut exports, mut bytes, mut more) = (Vec::new(), 0_usize, tool.exports().more());
    for export in tool.exports().iter().filter(|export| export.callable().is_ok()) {
        let described = (bytes < SCHEMAS_BYTES_MAX).then(|| schema(export)).flatten();
        match described {
            Some(described) => {
                bytes = bytes.saturating_add(described.to_string().len());
                exports.push(described);
            }
            None => more = more.saturating_add(1),
        }
    }
    let sha256 = tool.sha256().to_string();
    json!({ "event": "schema", "name": tool.name(), "sha256": sha256, "exports": exports, "more": more })
}

fn schema(export: &Exported) -> Option<Value> {
    let function = export.callable().ok()?;
    let mut input = function.input_schema().ok()?;
    if let (Value::Object(members), Some(docs)) = (&mut input, export.docs()) {
        members.insert("description".to_owned(), docs.into());
    }
    let output = function.output_schema().ok()?;
    Some(json!({ "name": export.name(), "description": export.docs(), "input": input, "output": output }))
}
