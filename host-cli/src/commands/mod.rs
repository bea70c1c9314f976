//! The commands, one file each. A command opens files, calls the host or the audit crate, and passes the result to the
//! report.

pub(crate) mod approvals;
mod approver;
pub(crate) mod inspect;
pub(crate) mod journal;
mod json_arguments;
mod key_file;
pub(crate) mod keys;
pub(crate) mod policy;
mod progress;
pub(crate) mod replay;
pub(crate) mod run;
