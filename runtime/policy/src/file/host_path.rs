//! Paths on the host that a policy spells as a shell or a browser would take them.

use std::path::Path;

use crate::policy::Policy;
use crate::warn::{Findings, Surroundings, WarningKind};
use crate::{FilesystemGrant, SecretSource};

/// The part of a path on the host that a shell would replace, such as `~` or `$HOME`. A policy's paths are taken as
/// they are written.
#[must_use]
pub fn unexpanded(path: &str) -> Option<&str> {
    let first = path.split('/').next().unwrap_or_default();
    if first.starts_with('~') {
        return Some(first);
    }
    if let Some(variable) = in_percent_signs(path) {
        return Some(variable);
    }
    let (start, _) = path.match_indices('$').find(|(at, _)| {
        let next = path.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next == '{' || next == '_' || next.is_ascii_alphabetic())
    })?;
    let rest = path.get(start + 1..)?;
    let length = match rest.strip_prefix('{') {
        Some(name) => name.find('}')? + 2,
        None => rest.find(|next: char| next != '_' && !next.is_ascii_alphanumeric()).unwrap_or(rest.len()),
    };
    path.get(start..start + 1 + length)
}

/// A variable as Windows writes it, such as `%USERPROFILE%`.
fn in_percent_signs(path: &str) -> Option<&str> {
    let (start, _) = path.match_indices('%').next()?;
    let rest = path.get(start + 1..)?;
    let name = rest.get(..rest.find('%')?)?;
    let is_name = name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    if is_name { path.get(start..start + name.len() + 2) } else { None }
}

/// Warns about the directory of a grant. Says whether it is one.
pub(crate) fn check(grant: &FilesystemGrant, surroundings: &Surroundings<'_>, findings: &mut Findings<'_>) -> bool {
    let Some(real) = surroundings.real(&grant.host) else {
        if !check_spelling(&grant.host, "./notes", grant.line, findings)
            && let Some((folder, _)) = grant.host.split_once('*')
        {
            let folder = folder.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let message =
                format!("`*` in `{}` is a part of a name: a grant is for one directory and what is in it", grant.host);
            let hint = format!("write `{folder}`, and list in `only` what the tool is to have of it");
            findings.add(grant.line, WarningKind::NotAPath, &message, &hint);
        }
        return false;
    };
    let is_file = surroundings.is_file.is_some_and(|is_file| is_file(&real));
    if is_file {
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        let folder = Path::new(&grant.host).parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).display();
        let message =
            format!("`{}` is a file, and a grant is for a directory: `run` would end with an error", grant.host);
        let hint = format!("write `host = \"{folder}\"` and `only = [\"{name}\"]`");
        findings.add(grant.line, WarningKind::NotADirectory, &message, &hint);
    }
    !is_file
}

/// Warns about the files that a policy names.
pub(crate) fn check_files(policy: &Policy, surroundings: &Surroundings<'_>, findings: &mut Findings<'_>) {
    let secrets = policy.secrets().iter().filter_map(|secret| match &secret.source {
        SecretSource::File(file) => Some((file.as_str(), "./token.txt", secret.line)),
        SecretSource::Env(_) => None,
    });
    let authorities = policy.ca_file().map(|file| (file, "./ca.pem", policy.ca_line().unwrap_or(1)));
    for (file, example, line) in secrets.chain(authorities) {
        if surroundings.real(file).is_none() {
            check_spelling(file, example, line, findings);
        }
    }
}

/// Whether it warned of how a path is spelled. `example` is one that is right in this place.
fn check_spelling(path: &str, example: &str, line: u32, findings: &mut Findings<'_>) -> bool {
    let (message, hint) = if let Some(part) = unexpanded(path) {
        let message = format!("`{part}` in `{path}` is a part of a name: only a shell replaces it");
        (message, format!("write the whole path, or one that begins at this file's folder, such as `{example}`"))
    } else if let Some((scheme, _)) = path.split_once("://") {
        (
            format!("`{path}` is a path here, and not a URL"),
            (if scheme == "file" { "leave out `file://`" } else { URL }).to_owned(),
        )
    } else {
        return false;
    };
    findings.add(line, WarningKind::NotAPath, &message, &hint);
    true
}

/// What to write instead of a URL.
const URL: &str = "name a path on this machine; requests have `[[http]]`";

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn only_a_shell_replaces_a_home_or_a_variable() {
        for (path, part) in [
            ("~", Some("~")),
            ("~/notes", Some("~")),
            ("~ann/notes", Some("~ann")),
            ("$HOME/notes", Some("$HOME")),
            ("/srv/${USER}/x", Some("${USER}")),
            ("/srv/$a_1-x", Some("$a_1")),
            ("%USERPROFILE%/a", Some("%USERPROFILE%")),
            ("./50%/100%", None),
            ("./~/notes", None),
            ("notes~", None),
            ("./cash$", None),
            ("./5$/x", None),
            ("./${", None),
        ] {
            assert_eq!(unexpanded(path), part, "{path}");
        }
    }

    #[test]
    fn a_path_that_a_shell_would_expand_is_a_warning() {
        let real = |host: &str| (host == "~/there" || host == "a.md").then(|| PathBuf::from("/work").join(host));
        let is_file = |real: &Path| real.ends_with("a.md");
        let surroundings = Surroundings { real: Some(&real), is_file: Some(&is_file), private: Vec::new() };
        let warnings = |text: &str| {
            let policy = Policy::parse(&format!("version = 1\n{text}")).unwrap();
            let warnings = policy.warnings(&surroundings);
            let listed = warnings.as_slice().iter();
            listed.map(|one| format!("{} {}: {}; {}", one.line, one.kind.as_str(), one.message, one.hint)).collect()
        };
        let host =
            |host: &str| -> Vec<String> { warnings(&format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/g\"\n")) };
        let spelled = "only a shell replaces it; write the whole path, or one that begins at this file's folder, such \
                       as `./notes`";
        assert_eq!(host("~/notes"), [format!("2 not-a-path: `~` in `~/notes` is a part of a name: {spelled}")]);
        assert_eq!(
            host("file:///srv/x"),
            ["2 not-a-path: `file:///srv/x` is a path here, and not a URL; leave out `file://`"]
        );
        assert_eq!(
            host("a.md"),
            ["2 not-a-directory: `a.md` is a file, and a grant is for a directory: `run` would end with an error; \
                 write `host = \".\"` and `only = [\"a.md\"]`"]
        );
        assert!(host("%USERPROFILE%/a")[0].contains("`%USERPROFILE%` in"), "{:?}", host("%USERPROFILE%/a"));
        assert_eq!(
            host("./notes/*"),
            ["2 not-a-path: `*` in `./notes/*` is a part of a name: a grant is for one directory and what is in it; \
                 write `./notes`, and list in `only` what the tool is to have of it"]
        );
        assert_eq!(host("~/there"), [""; 0]);
        assert_eq!(host("./gone"), [""; 0]);
        let secret = "[[http]]\nurl = \"https://a.com/x?\"\nsecrets = [\"a\"]\n[secrets.a]\nfile = \"$HOME/token\"\n\
                      header = \"x-a\"\nvalue = \"{}\"\n[tls]\nca = \"~/ca.pem\"\n";
        let found: Vec<String> = warnings(secret);
        assert!(found[0].starts_with("5 not-a-path: `$HOME` in `$HOME/token`"), "{found:?}");
        assert!(found[1].ends_with("such as `./ca.pem`"), "{found:?}");
        assert!(found[1].starts_with("10 not-a-path: `~` in `~/ca.pem`"), "{found:?}");
    }
}
