//! The facts of a call or an action for a span: short, and without contents.

use serde_json::Value;
use wasm_agent_calls::words;
use wasm_agent_journal::{Call, item_to_json};
use wasm_agent_policy::{Action, HttpAction};

use crate::item::{Returned, error_name, payload_bytes, returned};

/// Longest text kept, in bytes. A path or URL in a journal can have megabytes.
const TEXT_BYTES_MAX: usize = 4096;

/// Longest text of a call's arguments, in bytes. Longer ones are left out.
const ARGUMENTS_BYTES_MAX: usize = 1024;

/// The facts of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Sequence number.
    pub number: u64,
    /// Interface and function.
    pub function: String,
    /// Fuel used by the run until then.
    pub fuel: u64,
    /// Contents from the guest, in bytes.
    pub bytes_out: u64,
    /// Contents to the guest, in bytes.
    pub bytes_in: u64,
    /// The arguments as JSON, with lengths in place of contents; `None` if that is too long.
    pub arguments: Option<String>,
    /// The policy's decision: verdict, grant, reason.
    pub decision: Option<(&'static str, Option<String>, Option<String>)>,
    /// The name of the error that the call returned, or the text of a trap.
    pub error: Option<String>,
}

/// The facts of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFacts {
    /// The kind, such as `file.modify`; `unknown` if this release does not know it.
    pub kind: &'static str,
    /// The action on one line, escaped.
    pub summary: String,
    /// Its path; of a rename, the new one.
    pub path: Option<String>,
    /// The old path of a rename.
    pub from: Option<String>,
    /// The request, if it is one.
    pub request: Option<RequestFacts>,
}

/// The facts of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The scheme of the URL.
    pub scheme: &'static str,
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Length of the body in bytes, if it was known before the request was sent.
    pub body_bytes: Option<u64>,
}

impl CallFacts {
    /// The facts of a recorded call.
    pub(super) fn new(call: &Call) -> Self {
        let error = match returned(&call.outcome) {
            Returned::Error(error) => Some(error_name(error).unwrap_or("error")),
            Returned::Trap(text) => Some(text),
            Returned::Value(_) | Returned::Closed | Returned::Unknown => None,
        };
        Self {
            number: call.seq.0,
            function: call.function.name.clone(),
            fuel: call.fuel,
            bytes_out: payload_bytes(&call.arguments),
            bytes_in: payload_bytes(&call.outcome),
            arguments: arguments(call),
            decision: call.decision.as_ref().map(|decision| {
                let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(cut);
                (decision.verdict.name(), text(&decision.grant), text(&decision.reason))
            }),
            error: error.map(cut),
        }
    }
}

/// The arguments as JSON, with names of WIT if the function is known.
fn arguments(call: &Call) -> Option<String> {
    // JSON is not much shorter than CBOR: longer arguments would exceed the bound anyway.
    if call.arguments.len() > 4 * ARGUMENTS_BYTES_MAX {
        return None;
    }
    let recorded = item_to_json(&call.arguments);
    let member = |(name, value): (&str, words::Typed<'_>)| (name.to_owned(), value.to_json());
    let mut arguments = match words::arguments(&call.function.name, &call.function.parameters, &recorded) {
        Some(named) => Value::Object(named.into_iter().map(member).collect()),
        None => recorded,
    };
    without_contents(&mut arguments);
    Some(arguments.to_string()).filter(|text| text.len() <= ARGUMENTS_BYTES_MAX && text != "[]" && text != "{}")
}

/// Replaces contents by their length.
fn without_contents(value: &mut Value) {
    match value {
        Value::Object(members) if members.contains_key("blake3") && members.contains_key("length") => {
            members.retain(|key, _| key == "length");
        }
        Value::Object(members) => members.values_mut().for_each(without_contents),
        Value::Array(items) => items.iter_mut().for_each(without_contents),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl ActionFacts {
    /// The facts of an action, from its canonical bytes.
    pub(crate) fn new(canonical: &[u8]) -> Self {
        let Ok(action) = Action::decode(canonical) else {
            return Self { kind: "unknown", summary: "unknown action".to_owned(), ..Self::default() };
        };
        let mut facts = Self { kind: action.kind(), summary: cut(&action.to_string()), ..Self::default() };
        match &action {
            Action::FileRename { from, to, .. } => {
                facts.path = Some(cut(to.as_str()));
                facts.from = Some(cut(from.as_str()));
            }
            Action::FileRead { path }
            | Action::FileCreate { path }
            | Action::FileModify { path, .. }
            | Action::FileDelete { path }
            | Action::DirCreate { path }
            | Action::DirRemove { path }
            | Action::LinkCreate { path, .. } => facts.path = Some(cut(path.as_str())),
            Action::HttpRequest(request) => facts.request = Some(RequestFacts::new(request)),
            Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. } => {}
        }
        facts
    }
}

impl RequestFacts {
    fn new(request: &HttpAction) -> Self {
        Self {
            method: cut(request.method.as_str()),
            url: cut(request.url.as_str()),
            scheme: request.url.scheme().as_str(),
            host: cut(request.url.host_text()),
            port: request.url.port(),
            body_bytes: request.body.map(|body| body.len),
        }
    }
}

/// The text, cut to the longest length. A `…` marks the cut.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = TEXT_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned() + "…"
}
