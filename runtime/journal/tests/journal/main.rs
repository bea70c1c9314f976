//! The journal as its users see it: what is written is read, what is changed is named, what failed stays failed.

#![expect(clippy::disallowed_methods, reason = "tests make their own files")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod alike;
mod crash;
mod every_change;
mod faults;
mod forging;
mod format;
mod json;
mod large;
mod many;
mod properties;
mod recovering;
mod round_trip;
mod signing;
mod support;
mod tamper;
