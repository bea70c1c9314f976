//! Warnings about the host directories that are granted.

use std::path::Path;

use crate::file::grant::FilesystemGrant;
use crate::file::guest_path::GuestPath;
use crate::warn::{Findings, Surroundings, WarningKind};

/// System directories with settings, devices, or the state of processes.
const SYSTEM: [&str; 7] = ["/etc", "/proc", "/sys", "/dev", "/boot", "/run", "/var/run"];

pub(crate) fn check(grant: &FilesystemGrant, surroundings: &Surroundings<'_>, findings: &mut Findings<'_>) {
    let Some(real) = surroundings.real(&grant.host) else { return };
    let shown = real.display();
    let hint = "name the directory that the tool works in, or list what it needs in `only`";
    let warn = |findings: &mut Findings<'_>, why: String| {
        let message = format!("`{}` is {why}", grant.host);
        findings.add(grant.line, WarningKind::WideDirectory, &message, hint);
    };
    if real == Path::new("/") && grant.only.is_none() {
        return warn(findings, "the whole file system of this machine".to_owned());
    }
    if let Some(system) = SYSTEM.iter().find(|system| real.starts_with(system)).filter(|_| grant.only.is_none()) {
        return warn(findings, format!("a part of the system: it lies in `{system}`"));
    }
    for system in SYSTEM {
        if let Ok(below) = Path::new(system).strip_prefix(&real)
            && gives(grant, below, findings)
        {
            return warn(findings, format!("a directory (`{shown}`) that contains `{system}`"));
        }
    }
    for (name, private) in &surroundings.private {
        if real == *private && grant.only.is_none() {
            return warn(findings, name.to_string());
        }
        if let Ok(below) = private.strip_prefix(&real)
            && gives(grant, below, findings)
        {
            return warn(findings, format!("a directory (`{shown}`) that contains {name}"));
        }
    }
}

/// Whether a tool can read what is in a directory below the granted one.
fn gives(grant: &FilesystemGrant, below: &Path, findings: &mut Findings<'_>) -> bool {
    let inside = below.join("x");
    let path = inside.to_str().and_then(|inside| GuestPath::lexical(&grant.guest, inside).ok());
    path.and_then(|path| findings.can_read(&path)).unwrap_or(false)
}
