//! What a span says of a call or of an action: short, and without contents.

use serde_json::Value;
use wasm_agent_calls::words;
use wasm_agent_journal::{Call, item_to_json};
use wasm_agent_policy::{Action, HttpAction};

use crate::item::{Returned, error_name, payload_bytes, returned};

/// Longest text that is kept of one thing, in bytes. A journal can hold a path or URL of megabytes.
const TEXT_BYTES_MAX: usize = 4096;

/// Longest text of a call's arguments, in bytes; what is longer is left out.
const ARGUMENTS_BYTES_MAX: usize = 1024;

/// What a call was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Sequence number.
    pub number: u64,
    /// Interface and function.
    pub function: String,
    /// Fuel that the run had used.
    pub fuel: u64,
    /// Contents that the guest handed over, in bytes.
    pub bytes_out: u64,
    /// Contents that the guest got, in bytes.
    pub bytes_in: u64,
    /// The arguments as JSON, contents by their length; nothing where that is long.
    pub arguments: Option<String>,
    /// The policy's decision: verdict, grant, reason.
    pub decision: Option<(&'static str, Option<String>, Option<String>)>,
    /// The name of the error that the guest got, or the text of a trap.
    pub error: Option<String>,
}

/// What an action is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFacts {
    /// The kind, such as `file.modify`; `unknown` where it is none of this release's.
    pub kind: &'static str,
    /// One line that says it all. It is escaped.
    pub summary: String,
    /// The path that it is about; of a rename the new one.
    pub path: Option<String>,
    /// The old path of a rename.
    pub from: Option<String>,
    /// The request.
    pub request: Option<RequestFacts>,
}

/// What a request is.
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
    /// Length of the body, where it was known before it was sent, in bytes.
    pub body_bytes: Option<u64>,
}

impl CallFacts {
    /// Takes them from a call's record.
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

/// The arguments as JSON, in WIT's words where the function is known.
fn arguments(call: &Call) -> Option<String> {
    // No larger by far than its JSON: what is too long is not even taken apart.
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

/// Leaves of contents their length.
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
    /// Takes them from an action's canonical bytes.
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
            Action::Checkpoint { .. } | Action::Socket { .. } => {}
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

/// Text that is not longer than what is kept; a `…` says where it was cut.
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
