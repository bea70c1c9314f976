//! `wasm-agent:host`: the functions that this host offers beyond WASI.

use std::sync::Arc;

use wasm_agent_approval::{AnswerStatus, Detail, Permit};
use wasm_agent_journal::EffectResult;
use wasm_agent_policy::{Act, Action, Origin, kind};

use crate::call::{Call, Host, host_calls, wire};
use crate::gate::{Effect, Extra, NotDone};

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "wasm-agent:host/imports",
    imports: {
        "wasm-agent:host/approval.checkpoint": async | trappable,
        default: trappable,
    },
});

pub(crate) use wasm_agent::host::{approval, intent};

/// Longest reason that is kept, in bytes. A longer one is cut, because people have to read it.
const REASON_BYTES_MAX: usize = 4096;

host_calls! {
    impl approval::Host as "wasm-agent:host/approval" {
        async fn checkpoint(title: String, detail: String) -> wasmtime::Result<Result<(), approval::Refusal>>
            = |host, call| host.checkpoint(call, title, detail).await;
    }
}

host_calls! {
    impl intent::Host as "wasm-agent:host/intent" {
        fn declare(why: String) -> wasmtime::Result<()> = |host, _call| host.declare(why);
    }
}

/// A question that the tool asks before a step that only it understands. There is nothing to perform: the answer is the
/// result.
struct Checkpoint;

impl Effect for Checkpoint {
    type Kind = kind::Checkpoint;
    type Done = ();
    type Failed = wasm_agent_approval::OtherAction;

    fn detail(&self, action: &Action) -> Detail {
        match action {
            Action::Checkpoint { title, detail } => Detail::Checkpoint { title: title.clone(), detail: detail.clone() },
            other => Detail::Checkpoint { title: other.to_string(), detail: String::new() },
        }
    }

    async fn perform(self, permit: Permit<kind::Checkpoint>) -> Result<(), Self::Failed> {
        permit.spend(|_| true).map(drop)
    }

    fn outcome(_: &Result<(), Self::Failed>) -> (EffectResult, Extra) {
        (EffectResult::Done, Extra::default())
    }
}

impl Host {
    async fn checkpoint(
        &mut self,
        call: &mut Call,
        title: String,
        detail: String,
    ) -> wasmtime::Result<Result<(), approval::Refusal>> {
        let gate = Arc::clone(&self.world()?.gate);
        let (asker, act) = (call.asker, Act::checkpoint(title, detail));
        match gate.effect(asker, act, Origin::Foreign, Checkpoint, |decision| call.noted(decision)).await {
            Ok(()) => Ok(Ok(())),
            Err(NotDone::Refused(AnswerStatus::Answered)) => Ok(Err(approval::Refusal::Refused)),
            Err(NotDone::Refused(AnswerStatus::TimedOut)) => Ok(Err(approval::Refusal::TimedOut)),
            Err(NotDone::Refused(AnswerStatus::Nobody | AnswerStatus::Broken(_)) | NotDone::Denied) => {
                Ok(Err(approval::Refusal::Unavailable))
            }
            Err(NotDone::Over(error)) => Err(error),
            Err(NotDone::Failed(other)) => Err(wasmtime::Error::new(other)),
        }
    }

    fn declare(&mut self, mut why: String) -> wasmtime::Result<()> {
        if why.len() > REASON_BYTES_MAX {
            let mut end = REASON_BYTES_MAX;
            while !why.is_char_boundary(end) {
                end -= 1;
            }
            why.truncate(end);
        }
        let gate = &self.world()?.gate;
        gate.ledger.note("intent", &why)?;
        gate.declare(why);
        Ok(())
    }
}

wire::enumeration! {
    approval::Refusal { Refused = "refused", TimedOut = "timed-out", Unavailable = "unavailable", }
}
