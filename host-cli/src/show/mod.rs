//! How things are shown: styles, escaping, units, tables, JSON lines. Knows nothing of commands and failures.

pub(crate) mod alphabets;
pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod units;
