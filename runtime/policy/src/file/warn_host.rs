//! Warnings about the host directories that are granted.

use std::path::Path;

use crate::file::grant::FilesystemGrant;
use crate::file::guest_path::GuestPath;
use crate::warn::{Found, Surroundings, WarningKind};

/// System directories with settings, devices, or the state of processes.
const SYSTEM: [&str; 7] = ["/etc", "/proc", "/sys", "/dev", "/boot", "/run", "/var/run"];

pub(crate) fn check(grant: &FilesystemGrant, surroundings: &Surroundings<'_>, found: &mut Found<'_>) {
    let Some(real) = surroundings.real(&grant.host) else { return };
    let shown = real.display();
    let hint = "name the directory that the tool works in, or list what it needs in `only`";
    let warn = |found: &mut Found<'_>, why: String| {
        let message = format!("`{}` is {why}", grant.host);
        found.add(grant.line, WarningKind::WideDirectory, &message, hint);
    };
    if real == Path::new("/") && grant.only.is_none() {
        return warn(found, "all of this machine".to_owned());
    }
    if let Some(system) = SYSTEM.iter().find(|system| real.starts_with(system)).filter(|_| grant.only.is_none()) {
        return warn(found, format!("a part of the system: it lies in `{system}`"));
    }
    for system in SYSTEM {
        if let Ok(below) = Path::new(system).strip_prefix(&real)
            && gives(grant, below, found)
        {
            return warn(found, format!("a directory (`{shown}`) that has `{system}` in it"));
        }
    }
    for (name, private) in &surroundings.private {
        if real == *private && grant.only.is_none() {
            return warn(found, name.to_string());
        }
        if let Ok(below) = private.strip_prefix(&real)
            && gives(grant, below, found)
        {
            return warn(found, format!("a directory (`{shown}`) that has {name} in it"));
        }
    }
}

/// Whether a tool can read what is in a directory below the granted one.
fn gives(grant: &FilesystemGrant, below: &Path, found: &mut Found<'_>) -> bool {
    let inside = below.join("x");
    let path = inside.to_str().and_then(|inside| GuestPath::lexical(&grant.guest, inside).ok());
    path.and_then(|path| found.can_read(&path)).unwrap_or(false)
}
