//! Warnings about `deny` and `ask` of directories.

use std::collections::HashSet;

use crate::action::Action;
use crate::decision::DecisionKind;
use crate::file::grant::{Access, AskSet, FilesystemGrant};
use crate::file::guest_path::GuestPath;
use crate::file::only::OnlyPatterns;
use crate::path_pattern::PathPattern;
use crate::warn::{Findings, WarningKind, enumerate};

/// Files that other programs run, or take commands from, just because they exist: hooks and settings of `git`,
/// `direnv`, Python, `pytest`, `make`, `cargo`, editors and shells, and what runs on a server after a push.
const RUN_BY_OTHERS: [&str; 22] = [
    ".git/hooks/post-checkout",
    ".git/config",
    ".envrc",
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "Makefile",
    "build.rs",
    ".cargo/config.toml",
    ".vscode/tasks.json",
    ".github/workflows/ci.yml",
    ".bashrc",
    ".zshrc",
    ".profile",
    ".ssh/authorized_keys",
    "package.json",
    ".npmrc",
    "pyproject.toml",
    "setup.py",
    "site.pth",
    "justfile",
    "__init__.py",
];

/// Most patterns of one `only` that are searched for these files.
const ONLY_PATTERNS_MAX: usize = 100;

/// Most files that a warning names.
const NAMED_MAX: usize = 3;

pub(crate) fn check(grant: &FilesystemGrant, findings: &mut Findings<'_>) {
    deny_at_top(grant, findings);
    if grant.access == Access::Write && grant.ask != AskSet::default() {
        ask_takes_away(grant, findings);
        run_by_others(grant, findings);
    }
}

/// In many tools a bare name means any depth, as in `.gitignore`. Here it is a path.
fn deny_at_top(grant: &FilesystemGrant, findings: &mut Findings<'_>) {
    let texts: HashSet<&str> = grant.deny().iter().map(PathPattern::as_str).collect();
    for pattern in texts.iter().filter(|text| !text.contains('/')) {
        if texts.contains(format!("**/{pattern}").as_str()) || texts.contains(format!("**/{pattern}/**").as_str()) {
            continue;
        }
        let Some(below) = join(&grant.guest, &format!("sub/{}", sample(pattern))) else { continue };
        let Some(can_read) = findings.can_read(&below) else { return };
        if can_read {
            let message = format!(
                "`{pattern}` in `deny` holds only directly in `{}`, not in the directories below it: `{below}` can be \
                 read",
                grant.guest
            );
            let hint = format!("write `**/{pattern}`, or `{pattern}/**` if only the one at the top is meant");
            findings.add(grant.line, WarningKind::DenyAtTop, &message, &hint);
        }
    }
}

/// A reader expects `ask` to add to the default, but it replaces the default.
fn ask_takes_away(grant: &FilesystemGrant, findings: &mut Findings<'_>) {
    let default = AskSet::default_for(Access::Write);
    let names = |wanted: &dyn Fn(AskSet) -> bool| -> Vec<&str> {
        AskSet::NAMES.into_iter().filter(|(_, kind)| wanted(*kind)).map(|(name, _)| name).collect()
    };
    let missing = names(&|kind| default.has_any(kind) && !grant.ask.has_any(kind));
    if missing.is_empty() {
        return;
    }
    let all: Vec<String> = names(&|kind| default.has_any(kind) || grant.ask.has_any(kind))
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    let message =
        format!("`ask` replaces the default, so nobody is asked about {} in `{}`", enumerate(&missing), grant.guest);
    let hint = format!("write `ask = [{}]`, or `ask = []` if nothing is to be asked", all.join(", "));
    findings.add(grant.line, WarningKind::AskTakesAway, &message, &hint);
}

fn run_by_others(grant: &FilesystemGrant, findings: &mut Findings<'_>) {
    if grant.ask.has_any(AskSet::CREATE) {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for name in RUN_BY_OTHERS {
        let paths = paths_to(name, grant.only.as_ref());
        for path in paths.iter().filter_map(|path| join(&grant.guest, path)) {
            let Some(create) = findings.probe(&path, |path| Action::FileCreate { path }) else { return };
            if create == DecisionKind::Allow {
                names.push(name);
                break;
            }
        }
    }
    if names.is_empty() {
        return;
    }
    let named = enumerate(names.get(..NAMED_MAX).unwrap_or(&names));
    let such_as = if names.len() > NAMED_MAX { ", such as" } else { ":" };
    let message = format!(
        "in `{}` a tool can create, unasked, files that other programs run on their own{such_as} {named}",
        grant.guest
    );
    let hint = "add `\"create\"` to `ask`, list the files that it may write in `only` (as in \
                `only = [\".\", \"*.md\"]`), or deny these names";
    findings.add(grant.line, WarningKind::RunByOthers, &message, hint);
}

/// Where a name could be created: in the directory itself and below it, or where the patterns of `only` lead.
fn paths_to(name: &str, only: Option<&OnlyPatterns>) -> Vec<String> {
    let Some(only) = only else { return vec![name.to_owned(), format!("sub/{name}")] };
    let path_to = |pattern: &PathPattern| {
        let segments: Vec<&str> = pattern.as_str().split('/').collect();
        let (last, before) = segments.split_last()?;
        let mut path: Vec<String> = before.iter().filter(|name| **name != "**").map(|name| sample(name)).collect();
        // The last segment of the name: the pattern has the segments before it, or the file is not listed.
        let end = if *last == "**" { name } else { name.rsplit('/').next().unwrap_or(name) };
        path.push(end.to_owned());
        Some(path.join("/"))
    };
    only.patterns().iter().take(ONLY_PATTERNS_MAX).filter_map(path_to).filter(|path| path.ends_with(name)).collect()
}

/// A name that a pattern without `/` matches.
fn sample(pattern: &str) -> String {
    let mut characters = pattern.chars();
    let mut name = String::new();
    while let Some(character) = characters.next() {
        match character {
            '*' | '?' => name.push('x'),
            '\\' => name.extend(characters.next()),
            other => name.push(other),
        }
    }
    name
}

fn join(directory: &GuestPath, relative: &str) -> Option<GuestPath> {
    GuestPath::lexical(directory, relative).ok()
}
