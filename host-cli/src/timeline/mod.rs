//! A journal as a timeline that a person reads from top to bottom.
//!
//! An effect has up to four records: asked, answered, intended, ended. Where nothing comes between them they are one
//! row. Calls that only look are counted, not shown, unless all are wanted. What is kept in memory does not grow with
//! the journal.

mod around;
mod header;
mod row;
pub(crate) mod text;
mod value;

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use wasm_agent_host::journal::{
    Answer, ApprovalAsked, ApprovalSettled, Call, EffectResult, End, Event, Intent, Outcome, Record, Tail, Verdict,
    to_json,
};

use crate::args::Calls;
use crate::escape::escape_line;
use crate::report::style;
use crate::units::count;
use row::{Layout, Row};

pub(crate) use around::Around;
pub(crate) use text::{
    action as action_text, approval as approval_text, call, denial as denial_text, permission as permission_text,
    returned,
};

/// Most effects without an outcome that are kept by name; a hostile journal must not fill memory with them.
const OPEN_MAX: usize = 1024;

/// Most bytes of what they are.
const OPEN_BYTES_MAX: usize = 8 << 20;

/// Writes a timeline, record by record.
pub(crate) struct Timeline<'a> {
    out: &'a mut dyn Write,
    calls: Calls,
    layout: Layout,
    /// The last effect, as long as its next record may still join its row.
    pending: Option<Pending>,
    /// Effects without an outcome, by number.
    open: BTreeMap<u64, Open>,
    open_bytes: usize,
    /// Effects without an outcome that are not kept by name.
    open_more: u64,
    /// Calls since the last row that were not shown.
    hidden: u64,
    /// The call whose effect was shown last; its own record adds nothing.
    effect_call: Option<u64>,
    end: Option<End>,
    /// The call whose rows are marked.
    marked: Option<u64>,
}

/// An effect whose row is not written yet.
enum Pending {
    Asked(Box<ApprovalAsked>),
    /// Approved; the intent comes next.
    Approved(Box<ApprovalAsked>, Box<ApprovalSettled>),
    Intended(Box<Intent>),
}

/// An effect without an outcome.
struct Open {
    call: u64,
    action: String,
    /// Whether its intent was recorded. Until then it can't have happened.
    begun: bool,
}

impl<'a> Timeline<'a> {
    /// For a terminal of so many columns, or for none.
    pub(crate) fn new(out: &'a mut dyn Write, calls: Calls, columns: Option<usize>) -> Self {
        Self {
            out,
            calls,
            layout: Layout::new(columns),
            pending: None,
            open: BTreeMap::new(),
            open_bytes: 0,
            open_more: 0,
            hidden: 0,
            effect_call: None,
            end: None,
            marked: None,
        }
    }

    /// For some of the calls of a journal, all that are taken, with the rows of one of them marked.
    fn excerpt(out: &'a mut dyn Write, columns: Option<usize>, marked: u64) -> io::Result<Self> {
        let mut timeline = Self::new(out, Calls::All, columns);
        timeline.marked = Some(marked);
        timeline.layout.heading(timeline.out)?;
        Ok(timeline)
    }

    /// Ends an excerpt. What is missing from it says nothing about the run.
    fn end_excerpt(mut self) -> io::Result<()> {
        self.flush()?;
        match &self.end {
            Some(end) => header::write_end(self.out, end),
            None => Ok(()),
        }
    }

    /// Takes the next record.
    pub(crate) fn record(&mut self, record: &Record) -> io::Result<()> {
        match &record.event {
            Event::Header(header) => {
                header::write(self.out, header)?;
                self.layout.heading(self.out)
            }
            Event::Call(call) => self.call(call),
            Event::ApprovalAsked(asked) => self.asked(asked),
            Event::ApprovalSettled(settled) => self.settled(settled),
            Event::Intent(intent) => self.intent(intent),
            Event::Outcome(outcome) => self.outcome(outcome, record),
            Event::Note(note) => match note.name.as_str() {
                "intent" => self.row(note.at_ns, None, style::HINT, "says", &escape_line(&note.text), ""),
                name => self.row(note.at_ns, None, style::HINT, &escape_line(name), &escape_line(&note.text), ""),
            },
            Event::End(end) => {
                self.end = Some(end.clone());
                Ok(())
            }
            Event::Function { .. } | Event::Label { .. } | Event::Blob(_) | Event::Seal(_) => Ok(()),
        }
    }

    /// Ends the timeline: how the run ended, or what is missing.
    pub(crate) fn finish(mut self, complete: bool, tail: Option<Tail>) -> io::Result<()> {
        self.flush()?;
        self.count_hidden()?;
        writeln!(self.out)?;
        if let Some(end) = &self.end {
            header::write_end(self.out, end)?;
        }
        if !complete {
            header::write_cut(self.out, tail)?;
        }
        self.write_open()
    }

    /// Ends the timeline before a record that is not what was written.
    pub(crate) fn broken(mut self) -> io::Result<()> {
        self.flush()?;
        self.count_hidden()?;
        writeln!(self.out)?;
        self.write_open()
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        let decision = call.decision.as_ref().filter(|decision| decision.verdict == Verdict::Deny);
        let plain = || (text::call(call), returned(call));
        match decision {
            Some(decision) => {
                let what = decision.action.as_deref().map_or_else(|| plain().0, text::action);
                self.row(call.at_ns, Some(call.seq.0), style::BAD, "denied", &what, &text::denial(decision))
            }
            None if self.calls == Calls::All => {
                let (what, why) = plain();
                self.row(call.at_ns, Some(call.seq.0), style::FAINT, "call", &what, &why)
            }
            None => {
                self.hidden += u64::from(self.effect_call != Some(call.seq.0));
                Ok(())
            }
        }
    }

    fn asked(&mut self, asked: &ApprovalAsked) -> io::Result<()> {
        self.flush()?;
        self.count_hidden()?;
        self.open(asked.effect.0, asked.call.0, &asked.action, false);
        self.effect_call = Some(asked.call.0);
        self.pending = Some(Pending::Asked(Box::new(asked.clone())));
        Ok(())
    }

    fn settled(&mut self, settled: &ApprovalSettled) -> io::Result<()> {
        let approved = settled.approval.answer == Answer::Approved;
        let asked = match self.pending.take() {
            Some(Pending::Asked(asked)) if asked.effect == settled.effect => Some(asked),
            other => {
                self.pending = other;
                None
            }
        };
        if let (Some(asked), true) = (asked, approved) {
            self.pending = Some(Pending::Approved(asked, Box::new(settled.clone())));
            return Ok(());
        }
        let (call, what) = self.named(settled.effect.0);
        let (style, word) = if approved { (style::GOOD, "approved") } else { (style::BAD, "refused") };
        if !approved {
            self.close(settled.effect.0);
        }
        self.row(settled.at_ns, call, style, word, &what, &text::approval(&settled.approval))
    }

    fn intent(&mut self, intent: &Intent) -> io::Result<()> {
        match self.pending.take() {
            // The intent carries the approval itself.
            Some(Pending::Approved(asked, _)) if asked.effect == intent.effect => {}
            other => {
                self.pending = other;
                self.flush()?;
                self.count_hidden()?;
            }
        }
        self.open(intent.effect.0, intent.call.0, &intent.action, true);
        self.effect_call = Some(intent.call.0);
        self.pending = Some(Pending::Intended(Box::new(intent.clone())));
        Ok(())
    }

    fn outcome(&mut self, outcome: &Outcome, record: &Record) -> io::Result<()> {
        let (call, what) = self.named(outcome.effect.0);
        if !self.close(outcome.effect.0) {
            self.open_more = self.open_more.saturating_sub(1);
        }
        let (style, word) = match outcome.result {
            EffectResult::Done => (style::GOOD, "done"),
            EffectResult::Failed => (style::BAD, "failed"),
            EffectResult::Denied => (style::BAD, "not done"),
        };
        let mut facts: Vec<String> = outcome.detail.iter().map(|detail| escape_line(detail).into_owned()).collect();
        facts.extend(outcome.extra.as_ref().map(|_| text::named(to_json(record).get("extra"))));
        match self.pending.take() {
            Some(Pending::Intended(intent)) if intent.effect == outcome.effect => {
                facts.push(text::permission(&intent.decision, intent.approval.as_ref()));
                self.write(intent.at_ns, Some(intent.call.0), style, word, &what, &facts.join("; "))
            }
            other => {
                self.pending = other;
                self.row(outcome.at_ns, call, style, word, &what, &facts.join("; "))
            }
        }
    }

    fn open(&mut self, effect: u64, call: u64, action: &[u8], begun: bool) {
        self.close(effect);
        let action = text::action(action);
        let bytes = self.open_bytes.saturating_add(action.len());
        if self.open.len() < OPEN_MAX && bytes <= OPEN_BYTES_MAX {
            self.open_bytes = bytes;
            self.open.insert(effect, Open { call, action, begun });
        } else {
            self.open_more = self.open_more.saturating_add(u64::from(begun));
        }
    }

    /// Takes an effect out of the open ones. False: it is none of those that are kept by name.
    fn close(&mut self, effect: u64) -> bool {
        let open = self.open.remove(&effect);
        self.open_bytes = self.open_bytes.saturating_sub(open.as_ref().map_or(0, |open| open.action.len()));
        open.is_some()
    }

    /// The call and the action of an effect.
    fn named(&self, effect: u64) -> (Option<u64>, String) {
        match self.open.get(&effect) {
            Some(open) => (Some(open.call), open.action.clone()),
            None => (None, format!("effect {effect}")),
        }
    }

    /// Writes a row after what is still waiting to be written.
    fn row(
        &mut self,
        at_ns: u64,
        call: Option<u64>,
        style: Style,
        result: &str,
        what: &str,
        why: &str,
    ) -> io::Result<()> {
        self.flush()?;
        self.count_hidden()?;
        self.write(at_ns, call, style, result, what, why)
    }

    fn write(
        &mut self,
        at_ns: u64,
        call: Option<u64>,
        style: Style,
        result: &str,
        what: &str,
        why: &str,
    ) -> io::Result<()> {
        let marked = call.is_some() && call == self.marked;
        self.layout.row(self.out, &Row { at_ns, call, style, result, what, why, marked })
    }

    /// Writes the row of an effect whose next record did not follow.
    fn flush(&mut self) -> io::Result<()> {
        match self.pending.take() {
            None => Ok(()),
            Some(Pending::Asked(asked)) => {
                let why = format!("waits for {}", escape_line(&asked.approver));
                self.write(asked.at_ns, Some(asked.call.0), style::WARNING, "asked", &text::action(&asked.action), &why)
            }
            Some(Pending::Approved(asked, settled)) => {
                let why = text::approval(&settled.approval);
                let what = text::action(&asked.action);
                self.write(settled.at_ns, Some(asked.call.0), style::GOOD, "approved", &what, &why)
            }
            Some(Pending::Intended(intent)) => {
                let why = text::permission(&intent.decision, intent.approval.as_ref());
                let what = text::action(&intent.action);
                self.write(intent.at_ns, Some(intent.call.0), style::WARNING, "begun", &what, &why)
            }
        }
    }

    fn count_hidden(&mut self) -> io::Result<()> {
        if self.hidden == 0 {
            return Ok(());
        }
        let text = format!("· {}", count(std::mem::take(&mut self.hidden), "other call"));
        self.layout.aside(self.out, &text)
    }

    /// Names the effects that were begun and have no outcome.
    fn write_open(&mut self) -> io::Result<()> {
        let warning = style::WARNING;
        for open in self.open.values().filter(|open| open.begun) {
            writeln!(self.out, "{warning}may have happened{warning:#}: {} (call {})", open.action, open.call)?;
        }
        if self.open_more > 0 {
            writeln!(self.out, "{warning}may have happened{warning:#}: {}", count(self.open_more, "more effect"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
