//! Files: what a tool can do with them, grants for directories, and the decisions.

pub(crate) mod action;
pub(crate) mod check;
pub(crate) mod deny;
pub(crate) mod grant;
pub(crate) mod guest_path;
pub(crate) mod hint;
pub(crate) mod host_path;
pub(crate) mod only;
mod overlap;
pub(crate) mod parse;
pub(crate) mod text;
pub(crate) mod warn;
pub(crate) mod warn_host;
