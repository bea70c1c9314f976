//! Executing a guest: the store with its limits, the call, and what its end means. The same for runs and replays.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use wasmtime::component::{ResourceTableError, Val, wasm_wave};
use wasmtime::{CallHook, Store, Trap};

use super::Outcome;
use crate::call::Host;
use crate::error::RunError;
use crate::gate::{Ended, Session};
use crate::run::limits::HOSTCALL_BYTES_MAX;
use crate::tool::Tool;
use crate::tool::invoke::Invocation;
use crate::tool::values;

/// Fuel of a run without a fuel limit: more than a machine burns in a lifetime.
const FUEL_UNLIMITED: u64 = u64::MAX;

/// Fuel after which a guest that computes is interrupted: about a millisecond of computing.
///
/// It bounds how far a run overshoots its time limit, and how long its requests wait for a guest that computes. Fuel
/// does so in every code: each turn of a loop and each function called looks at it, and so does what handles many bytes
/// at once, a unit a byte; what it misses is told at [`Build::Composed`](crate::engine::Build). The most that a unit
/// can take is a read that misses every cache. Where it interrupts depends on nothing but the guest.
const FUEL_BETWEEN_INTERRUPTIONS: u64 = 2_000_000;

/// A store with the engine's limits set.
pub(crate) fn store(tool: &Tool, host: Host, fuel: Option<u64>, handles: u32) -> wasmtime::Result<Store<Host>> {
    let mut store = Store::new(tool.component.engine(), host);
    store.limiter(|host| &mut host.limiter);
    let total = fuel.unwrap_or(FUEL_UNLIMITED);
    store.set_fuel(total)?;
    store.data_mut().meter.fuel_total = total;
    // Lets the host look at limits, and the guest's requests make progress while it computes. The engine also writes
    // down then what was used, so that a run that is stopped while it computes has a record of how far it came.
    store.fuel_async_yield_interval(Some(FUEL_BETWEEN_INTERRUPTIONS))?;
    // Composed tools are interrupted by time as well. The code of others never looks at epochs.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
    // The guest's own handles, and as many again for what it lends to calls.
    store.set_max_component_handles(usize::try_from(handles).unwrap_or(usize::MAX).saturating_mul(2));
    store.call_hook(|mut context, hook| {
        match hook {
            CallHook::CallingHost => {
                let left = context.get_fuel()?;
                let meter = &mut context.data_mut().meter;
                meter.fuel = meter.fuel_total.saturating_sub(left);
                meter.crossings = meter.crossings.wrapping_add(1);
                meter.depth = meter.depth.saturating_add(1);
            }
            CallHook::ReturningFromHost => {
                let meter = &mut context.data_mut().meter;
                let depth = meter.depth;
                meter.depth = depth.saturating_sub(1);
                // Results are put into the guest by code of its own, which can cross to the host again. Fuel can be set
                // only once that is over: meanwhile the guest counts it in a register.
                if let Some((_, stop_at)) = meter.stop_at.take_if(|(of, _)| *of == depth) {
                    let total = meter.fuel_total;
                    meter.fuel_total = stop_at;
                    let used = total.saturating_sub(context.get_fuel()?);
                    context.set_fuel(stop_at.saturating_sub(used))?;
                }
            }
            CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
        }
        Ok(())
    });
    Ok(store)
}

/// Fuel used so far.
pub(crate) fn fuel_used(store: &Store<Host>) -> u64 {
    // Fuel is always counted: the engine is configured so.
    store.data().meter.fuel_total.saturating_sub(store.get_fuel().unwrap_or_default())
}

/// What a guest returned.
pub(crate) enum Returned {
    Command(Result<(), ()>),
    Values(Vec<Val>),
}

/// Calls the guest, and ends it when its time is up or the run is over for another reason.
pub(crate) async fn drive(store: &mut Store<Host>, tool: &Tool, invocation: &Invocation) -> wasmtime::Result<Returned> {
    let session = Arc::clone(&store.data().session);
    tokio::select! {
        biased;
        // First: a guest that was interrupted goes on only if the run does.
        error = over(&session) => Err(error),
        result = call(store, tool, invocation) => result,
    }
}

/// Ends once the run is over, with the reason.
///
/// It looks whenever it is polled, so each time that the guest is interrupted: a timer may be served some interruptions
/// later.
async fn over(session: &Session) -> wasmtime::Error {
    let now_over = || {
        if session.clock.left().is_none() {
            session.ending.limit("time");
        }
        session.ending.check().err().map_or(Poll::Pending, Poll::Ready)
    };
    loop {
        let left = session.clock.left().unwrap_or(Duration::ZERO);
        tokio::select! {
            biased;
            error = poll_fn(|_| now_over()) => return error,
            () = session.ending.wait() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}

async fn call(store: &mut Store<Host>, tool: &Tool, invocation: &Invocation) -> wasmtime::Result<Returned> {
    let instance = tool.instance.instantiate_async(&mut *store).await?;
    match invocation {
        Invocation::Command => {
            let index = crate::tool::invoke::command_index(&tool.component)
                .ok_or_else(|| wasmtime::Error::msg("the tool is not a command"))?;
            let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, &index)?;
            let (result,) = run.call_async(store, ()).await?;
            Ok(Returned::Command(result))
        }
        Invocation::Call(call) => {
            let function = instance
                .get_func(&mut *store, call.index)
                .ok_or_else(|| wasmtime::Error::msg("the export is not a function"))?;
            let results = function.ty(&*store).results().len();
            let mut values = vec![Val::Bool(false); results];
            function.call_async(&mut *store, &call.arguments, &mut values).await?;
            Ok(Returned::Values(values))
        }
    }
}

/// What the end of a guest means.
///
/// # Errors
///
/// When it was the host that failed.
pub(crate) fn outcome(result: wasmtime::Result<Returned>, store: &Store<Host>) -> Result<Outcome, RunError> {
    let host = store.data();
    let was_ended = result.as_ref().is_err_and(|error| error.is::<Ended>());
    match host.session.ending.reason() {
        Some(Ended::Journal(source)) => return Err(RunError::Journal { source }),
        // It came to its end by itself before it learnt that the run was over: a replay, which has no time, ends the
        // same way.
        Some(_) if !was_ended => {}
        Some(Ended::Stopped(action)) => return Ok(Outcome::Stopped { action }),
        Some(Ended::Cancelled(reason)) => return Ok(Outcome::Cancelled { reason }),
        Some(Ended::Limit(which)) => return Ok(Outcome::Limit { which: which.to_owned() }),
        Some(Ended::Diverged(_)) | None => {}
    }
    if let Some(code) = host.exited {
        return Ok(Outcome::Exited(code));
    }
    match result {
        Ok(Returned::Command(result)) => Ok(Outcome::Exited(u8::from(result.is_err()))),
        Ok(Returned::Values(values)) => Ok(returned(&values)),
        Err(error) => Ok(ended(&error, host)),
    }
}

fn returned(values: &[Val]) -> Outcome {
    let Some(value) = values.first() else {
        return Outcome::Returned { wave: String::new(), json: None, failed: false };
    };
    let json = values::to_json(value);
    // Handles have no form in WAVE: what was returned can't leave the run.
    let wave = wasm_wave::to_string(value).unwrap_or_else(|_| "(a value without a text form)".to_owned());
    Outcome::Returned { wave, json, failed: matches!(value, Val::Result(Err(_))) }
}

/// Why a guest ended that did not return.
fn ended(error: &wasmtime::Error, host: &Host) -> Outcome {
    let limit = |which: &str| Outcome::Limit { which: which.to_owned() };
    if error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel) {
        // In a replay this is where the recorded run was stopped.
        return host.source.out_of_fuel().unwrap_or_else(|| limit("fuel"));
    }
    if matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full)) {
        return limit("handles");
    }
    if host.limiter.refused() {
        return limit("memory");
    }
    Outcome::Trapped { message: error.root_cause().to_string() }
}
