//! OTLP in JSON: what OpenTelemetry collectors take over HTTP, and read from files with one request a line.
//!
//! Follows the JSON mapping of OTLP 1 (ids in hexadecimal, 64-bit integers as texts, enumerations as numbers) and the semantic
//! conventions 1.37.0 where they have a name for something. Names under `wasm_agent.` are this program's own.

use serde_json::{Map, Value, json};
use wasm_agent_ids::{Hex, RunId};
use wasm_agent_journal::{Header, Record};

use super::attributes::{Attributes, told};
use super::facts::cut;
use super::spans::{Id, Span, Spans, tool};

/// Where the conventions stand that the attributes' names are of.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// Most spans in one batch.
const BATCH_SPANS_MAX: u64 = 512;

/// Size from which a batch is full, in bytes. Collectors take 20 MiB by default; one span is at most some 30 KiB.
const BATCH_BYTES: usize = 1 << 20;

/// Most of a run's arguments that are exported.
const ARGUMENTS_MAX: usize = 64;

/// `StatusCode` of OTLP.
const STATUS_ERROR: u64 = 2;

/// Writes a run as OTLP, batch by batch.
pub struct Otlp {
    spans: Spans,
    run: Run,
    /// What stands before and after the spans of a batch.
    around: (String, String),
    batch: Batch,
}

/// Spans for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// An `ExportTraceServiceRequest`, without line breaks.
    pub json: String,
    /// How many spans it has.
    pub spans: u64,
}

/// What the spans of a run have in common.
struct Run {
    trace: String,
    run_id: RunId,
    started_ns: u64,
    tool: String,
    parent: Option<RunId>,
}

impl Otlp {
    /// For the run of this header, written by this version of the program.
    #[must_use]
    pub fn new(header: &Header, version: &str) -> Self {
        let run = Run {
            trace: hex(&trace_id(header.run_id)),
            run_id: header.run_id,
            started_ns: header.started_ns,
            tool: tool(header),
            parent: header.parent,
        };
        let scope = json!({ "name": "wasm-agent", "version": version });
        let head = format!(
            r#"{{"resourceSpans":[{{"resource":{},"scopeSpans":[{{"scope":{scope},"spans":["#,
            resource(header, &run.tool)
        );
        let tail = format!(r#"],"schemaUrl":"{SCHEMA_URL}"}}],"schemaUrl":"{SCHEMA_URL}"}}]}}"#);
        Self { spans: Spans::new(), run, around: (head, tail), batch: Batch::default() }
    }

    /// Takes the next record; gives a batch when one is full.
    pub fn record(&mut self, record: &Record) -> Option<Batch> {
        let Self { spans, run, batch, .. } = self;
        spans.record(record, &mut |span| batch.add(run, &span));
        let full = self.batch.spans >= BATCH_SPANS_MAX || self.batch.json.len() >= BATCH_BYTES;
        full.then(|| self.take())
    }

    /// Ends the run, and gives the last batch.
    pub fn finish(&mut self) -> Batch {
        let Self { spans, run, batch, .. } = self;
        spans.finish(&mut |span| batch.add(run, &span));
        self.take()
    }

    /// Effects and questions that were exported without their end, as too many were under way.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.spans.untold()
    }

    fn take(&mut self) -> Batch {
        let Batch { json, spans } = std::mem::take(&mut self.batch);
        let (head, tail) = &self.around;
        Batch { json: format!("{head}{json}{tail}"), spans }
    }
}

impl Batch {
    fn add(&mut self, run: &Run, span: &Span) {
        if self.spans > 0 {
            self.json.push(',');
        }
        self.json.push_str(&run.span(span).to_string());
        self.spans += 1;
    }
}

/// What the telemetry is of: this run of this tool.
fn resource(header: &Header, tool: &str) -> Value {
    let mut attributes = Attributes::default();
    attributes.text("service.name", tool);
    attributes.text("service.namespace", "wasm-agent");
    attributes.text("service.instance.id", &hex(header.run_id.as_bytes()));
    let arguments: Vec<Value> =
        header.arguments.iter().take(ARGUMENTS_MAX).map(|argument| json!({ "stringValue": cut(argument) })).collect();
    attributes.put("process.command_args", json!({ "arrayValue": { "values": arguments } }));
    attributes.text("wasm_agent.component.name", &cut(&header.component_name));
    attributes.text("wasm_agent.component.sha256", &hex(header.component_sha256.as_bytes()));
    attributes.text("wasm_agent.policy.digest", &hex(header.policy_digest.as_bytes()));
    attributes.text("wasm_agent.engine", &cut(&header.engine));
    json!({ "attributes": attributes.0 })
}

impl Run {
    fn span(&self, span: &Span) -> Value {
        let told = told(&span.subject, &self.tool);
        let mut object = Map::new();
        object.insert("traceId".to_owned(), self.trace.as_str().into());
        object.insert("spanId".to_owned(), self.span_id(self.run_id, span.id).into());
        if let Some(parent) = span.parent {
            object.insert("parentSpanId".to_owned(), self.span_id(self.run_id, parent).into());
        }
        object.insert("name".to_owned(), told.name.into());
        object.insert("kind".to_owned(), told.kind.into());
        object.insert("startTimeUnixNano".to_owned(), self.time(span.start_ns));
        object.insert("endTimeUnixNano".to_owned(), self.time(span.end_ns));
        object.insert("attributes".to_owned(), told.attributes.0.into());
        if let (Id::Run, Some(parent)) = (span.id, self.parent) {
            let link = json!({ "traceId": hex(&trace_id(parent)), "spanId": self.span_id(parent, Id::Run) });
            object.insert("links".to_owned(), json!([link]));
        }
        if let Some(message) = told.error {
            object.insert("status".to_owned(), json!({ "code": STATUS_ERROR, "message": message }));
        }
        object.into()
    }

    fn time(&self, at_ns: u64) -> Value {
        self.started_ns.saturating_add(at_ns).to_string().into()
    }

    /// Made from the run and the span's own name, so that a second export says the same.
    fn span_id(&self, run_id: RunId, id: Id) -> String {
        let (kind, number) = match id {
            Id::Run => (b"run     ", 0),
            Id::Reason(number) => (b"reason  ", number),
            Id::Call(number) => (b"call    ", number),
            Id::Approval(number) => (b"approval", number),
            Id::Effect(number) => (b"effect  ", number),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(run_id.as_bytes()).update(kind).update(&number.to_be_bytes());
        let hash = hasher.finalize();
        let mut id = [0; 8];
        hash.as_bytes().iter().zip(&mut id).for_each(|(from, to)| *to = *from);
        // An id of zeros would be none.
        if id == [0; 8] { hex(&[1; 8]) } else { hex(&id) }
    }
}

/// A run's id is a trace's too, unless it is the one that no trace may have.
fn trace_id(run_id: RunId) -> [u8; 16] {
    if *run_id.as_bytes() == [0; 16] { [1; 16] } else { *run_id.as_bytes() }
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}
