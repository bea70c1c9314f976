//! The names and attributes of OpenTelemetry spans.

use serde::Serialize;
use wasm_agent_journal::{Answer, EffectResult, End, RunResult};

use super::facts::{ActionFacts, CallFacts, cut};
use super::spans::{Ended, Subject};

/// `SpanKind` of OTLP.
const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;

/// Name, kind, attributes and error of a span.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) kind: u64,
    pub(super) attributes: Attributes,
    pub(super) error: Option<String>,
}

/// Describes what a span is about.
pub(super) fn describe(subject: &Subject, tool: &str) -> Described {
    match subject {
        Subject::Run(end) => run(end.as_ref(), tool),
        Subject::Reason(text) => {
            let mut attributes = Attributes::default();
            attributes.text("wasm_agent.intent", text);
            Described { name: "intent".to_owned(), kind: INTERNAL, attributes, error: None }
        }
        Subject::Call(call) => self::call(call),
        Subject::Approval(action, approval) => {
            let mut attributes = Attributes::default();
            attributes.action(action);
            let answer = approval.as_ref().map(|approval| {
                attributes.text("wasm_agent.approval.approver", &approval.approver);
                attributes.text("wasm_agent.approval.remember", approval.remember.name());
                if let Some(reason) = &approval.reason {
                    attributes.text("wasm_agent.approval.reason", reason);
                }
                approval.answer
            });
            let name = answer.map_or("unanswered", Answer::name);
            attributes.text("wasm_agent.approval.answer", name);
            let error = (answer != Some(Answer::Approved)).then(|| name.to_owned());
            attributes.error(error.as_deref());
            Described { name: "approval".to_owned(), kind: INTERNAL, attributes, error }
        }
        Subject::Effect(action, ended) => effect(action, ended.as_ref()),
    }
}

fn run(end: Option<&End>, tool: &str) -> Described {
    let mut attributes = Attributes::default();
    let mut error = None;
    match end {
        None => attributes.flag("wasm_agent.run.incomplete", true),
        Some(end) => {
            attributes.text("wasm_agent.run.result", end.result.name());
            attributes.number("wasm_agent.run.calls", end.calls);
            attributes.number("wasm_agent.run.fuel", end.fuel);
            attributes.number("wasm_agent.run.waited_ns", end.waited_ns);
            attributes.number("wasm_agent.run.memory_high_bytes", end.memory_high_bytes);
            error = match &end.result {
                RunResult::Exited { code } => {
                    attributes.number("process.exit.code", u64::from(*code));
                    (*code != 0).then(|| format!("the tool ended with status {code}"))
                }
                RunResult::Returned { .. } => None,
                RunResult::Trapped { message } | RunResult::Stopped { message } | RunResult::HostFailed { message } => {
                    Some(cut(message))
                }
                RunResult::Limit { which } => Some(format!("the limit `{}` is used up", cut(which))),
            };
            attributes.error(error.as_ref().map(|_| end.result.name()));
        }
    }
    Described { name: format!("run {tool}"), kind: INTERNAL, attributes, error }
}

fn call(call: &CallFacts) -> Described {
    let mut attributes = Attributes::default();
    attributes.text("code.function.name", &call.function);
    attributes.number("wasm_agent.call", call.number);
    attributes.number("wasm_agent.fuel", call.fuel);
    for (name, bytes) in [("wasm_agent.bytes_out", call.bytes_out), ("wasm_agent.bytes_in", call.bytes_in)] {
        if bytes > 0 {
            attributes.number(name, bytes);
        }
    }
    if let Some(arguments) = &call.arguments {
        attributes.text("wasm_agent.arguments", arguments);
    }
    let mut error = call.error.clone();
    if let Some((verdict, grant, reason)) = &call.decision {
        attributes.text("wasm_agent.decision", verdict);
        if let Some(grant) = grant {
            attributes.text("wasm_agent.decision.grant", grant);
        }
        if let Some(reason) = reason {
            attributes.text("wasm_agent.decision.reason", reason);
        }
        if *verdict == "deny" {
            error = Some(format!("denied: {}", reason.as_deref().unwrap_or("no reason given")));
        }
    }
    attributes.error(call.error.as_deref());
    Described { name: call.function.clone(), kind: INTERNAL, attributes, error }
}

fn effect(action: &ActionFacts, ended: Option<&Ended>) -> Described {
    let mut attributes = Attributes::default();
    attributes.action(action);
    let mut error = None;
    match ended {
        None => {
            attributes.text("wasm_agent.effect.result", "unknown");
            error = Some("it may have happened: its outcome is not recorded".to_owned());
        }
        Some(ended) => {
            attributes.text("wasm_agent.effect.result", ended.result.name());
            if ended.result != EffectResult::Done {
                error = Some(ended.detail.clone().unwrap_or_else(|| ended.result.name().to_owned()));
                attributes.error(Some(ended.result.name()));
            }
            if let Some(status) = ended.status {
                attributes.number("http.response.status_code", status);
                if status >= 400 {
                    attributes.error(Some(&status.to_string()));
                    error.get_or_insert_with(String::new);
                }
            }
            if let Some((address, port)) = ended.peer.as_deref().and_then(|peer| peer.rsplit_once(':')) {
                attributes.text("network.peer.address", address.trim_start_matches('[').trim_end_matches(']'));
                if let Ok(port) = port.parse::<u16>() {
                    attributes.number("network.peer.port", u64::from(port));
                }
            }
            if let Some((name, version)) = ended.protocol.as_deref().and_then(|protocol| protocol.split_once('/')) {
                attributes.text("network.protocol.name", &name.to_ascii_lowercase());
                attributes.text("network.protocol.version", version);
            }
        }
    }
    let (name, kind) = match &action.request {
        Some(request) => (request.method.clone(), CLIENT),
        None => (action.kind.to_owned(), INTERNAL),
    };
    Described { name, kind, attributes, error }
}

/// A span's attributes, as OTLP writes them.
#[derive(Default, Serialize)]
pub(super) struct Attributes(Vec<Attribute>);

#[derive(Serialize)]
struct Attribute {
    key: &'static str,
    value: AnyValue,
}

/// `AnyValue` of OTLP, as far as it is used. 64-bit integers are strings in JSON.
#[derive(Serialize)]
enum AnyValue {
    #[serde(rename = "stringValue")]
    String(String),
    #[serde(rename = "intValue")]
    Int(String),
    #[serde(rename = "boolValue")]
    Bool(bool),
    #[serde(rename = "arrayValue")]
    Array { values: Vec<AnyValue> },
}

impl Attributes {
    fn put(&mut self, key: &'static str, value: AnyValue) {
        self.0.push(Attribute { key, value });
    }

    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        self.put(key, AnyValue::String(text.to_owned()));
    }

    pub(super) fn texts(&mut self, key: &'static str, texts: impl Iterator<Item = String>) {
        self.put(key, AnyValue::Array { values: texts.map(AnyValue::String).collect() });
    }

    fn number(&mut self, key: &'static str, number: u64) {
        // OTLP has signed integers only.
        self.put(key, AnyValue::Int(i64::try_from(number).unwrap_or(i64::MAX).to_string()));
    }

    fn flag(&mut self, key: &'static str, flag: bool) {
        self.put(key, AnyValue::Bool(flag));
    }

    fn error(&mut self, kind: Option<&str>) {
        if let Some(kind) = kind {
            self.text("error.type", kind);
        }
    }

    fn action(&mut self, action: &ActionFacts) {
        self.text("wasm_agent.action", action.kind);
        self.text("wasm_agent.action.summary", &action.summary);
        if let Some(path) = &action.path {
            self.text("file.path", path);
        }
        if let Some(from) = &action.from {
            self.text("wasm_agent.file.path_before", from);
        }
        if let Some(request) = &action.request {
            self.text("http.request.method", &request.method);
            self.text("url.full", &request.url);
            self.text("url.scheme", request.scheme);
            self.text("server.address", &request.host);
            self.number("server.port", u64::from(request.port));
            if let Some(bytes) = request.body_bytes {
                self.number("http.request.body.size", bytes);
            }
        }
    }
}
