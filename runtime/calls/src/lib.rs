//! Every function that the host offers to tools, as WIT has it, and what each of them can do.
//!
//! [`FUNCTIONS`] is made from `wit/` at the root of the project, and from `classes.txt`, which says of each function
//! whether it is pure, acts on a handle, looks at something or has an effect. A test compares, and says how to make it
//! anew. Hosts take the names that they record from it, and readers of journals the names, flags and fields that they
//! show:
//!
//! ```
//! use serde_json::json;
//! use wasm_agent_calls::{Class, filesystem, find, words};
//!
//! let open = find("wasi:filesystem/types#[method]descriptor.open-at").unwrap();
//! assert_eq!((open.id, open.class), (filesystem::types::DESCRIPTOR_OPEN_AT, Class::Effect));
//!
//! // What a journal has of a call, as JSON: a handle, no flags, a path, `create` and `truncate`, `write`.
//! let recorded = json!([3, 0, "today.md", 9, 2]);
//! let arguments = words::arguments(open.key, &[], &recorded).unwrap();
//! let shown: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}={}", value.to_json())).collect();
//! assert_eq!(shown[3], r#"open-flags=["create","truncate"]"#);
//! ```

#![forbid(unsafe_code)]

mod function;
mod restore;
// Written by a test, one function below the other.
#[rustfmt::skip]
mod table;
mod types;
pub mod words;

pub use function::{Class, Function, Id, find, named};
pub use restore::{HANDLES, Handle, Restore};
pub use table::*;
pub use types::{Enum, Flags, Named, Record, Type, Variant};
