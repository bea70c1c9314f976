//! `wasm-agent:host`: what a tool can ask of this host beyond WASI.

use wasm_agent_policy::{Action, Origin};

use crate::approval::{Detail, How};
use crate::gate::{Denied, Host, Why, host_calls, wire};
use wasm_agent_journal::EffectResult;

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "wasm-agent:host/imports",
    imports: {
        "wasm-agent:host/approval.checkpoint": async | trappable,
        default: trappable,
    },
});

pub(crate) use wasm_agent::host::{approval, intent};

/// Longest reason that is kept, in bytes. What is longer is cut: it is shown to people.
const REASON_BYTES_MAX: usize = 4096;

host_calls! {
    impl approval::Host as "wasm-agent:host/approval" {
        async fn checkpoint(title: String, detail: String) -> wasmtime::Result<Result<(), approval::Refusal>>
            = "checkpoint" |host| host.checkpoint(title, detail).await;
    }
}

host_calls! {
    impl intent::Host as "wasm-agent:host/intent" {
        fn declare(why: String) -> wasmtime::Result<()> = "declare" |host| host.declare(why);
    }
}

impl Host {
    async fn checkpoint(&mut self, title: String, detail: String) -> wasmtime::Result<Result<(), approval::Refusal>> {
        let context = std::sync::Arc::clone(&self.context);
        let shown = Detail::Checkpoint { title: title.clone(), detail: detail.clone() };
        let action = Action::Checkpoint { title, detail };
        match context.permit(self.call(), &action, Origin::Foreign, || shown, || None).await {
            Ok(effect) => {
                self.decided(effect.decision.clone());
                drop(effect.permit);
                context.outcome(effect.number, EffectResult::Done, None, None)?;
                Ok(Ok(()))
            }
            Err(Denied { decision, why }) => {
                self.decided(decision);
                match why {
                    Why::Refused(How::Answered) => Ok(Err(approval::Refusal::Refused)),
                    Why::Refused(How::TimedOut) => Ok(Err(approval::Refusal::TimedOut)),
                    Why::Refused(How::Broken(_)) | Why::Policy => Ok(Err(approval::Refusal::Unavailable)),
                    Why::Over(error) => Err(error),
                }
            }
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
        self.context.note("intent", &why)?;
        self.context.declare(why);
        Ok(())
    }
}

wire::enumeration! {
    approval::Refusal { Refused = "refused", TimedOut = "timed-out", Unavailable = "unavailable", }
}
