//! What a tool had, where it found nothing: its folders.

use serde_json::{Value, json};
use wasm_agent_host::Folders;
use wasm_agent_host::policy::{Access, FilesystemGrant, Policy};

use crate::host_names::HostName;
use crate::show::escape::escape_line;
use crate::show::style;

/// Most folders that are named.
const NAMED_MAX: usize = 5;

/// Which folders a tool had that asked for them and used none: whatever it looked for is not in them. Nothing tells the
/// host what that was.
pub(super) fn granted(used: Folders, policy: &Policy, has_policy: bool, host_names: &[HostName]) -> String {
    if used != Folders::Listed {
        return String::new();
    }
    let (faint, hint) = (style::FAINT, style::HINT);
    let folders = policy.filesystem();
    let named: Vec<String> = folders.iter().take(NAMED_MAX).map(named).collect();
    let (what, advice) = match (folders.len(), has_policy) {
        (0, false) => {
            ("nothing".to_owned(), "the tool sees no files: a policy grants folders (`--policy FILE`)".to_owned())
        }
        (0, true) => {
            ("no folder".to_owned(), "the tool sees no files: a `[[filesystem]]` grant gives it a folder".to_owned())
        }
        (count, _) => {
            let more = count.saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            (named.join(", ") + &more, advice(policy, host_names))
        }
    };
    format!("{faint}granted:{faint:#} {what}\n{hint}hint{hint:#}: {advice}\n")
}

/// How the tool is to be told of its files.
fn advice(policy: &Policy, host_names: &[HostName]) -> String {
    let translated =
        |name: &HostName| format!("`{}` is `{}` to the tool", escape_line(&name.given), escape_line(&name.guest));
    if !host_names.is_empty() {
        return host_names.iter().take(NAMED_MAX).map(translated).collect::<Vec<_>>().join(", ");
    }
    let guest = policy.filesystem().first().map_or("/", |grant| grant.guest.as_str()).trim_end_matches('/');
    format!("name files by these paths, not by those of this machine: `{}/…`", escape_line(guest))
}

/// The same for programs, whatever the tool did.
pub(super) fn granted_json(used: Folders, policy: &Policy) -> Value {
    let granted =
        policy.filesystem().iter().map(|grant| json!({ "guest": grant.guest.as_str(), "access": access(grant) }));
    let used = match used {
        Folders::Untouched => "untouched",
        Folders::Listed => "listed",
        // Uses of later releases are uses.
        _ => "used",
    };
    json!({ "granted": granted.collect::<Vec<_>>(), "use": used })
}

fn named(grant: &FilesystemGrant) -> String {
    format!("{} ({})", escape_line(grant.guest.as_str()), access(grant))
}

fn access(grant: &FilesystemGrant) -> &'static str {
    match grant.access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(used: Folders, grants: usize) -> String {
        let grant = |number| format!("[[filesystem]]\nhost = \"/h{number}\"\nguest = \"/g{number}\"\n");
        let text: String = (0..grants).map(grant).collect();
        let policy = Policy::parse(&format!("version = 1\n{text}")).unwrap();
        anstream::adapter::strip_str(&granted(used, &policy, true, &[])).to_string()
    }

    #[test]
    fn folders_are_named_where_the_tool_used_none() {
        assert!(plain(Folders::Listed, 0).starts_with("granted: no folder\n"));
        assert!(plain(Folders::Listed, 2).starts_with("granted: /g0 (read), /g1 (read)\n"));
        let many = plain(Folders::Listed, 7);
        assert!(many.starts_with("granted: /g0 (read), /g1 (read), /g2 (read), /g3 (read), /g4 (read) and 2 more\n"));
        assert_eq!(plain(Folders::Used, 2) + &plain(Folders::Untouched, 0), "");
    }
}
