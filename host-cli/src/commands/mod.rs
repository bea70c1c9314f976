//! The commands, one file each. They find and open things, hand them to the host, and hand the outcome to the report.

pub(crate) mod inspect;
pub(crate) mod journal;
mod key_file;
pub(crate) mod keys;
pub(crate) mod policy;
mod progress;
pub(crate) mod replay;
pub(crate) mod run;
