//! What an operator could write to allow what was denied.

use crate::action::{Action, HttpAction};
use crate::decision::{Denial, DenialReason};
use crate::escape;
use crate::guest_path::GuestPath;
use crate::network::is_special;
use crate::url::Host;
use std::fmt::Write;

impl Denial {
    /// What to change in the policy so that it covers the action, as a snippet where that is possible.
    ///
    /// A snippet covers this one action as narrowly as a grant can. Whether it should be allowed is for the operator.
    #[must_use]
    pub fn hint(&self, action: &Action) -> String {
        match self.reason {
            DenialReason::NoGrant | DenialReason::Scheme => grant_for(action),
            DenialReason::ReadOnly => "set `access = \"write\"` in that grant".to_owned(),
            DenialReason::DenyPattern => "no other grant can lift it; remove the pattern from `deny`".to_owned(),
            DenialReason::Unlisted => "add the path, as it is called below `guest`, to `only` of that grant".to_owned(),
            DenialReason::OnTheWayToDenied => "rename what lies in the directory instead of the directory".to_owned(),
            DenialReason::AbsoluteTarget => "use a target relative to the link".to_owned(),
            DenialReason::LinkLeavesGrant => "make a link with the right target at the new name instead".to_owned(),
            DenialReason::OwnThing => {
                "no policy can grant it; keep the tool's files in a folder of their own".to_owned()
            }
            DenialReason::Mount => "set `mounts = true` in that grant, or give the mount a grant of its own".to_owned(),
            DenialReason::PseudoFilesystem => "no policy can grant it; copy what the tool needs to a file".to_owned(),
            DenialReason::Method => match (self.grant, action) {
                (Some(_), Action::HttpRequest(request)) => {
                    format!("add `{}` to `methods` of that grant", request.method)
                }
                _ => "no policy can grant this method".to_owned(),
            },
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
        Action::FileRead { path } => directory_grant(path, "read"),
        Action::FileCreate { path }
        | Action::FileModify { path, .. }
        | Action::FileDelete { path }
        | Action::DirCreate { path }
        | Action::DirRemove { path }
        | Action::FileRename { from: path, .. }
        | Action::LinkCreate { path, .. } => directory_grant(path, "write"),
        Action::HttpRequest(request) => url_grant(request),
        Action::Checkpoint { .. } | Action::Socket { .. } => "no grant is for this".to_owned(),
    }
}

/// A grant for the directory that the path is in.
fn directory_grant(path: &GuestPath, access: &str) -> String {
    let directory = path.parent().unwrap_or_else(GuestPath::root);
    format!("[[filesystem]]\nhost = \"…\"\nguest = {}\naccess = \"{access}\"", toml_string(directory.as_str()))
}

/// A grant for the URL without its query.
fn url_grant(request: &HttpAction) -> String {
    let url = &request.url;
    // In a pattern these would not stand for themselves.
    let path = url.path().replace("**", "*");
    let origin = format!("{}://{}", url.scheme(), url.authority());
    let mut grant = format!("[[http]]\nurl = {}", toml_string(&format!("{origin}{path}")));
    // Writing to a `String` cannot fail.
    let _ = write!(grant, "\nmethods = [{}]", toml_string(request.method.as_str()));
    if let Host::Ip(address) = url.host()
        && is_special(*address).is_some()
    {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let _ = write!(grant, "\nnetworks = [\"{address}/{bits}\"]");
    }
    grant
}

/// A text as a TOML basic string, quotes included. What [`escape`] would show as `\u{…}` becomes a TOML escape, so the
/// snippet can be copied.
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
