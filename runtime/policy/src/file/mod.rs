//! Files: actions on them, grants for directories, and decisions about both.

pub(crate) mod action;
pub(crate) mod check;
pub(crate) mod deny;
pub(crate) mod grant;
pub(crate) mod guest_path;
pub(crate) mod hint;
pub(crate) mod only;
mod overlap;
pub(crate) mod parse;
pub(crate) mod text;
pub(crate) mod warn;
pub(crate) mod warn_host;
