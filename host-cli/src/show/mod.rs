//! How things look: styles, escaping, units, tables, JSON lines. It knows no command and no error of this program.

pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod units;
