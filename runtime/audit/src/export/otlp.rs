//! OTLP in JSON: the format that OpenTelemetry collectors accept over HTTP, and read from files with one request a
//! line.
//!
//! It follows the JSON mapping of OTLP 1 (ids in hexadecimal, 64-bit integers as strings, enumerations as numbers) and
//! the semantic conventions 1.37.0 where they have a name. Names under `wasm_agent.` are our own.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use wasm_agent_ids::{Hex, RunId};
use wasm_agent_journal::{Header, Record};

use super::attributes::{Attributes, describe};
use super::facts::cut;
use super::spans::{Span, SpanId, Spans, tool};

/// The schema of the attributes' names.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// Most spans in one batch.
const BATCH_SPANS_MAX: usize = 512;

/// Size at which a batch is full, in bytes. Collectors accept 20 MiB by default; a span has at most about 30 KiB.
const BATCH_BYTES: usize = 1 << 20;

/// Most arguments of a run exported.
const ARGUMENTS_MAX: usize = 64;

/// `StatusCode` of OTLP.
const STATUS_ERROR: u64 = 2;

/// Writes a run as OTLP, batch by batch.
pub struct Otlp {
    spans: Spans,
    run: Run,
    resource: Resource,
    version: String,
    pending: Pending,
}

/// Spans for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// An `ExportTraceServiceRequest`, without line breaks.
    pub json: String,
    /// How many spans it has.
    pub spans: u64,
}

/// What all spans of a run share.
struct Run {
    trace: String,
    run_id: RunId,
    started_ns: u64,
    tool: String,
    parent: Option<RunId>,
}

/// Spans that are in no batch yet, as JSON.
#[derive(Default)]
struct Pending {
    spans: Vec<Box<RawValue>>,
    bytes: usize,
}

/// `ExportTraceServiceRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: &'a Resource,
    scope_spans: [ScopeSpans<'a>; 1],
    schema_url: &'static str,
}

/// The run and the tool that the spans belong to.
#[derive(Serialize)]
struct Resource {
    attributes: Attributes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: &'a [Box<RawValue>],
    schema_url: &'static str,
}

#[derive(Serialize)]
struct Scope<'a> {
    name: &'static str,
    version: &'a str,
}

/// `Span` of OTLP. Its members are in alphabetical order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanJson<'a> {
    attributes: Attributes,
    end_time_unix_nano: String,
    kind: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<[Link; 1]>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    span_id: String,
    start_time_unix_nano: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    trace_id: &'a str,
}

/// A link to the span of the run that this run continues.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    span_id: String,
    trace_id: String,
}

#[derive(Serialize)]
struct Status {
    code: u64,
    message: String,
}

impl Otlp {
    /// For the run of this header, written by this version of the program.
    #[must_use]
    pub fn new(header: &Header, version: &str) -> Self {
        let run = Run {
            trace: Hex(&trace_id(header.run_id)).to_string(),
            run_id: header.run_id,
            started_ns: header.started_ns,
            tool: tool(header),
            parent: header.parent,
        };
        let resource = Resource::new(header, &run.tool);
        Self { spans: Spans::new(), run, resource, version: version.to_owned(), pending: Pending::default() }
    }

    /// Takes the next record. Returns a batch when one is full.
    pub fn record(&mut self, record: &Record) -> Option<Batch> {
        let Self { spans, run, pending, .. } = self;
        spans.record(record, &mut |span| pending.add(&run.span(&span)));
        self.pending.is_full().then(|| self.take())
    }

    /// Ends with the journal, and returns the last batch.
    pub fn finish(&mut self) -> Batch {
        let Self { spans, run, pending, .. } = self;
        spans.finish(&mut |span| pending.add(&run.span(&span)));
        self.take()
    }

    /// How many effects and questions were exported without their end, as too many were under way.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.spans.unfinished()
    }

    fn take(&mut self) -> Batch {
        let Pending { spans, .. } = std::mem::take(&mut self.pending);
        let scope = Scope { name: "wasm-agent", version: &self.version };
        let scope_spans = [ScopeSpans { scope, spans: &spans, schema_url: SCHEMA_URL }];
        let resource_spans = [ResourceSpans { resource: &self.resource, scope_spans, schema_url: SCHEMA_URL }];
        // Text and numbers: writing them as JSON can't fail.
        let json = serde_json::to_string(&Request { resource_spans }).unwrap_or_default();
        Batch { json, spans: u64::try_from(spans.len()).unwrap_or(u64::MAX) }
    }
}

impl Pending {
    fn add(&mut self, span: &SpanJson<'_>) {
        // Text and numbers: writing them as JSON can't fail.
        if let Ok(span) = to_raw_value(span) {
            self.bytes = self.bytes.saturating_add(span.get().len());
            self.spans.push(span);
        }
    }

    fn is_full(&self) -> bool {
        self.spans.len() >= BATCH_SPANS_MAX || self.bytes >= BATCH_BYTES
    }
}

impl Resource {
    fn new(header: &Header, tool: &str) -> Self {
        let mut attributes = Attributes::default();
        attributes.text("service.name", tool);
        attributes.text("service.namespace", "wasm-agent");
        attributes.text("service.instance.id", &header.run_id.to_string());
        let arguments = header.arguments.iter().take(ARGUMENTS_MAX).map(|argument| cut(argument));
        attributes.texts("process.command_args", arguments);
        attributes.text("wasm_agent.component.name", &cut(&header.component_name));
        attributes.text("wasm_agent.component.sha256", &header.component_sha256.to_string());
        attributes.text("wasm_agent.policy.digest", &header.policy_digest.to_string());
        attributes.text("wasm_agent.engine", &cut(&header.engine));
        Self { attributes }
    }
}

impl Run {
    fn span(&self, span: &Span) -> SpanJson<'_> {
        let described = describe(&span.subject, &self.tool);
        let parent = self.parent.filter(|_| span.id == SpanId::Run);
        SpanJson {
            attributes: described.attributes,
            end_time_unix_nano: self.time(span.end_ns),
            kind: described.kind,
            links: parent.map(|parent| {
                [Link { span_id: self.span_id(parent, SpanId::Run), trace_id: Hex(&trace_id(parent)).to_string() }]
            }),
            name: described.name,
            parent_span_id: span.parent.map(|parent| self.span_id(self.run_id, parent)),
            span_id: self.span_id(self.run_id, span.id),
            start_time_unix_nano: self.time(span.start_ns),
            status: described.error.map(|message| Status { code: STATUS_ERROR, message }),
            trace_id: &self.trace,
        }
    }

    fn time(&self, at_ns: u64) -> String {
        self.started_ns.saturating_add(at_ns).to_string()
    }

    /// Derived from the run and the span, so that every export has the same ids.
    fn span_id(&self, run_id: RunId, id: SpanId) -> String {
        let (kind, number) = match id {
            SpanId::Run => (b"run     ", 0),
            SpanId::Reason(number) => (b"reason  ", number),
            SpanId::Call(number) => (b"call    ", number),
            SpanId::Approval(number) => (b"approval", number),
            SpanId::Effect(number) => (b"effect  ", number),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(run_id.as_bytes()).update(kind).update(&number.to_be_bytes());
        let hash = hasher.finalize();
        let mut id = [0; 8];
        hash.as_bytes().iter().zip(&mut id).for_each(|(from, to)| *to = *from);
        // An id of zeroes is invalid.
        if id == [0; 8] { Hex(&[1; 8]).to_string() } else { Hex(&id).to_string() }
    }
}

/// The run's id, unless it is all zeroes, which is invalid for a trace.
fn trace_id(run_id: RunId) -> [u8; 16] {
    if *run_id.as_bytes() == [0; 16] { [1; 16] } else { *run_id.as_bytes() }
}
