//! Requests: URLs and methods, grants for them, the secrets they carry, and decisions about them.

pub(crate) mod action;
pub(crate) mod check;
mod domains;
pub(crate) mod grant;
pub(crate) mod hint;
pub(crate) mod host_index;
pub(crate) mod invalid;
pub(crate) mod method;
pub(crate) mod network;
pub(crate) mod networks;
pub(crate) mod overriding;
pub(crate) mod parse;
mod parse_headers;
pub(crate) mod parse_secrets;
pub(crate) mod proxy;
pub(crate) mod secret;
pub(crate) mod text;
pub(crate) mod url;
pub(crate) mod url_pattern;
pub(crate) mod warn;
