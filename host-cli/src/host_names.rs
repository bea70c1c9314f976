//! Arguments of a tool that name files as this machine does, and not as the tool does.

use std::path::{Path, PathBuf};

use wasm_agent_host::policy::{GuestPath, Policy};

/// Most arguments that are looked up.
const ARGUMENTS_MAX: usize = 100;

/// A name on this machine, and the tool's name for the same file.
pub(crate) struct HostName {
    pub(crate) given: String,
    pub(crate) guest: String,
}

/// The arguments that name a granted folder, or a file in one, by a path of this machine.
///
/// # Authority
///
/// Looks up the real paths of the arguments and of the granted folders.
pub(crate) fn host_names(arguments: &[String], policy: &Policy, policy_file: Option<&Path>) -> Vec<HostName> {
    let base = policy_file.and_then(Path::parent).unwrap_or(Path::new(""));
    let folders: Vec<(PathBuf, &GuestPath)> = policy
        .filesystem()
        .iter()
        .filter_map(|grant| Some((std::fs::canonicalize(base.join(&grant.host)).ok()?, &grant.guest)))
        .collect();
    let is_guests = |given: &str| {
        let path = GuestPath::lexical(&GuestPath::root(), given);
        given.starts_with('/')
            && path.is_ok_and(|path| policy.filesystem().iter().any(|grant| path.starts_with(&grant.guest)))
    };
    let name = |given: &String| {
        let real = real(given).filter(|_| !is_guests(given))?;
        let inside = folders.iter().filter_map(|(host, guest)| Some((host, guest, real.strip_prefix(host).ok()?)));
        let (_, guest, rest) = inside.max_by_key(|(host, ..)| host.as_os_str().len())?;
        let guest = GuestPath::lexical(guest, rest.to_str()?).ok()?.to_string();
        Some(HostName { given: given.clone(), guest })
    };
    arguments.iter().take(ARGUMENTS_MAX).filter_map(name).collect()
}

/// The real path of a file, or of a new one in a folder that exists. A word is a path only if it names a file.
fn real(given: &str) -> Option<PathBuf> {
    let path = Path::new(given);
    std::fs::canonicalize(path).ok().or_else(|| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some(std::fs::canonicalize(parent).ok()?.join(path.file_name()?))
    })
}
