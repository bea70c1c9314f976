//! Executes a guest: the store with its limits, the call, and what its end means. Runs and replays share it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use wasm_agent_values::{to_json, to_wave};
use wasmtime::component::{ResourceTableError, Val};
use wasmtime::{CallHook, Store, Trap};

use super::{Outcome, shortage};
use crate::call::Host;
use crate::error::RunError;
use crate::gate::{EndReason, Session};
use crate::run::limits::HOSTCALL_BYTES_MAX;
use crate::tool::Tool;
use crate::tool::invoke::Invocation;
use crate::tool::values;

/// Fuel of a run without a fuel limit: more than a machine uses in its lifetime.
const FUEL_UNLIMITED: u64 = u64::MAX;

/// Fuel after which a computing guest is interrupted: about a millisecond of computing.
///
/// It bounds how far a run exceeds its time limit, and how long its requests wait for a computing guest. This works for
/// all code: each turn of a loop and each function call checks fuel, and instructions that process many bytes at once
/// use a unit a byte. [`Build::Composed`](crate::engine::Build) describes the one exception. The slowest unit is a read
/// that misses every cache. Where the interruptions fall depends only on the guest.
const FUEL_BETWEEN_INTERRUPTIONS: u64 = 2_000_000;

/// A store with the limits set.
pub(crate) fn store(tool: &Tool, host: Host, fuel: Option<u64>, handles: u32) -> wasmtime::Result<Store<Host>> {
    let mut store = Store::new(tool.component.engine(), host);
    store.limiter(|host| &mut host.limiter);
    let total = fuel.unwrap_or(FUEL_UNLIMITED);
    store.set_fuel(total)?;
    store.data_mut().meter.fuel_total = total;
    // Lets the host check limits, and the guest's requests make progress while it computes. At each interruption the
    // engine also writes the fuel used to memory, so that a run that is stopped while it computes has a record of how
    // far it came.
    store.fuel_async_yield_interval(Some(FUEL_BETWEEN_INTERRUPTIONS))?;
    // Composed tools are also interrupted by time. The code of other tools never checks epochs.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
    // Once for the guest's own handles, and once for those that it lends to calls.
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
                // The engine writes results into the guest by calling it, and it can call the host again. Fuel can be
                // set only after that: meanwhile the guest counts it in a register.
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
    // Fuel is always counted: the engine's configuration says so.
    store.data().meter.fuel_total.saturating_sub(store.get_fuel().unwrap_or_default())
}

/// The result of a guest that returned.
pub(crate) enum Returned {
    Command(Result<(), ()>),
    Values(Vec<Val>),
}

/// Calls the guest, and ends it when its time is used up or the run ends for another reason.
pub(crate) async fn drive(store: &mut Store<Host>, tool: &Tool, invocation: &Invocation) -> wasmtime::Result<Returned> {
    let session = Arc::clone(&store.data().session);
    tokio::select! {
        biased;
        // Checked first: an interrupted guest continues only if its run does.
        error = over(&session) => Err(error),
        result = call(store, tool, invocation) => result,
    }
}

/// Completes when the run is over, with the reason.
///
/// It checks every time it is polled, so at each interruption of the guest: a timer may fire some interruptions later.
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

/// Interprets the end of a guest.
///
/// # Errors
///
/// When it was the host that failed.
pub(crate) fn outcome(result: wasmtime::Result<Returned>, store: &Store<Host>) -> Result<Outcome, RunError> {
    let host = store.data();
    let was_ended = result.as_ref().is_err_and(|error| error.is::<EndReason>());
    match host.session.ending.reason() {
        Some(EndReason::Journal(source)) => return Err(RunError::Journal { source }),
        // It ended before it could notice that the run was over. A replay, in which time does not pass, ends the same
        // way.
        Some(_) if !was_ended => {}
        Some(EndReason::Stopped(action)) => return Ok(Outcome::Stopped { action }),
        Some(EndReason::Cancelled(reason)) => return Ok(Outcome::Cancelled { reason }),
        Some(EndReason::Limit(which)) => return Ok(Outcome::Limit { which: which.to_owned() }),
        Some(EndReason::Diverged(_)) | None => {}
    }
    if let Some(code) = host.exited {
        return Ok(Outcome::Exited(code));
    }
    match result {
        Ok(Returned::Command(result)) => Ok(Outcome::Exited(u8::from(result.is_err()))),
        Ok(Returned::Values(values)) => Ok(returned(&values)),
        Err(error) => ended(error, host),
    }
}

fn returned(values: &[Val]) -> Outcome {
    let Some(value) = values.first() else {
        return Outcome::Returned { wave: String::new(), json: None, failed: false };
    };
    // A returned handle can't leave the run.
    let known = values::from_engine(value);
    let wave = known.as_ref().map_or_else(|| "(a value without a text form)".to_owned(), to_wave);
    let json = known.and_then(|value| to_json(&value).ok());
    Outcome::Returned { wave, json, failed: matches!(value, Val::Result(Err(_))) }
}

/// The outcome of a guest that did not return.
fn ended(error: wasmtime::Error, host: &Host) -> Result<Outcome, RunError> {
    let limit = |which: &str| Outcome::Limit { which: which.to_owned() };
    if error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel) {
        // In a replay, the recorded run was stopped here.
        return Ok(host.source.out_of_fuel().unwrap_or_else(|| limit("fuel")));
    }
    if matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full)) {
        return match &host.limiter.fewer_handles {
            Some(fewer) => Err(RunError::Shortage { source: wasmtime::Error::new(fewer.clone()) }),
            None => Ok(limit("handles")),
        };
    }
    if shortage::is_one(&error) {
        return Err(RunError::Shortage { source: error });
    }
    if host.limiter.refused() {
        return Ok(limit("memory"));
    }
    Ok(Outcome::Trapped { message: error.root_cause().to_string() })
}
