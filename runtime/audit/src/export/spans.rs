//! [`Spans`]: what began, what ended, and what it was part of.

use std::collections::BTreeMap;

use wasm_agent_journal::{ApprovalRecord, EffectResult, End, Event, Header, Outcome, Record};

use super::facts::{ActionFacts, CallFacts, cut};

/// Most effects and questions whose end is awaited. What more there is ends where it begins: a hostile journal can
/// begin any number of them.
const OPEN_MAX: usize = 1024;

/// Something that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which one it is.
    pub id: Id,
    /// What it is part of. Only the run is part of nothing.
    pub parent: Option<Id>,
    /// When it began, since the start of the run, in nanoseconds.
    pub start_ns: u64,
    /// When it ended; not before its beginning.
    pub end_ns: u64,
    /// The tool's reason when it began.
    pub reason: Option<Reason>,
    /// What it was.
    pub subject: Subject,
}

/// A span's name within its run. The same record gives the same name whenever it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// The whole run.
    Run,
    /// A reason that the tool gave, by its place among them.
    Reason(u64),
    /// A call, by its sequence number.
    Call(u64),
    /// The wait for an answer about an effect, by the effect's number.
    Approval(u64),
    /// An effect, by its number.
    Effect(u64),
}

/// A reason that the tool gave, which holds until it gives another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its place among them, from 0.
    pub number: u64,
    /// When it was given.
    pub at_ns: u64,
}

/// What a span is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The run, and how it ended, where that is recorded.
    Run(Option<End>),
    /// What the tool did for a reason, in its words.
    Reason(String),
    /// A host call.
    Call(Box<CallFacts>),
    /// The wait for an answer, and the answer, where there is one.
    Approval(Box<ActionFacts>, Option<ApprovalRecord>),
    /// An effect, and how it ended, where that is recorded.
    Effect(Box<ActionFacts>, Option<Ended>),
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// In a word.
    pub result: EffectResult,
    /// What went wrong.
    pub detail: Option<String>,
    /// Status of the response to a request.
    pub status: Option<u64>,
    /// Address and port of the server.
    pub peer: Option<String>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: Option<String>,
}

/// Begun, and not ended yet.
struct Open {
    parent: Option<Id>,
    start_ns: u64,
    reason: Option<Reason>,
    action: Box<ActionFacts>,
}

/// Turns records into spans. A span is given out when it ends.
#[derive(Default)]
pub struct Spans {
    reasons: u64,
    /// The reason in force with its text, and the one before.
    reason: Option<(Reason, String)>,
    before: Option<Reason>,
    approvals: BTreeMap<u64, Open>,
    effects: BTreeMap<u64, Open>,
    last_ns: u64,
    end: Option<End>,
    untold: u64,
}

impl Spans {
    /// Nothing begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Effects and questions that were exported without their end, as too many were under way.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.untold
    }

    /// Takes the next record, and gives the spans that end with it.
    pub fn record(&mut self, record: &Record, give: &mut impl FnMut(Span)) {
        match &record.event {
            Event::Call(call) => {
                let end_ns = call.at_ns.saturating_add(call.duration_ns);
                self.last_ns = self.last_ns.max(end_ns);
                let reason = self.reason_at(call.at_ns);
                give(Span {
                    id: Id::Call(call.seq.0),
                    parent: Some(reason.map_or(Id::Run, |reason| Id::Reason(reason.number))),
                    start_ns: call.at_ns,
                    end_ns,
                    reason,
                    subject: Subject::Call(Box::new(CallFacts::new(call))),
                });
            }
            Event::ApprovalAsked(asked) => {
                let open = self.open(asked.at_ns, asked.call.0, &asked.action);
                if let Some(open) = keep(&mut self.approvals, asked.effect.0, open) {
                    self.untold += 1;
                    give(
                        open.close(Id::Approval(asked.effect.0), asked.at_ns, |action| Subject::Approval(action, None)),
                    );
                }
            }
            Event::ApprovalSettled(settled) => {
                self.last_ns = self.last_ns.max(settled.at_ns);
                if let Some(open) = self.approvals.remove(&settled.effect.0) {
                    let mut approval = settled.approval.clone();
                    approval.approver = cut(&approval.approver);
                    approval.reason = approval.reason.as_deref().map(cut);
                    give(open.close(Id::Approval(settled.effect.0), settled.at_ns, |action| {
                        Subject::Approval(action, Some(approval))
                    }));
                }
            }
            Event::Intent(intent) => {
                let open = self.open(intent.at_ns, intent.call.0, &intent.action);
                if let Some(open) = keep(&mut self.effects, intent.effect.0, open) {
                    self.untold += 1;
                    give(open.close(Id::Effect(intent.effect.0), intent.at_ns, |action| Subject::Effect(action, None)));
                }
            }
            Event::Outcome(outcome) => {
                self.last_ns = self.last_ns.max(outcome.at_ns);
                if let Some(open) = self.effects.remove(&outcome.effect.0) {
                    let ended = Ended::new(outcome, record);
                    give(open.close(Id::Effect(outcome.effect.0), outcome.at_ns, |action| {
                        Subject::Effect(action, Some(ended))
                    }));
                }
            }
            Event::Note(note) if note.name == "intent" => {
                self.last_ns = self.last_ns.max(note.at_ns);
                self.end_reason(note.at_ns, give);
                if !note.text.is_empty() {
                    let reason = Reason { number: self.reasons, at_ns: note.at_ns };
                    self.reasons += 1;
                    self.reason = Some((reason, cut(&note.text)));
                }
            }
            Event::Note(note) => self.last_ns = self.last_ns.max(note.at_ns),
            Event::End(end) => {
                self.last_ns = self.last_ns.max(end.at_ns);
                self.end = Some(end.clone());
            }
            Event::Header(_) | Event::Function { .. } | Event::Label { .. } | Event::Blob(_) | Event::Seal(_) => {}
        }
    }

    /// Ends what is still open, and the run.
    pub fn finish(&mut self, give: &mut impl FnMut(Span)) {
        let end_ns = self.last_ns;
        self.end_reason(end_ns, give);
        for (effect, open) in std::mem::take(&mut self.approvals) {
            give(open.close(Id::Approval(effect), end_ns, |action| Subject::Approval(action, None)));
        }
        for (effect, open) in std::mem::take(&mut self.effects) {
            give(open.close(Id::Effect(effect), end_ns, |action| Subject::Effect(action, None)));
        }
        let subject = Subject::Run(self.end.take());
        give(Span { id: Id::Run, parent: None, start_ns: 0, end_ns, reason: None, subject });
    }

    fn open(&mut self, at_ns: u64, call: u64, action: &[u8]) -> Open {
        self.last_ns = self.last_ns.max(at_ns);
        let reason = self.reason_at(at_ns);
        Open { parent: Some(Id::Call(call)), start_ns: at_ns, reason, action: Box::new(ActionFacts::new(action)) }
    }

    /// The reason in force at that time: a call that gives one began under the one before.
    fn reason_at(&self, at_ns: u64) -> Option<Reason> {
        let now = self.reason.as_ref().map(|(reason, _)| *reason);
        [now, self.before].into_iter().flatten().find(|reason| reason.at_ns <= at_ns)
    }

    fn end_reason(&mut self, at_ns: u64, give: &mut impl FnMut(Span)) {
        let Some((reason, text)) = self.reason.take() else { return };
        self.before = Some(reason);
        give(Span {
            id: Id::Reason(reason.number),
            parent: Some(Id::Run),
            start_ns: reason.at_ns,
            end_ns: at_ns.max(reason.at_ns),
            reason: Some(reason),
            subject: Subject::Reason(text),
        });
    }
}

/// Keeps what has begun, or gives it back where there is too much of it.
fn keep(kept: &mut BTreeMap<u64, Open>, number: u64, open: Open) -> Option<Open> {
    if kept.len() >= OPEN_MAX && !kept.contains_key(&number) {
        return Some(open);
    }
    kept.insert(number, open);
    None
}

impl Open {
    fn close(self, id: Id, at_ns: u64, subject: impl FnOnce(Box<ActionFacts>) -> Subject) -> Span {
        let Self { parent, start_ns, reason, action } = self;
        Span { id, parent, start_ns, end_ns: at_ns.max(start_ns), reason, subject: subject(action) }
    }
}

impl Ended {
    fn new(outcome: &Outcome, record: &Record) -> Self {
        let json = wasm_agent_journal::to_json(record);
        let extra = json.get("extra");
        let text = |key: &str| extra.and_then(|extra| extra.get(key)?.as_str()).map(cut);
        Self {
            result: outcome.result,
            detail: outcome.detail.as_deref().map(cut),
            status: extra.and_then(|extra| extra.get("status")?.as_u64()),
            peer: text("peer"),
            protocol: text("protocol"),
        }
    }
}

/// The tool's name: its file's, without the ending.
pub(super) fn tool(header: &Header) -> String {
    cut(header.component_name.strip_suffix(".wasm").unwrap_or(&header.component_name))
}
