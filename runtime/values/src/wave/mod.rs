//! WAVE, the text form of component values for people: `search("/notes", {limit: 7})`.

mod pieces;
mod read;
mod slip;
mod word;
mod write;

use slip::{kind, syntax};
pub use write::to_wave;
