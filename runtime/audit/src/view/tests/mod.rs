mod bounds;
mod files;
mod requests;

use std::sync::Arc;

use wasm_agent_journal::{
    Call, CallId, DecisionRecord, EffectId, EffectResult, Encoded, Event, Function, Intent, Keep, Outcome, Record,
    Verdict,
};
use wasm_agent_policy::{Action, GuestPath, LinkKind};

use super::*;

const FILES: &str = "wasi:filesystem/types#";
const STREAMS: &str = "wasi:io/streams#";
const HTTP: &str = "wasi:http/types#";

fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

fn item(write: impl FnOnce(&mut Encoded)) -> Vec<u8> {
    let mut encoded = Encoded::new();
    write(&mut encoded);
    assert!(encoded.is_whole());
    encoded.to_record()
}

/// Calls one after the other, and what the view makes of them.
#[derive(Default)]
struct Run {
    view: View,
    calls: u64,
    effects: u64,
}

impl Run {
    fn with_notes() -> Self {
        let mut run = Self::default();
        run.call(
            "wasi:filesystem/preopens#get-directories",
            |_| {},
            0,
            |out| {
                out.array(1).array(2).u64(0).str("/notes");
            },
        );
        run
    }

    fn made(&mut self, function: &str, arguments: Vec<u8>, outcome: Vec<u8>) -> Call {
        self.calls += 1;
        Call {
            seq: CallId(self.calls - 1),
            function: Arc::new(Function { name: function.to_owned(), parameters: Vec::new() }),
            at_ns: 0,
            duration_ns: 0,
            fuel: 0,
            arguments,
            outcome,
            decision: None,
        }
    }

    /// A call that gave a value, and a text of what it was about.
    fn call(
        &mut self,
        function: &str,
        arguments: impl FnOnce(&mut Encoded),
        count: u64,
        value: impl FnOnce(&mut Encoded),
    ) -> String {
        let arguments = item(|out| {
            out.array(count);
            arguments(out);
        });
        let outcome = item(|out| {
            out.array(2).u64(0);
            value(out);
        });
        let call = self.made(function, arguments, outcome);
        format!("{:?}", self.view.call(&call).activity)
    }

    fn open(&mut self, directory: u64, name: &str, handle: u64) -> String {
        self.call(
            &format!("{FILES}[method]descriptor.open-at"),
            |out| {
                out.u64(directory).u64(1).str(name).u64(0).u64(1);
            },
            5,
            |out| {
                out.u64(handle);
            },
        )
    }

    fn on(&mut self, function: &str, handle: u64, value: impl FnOnce(&mut Encoded)) -> String {
        self.call(
            function,
            |out| {
                out.u64(handle);
            },
            1,
            value,
        )
    }

    fn stat(&mut self, handle: u64) -> Option<String> {
        let arguments = item(|out| {
            out.array(1).u64(handle);
        });
        let outcome = item(|out| {
            out.array(2).u64(0).null();
        });
        let call = self.made(&format!("{FILES}[method]descriptor.stat"), arguments, outcome);
        let Activity::Looked { place, .. } = self.view.call(&call).activity else { panic!("not a look") };
        place.path.map(|path| path.as_str().to_owned())
    }

    fn drop(&mut self, resource: &str, handle: u64) -> String {
        self.on(resource, handle, |out| {
            out.null();
        })
    }

    /// An effect around a call: intent, outcome, call.
    fn effect(&mut self, function: &str, action: &Action, result: EffectResult, ok: bool) -> String {
        let record = |event| Record { index: 0, offset: 0, event };
        let effect = self.effects;
        self.effects += 1;
        self.view.record(&record(Event::Intent(Box::new(intent(effect, self.calls, action)))));
        self.view.record(&record(Event::Outcome(Outcome {
            effect: EffectId(effect),
            at_ns: 0,
            result,
            detail: None,
            extra: None,
        })));
        let arguments = item(|out| {
            out.array(2).u64(0).str("as it was asked for");
        });
        let outcome = item(|out| {
            out.array(2).u64(u64::from(!ok)).null();
        });
        let call = self.made(&format!("{FILES}[method]{function}"), arguments, outcome);
        format!("{:?}", self.view.call(&call).activity)
    }
}

fn intent(effect: u64, call: u64, action: &Action) -> Intent {
    Intent {
        effect: EffectId(effect),
        call: CallId(call),
        at_ns: 0,
        action: action.canonical_bytes(),
        action_digest: *action.digest().as_bytes(),
        decision: decision(Verdict::Allow, None),
        approval: None,
        irreversible: false,
        before: None,
    }
}

fn decision(verdict: Verdict, action: Option<&Action>) -> DecisionRecord {
    DecisionRecord { verdict, grant: None, reason: None, action: action.map(Action::canonical_bytes) }
}

fn rename(from: &str, to: &str) -> Action {
    Action::FileRename { from: path(from), to: path(to), replaces: true, directory: false }
}
