//! From paths that were used to patterns that cover them.

use std::collections::{BTreeMap, BTreeSet};

use wasm_agent_policy::{PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX};

use super::Paths;

/// What patterns are for: they have the same stars, and differ in what stands for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    File,
    Url,
}

/// A pattern for each path. Paths are relative, their names are separated by `/`.
pub(super) fn generalise(
    paths: &BTreeSet<String>,
    directories: &BTreeSet<String>,
    how: Paths,
    dialect: Dialect,
) -> BTreeMap<String, String> {
    let is_directory = |path: &str| {
        directories.contains(path)
            || paths.range(format!("{path}/")..).next().is_some_and(|next| next.starts_with(&format!("{path}/")))
    };
    match how {
        Paths::Exact => paths.iter().map(|path| (path.clone(), literal(path, dialect))).collect(),
        Paths::Dir => {
            let directory = |path: &str| match (dialect, path.rsplit_once('/')) {
                (Dialect::File, _) if is_directory(path) => format!("{}/**", literal(path, dialect)),
                (_, Some((parent, _))) => format!("{}/**", literal(parent, dialect)),
                (_, None) => "**".to_owned(),
            };
            paths.iter().map(|path| (path.clone(), directory(path))).collect()
        }
        Paths::Glob => glob(paths, &is_directory, dialect),
    }
}

/// Puts a star where several paths differ in one name. Where that is the last one, those with one ending are taken together.
fn glob(paths: &BTreeSet<String>, is_directory: &dyn Fn(&str) -> bool, dialect: Dialect) -> BTreeMap<String, String> {
    let mut patterns: Vec<(&String, Vec<String>)> =
        paths.iter().map(|path| (path, path.split('/').map(|name| literal(name, dialect)).collect())).collect();
    let longest = patterns.iter().map(|(_, names)| names.len()).max().unwrap_or_default();
    for place in (0..longest).rev() {
        let mut groups: BTreeMap<(Vec<String>, String), BTreeSet<String>> = BTreeMap::new();
        for (path, names) in &patterns {
            if let Some((key, name)) = group(path, names, place, is_directory) {
                groups.entry(key).or_default().insert(name);
            }
        }
        for (path, names) in &mut patterns {
            let Some((key, _)) = group(path, names, place, is_directory) else { continue };
            if groups.get(&key).is_some_and(|members| members.len() > 1)
                && let Some(name) = names.get_mut(place)
            {
                *name = format!("*{}", key.1);
            }
        }
    }
    patterns.into_iter().map(|(path, names)| (path.clone(), shortened(&names))).collect()
}

/// What a path has in common with those that it could be taken together with, and the name in which they differ.
fn group(
    path: &str,
    names: &[String],
    place: usize,
    is_directory: &dyn Fn(&str) -> bool,
) -> Option<((Vec<String>, String), String)> {
    let name = names.get(place)?;
    let last = place + 1 == names.len();
    if last && is_directory(path) {
        return None;
    }
    let ending = match name.rsplit_once('.') {
        Some((stem, ending)) if last && !stem.is_empty() && !ending.contains(['*', '?']) => format!(".{ending}"),
        _ => String::new(),
    };
    let mut others = names.to_vec();
    *others.get_mut(place)? = "/".to_owned();
    Some(((others, ending), name.clone()))
}

/// The pattern that matches this path and, unless a character in it has no other way to be written, nothing else.
pub(super) fn literal(path: &str, dialect: Dialect) -> String {
    shortened(&literal_names(path, dialect))
}

/// Whether that pattern matches nothing else.
pub(super) fn is_literal(path: &str, dialect: Dialect) -> bool {
    let names = literal_names(path, dialect);
    !path.contains(|character| has_no_other_way(character, dialect)) && shortened(&names) == names.join("/")
}

fn literal_names(path: &str, dialect: Dialect) -> Vec<String> {
    path.split('/').map(|name| literal_name(name, dialect)).collect()
}

/// Whether a wildcard has to stand for the character.
fn has_no_other_way(character: char, dialect: Dialect) -> bool {
    match dialect {
        Dialect::File => character.is_control(),
        Dialect::Url => "*[]{}".contains(character),
    }
}

fn literal_name(name: &str, dialect: Dialect) -> String {
    let mut literal = String::with_capacity(name.len());
    for character in name.chars() {
        match (has_no_other_way(character, dialect), dialect) {
            (true, Dialect::File) => literal.push('?'),
            // Two stars would mean something else.
            (true, Dialect::Url) if literal.ends_with('*') => {}
            (true, Dialect::Url) => literal.push('*'),
            (false, Dialect::File) if "*?[]{}\\!".contains(character) => literal.extend(['\\', character]),
            (false, Dialect::File | Dialect::Url) => literal.push(character),
        }
    }
    literal
}

/// A pattern of these names, cut where it has more than a pattern may have, with room for `/**` behind it.
fn shortened(names: &[String]) -> String {
    const ALL_BELOW: &str = "/**";
    let mut bytes = ALL_BELOW.len();
    let fitting = names.iter().take(PATTERN_SEGMENTS_MAX - 1).take_while(|name| {
        bytes += name.len() + 1;
        bytes <= PATTERN_BYTES_MAX
    });
    let fitting = fitting.count();
    match names.get(..fitting) {
        Some(first) if fitting < names.len() => format!("{}{ALL_BELOW}", first.join("/")),
        _ => names.join("/"),
    }
}

/// Leaves out what another pattern covers: all below a directory.
pub(super) fn without_covered(patterns: BTreeSet<String>) -> BTreeSet<String> {
    let covered = |pattern: &str| {
        let mut above = pattern.strip_suffix("/**").unwrap_or(pattern);
        if above != pattern && patterns.contains("**") {
            return true;
        }
        while let Some((parent, _)) = above.rsplit_once('/') {
            if patterns.contains(&format!("{parent}/**")) {
                return true;
            }
            above = parent;
        }
        pattern != "**" && (patterns.contains("**") || patterns.contains(&format!("{pattern}/**")))
    };
    patterns.iter().filter(|pattern| !covered(pattern)).cloned().collect()
}
