//! `wasm-agent inspect`.

use serde_json::json;
use wasm_agent_host::Description;

use crate::args::{Format, Inspect};
use crate::engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;

/// Describes a tool. It is neither compiled nor run, and nothing is stored.
pub(crate) fn inspect(arguments: &Inspect, report: &Report) -> Result<Exit, Failure> {
    let tool = Description::read(&engine::from_config()?, &arguments.tool)?;
    let (command, imports, exports) = (tool.is_command(), tool.imports(), tool.exports());
    match report.format {
        Format::Text => {
            let strong = style::STRONG;
            let kind = match (tool.is_adapted(), command) {
                (true, _) => "core module for WASI 0.1, adapted",
                (false, true) => "component, a command",
                (false, false) => "component, not a command: call its exports with `--call`",
            };
            report.data(|out| {
                writeln!(out, "{strong}{}{strong:#}: {kind}", escape_line(tool.name()))?;
                writeln!(out, "sha256: {}", tool.sha256())?;
                for (title, lines) in [("imports", imports), ("exports", exports)] {
                    writeln!(out, "\n{strong}{title}{strong:#}")?;
                    for line in lines {
                        writeln!(out, "  {}", escape_line(line))?;
                    }
                }
                Ok(())
            })?;
        }
        Format::Json => report.object(&json!({
            "event": "tool",
            "name": tool.name(),
            "sha256": tool.sha256().to_string(),
            "adapted": tool.is_adapted(),
            "command": command,
            "imports": imports,
            "exports": exports,
        }))?,
    }
    Ok(Exit::Finished)
}
