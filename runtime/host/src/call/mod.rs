//! One host call, from the guest and back.
//!
//! Every function that a tool can import is implemented on [`View`] by the macro [`host_calls!`], which expands each
//! signature to the same steps:
//!
//! ```text
//! guest ─► enter ─► perform ─► leave ─► guest       a live run: the source records the call once it is answered
//!            └─► replayed ─► guest                  a replay: the source has the answer
//! ```
//!
//! Calls that touch the world do so in `perform`, through [`Gate::effect`](crate::gate::Gate::effect). The traits are
//! wasmtime's own, so the compiler proves that no function is missing.

mod answer;
mod function;
mod host;
mod host_calls;
mod value;
pub(crate) mod wire;

use wasmtime::component::HasData;

pub(crate) use answer::{Answer, number};
pub(crate) use function::{Function, function, unchecked};
pub(crate) use host::Host;
pub(crate) use host_calls::host_calls;
pub(crate) use value::Call;

/// Marker for linking: host functions get a [`View`] of the store's data.
pub(crate) struct Linked;

impl HasData for Linked {
    type Data<'a> = View<'a>;
}

/// The type that host functions are implemented on.
pub(crate) struct View<'a> {
    pub(crate) host: &'a mut Host,
}
