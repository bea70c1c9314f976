//! The trace event format of Chrome, which Perfetto opens: one JSON array, one event a line.
//!
//! Spans become complete events on tracks: reasons, calls, approvals and effects. Viewers demand that events on a track
//! do not overlap in part, so overlapping spans go to further tracks of their kind. An arrow leads from each reason to
//! its effects.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wasm_agent_journal::{Header, Record};

use super::facts::CallFacts;
use super::spans::{Reason, Span, Spans, Subject, tool};

/// Most tracks of one kind. Further events go to the last track, delayed until it is free.
const TRACKS_MAX: usize = 64;

/// Number of the process in the trace. A run is one.
const PROCESS: u64 = 1;

/// Writes a run as trace events.
pub struct ChromeTrace {
    spans: Spans,
    tool: String,
    tracks: [Tracks; 5],
    /// Text that was not taken yet.
    lines: String,
    /// An event was written: the next one needs a comma before it.
    begun: bool,
    arrows: u64,
}

/// The tracks of one kind.
struct Tracks {
    name: &'static str,
    /// Number of the first track.
    base: u64,
    /// When each track is free again, in nanoseconds since the start of the run.
    taken_until: Vec<u64>,
}

/// One event of a trace. Its members stand in the order in which they are written.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "ph")]
    phase: &'static str,
    #[serde(rename = "cat", skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(rename = "pid")]
    process: u64,
    #[serde(rename = "tid", skip_serializing_if = "Option::is_none")]
    track: Option<u64>,
    #[serde(rename = "ts", skip_serializing_if = "Option::is_none")]
    start: Option<Micros>,
    #[serde(rename = "dur", skip_serializing_if = "Option::is_none")]
    duration: Option<Micros>,
    /// `e`: an arrow ends at the event around it, not at the next one.
    #[serde(rename = "bp", skip_serializing_if = "Option::is_none")]
    binding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Value>,
}

/// Nanoseconds, written as microseconds with three decimals: the unit of trace events.
struct Micros(u64);

/// The kinds of tracks, in the order in which viewers show them.
#[derive(Clone, Copy)]
enum Kind {
    Run,
    Reasons,
    Calls,
    Approvals,
    Effects,
}

impl ChromeTrace {
    /// For the run of this header.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        let mut base = 0;
        let tracks = ["run", "intents", "calls", "approvals", "effects"].map(|name| {
            base += 100;
            Tracks { name, base, taken_until: Vec::new() }
        });
        let mut trace = Self {
            spans: Spans::new(),
            tool: tool(header),
            tracks,
            lines: "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n".to_owned(),
            begun: false,
            arrows: 0,
        };
        let args = json!({ "name": format!("wasm-agent: {}", trace.tool) });
        trace.event(&Event { args: Some(args), ..Event::new("M", "process_name") });
        trace
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        let mut ended = Vec::new();
        self.spans.record(record, &mut |span| ended.push(span));
        ended.iter().for_each(|span| self.span(span));
    }

    /// Ends the trace.
    pub fn finish(&mut self) {
        let mut ended = Vec::new();
        self.spans.finish(&mut |span| ended.push(span));
        ended.iter().for_each(|span| self.span(span));
        self.lines.push_str("\n]}\n");
    }

    /// Takes the text written since the last call.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.lines)
    }

    /// How many effects and questions were exported without their end, as too many were under way.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.spans.unfinished()
    }

    fn span(&mut self, span: &Span) {
        let (kind, name, args) = match &span.subject {
            Subject::Run(end) => {
                let end = end.as_ref().map(|end| {
                    json!({ "result": end.result.name(), "calls": end.calls, "fuel": end.fuel,
                    "memory_high_bytes": end.memory_high_bytes })
                });
                (Kind::Run, format!("run {}", self.tool), end.unwrap_or_else(|| json!({ "incomplete": true })))
            }
            Subject::Reason(text) => (Kind::Reasons, text.clone(), json!({})),
            Subject::Call(call) => (Kind::Calls, short(&call.function).to_owned(), call_args(call)),
            Subject::Approval(action, approval) => {
                let answer = approval.as_ref().map(|approval| {
                    json!({ "answer": approval.answer.name(),
                    "approver": approval.approver, "reason": approval.reason })
                });
                let args = json!({ "action": action.summary, "approval": answer });
                (Kind::Approvals, format!("approval: {}", action.summary), args)
            }
            Subject::Effect(action, ended) => {
                let result = ended.as_ref().map_or("unknown", |ended| ended.result.name());
                let args = json!({ "result": result, "status": ended.as_ref().and_then(|ended| ended.status),
                    "detail": ended.as_ref().and_then(|ended| ended.detail.as_deref()) });
                (Kind::Effects, action.summary.clone(), args)
            }
        };
        let (track, start_ns) = self.place(kind, span.start_ns, span.end_ns);
        let category = self.tracks_of(kind).name;
        self.event(&Event {
            category: Some(category),
            track: Some(track),
            start: Some(Micros(start_ns)),
            duration: Some(Micros(span.end_ns.saturating_sub(start_ns))),
            args: Some(args),
            ..Event::new("X", &name)
        });
        if let (Kind::Effects, Some(reason)) = (kind, span.reason) {
            self.arrow(reason, track, start_ns);
        }
    }

    /// Draws an arrow from a reason to an effect that began while it was in force.
    fn arrow(&mut self, reason: Reason, track: u64, start_ns: u64) {
        let (id, from) = (self.arrows, self.tracks_of(Kind::Reasons).base);
        self.arrows += 1;
        for (phase, track, binding) in [("s", from, None), ("f", track, Some("e"))] {
            self.event(&Event {
                category: Some("cause"),
                id: Some(id),
                track: Some(track),
                start: Some(Micros(start_ns.max(reason.at_ns))),
                binding,
                ..Event::new(phase, "because")
            });
        }
    }

    /// Finds a track that is free at that time. Returns its number, and when the event begins there.
    fn place(&mut self, kind: Kind, start_ns: u64, end_ns: u64) -> (u64, u64) {
        let tracks = self.tracks_of(kind);
        let free = tracks.taken_until.iter().position(|until| *until <= start_ns);
        let index = free.unwrap_or_else(|| tracks.taken_until.len().min(TRACKS_MAX - 1));
        let is_new = index == tracks.taken_until.len();
        if is_new {
            tracks.taken_until.push(0);
        }
        let track = tracks.base + u64::try_from(index).unwrap_or_default();
        let mut start_ns = start_ns;
        if let Some(until) = tracks.taken_until.get_mut(index) {
            start_ns = start_ns.max(*until);
            *until = end_ns.max(start_ns);
        }
        if is_new {
            let name = if index == 0 { tracks.name.to_owned() } else { format!("{} {}", tracks.name, index + 1) };
            for (event, args) in
                [("thread_name", json!({ "name": name })), ("thread_sort_index", json!({ "sort_index": track }))]
            {
                self.event(&Event { track: Some(track), args: Some(args), ..Event::new("M", event) });
            }
        }
        (track, start_ns)
    }

    fn tracks_of(&mut self, kind: Kind) -> &mut Tracks {
        let [run, reasons, calls, approvals, effects] = &mut self.tracks;
        match kind {
            Kind::Run => run,
            Kind::Reasons => reasons,
            Kind::Calls => calls,
            Kind::Approvals => approvals,
            Kind::Effects => effects,
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        if std::mem::replace(&mut self.begun, true) {
            self.lines.push_str(",\n");
        }
        // Text and numbers: writing them as JSON can't fail.
        self.lines.push_str(&serde_json::to_string(event).unwrap_or_default());
    }
}

impl<'a> Event<'a> {
    /// An event with nothing but its phase and name.
    fn new(phase: &'static str, name: &'a str) -> Self {
        Self {
            phase,
            category: None,
            name,
            id: None,
            process: PROCESS,
            track: None,
            start: None,
            duration: None,
            binding: None,
            args: None,
        }
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

fn call_args(call: &CallFacts) -> Value {
    let arguments = call.arguments.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({ "call": call.number, "function": call.function, "arguments": arguments, "error": call.error,
        "decision": call.decision.as_ref().map(|(verdict, _, _)| *verdict), "fuel": call.fuel,
        "bytes_in": call.bytes_in, "bytes_out": call.bytes_out })
}

/// A function's name without its package.
fn short(function: &str) -> &str {
    function.rsplit_once('/').map_or(function, |(_, name)| name)
}
