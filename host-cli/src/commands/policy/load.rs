//! Reading a policy without opening what it names.

use std::io::Read;
use std::path::Path;

use wasm_agent_host::LoadError;
use wasm_agent_host::policy::{POLICY_BYTES_MAX, Policy};

use crate::exit::Exit;
use crate::failure::{Failure, missing};

/// Reads and parses a policy. Nothing that it names is opened.
pub(super) fn load(path: &Path) -> Result<Policy, Failure> {
    let unreadable = |error: std::io::Error| match missing::policy(path, &error) {
        Some(hint) => Failure::file("read", "policy", path, error).hint(hint),
        None => Failure::file("read", "policy", path, error),
    };
    let mut text = Vec::new();
    // One byte over the limit, so that the parser sees that a policy is too long.
    let limit = u64::try_from(POLICY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(limit).read_to_end(&mut text).map_err(unreadable)?;
    let text = String::from_utf8(text)
        .map_err(|_| Failure::new(Exit::NothingRan, format!("policy `{}` is not UTF-8 text", path.display())))?;
    Policy::parse(&text).map_err(|errors| LoadError::Policy { path: path.to_owned(), errors }.into())
}
