//! JSON, the form of component values for programs.

mod number;
mod read;
mod schema;
mod slip;
mod tree;
mod write;

pub use read::from_json;
pub use tree::Json;
pub use write::to_json;
