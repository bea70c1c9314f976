//! What a journal tells about its run: what happened to files, why, at what cost, and what another policy would have
//! decided.
//!
//! Everything here reads journals and nothing else: no engine, no network, no clock. It takes constant memory however
//! long a journal is, and a journal may be hostile: nothing in it makes this crate panic or believe it unchecked.

#![forbid(unsafe_code)]

pub mod decided;
pub mod diff;
pub mod export;
pub mod files;
pub mod judge;
pub mod redact;
pub mod stats;
pub mod suggest;
pub mod view;
pub mod why;

#[cfg(test)]
mod hand_made;
mod item;
#[cfg(test)]
mod scripted;
mod steps;
