//! [`Spans`]: a run's calls, approvals and effects as spans of time.

use std::collections::BTreeMap;

use wasm_agent_journal::{ApprovalRecord, EffectResult, End, Event, Header, Outcome, Record};

use super::facts::{ActionFacts, CallFacts, cut};

/// Most open effects and questions. Further ones end where they begin: a hostile journal can begin any number.
const OPEN_MAX: usize = 1024;

/// A span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// The span that it is part of. Only the run has none.
    pub parent: Option<SpanId>,
    /// Its start, in nanoseconds since the start of the run.
    pub start_ns: u64,
    /// Its end, which is not before its start.
    pub end_ns: u64,
    /// The tool's reason at its start.
    pub reason: Option<Reason>,
    /// What it is about.
    pub subject: Subject,
}

/// Identifies a span within its run. It depends on the journal alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanId {
    /// The whole run.
    Run,
    /// A reason of the tool, by its index.
    Reason(u64),
    /// A call, by its sequence number.
    Call(u64),
    /// The wait for an answer, by the effect's number.
    Approval(u64),
    /// An effect, by its number.
    Effect(u64),
}

/// A reason of the tool, which holds until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its index, from 0.
    pub number: u64,
    /// When the tool gave it.
    pub at_ns: u64,
}

/// What a span is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The run, and its end, if recorded.
    Run(Option<End>),
    /// What the tool did for a reason. The text is the tool's.
    Reason(String),
    /// A host call.
    Call(Box<CallFacts>),
    /// The wait for an answer, and the answer, if there is one.
    Approval(Box<ActionFacts>, Option<ApprovalRecord>),
    /// An effect, and its outcome, if recorded.
    Effect(Box<ActionFacts>, Option<Ended>),
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The result.
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

/// An effect or question without an end.
struct Open {
    parent: Option<SpanId>,
    start_ns: u64,
    reason: Option<Reason>,
    action: Box<ActionFacts>,
}

/// Turns records into spans. Each span is returned when it ends.
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
    unfinished: u64,
}

impl Spans {
    /// Begins without spans.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many effects and questions were exported without their end, as too many were under way.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// Takes the next record, and passes the spans that it ends to `give`.
    pub fn record(&mut self, record: &Record, give: &mut impl FnMut(Span)) {
        match &record.event {
            Event::Call(call) => {
                let end_ns = call.at_ns.saturating_add(call.duration_ns);
                self.last_ns = self.last_ns.max(end_ns);
                let reason = self.reason_at(call.at_ns);
                give(Span {
                    id: SpanId::Call(call.seq.0),
                    parent: Some(reason.map_or(SpanId::Run, |reason| SpanId::Reason(reason.number))),
                    start_ns: call.at_ns,
                    end_ns,
                    reason,
                    subject: Subject::Call(Box::new(CallFacts::new(call))),
                });
            }
            Event::ApprovalAsked(asked) => {
                let open = self.open(asked.at_ns, asked.call.0, &asked.action);
                if let Some(open) = keep(&mut self.approvals, asked.effect.0, open) {
                    self.unfinished += 1;
                    give(open.close(SpanId::Approval(asked.effect.0), asked.at_ns, |action| {
                        Subject::Approval(action, None)
                    }));
                }
            }
            Event::ApprovalSettled(settled) => {
                self.last_ns = self.last_ns.max(settled.at_ns);
                if let Some(open) = self.approvals.remove(&settled.effect.0) {
                    let mut approval = settled.approval.clone();
                    approval.approver = cut(&approval.approver);
                    approval.reason = approval.reason.as_deref().map(cut);
                    give(open.close(SpanId::Approval(settled.effect.0), settled.at_ns, |action| {
                        Subject::Approval(action, Some(approval))
                    }));
                }
            }
            Event::Intent(intent) => {
                let open = self.open(intent.at_ns, intent.call.0, &intent.action);
                if let Some(open) = keep(&mut self.effects, intent.effect.0, open) {
                    self.unfinished += 1;
                    give(
                        open.close(SpanId::Effect(intent.effect.0), intent.at_ns, |action| {
                            Subject::Effect(action, None)
                        }),
                    );
                }
            }
            Event::Outcome(outcome) => {
                self.last_ns = self.last_ns.max(outcome.at_ns);
                if let Some(open) = self.effects.remove(&outcome.effect.0) {
                    let ended = Ended::new(outcome, record);
                    give(open.close(SpanId::Effect(outcome.effect.0), outcome.at_ns, |action| {
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

    /// Ends everything that is open, and the run.
    pub fn finish(&mut self, give: &mut impl FnMut(Span)) {
        let end_ns = self.last_ns;
        self.end_reason(end_ns, give);
        for (effect, open) in std::mem::take(&mut self.approvals) {
            give(open.close(SpanId::Approval(effect), end_ns, |action| Subject::Approval(action, None)));
        }
        for (effect, open) in std::mem::take(&mut self.effects) {
            give(open.close(SpanId::Effect(effect), end_ns, |action| Subject::Effect(action, None)));
        }
        let subject = Subject::Run(self.end.take());
        give(Span { id: SpanId::Run, parent: None, start_ns: 0, end_ns, reason: None, subject });
    }

    fn open(&mut self, at_ns: u64, call: u64, action: &[u8]) -> Open {
        self.last_ns = self.last_ns.max(at_ns);
        let reason = self.reason_at(at_ns);
        Open { parent: Some(SpanId::Call(call)), start_ns: at_ns, reason, action: Box::new(ActionFacts::new(action)) }
    }

    /// The reason in force at that time. A call that declares a reason began under the previous one.
    fn reason_at(&self, at_ns: u64) -> Option<Reason> {
        let now = self.reason.as_ref().map(|(reason, _)| *reason);
        [now, self.before].into_iter().flatten().find(|reason| reason.at_ns <= at_ns)
    }

    fn end_reason(&mut self, at_ns: u64, give: &mut impl FnMut(Span)) {
        let Some((reason, text)) = self.reason.take() else { return };
        self.before = Some(reason);
        give(Span {
            id: SpanId::Reason(reason.number),
            parent: Some(SpanId::Run),
            start_ns: reason.at_ns,
            end_ns: at_ns.max(reason.at_ns),
            reason: Some(reason),
            subject: Subject::Reason(text),
        });
    }
}

/// Keeps an open span, or returns it if there are too many.
fn keep(kept: &mut BTreeMap<u64, Open>, number: u64, open: Open) -> Option<Open> {
    if kept.len() >= OPEN_MAX && !kept.contains_key(&number) {
        return Some(open);
    }
    kept.insert(number, open);
    None
}

impl Open {
    fn close(self, id: SpanId, at_ns: u64, subject: impl FnOnce(Box<ActionFacts>) -> Subject) -> Span {
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
            peer: text("peer").or_else(|| text("proxy")),
            protocol: text("protocol"),
        }
    }
}

/// The tool's name: that of its file, without `.wasm`.
pub(super) fn tool(header: &Header) -> String {
    cut(header.component_name.strip_suffix(".wasm").unwrap_or(&header.component_name))
}
