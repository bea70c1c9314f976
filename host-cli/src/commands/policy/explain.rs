//! `wasm-agent policy explain`.

use std::path::Path;

use serde_json::Value;
use wasm_agent_host::policy::Policy;

use super::load::load;
use super::own;
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, explained, explained_json};

/// Explains what a policy decides about an action. Without an action, lists what is kept from every tool.
pub(super) fn explain(path: &Path, action: Option<&str>, report: &Report) -> Result<(), Failure> {
    let policy = load(path)?;
    let Some(action) = action else { return own::list(&policy, path, report) };
    let mut explanation = policy.explain(action).map_err(|error| {
        let failure = Failure::new(Exit::NothingRan, crate::failure::chain(&error));
        match in_capitals(&policy, action) {
            Some(meant) => failure.hint(format!("`{meant}`")),
            None => failure,
        }
    })?;
    own::explain(&mut explanation, &own::in_grants(&policy, path)?);
    match report.format {
        Format::Text => report.data(|out| out.write_all(explained(&explanation).as_bytes())),
        Format::Json => {
            let mut object = explained_json(&explanation);
            if let Value::Object(fields) = &mut object {
                fields.insert("event".to_owned(), "explanation".into());
            }
            report.object(&object)
        }
    }
}

/// The action with its verb in capitals, if that is one.
fn in_capitals(policy: &Policy, action: &str) -> Option<String> {
    let (verb, rest) = action.trim().split_once(' ')?;
    let meant = format!("{} {rest}", verb.to_ascii_uppercase());
    policy.explain(&meant).is_ok().then_some(meant)
}
