//! What the fuzz targets do with an input. `tests/fuzz` hands them what libFuzzer finds, and an ordinary test the seeds
//! in `tests/fuzz/corpus` with mutations that are the same every time.
//!
//! A target panics where something does not hold. Every input is allowed: what is no journal, policy or action is
//! refused, and that is all.

#![forbid(unsafe_code)]

pub mod forge;
pub mod mutate;

mod action;
mod audit;
mod policy;
mod reader;
#[cfg(feature = "replay")]
mod replay;

pub use action::action;
pub use audit::audit;
pub use policy::{actions, policy};
pub use reader::{forged, reader};
#[cfg(feature = "replay")]
pub use replay::{recorded, replay};

/// A target: its name, which is that of its binary and of its folder in the corpus, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("reader", reader),
    ("forged", forged),
    ("policy", policy),
    ("action", action),
    ("audit", audit),
    #[cfg(feature = "replay")]
    ("replay", replay),
];
