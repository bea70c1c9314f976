//! The differences of two runs for people, in the style of `diff`, with some calls around each.

use std::collections::VecDeque;
use std::io::{self, Write};

use anstyle::Style;
use wasm_agent_audit::diff::{Change, Effect, HeaderDifference, Summary};
use wasm_agent_host::journal::{Event, Record, to_json};

use super::comparison::Comparison;
use super::marks::marked;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::count;
use crate::timeline;

/// Calls shown before and after each difference.
const AROUND: usize = 3;

/// Most calls of one run that are held back, to be paired with those of the other.
const HELD_MAX: usize = 512;

/// Most bytes of arguments and outcomes of these calls.
const HELD_BYTES_MAX: usize = 8 << 20;

/// Columns of a call's number.
const NUMBER_COLUMNS: usize = 7;

/// Writes a list of differences.
pub(super) struct Listing<'a> {
    out: &'a mut dyn Write,
    /// The last calls that are the same and not shown.
    before: VecDeque<(Box<Record>, Box<Record>)>,
    /// How many calls that are the same are still to be shown.
    after: usize,
    /// How many calls were left out since the last one shown.
    hidden: u64,
    /// Calls of each run alone, since the last common call.
    held: [Vec<Record>; 2],
    held_bytes: usize,
}

impl<'a> Listing<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, before: VecDeque::new(), after: 0, hidden: 0, held: [Vec::new(), Vec::new()], held_bytes: 0 }
    }

    /// Writes the differences between the headers.
    pub(super) fn headers(&mut self, differences: &[HeaderDifference]) -> io::Result<()> {
        for HeaderDifference { name, first, second } in differences {
            let (first, second) = marked(&escape_line(first), &escape_line(second));
            self.line(style::BAD, &format!("- {name:<12} {first}"))?;
            self.line(style::GOOD, &format!("+ {name:<12} {second}"))?;
        }
        if !differences.is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// Takes the next change.
    pub(super) fn change(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Same(first, second) => self.same(first, second),
            Change::Outcome(first, second) => {
                self.flush()?;
                self.context()?;
                self.pair(&first, &second)?;
                self.after = AROUND;
                Ok(())
            }
            Change::First(first) => self.hold(0, *first),
            Change::Second(second) => self.hold(1, *second),
            Change::Effect(first, second) => {
                self.flush()?;
                self.effect(first.as_ref(), second.as_ref())
            }
        }
    }

    /// Writes the calls that are held back.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let [first, second] = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        if first.is_empty() && second.is_empty() {
            return Ok(());
        }
        self.context()?;
        let alike = first.len() == second.len()
            && first.iter().zip(&second).all(|(first, second)| function(first) == function(second));
        if alike {
            for (first, second) in first.iter().zip(&second) {
                self.pair(first, second)?;
            }
        } else {
            for record in &first {
                self.call('-', style::BAD, record, &describe(record))?;
            }
            for record in &second {
                self.call('+', style::GOOD, record, &describe(record))?;
            }
        }
        self.after = AROUND;
        Ok(())
    }

    /// Writes the result.
    pub(super) fn finish(&mut self, found: &Comparison) -> io::Result<()> {
        self.flush()?;
        self.hidden += u64::try_from(self.before.len()).unwrap_or_default();
        self.before.clear();
        if found.is_identical() {
            let good = style::GOOD;
            return writeln!(self.out, "{good}identical{good:#}: {}", count(found.summary.same, "call"));
        }
        self.skipped()?;
        if let Some((first, second)) = &found.ends {
            let (first, second) = marked(first, second);
            self.line(style::BAD, &format!("- ended: {first}"))?;
            self.line(style::GOOD, &format!("+ ended: {second}"))?;
        }
        let Summary { same, outcomes, first, second, effects, parts_at } = found.summary;
        let verdict = match (outcomes, first + second) {
            (0, 0) if effects == 0 => "the same calls and outcomes, in other circumstances".to_owned(),
            (0, 0) => "the same calls, other effects".to_owned(),
            (_, 0) => "the same calls, other outcomes".to_owned(),
            _ => "other calls".to_owned(),
        };
        let place = parts_at.map_or_else(String::new, |(first, second)| {
            if first == second {
                format!(", from call {first} on")
            } else {
                format!(", from calls {first} and {second} on")
            }
        });
        let warning = style::WARNING;
        writeln!(self.out, "{warning}different{warning:#}: {verdict}{place}")?;
        let numbers = [
            (same, "the same"),
            (outcomes, "with another outcome"),
            (first, "only in the first run"),
            (second, "only in the second"),
        ];
        let numbers: Vec<String> =
            numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        let calls = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        writeln!(self.out, "calls: {calls}; {}", count(effects, "other effect"))
    }

    fn same(&mut self, first: Box<Record>, second: Box<Record>) -> io::Result<()> {
        self.flush()?;
        if self.after > 0 {
            self.after -= 1;
            return self.both(&first, &second);
        }
        self.before.push_back((first, second));
        if self.before.len() > AROUND {
            self.before.pop_front();
            self.hidden += 1;
        }
        Ok(())
    }

    fn hold(&mut self, side: usize, record: Record) -> io::Result<()> {
        if let Event::Call(call) = &record.event {
            self.held_bytes = self.held_bytes.saturating_add(call.arguments.len()).saturating_add(call.outcome.len());
        }
        if let Some(held) = self.held.get_mut(side) {
            held.push(record);
        }
        let full = self.held_bytes > HELD_BYTES_MAX || self.held.iter().any(|held| held.len() >= HELD_MAX);
        if full { self.flush() } else { Ok(()) }
    }

    /// Writes the calls before a difference.
    fn context(&mut self) -> io::Result<()> {
        self.skipped()?;
        for (first, second) in std::mem::take(&mut self.before) {
            self.both(&first, &second)?;
        }
        Ok(())
    }

    fn skipped(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.hidden) {
            0 => Ok(()),
            hidden => {
                let faint = style::FAINT;
                writeln!(self.out, "{faint}  · {} the same{faint:#}", count(hidden, "call"))
            }
        }
    }

    fn both(&mut self, first: &Record, second: &Record) -> io::Result<()> {
        let (a, b) = (number(first), number(second));
        let faint = style::FAINT;
        writeln!(self.out, "{faint}  {a:>NUMBER_COLUMNS$} {b:>NUMBER_COLUMNS$}  {}{faint:#}", describe(second))
    }

    /// Writes two paired calls, with the part that differs marked.
    fn pair(&mut self, first: &Record, second: &Record) -> io::Result<()> {
        let (mut a, mut b) = (describe(first), describe(second));
        if a == b {
            // They differ in something that the short form leaves out, such as contents.
            (a, b) = (in_full(first), in_full(second));
        }
        let (a, b) = marked(&a, &b);
        self.call('-', style::BAD, first, &a)?;
        self.call('+', style::GOOD, second, &b)
    }

    fn call(&mut self, sign: char, style: Style, record: &Record, text: &str) -> io::Result<()> {
        let (number, none) = (number(record), "");
        let (a, b) = if sign == '-' { (number.as_str(), none) } else { (none, number.as_str()) };
        self.line(style, &format!("{sign} {a:>NUMBER_COLUMNS$} {b:>NUMBER_COLUMNS$}  {text}"))
    }

    fn effect(&mut self, first: Option<&Effect>, second: Option<&Effect>) -> io::Result<()> {
        let text = |effect: &Effect| escape_line(&format!("{}: {}", effect.action, effect.outcome)).into_owned();
        let (a, b) = match (first, second) {
            (Some(first), Some(second)) => marked(&text(first), &text(second)),
            (first, second) => (first.map(text).unwrap_or_default(), second.map(text).unwrap_or_default()),
        };
        if let Some(first) = first {
            self.line(style::BAD, &format!("- effect of call {}: {a}", first.call))?;
        }
        if let Some(second) = second {
            self.line(style::GOOD, &format!("+ effect of call {}: {b}", second.call))?;
        }
        Ok(())
    }

    fn line(&mut self, style: Style, text: &str) -> io::Result<()> {
        writeln!(self.out, "{style}{text}{style:#}")
    }
}

fn number(record: &Record) -> String {
    match &record.event {
        Event::Call(call) => call.seq.to_string(),
        _ => String::new(),
    }
}

fn function(record: &Record) -> &str {
    match &record.event {
        Event::Call(call) => &call.function.name,
        _ => "",
    }
}

/// A call and its outcome on one line, escaped.
fn describe(record: &Record) -> String {
    let Event::Call(call) = &record.event else { return String::new() };
    let mut text = timeline::call(call);
    let outcome = timeline::returned(call);
    if !outcome.is_empty() {
        text.push_str(&format!(" -> {outcome}"));
    }
    if let Some(decision) = &call.decision {
        text.push_str(&format!(" ({})", decision.verdict.name()));
    }
    text
}

fn in_full(record: &Record) -> String {
    let value = to_json(record);
    let part = |key: &str| value.get(key).map(ToString::to_string).unwrap_or_default();
    let text = format!("{} {} -> {} {}", part("function"), part("arguments"), part("outcome"), part("decision"));
    escape_line(text.trim_end()).into_owned()
}
