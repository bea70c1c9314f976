//! What an operator could write to allow what was denied.

use crate::action::Action;
use crate::decision::{Denial, DenialReason};
use crate::{escape, file, http};
use std::fmt::Write;

impl Denial {
    /// What to change in the policy so that it covers the action, as a snippet if possible.
    ///
    /// A snippet covers this one action as narrowly as a grant can. Whether to allow it is for the operator to decide.
    #[must_use]
    pub fn hint(&self, action: &Action) -> String {
        match self.reason {
            DenialReason::NoGrant | DenialReason::Scheme => grant_for(action),
            DenialReason::ReadOnly => "set `access = \"write\"` in that grant".to_owned(),
            DenialReason::DenyPattern => "no other grant can lift it; remove the pattern from `deny`".to_owned(),
            DenialReason::Unlisted => "add the path, relative to `guest`, to `only` of that grant".to_owned(),
            DenialReason::OnTheWayToDenied => "rename what lies in the directory instead of the directory".to_owned(),
            DenialReason::AbsoluteTarget => "use a target relative to the link".to_owned(),
            DenialReason::LinkLeavesGrant => "make a link with the right target at the new name instead".to_owned(),
            DenialReason::OwnThing => {
                "no policy can grant it; keep the tool's files in a folder of their own".to_owned()
            }
            DenialReason::Mount => "set `mounts = true` in that grant, or give the mount a grant of its own".to_owned(),
            DenialReason::PseudoFilesystem => "no policy can grant it; copy what the tool needs to a file".to_owned(),
            DenialReason::Spelling => {
                "use the name that a listing of the folder shows, or one that is spelled otherwise".to_owned()
            }
            DenialReason::Method => match (self.grant, action) {
                (Some(_), Action::HttpRequest(request)) => {
                    format!("add `{}` to `methods` of that grant", request.method)
                }
                _ => "no policy can grant this method".to_owned(),
            },
            DenialReason::EncodedSlash => {
                "set `encoded-slash = true` in that grant if the server takes `%2F` for a character of a segment".into()
            }
            DenialReason::Url => "no policy can grant it; the tool has to write the URL in another way".to_owned(),
            DenialReason::Network => "list the network in `networks` of that grant".to_owned(),
            DenialReason::Secret => "list the secret in `secrets` of that grant".to_owned(),
            DenialReason::Header => "list the header in `headers` of that grant".to_owned(),
            DenialReason::Special => "only files and directories can be used".to_owned(),
            DenialReason::Unsupported => "use `wasi:http` with an `[[http]]` grant instead of sockets".to_owned(),
        }
    }
}

fn grant_for(action: &Action) -> String {
    match action {
        Action::FileRead { path } => file::hint::grant(path, "read"),
        Action::FileCreate { path }
        | Action::FileModify { path, .. }
        | Action::FileDelete { path }
        | Action::DirCreate { path }
        | Action::DirRemove { path }
        | Action::FileRename { from: path, .. }
        | Action::LinkCreate { path, .. } => file::hint::grant(path, "write"),
        Action::HttpRequest(request) => http::hint::grant(request),
        Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. } => {
            "no grant can allow this".to_owned()
        }
    }
}

/// A text as a TOML basic string, quotes included. Characters that [`escape`] would show as `\u{…}` become TOML
/// escapes, so that the snippet can be copied.
#[must_use]
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        let mut buffer = [0; 4];
        let plain: &str = character.encode_utf8(&mut buffer);
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if escape(plain) == plain => quoted.push(character),
            _ => {
                // Writing to a `String` cannot fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}
