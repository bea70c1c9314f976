//! What a redaction takes out of each kind of record.
//!
//! If something might be contents or a path, it goes: redactions are made to be handed to others.

use std::sync::Arc;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder, decode};
use wasm_agent_calls::{self as calls, Id, cli, filesystem, find, host, http};
use wasm_agent_journal::format::NAME_BYTES_MAX;
use wasm_agent_journal::{
    ApprovalRecord, Call, DecisionRecord, Event, Function, Header, Invocation, Redaction, RunResult,
};

use super::TakenOut;
use super::item::{Offsets, Rewrite};
use super::text::{digest, label, path};
use crate::item::{Returned, returned};

/// Parameters that are paths, by their names in journals of any release.
const PATH_PARAMETERS: [&str; 5] = ["path", "old-path", "new-path", "old_path", "new_path"];

/// Interfaces whose texts with slashes are parts of URLs, which are kept.
const WEB: [&str; 2] = [http::types::INTERFACE, http::outgoing_handler::INTERFACE];

/// The function with which a tool declares its reason.
const DECLARE: Id = host::intent::DECLARE;

/// The note that a recovery writes, which has only numbers and digests.
const OWN_NOTE: &str = "recovered";

#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    taken_out: TakenOut,
}

impl Rules {
    pub(super) fn new(taken_out: TakenOut) -> Self {
        Self { taken_out }
    }

    /// The copy's header.
    pub(super) fn header(self, original: &Header, redaction: Redaction) -> Header {
        let mut header = Header { redaction: Some(redaction), signed_by: None, ..original.clone() };
        if self.taken_out.paths {
            header.policy_text = digest(&header.policy_text);
            // The first argument is the program's name.
            for argument in header.arguments.iter_mut().skip(1) {
                *argument = path(argument);
            }
            for (_, value) in &mut header.environment {
                *value = if value.contains('/') { path(value) } else { std::mem::take(value) };
            }
            if let Invocation::Call { arguments, .. } = &mut header.invocation {
                *arguments = digest(arguments);
            }
        }
        header
    }

    /// The copy of any other record but a blob.
    pub(super) fn event(self, event: Event, blobs: &Offsets) -> Event {
        match event {
            Event::Call(call) => Event::Call(self.call(call, blobs)),
            Event::End(mut end) => {
                end.result = self.result(end.result);
                Event::End(end)
            }
            event if !self.taken_out.paths => event,
            Event::Label { id, text } => Event::Label { id, text: label_of(&text) },
            Event::Intent(mut intent) => {
                intent.action = action(&intent.action);
                intent.decision = self.decision(intent.decision);
                intent.approval = intent.approval.map(approval);
                Event::Intent(intent)
            }
            Event::Outcome(mut outcome) => {
                outcome.detail = outcome.detail.as_deref().map(digest);
                let text = |_: &[u64], text: &str| text.contains('/').then(|| path(text));
                outcome.extra = outcome.extra.map(|extra| Rewrite { bytes: false, blobs, text: &text }.item(&extra));
                Event::Outcome(outcome)
            }
            Event::ApprovalAsked(mut asked) => {
                asked.action = action(&asked.action);
                Event::ApprovalAsked(asked)
            }
            Event::ApprovalSettled(mut settled) => {
                settled.approval = approval(settled.approval);
                Event::ApprovalSettled(settled)
            }
            Event::Note(mut note) => {
                if note.name != OWN_NOTE {
                    note.text = digest(&note.text);
                }
                Event::Note(note)
            }
            event @ (Event::Header(_) | Event::Function { .. } | Event::Blob(_) | Event::Seal(_)) => event,
        }
    }

    fn call(self, mut call: Call, blobs: &Offsets) -> Call {
        let TakenOut { bodies, paths } = self.taken_out;
        let function = Arc::clone(&call.function);
        let is_web = WEB.contains(&interface(&function));
        let any = |text: &str| (paths && !is_web && text.contains('/')).then(|| path(text));
        let is_value = matches!(returned(&call.outcome), Returned::Value(_));
        let argument = |places: &[u64], text: &str| match places {
            _ if paths && function.name == DECLARE.key() => Some(digest(text)),
            [place] if paths && is_path(&function, *place) => Some(path(text)),
            _ => any(text),
        };
        let outcome = |places: &[u64], text: &str| {
            let is_named = paths && is_value && is_path_outcome(&function, places);
            if is_named { Some(path(text)) } else { any(text) }
        };
        call.arguments = Rewrite { bytes: bodies, blobs, text: &argument }.item(&call.arguments);
        call.outcome = Rewrite { bytes: bodies, blobs, text: &outcome }.item(&call.outcome);
        call.decision = call.decision.map(|decision| self.decision(decision));
        call
    }

    fn decision(self, decision: DecisionRecord) -> DecisionRecord {
        if !self.taken_out.paths {
            return decision;
        }
        DecisionRecord {
            verdict: decision.verdict,
            grant: decision.grant.as_deref().map(label_of),
            reason: decision.reason.as_deref().map(label_of),
            action: decision.action.as_deref().map(action),
        }
    }

    fn result(self, result: RunResult) -> RunResult {
        let TakenOut { bodies, paths } = self.taken_out;
        let message = |text: String| if paths { digest(&text) } else { text };
        match result {
            // A quoted text is valid WAVE and valid JSON.
            RunResult::Returned { wave, json } if bodies || paths => RunResult::Returned {
                wave: if wave.is_empty() { wave } else { format!("\"{}\"", digest(&wave)) },
                json: json.map(|json| format!("\"{}\"", digest(&json))),
            },
            RunResult::Trapped { message: text } => RunResult::Trapped { message: message(text) },
            RunResult::Stopped { message: text } => RunResult::Stopped { message: message(text) },
            RunResult::HostFailed { message: text } => RunResult::HostFailed { message: message(text) },
            result @ (RunResult::Returned { .. } | RunResult::Exited { .. } | RunResult::Limit { .. }) => result,
        }
    }
}

fn label_of(text: &str) -> Arc<str> {
    label(text, NAME_BYTES_MAX).into()
}

fn approval(approval: ApprovalRecord) -> ApprovalRecord {
    ApprovalRecord { reason: approval.reason.as_deref().map(digest), ..approval }
}

/// A function's interface, known to this release or not.
fn interface(function: &Function) -> &str {
    function.name.split_once('#').map_or("", |(interface, _)| interface)
}

/// Whether an argument is a path: every text that a function on files takes, and every parameter named like a path.
fn is_path(function: &Function, place: u64) -> bool {
    let Ok(place) = usize::try_from(place) else { return false };
    let recorded = function.parameters.get(place).is_some_and(|name| PATH_PARAMETERS.contains(&name.as_str()));
    let known = find(&function.name).and_then(|known| known.parameters.get(place));
    let is_text = known.is_some_and(|parameter| parameter.ty == calls::Type::String);
    function.name.starts_with("wasi:filesystem/") && (recorded || is_text)
}

/// Whether a text in an outcome `[0, value]` is a path.
fn is_path_outcome(function: &Function, places: &[u64]) -> bool {
    let Some(function) = find(&function.name) else { return false };
    match (function.id, places) {
        // Pairs of a handle and a path.
        (filesystem::preopens::GET_DIRECTORIES, [1, _, 1]) => true,
        // An optional pair of a type and a name.
        (filesystem::types::DIRECTORY_ENTRY_STREAM_READ_DIRECTORY_ENTRY, [1, 0, 1]) => true,
        (filesystem::types::DESCRIPTOR_READLINK_AT, [1]) => true,
        // As in the header: all but the program's name.
        (cli::environment::GET_ARGUMENTS, [1, place]) => *place > 0,
        _ => false,
    }
}

/// Replaces the paths of an action and the texts of a checkpoint. A request has neither, and is kept. An invalid action
/// becomes `null`.
fn action(item: &[u8]) -> Vec<u8> {
    replaced(item).unwrap_or_else(|_| vec![0xf6])
}

fn replaced(item: &[u8]) -> Result<Vec<u8>, decode::Error> {
    let mut decoder = Decoder::new(item);
    let entries = decoder.map()?.ok_or_else(|| decode::Error::message("map without a length"))?;
    let mut out = Encoder::new(Vec::with_capacity(item.len()));
    // Writing to memory can't fail.
    drop(out.map(entries));
    for _ in 0..entries {
        let key = decoder.str()?;
        drop(out.str(key));
        match (key, decoder.datatype()?) {
            ("path" | "from" | "to" | "target", Type::String) => drop(out.str(&path(decoder.str()?))),
            ("title" | "detail", Type::String) => drop(out.str(&digest(decoder.str()?))),
            _ => {
                let start = decoder.position();
                decoder.skip()?;
                out.writer_mut().extend_from_slice(item.get(start..decoder.position()).unwrap_or_default());
            }
        }
    }
    Ok(out.into_writer())
}
