//! What a journal says about its run: what happened to files, why, at what cost, and what another policy would have
//! decided.
//!
//! Everything here reads journals and nothing else: no engine, no network, no clock. Memory is bounded, however long a
//! journal is. A journal can be hostile: nothing in it makes this crate panic, and nothing is believed unchecked.

#![forbid(unsafe_code)]

pub mod decisions;
pub mod diff;
pub mod export;
pub mod files;
pub mod judge;
pub mod redact;
pub mod stats;
pub mod suggest;
pub mod view;
pub mod why;

mod budget;
#[cfg(test)]
mod hand_made;
mod item;
#[cfg(test)]
mod scripted;
