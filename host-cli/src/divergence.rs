//! How a divergence is shown: both sides one above the other, with the part that differs marked.

use std::sync::Arc;

use anstyle::Style;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;
use wasm_agent_host::journal::{Call, End, Event, Function, Record, RunResult, to_json};
use wasm_agent_host::{Differs, Divergence, Step};

use crate::escape::escape_line;
use crate::report::style;
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
        (Differs::Arguments { parameter, .. }, Step::Call { function, .. }, _) => {
            let what = function.parameters.get(*parameter).map_or("argument".to_owned(), |name| format!("`{name}`"));
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
            seq: 0,
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
            let (one, other) = (arguments_value(function, arguments), arguments_value(function, others));
            let (one_marked, other_marked) =
                parting(&at(function, &one, *parameter), &at(function, &other, *parameter));
            let line = |value: &Value, marked| argument_line(function, value, *parameter, marked);
            (line(&one, one_marked), line(&other, other_marked))
        }
        (Differs::Fuel, ..) => (fuel_line(recorded), fuel_line(replayed)),
        (Differs::Function, ..) => (function_line(recorded), function_line(replayed)),
        _ => (whole_line(recorded), whole_line(replayed)),
    }
}

/// The value of one parameter.
fn at(function: &Function, arguments: &Value, parameter: usize) -> Value {
    let found = match arguments {
        Value::Object(fields) => function.parameters.get(parameter).and_then(|name| fields.get(name)),
        Value::Array(items) => items.get(parameter),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

/// A call whose argument `parameter` is shown as this line; the others around it.
fn argument_line(function: &Function, arguments: &Value, parameter: usize, marked: Line) -> Line {
    let one = |index: usize, name: &String| {
        let value = text::named(Some(&at(function, arguments, index)));
        format!("{}={value}", shown_name(name))
    };
    let named = function.parameters.iter().enumerate();
    let before: Vec<String> = named.clone().take(parameter).map(|(index, name)| one(index, name)).collect();
    let after: Vec<String> = named.skip(parameter + 1).map(|(index, name)| one(index, name)).collect();
    let name = function.parameters.get(parameter).map_or_else(String::new, |name| format!("{}=", shown_name(name)));
    let before = [before.join(" "), name].join(if before.is_empty() { "" } else { " " });
    let after = if after.is_empty() { String::new() } else { format!(" {}", after.join(" ")) };
    Line {
        before: format!("{} {}{}", text::function(&function.name), last(&before, AROUND_CHARS_MAX), marked.before),
        marked: marked.marked,
        after: format!("{}{}", marked.after, first(&after, AROUND_CHARS_MAX)),
    }
}

/// Parameters have the names of Rust's, where `self` is taken.
fn shown_name(name: &str) -> String {
    escape_line(name.trim_end_matches('_')).into_owned()
}

fn fuel_line(step: &Step) -> Line {
    let (Step::Call { fuel, .. } | Step::End { fuel, .. }) = step else { return whole_line(step) };
    let before = format!("{} after ", whole(step));
    Line { before, marked: fuel.to_string(), after: " units of fuel".to_owned() }
}

fn function_line(step: &Step) -> Line {
    let Step::Call { function, arguments, .. } = step else { return whole_line(step) };
    let arguments = text::named(Some(&arguments_value(function, arguments)));
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
            let arguments = text::named(Some(&arguments_value(function, arguments)));
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
fn parting(one: &Value, other: &Value) -> (Line, Line) {
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
fn contents(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("text").filter(|_| text::is_payload(Some(value)))?.as_str())
}

/// A value that is no text. Of contents that are not in the record, length and digest are all that can differ.
fn spelled(value: &Value) -> String {
    if !text::is_payload(Some(value)) {
        return text::named(Some(value));
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
