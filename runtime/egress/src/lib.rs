//! Where requests leave the host: [`send()`] takes the permit for a request and sends it.
//!
//! - [`client`] owns connections, and has every address checked before it is dialled.
//! - [`redact`] masks secrets in what comes back; [`readable`] refuses what can't be searched for them.
//! - [`quiet`] keeps what servers say out of the diagnostics of a run that has secrets.
//! - [`post`] sends reports to a collector that the operator names. A guest's request never goes there.
//!
//! A guest's request can't be sent without a permit: the client's own `send` is private to this crate.
//!
//! ```compile_fail,E0624
//! # async fn f(client: wasm_agent_egress::Client, exchange: wasm_agent_egress::client::Exchange) {
//! struct Anywhere;
//! impl wasm_agent_egress::client::AddressCheck for Anywhere {
//!     fn allows(&self, _: std::net::IpAddr) -> bool {
//!         true
//!     }
//! }
//! client.send(exchange, &Anywhere).await;
//! # }
//! ```

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make their own servers"))]

mod busy_poll;
pub mod client;
pub mod post;
pub mod quiet;
pub mod readable;
pub mod redact;
mod send;

pub use client::{
    Addresses, BoxError, Client, ClientConfig, ClientError, Earlier, ExchangeError, Protocol, Proxy, Repeated, Reply,
    RequestBody, RequestFault, Resolver, Resolving, ResponseBody, SendError, SystemResolver, Timeouts,
};
pub use send::{Provision, secret_header, send};
