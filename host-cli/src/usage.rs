//! Arguments that can't be parsed, as text or as JSON, with the command that was meant where it shows.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::args::{Arguments, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::units::shell_word;

/// Reports why the arguments can't be parsed, or prints the help that they ask for.
pub(crate) fn report(error: clap::Error) -> Exit {
    if !error.use_stderr() {
        // If the text can't be printed, an error can't either.
        let _ = error.print();
        return Exit::Finished;
    }
    let given: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let hint = meant(&error, &given);
    let error = escaped(error);
    let report = Report { format: format(&given) };
    if report.format == Format::Json {
        report.failure(&failure(&error, hint));
    } else {
        let _ = error.print();
        if let Some(hint) = hint {
            report.hint(&hint);
        }
    }
    Exit::NothingRan
}

/// The format that the arguments name, whatever is wrong with them.
fn format(given: &[String]) -> Format {
    let mut options = given.iter().take_while(|argument| *argument != "--");
    let mut format = Format::Text;
    while let Some(argument) = options.next() {
        let value = if argument == "--format" {
            options.next().map(String::as_str)
        } else {
            argument.strip_prefix("--format=")
        };
        match value {
            Some("json") => format = Format::Json,
            Some(_) => format = Format::Text,
            None => {}
        }
    }
    format
}

/// The command that was meant: `run` forgotten, or `--` before the tool's arguments.
fn meant(error: &clap::Error, given: &[String]) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (kind, what) = match error.kind() {
        ErrorKind::InvalidSubcommand => (ErrorKind::InvalidSubcommand, context(ContextKind::InvalidSubcommand)?),
        ErrorKind::UnknownArgument => (ErrorKind::UnknownArgument, context(ContextKind::InvalidArg)?),
        _ => return None,
    };
    // The same word can stand before it as the value of an option: what is before the unexpected one can be parsed.
    let parses = |at: &usize| {
        let before = given.get(..*at).unwrap_or_default().iter().map(String::as_str);
        Arguments::try_parse_from(std::iter::once("wasm-agent").chain(before)).is_ok()
    };
    let places = || given.iter().enumerate().filter(|(_, argument)| *argument == what).map(|(at, _)| at);
    let at = places().find(parses).or_else(|| places().next())?;
    let (before, rest) = given.split_at_checked(at)?;
    match kind {
        ErrorKind::InvalidSubcommand => {
            let path = Path::new(what);
            let is_tool = path.extension().is_some_and(|extension| extension == "wasm") || path.is_file();
            let (tool, rest) = rest.split_first()?;
            is_tool.then(|| format!("`{}`", command(&[before, &["run".to_owned(), tool.clone()]].concat(), rest)))
        }
        _ if before.iter().any(|argument| argument == "run") && !what.starts_with('-') => {
            Some(format!("the tool's arguments follow `--`: {}", command(before, rest)))
        }
        _ => None,
    }
}

/// A command that can be typed: options and the tool, and then what the tool gets.
fn command(own: &[String], tools: &[String]) -> String {
    let words = |given: &[String]| -> Vec<String> {
        let words = given.iter().filter(|word| *word != "--");
        words.map(|word| escape_line(&shell_word(Path::new(word))).into_owned()).collect()
    };
    let mut text = format!("wasm-agent {}", words(own).join(" "));
    let tools = words(tools);
    if !tools.is_empty() {
        text.push_str(&format!(" -- {}", tools.join(" ")));
    }
    text
}

/// The error for programs: without the usage, which is for people.
fn failure(error: &clap::Error, hint: Option<String>) -> Failure {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand) {
        return Failure::new(Exit::NothingRan, "the command is incomplete").hint("`--help` lists the commands");
    }
    let mut parts = text.split("\n\n").map(str::trim);
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).lines().map(str::trim);
    let tip = parts.find_map(|part| part.strip_prefix("tip: ")?.lines().next());
    let failure = Failure::new(Exit::NothingRan, message.collect::<Vec<_>>().join(" "));
    match hint.or_else(|| tip.map(str::to_owned)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The error with everything that it quotes escaped: a script may pass on text that an agent or a server wrote.
fn escaped(error: clap::Error) -> clap::Error {
    let given = || std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    if given().all(|argument| escape_line(&argument) == argument) {
        return error;
    }
    match Arguments::try_parse_from(given().map(|argument| escape_line(&argument).into_owned())) {
        Err(shown) => shown,
        // It parses once it is escaped: the only error is a character that can't be shown.
        Ok(_) => Arguments::command().error(error.kind(), "an argument has a character that can't be used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(line: &str) -> Option<String> {
        let given: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let all = std::iter::once("wasm-agent".to_owned()).chain(given.clone());
        meant(&Arguments::try_parse_from(all).unwrap_err(), &given)
    }

    #[test]
    fn a_forgotten_word_is_shown_in_a_command_that_can_be_typed() {
        for (line, meant) in [
            (
                "run edit-files.wasm /notes a b",
                Some("the tool's arguments follow `--`: wasm-agent run edit-files.wasm -- /notes a b"),
            ),
            (
                "run -p p.toml t.wasm it's -- -x",
                Some(r"the tool's arguments follow `--`: wasm-agent run -p p.toml t.wasm -- 'it'\''s' -x"),
            ),
            ("run -j a t.wasm a", Some("the tool's arguments follow `--`: wasm-agent run -j a t.wasm -- a")),
            ("edit-files.wasm", Some("`wasm-agent run edit-files.wasm`")),
            ("--format json t.wasm a", Some("`wasm-agent --format json run t.wasm -- a`")),
            ("t.wasm -- a", Some("`wasm-agent run t.wasm -- a`")),
            ("walk", None),
            ("run --polcy t.wasm", None),
            ("replay a.journal b.journal", None),
        ] {
            let meant = meant.map(str::to_owned);
            assert_eq!(hint(line), meant, "{line}");
        }
    }

    #[test]
    fn the_format_is_known_before_the_arguments_are() {
        for (line, expected) in [
            ("--format json run --polcy", Format::Json),
            ("run --polcy --format=json", Format::Json),
            ("run --polcy -- --format json", Format::Text),
            ("run --format", Format::Text),
            ("run --format yaml", Format::Text),
        ] {
            let given: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(format(&given), expected, "{line}");
        }
    }
}
