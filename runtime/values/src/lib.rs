//! Values of the functions that a tool exports: their types, and three ways to write them, without an engine.
//!
//! - WAVE is for people: `search("/notes", {limit: 7})`.
//! - JSON is for programs.
//! - JSON Schema (2020-12) describes the JSON: what the schema accepts, [`Function::arguments_from_json`] accepts, and
//!   the other way round.
//!
//! The [last part](#values-of-typed-exports) of this page says how each type is written.
//!
//! ```
//! use wasm_agent_values::{Field, Function, Integer, Json, Type, to_json, to_wave};
//!
//! let count = Field { name: "count".into(), ty: Type::Integer(Integer::U8), docs: None };
//! let function = Function { parameters: vec![count], result: None };
//! let arguments = function.arguments_from_json(&Json::parse(r#"{"count": 7}"#)?)?;
//! assert_eq!((to_wave(&arguments[0]), to_json(&arguments[0])?), ("7".to_owned(), "7".to_owned()));
//!
//! let refused = function.arguments_from_wave("(256)").unwrap_err();
//! assert_eq!(refused.to_string(), "`count`: 256 is out of range for u8: write a whole number from 0 to 255");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![doc = ""]
#![doc = include_str!("../VALUES.md")]
#![forbid(unsafe_code)]

mod check;
mod example;
mod json;
mod name;
mod table;
#[cfg(test)]
mod tests;
mod ty;
mod value;
mod wave;

pub use json::{Json, from_json, to_json};
pub use name::{CUT, clip, near};
pub use table::{Entry, Index, Signature, Table};
pub use ty::{Case, DEPTH_MAX, Field, Function, Integer, NotCallable, PARTS_MAX, Type, weight};
pub use value::{Problem, Value};
pub use wave::to_wave;
