//! How a divergence is shown: both sides one above the other, with the part that differs marked.

use std::sync::Arc;

use anstyle::Style;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;
use wasm_agent_calls::words::{self, Shape, Typed};
use wasm_agent_host::journal::{Call, CallId, End, Event, Function, Record, RunResult, item_to_json, to_json};
use wasm_agent_host::{Differs, Divergence, Step};

use crate::show::escape::escape_line;
use crate::show::style;
use crate::timeline::text;

/// Most characters that are shown of what differs.
const MARKED_CHARS_MAX: usize = 80;

/// Most characters that are shown before what differs, and behind it.
const AROUND_CHARS_MAX: usize = 40;

/// How what differs is marked: by a style where the reader sees styles, and by a line below where not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    Style,
    Below,
}

/// What differs, in a sentence.
pub(crate) fn headline(divergence: &Divergence) -> String {
    let Divergence { call, differs, recorded, replayed, .. } = divergence;
    match (differs, recorded, replayed) {
        (Differs::Step, Step::Call { .. }, _) => {
            format!("the replay differs at call {call}: the tool ends, and the recorded run goes on")
        }
        (Differs::Step, ..) => {
            format!("the replay differs at call {call}: the tool goes on, and the recorded run ended")
        }
        (Differs::Arguments { parameter, .. }, Step::Call { function, arguments, .. }, _) => {
            let recorded = item_to_json(arguments);
            let arguments = named(function, &recorded);
            let name = arguments.get(*parameter).map(|(name, _)| *name).filter(|name| !name.is_empty());
            let what = name.map_or("argument".to_owned(), |name| format!("`{}`", escape_line(name)));
            let function = text::function(&function.name);
            format!("the replay differs at call {call}: `{function}` with another {what}")
        }
        (Differs::Fuel, Step::Call { .. }, _) => {
            format!("the replay differs at call {call}: the tool computed otherwise on the way to it")
        }
        (Differs::Fuel, ..) => {
            "the replay differs after its last call: the tool computed otherwise on the way to its end".to_owned()
        }
        (Differs::Result, ..) => "the replay differs after its last call: it ends otherwise".to_owned(),
        _ => format!("the replay differs at call {call}: another function is called"),
    }
}

/// Both sides, one line each, and the reason in force.
pub(crate) fn sides(divergence: &Divergence, marks: Marks) -> String {
    let (recorded, replayed) = lines(divergence);
    let mut shown = String::new();
    for (name, line) in [("recorded", recorded), ("replayed", replayed)] {
        shown.push_str(&line.show(name, marks));
    }
    if let Some(intent) = &divergence.intent {
        shown.push_str(&format!("  intent:   `{}`\n", escape_line(intent)));
    }
    shown
}

/// The divergence for programs.
pub(crate) fn to_value(divergence: &Divergence) -> Value {
    let mut value = json!({
        "call": divergence.call,
        "differs": match divergence.differs {
            Differs::Function => "function",
            Differs::Arguments { .. } => "arguments",
            Differs::Fuel => "fuel",
            Differs::Result => "result",
            _ => "step",
        },
        "recorded": step_value(&divergence.recorded),
        "replayed": step_value(&divergence.replayed),
        "intent": divergence.intent,
    });
    if let (Differs::Arguments { parameter, offset }, Step::Call { function, .. }, Value::Object(fields)) =
        (divergence.differs, &divergence.recorded, &mut value)
    {
        fields.insert("parameter".to_owned(), json!(function.parameters.get(parameter)));
        fields.insert("offset".to_owned(), json!(offset));
    }
    value
}

fn step_value(step: &Step) -> Value {
    match step {
        Step::Call { function, arguments, fuel } => json!({
            "kind": "call",
            "function": function.name,
            "arguments": arguments_value(function, arguments),
            "fuel": fuel,
        }),
        Step::End { result, fuel } => json!({ "kind": "end", "result": result_value(result), "fuel": fuel }),
        _ => Value::Null,
    }
}

/// Arguments as `journal show --format json` has them.
fn arguments_value(function: &Arc<Function>, arguments: &[u8]) -> Value {
    member(
        Event::Call(Call {
            seq: CallId(0),
            function: Arc::clone(function),
            at_ns: 0,
            duration_ns: 0,
            fuel: 0,
            arguments: arguments.to_vec(),
            outcome: vec![0xf6],
            decision: None,
        }),
        "arguments",
    )
}

fn result_value(result: &RunResult) -> Value {
    let end = End { result: result.clone(), at_ns: 0, fuel: 0, calls: 0, waited_ns: 0, memory_high_bytes: 0 };
    member(Event::End(end), "result")
}

fn member(event: Event, name: &str) -> Value {
    to_json(&Record { index: 0, offset: 0, event }).get_mut(name).map(Value::take).unwrap_or_default()
}

/// One side, as it is shown. Its parts are escaped.
struct Line {
    before: String,
    marked: String,
    after: String,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { before: text, marked: String::new(), after: String::new() }
    }

    fn marked(text: String) -> Self {
        Self { before: String::new(), marked: text, after: String::new() }
    }

    fn show(&self, name: &str, marks: Marks) -> String {
        let Self { before, marked, after } = self;
        let (faint, style) = (style::FAINT, if marks == Marks::Style { style::DIFFERS } else { Style::new() });
        let mut line = format!("  {faint}{name}:{faint:#} {before}{style}{marked}{style:#}{after}\n");
        if marks == Marks::Below && !marked.is_empty() {
            let from = "  ".len() + name.len() + ": ".len() + before.width();
            line.push_str(&format!("{:from$}{}\n", "", "^".repeat(marked.width().max(1))));
        }
        line
    }
}

fn lines(divergence: &Divergence) -> (Line, Line) {
    let Divergence { differs, recorded, replayed, .. } = divergence;
    match (differs, recorded, replayed) {
        (
            Differs::Arguments { parameter, .. },
            Step::Call { function, arguments, .. },
            Step::Call { arguments: others, .. },
        ) => {
            let (one, other) = (item_to_json(arguments), item_to_json(others));
            let (one, other) = (named(function, &one), named(function, &other));
            let nothing = ("", Typed::unknown(&Value::Null));
            let (_, one_value) = one.get(*parameter).unwrap_or(&nothing);
            let (_, other_value) = other.get(*parameter).unwrap_or(&nothing);
            let (one_marked, other_marked) = parting(one_value, other_value);
            let line = |arguments: &[(&str, Typed<'_>)], marked| argument_line(function, arguments, *parameter, marked);
            (line(&one, one_marked), line(&other, other_marked))
        }
        (Differs::Fuel, ..) => (fuel_line(recorded), fuel_line(replayed)),
        (Differs::Function, ..) => (function_line(recorded), function_line(replayed)),
        _ => (whole_line(recorded), whole_line(replayed)),
    }
}

/// Arguments by their names; without names where there are none.
fn named<'v>(function: &'v Function, arguments: &'v Value) -> Vec<(&'v str, Typed<'v>)> {
    words::arguments(&function.name, &function.parameters, arguments).unwrap_or_else(|| {
        let items = arguments.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| ("", Typed::unknown(item))).collect()
    })
}

/// A call whose argument `parameter` is shown as this line; the others around it.
fn argument_line(function: &Function, arguments: &[(&str, Typed<'_>)], parameter: usize, marked: Line) -> Line {
    let name = |name: &str| if name.is_empty() { String::new() } else { format!("{}=", escape_line(name)) };
    let one = |(parameter, value): &(&str, Typed<'_>)| format!("{}{}", name(parameter), text::alone(value));
    let before: Vec<String> = arguments.iter().take(parameter).map(one).collect();
    let after: Vec<String> = arguments.iter().skip(parameter.saturating_add(1)).map(one).collect();
    let name = arguments.get(parameter).map_or_else(String::new, |(parameter, _)| name(parameter));
    let before = [before.join(" "), name].join(if before.is_empty() { "" } else { " " });
    let after = if after.is_empty() { String::new() } else { format!(" {}", after.join(" ")) };
    Line {
        before: format!("{} {}{}", text::function(&function.name), last(&before, AROUND_CHARS_MAX), marked.before),
        marked: marked.marked,
        after: format!("{}{}", marked.after, first(&after, AROUND_CHARS_MAX)),
    }
}

fn fuel_line(step: &Step) -> Line {
    let (Step::Call { fuel, .. } | Step::End { fuel, .. }) = step else { return whole_line(step) };
    let before = format!("{} after ", whole(step));
    Line { before, marked: fuel.to_string(), after: " units of fuel".to_owned() }
}

fn function_line(step: &Step) -> Line {
    let Step::Call { function, arguments, .. } = step else { return whole_line(step) };
    let arguments = text::arguments(function, arguments);
    let after = if arguments.is_empty() { arguments } else { format!(" {}", first(&arguments, MARKED_CHARS_MAX)) };
    Line { before: String::new(), marked: escape_line(&function.name).into_owned(), after }
}

fn whole_line(step: &Step) -> Line {
    match step {
        Step::End { .. } => Line::marked(whole(step)),
        _ => Line::plain(whole(step)),
    }
}

/// A step in one line.
fn whole(step: &Step) -> String {
    match step {
        Step::Call { function, arguments, .. } => {
            let arguments = text::arguments(function, arguments);
            format!("{} {}", escape_line(&function.name), first(&arguments, MARKED_CHARS_MAX)).trim_end().to_owned()
        }
        Step::End { result, .. } => first(&end(result), MARKED_CHARS_MAX),
        _ => "something that this release does not know".to_owned(),
    }
}

fn end(result: &RunResult) -> String {
    match result {
        RunResult::Exited { code } => format!("an end with status {code}"),
        RunResult::Returned { wave, .. } => format!("the result {}", escape_line(wave)),
        RunResult::Trapped { message } => format!("a trap: {}", escape_line(message)),
        RunResult::Limit { which } => format!("the limit `{}`", escape_line(which)),
        RunResult::Stopped { message } => format!("a stop at `{}`", escape_line(message)),
        RunResult::HostFailed { message } => format!("a failure of the host: {}", escape_line(message)),
    }
}

/// Two values with what differs between them marked, and no more around it than shows where it is.
fn parting(one: &Typed<'_>, other: &Typed<'_>) -> (Line, Line) {
    let (quote, one, other) = match (contents(one), contents(other)) {
        (Some(one), Some(other)) => ("\"", one.to_owned(), other.to_owned()),
        _ => ("", spelled(one), spelled(other)),
    };
    let before = common(one.chars(), other.chars());
    let rest = |text: &str| text.chars().skip(before).collect::<String>();
    let after = common(rest(&one).chars().rev(), rest(&other).chars().rev());
    let line = |text: &str| {
        let length = text.chars().count();
        let part = |from: usize, to: usize| text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>();
        let behind = length.saturating_sub(after);
        Line {
            before: format!("{quote}{}", escape_line(&last(&part(0, before), AROUND_CHARS_MAX))),
            marked: escape_line(&first(&part(before, behind), MARKED_CHARS_MAX)).into_owned(),
            after: format!("{}{quote}", escape_line(&first(&part(behind, length), AROUND_CHARS_MAX))),
        }
    };
    (line(&one), line(&other))
}

fn common(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// A text, or byte string that is one.
fn contents<'v>(typed: &Typed<'v>) -> Option<&'v str> {
    let Shape::Plain(value) = typed.shape() else { return None };
    value.as_str().or_else(|| value.get("text").filter(|_| text::is_payload(Some(value)))?.as_str())
}

/// A value that is not a text. Of contents that are not in the record, length and digest are all that can differ.
fn spelled(typed: &Typed<'_>) -> String {
    let value = typed.recorded();
    if !text::is_payload(Some(value)) {
        return text::alone(typed);
    }
    let field = |name: &str| value.get(name).map_or_else(String::new, |value| value.to_string().replace('"', ""));
    let base64 = value.get("base64").and_then(Value::as_str).map_or_else(String::new, |base64| format!(" {base64}"));
    let digest = field("blake3");
    format!("{} bytes{base64} (blake3 {}…)", field("length"), first_plain(&digest, 16))
}

/// The first characters of a text, with a sign where it goes on.
fn first(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn first_plain(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// The last characters of a text, with a sign where it began before them.
fn last(text: &str, characters: usize) -> String {
    let length = text.chars().count();
    match length.checked_sub(characters) {
        Some(cut) if cut > 0 => format!("…{}", text.chars().skip(cut).collect::<String>()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
