//! Patterns that cover the paths of recorded runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_agent_policy::{PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX};

/// How far recorded paths and URLs are generalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// Not at all: one pattern for each path and URL.
    Exact,
    /// To the directory of each path, and everything below it.
    Dir,
    /// To a wildcard, where several paths differ in one name.
    Glob,
}

/// The two kinds of patterns. They have the same wildcards, but escape characters differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    File,
    Url,
}

/// A pattern for each path. Paths are relative, with `/` between names.
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

/// Puts a star where several paths differ in one name. If that is the last name, only paths with the same file
/// extension are grouped.
///
/// Goes from the last position to the first. Numbers stand for the names before and after a position, so that comparing
/// two paths at a position does not compare all of their names.
fn glob(paths: &BTreeSet<String>, is_directory: &dyn Fn(&str) -> bool, dialect: Dialect) -> BTreeMap<String, String> {
    let mut before = Numbers::default();
    let mut patterns: Vec<Pattern<'_>> = paths.iter().map(|path| Pattern::new(path, dialect, &mut before)).collect();
    let longest = patterns.iter().map(|pattern| pattern.names.len()).max().unwrap_or_default();
    let mut behind = Numbers::default();
    for place in (0..longest).rev() {
        let mut groups: HashMap<(usize, usize, String), BTreeSet<String>> = HashMap::new();
        for pattern in patterns.iter().filter(|pattern| place < pattern.names.len()) {
            if let Some((key, name)) = pattern.group(place, is_directory) {
                groups.entry(key).or_default().insert(name.to_owned());
            }
        }
        for pattern in patterns.iter_mut().filter(|pattern| place < pattern.names.len()) {
            let star = pattern.group(place, is_directory).and_then(|(key, _)| {
                let alike = groups.get(&key).is_some_and(|members| members.len() > 1);
                alike.then(|| format!("*{}", key.2))
            });
            if let Some(name) = pattern.names.get_mut(place) {
                *name = star.unwrap_or_else(|| std::mem::take(name));
                pattern.behind = behind.of(pattern.behind, name);
            }
        }
    }
    patterns.into_iter().map(|pattern| (pattern.path.clone(), shortened(&pattern.names))).collect()
}

/// Assigns numbers to lists of names. Equal lists get the same number.
#[derive(Default)]
struct Numbers(HashMap<(usize, String), usize>);

impl Numbers {
    /// The number of a list extended by one name. The empty list has number 0.
    fn of(&mut self, list: usize, name: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry((list, name.to_owned())).or_insert(next)
    }
}

/// A path that is being turned into a pattern.
struct Pattern<'a> {
    path: &'a String,
    names: Vec<String>,
    /// For each position, the number of the names before it.
    before: Vec<usize>,
    /// The number of the names after the current position.
    behind: usize,
}

impl<'a> Pattern<'a> {
    fn new(path: &'a String, dialect: Dialect, numbers: &mut Numbers) -> Self {
        let names = literal_names(path, dialect);
        let mut last = 0;
        let mut before = Vec::with_capacity(names.len());
        for name in &names {
            before.push(last);
            last = numbers.of(last, name);
        }
        Self { path, names, before, behind: 0 }
    }

    /// The key that this path shares with paths that differ in the name at this position only; and that name.
    fn group(&self, place: usize, is_directory: &dyn Fn(&str) -> bool) -> Option<((usize, usize, String), &str)> {
        let name = self.names.get(place)?;
        let last = place + 1 == self.names.len();
        if last && is_directory(self.path) {
            return None;
        }
        let ending = match name.rsplit_once('.') {
            Some((stem, ending)) if last && !stem.is_empty() && !ending.contains(['*', '?']) => format!(".{ending}"),
            _ => String::new(),
        };
        Some(((*self.before.get(place)?, self.behind, ending), name))
    }
}

/// The pattern for exactly this path. Characters that can't be escaped become wildcards.
pub(super) fn literal(path: &str, dialect: Dialect) -> String {
    shortened(&literal_names(path, dialect))
}

/// Whether that pattern matches this path only.
pub(super) fn is_literal(path: &str, dialect: Dialect) -> bool {
    let names = literal_names(path, dialect);
    !path.contains(|character| needs_wildcard(character, dialect)) && shortened(&names) == names.join("/")
}

fn literal_names(path: &str, dialect: Dialect) -> Vec<String> {
    path.split('/').map(|name| literal_name(name, dialect)).collect()
}

/// Whether the character can't be escaped, so that a wildcard must replace it.
fn needs_wildcard(character: char, dialect: Dialect) -> bool {
    match dialect {
        Dialect::File => character.is_control(),
        Dialect::Url => "*[]{}".contains(character),
    }
}

fn literal_name(name: &str, dialect: Dialect) -> String {
    let mut literal = String::with_capacity(name.len());
    for character in name.chars() {
        match (needs_wildcard(character, dialect), dialect) {
            (true, Dialect::File) => literal.push('?'),
            // Two stars in a row mean something else.
            (true, Dialect::Url) if literal.ends_with('*') => {}
            (true, Dialect::Url) => literal.push('*'),
            (false, Dialect::File) if "*?[]{}\\!".contains(character) => literal.extend(['\\', character]),
            (false, Dialect::File | Dialect::Url) => literal.push(character),
        }
    }
    literal
}

/// A pattern of these names. If it exceeds the limits of a pattern, it is cut and ends in `/**`.
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

/// Whether the first pattern matches everything that the second one matches. Compares name by name: it can return false
/// for patterns that do, but never true for patterns that do not.
pub(super) fn includes(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('/').peekable(), narrow.split('/'));
    while let Some(name) = wide.next() {
        if name == "**" && wide.peek().is_none() {
            return true;
        }
        match narrow.next() {
            Some(same) if same == name => {}
            Some(other) if name == "*" && other != "**" => {}
            _ => return false,
        }
    }
    narrow.next().is_none()
}

/// Removes patterns that a `/**` pattern covers.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasm_agent_policy::PathPattern;

    use super::*;

    /// The same as [`glob`], by comparing each path with all others.
    fn by_comparing(paths: &BTreeSet<String>, is_directory: &dyn Fn(&str) -> bool) -> BTreeMap<String, String> {
        let mut patterns: Vec<(&String, Vec<String>)> =
            paths.iter().map(|path| (path, literal_names(path, Dialect::File))).collect();
        let key = |path: &str, names: &[String], place: usize| {
            let name = names.get(place)?;
            let last = place + 1 == names.len();
            let (stem, ending) = name.rsplit_once('.').unwrap_or_default();
            let has_ending = last && !stem.is_empty() && !ending.contains(['*', '?']);
            let ending = if has_ending { format!(".{ending}") } else { String::new() };
            let mut others = names.to_vec();
            others[place] = "/".to_owned();
            (!last || !is_directory(path)).then_some((others, ending))
        };
        let longest = patterns.iter().map(|(_, names)| names.len()).max().unwrap_or_default();
        for place in (0..longest).rev() {
            let before = patterns.clone();
            for (path, names) in &mut patterns {
                let Some(own) = key(path, names, place) else { continue };
                let alike = before.iter().filter(|(path, names)| key(path, names, place).as_ref() == Some(&own));
                let differ: BTreeSet<&String> = alike.map(|(_, names)| &names[place]).collect();
                if differ.len() > 1 {
                    names[place] = format!("*{}", own.1);
                }
            }
        }
        patterns.into_iter().map(|(path, names)| (path.clone(), shortened(&names))).collect()
    }

    proptest! {
        #[test]
        fn stars_stand_where_comparing_all_names_puts_them(
            paths in prop::collection::btree_set("(a|b|c\\.md|d\\.md|e\\.txt)(/(a|b|c\\.md|d\\.txt|\\*)){0,3}", 0..24),
        ) {
            let is_directory = |path: &str| path.ends_with("/a");
            prop_assert_eq!(glob(&paths, &is_directory, Dialect::File), by_comparing(&paths, &is_directory));
        }
    }

    #[test]
    fn a_pattern_includes_another_only_when_it_matches_all_that_the_other_does() {
        for (wide, narrow) in [
            ("**", "a/*"),
            ("a/**", "a"),
            ("a/**", "a/**"),
            ("a/**", "a/*/c"),
            ("*/b", "a/b"),
            ("*/**", "a/**"),
            ("a", "a"),
        ] {
            assert!(includes(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("a", "a/b"),
            ("a", "a/**"),
            ("a/b", "a"),
            ("a", "**"),
            ("*", "**"),
            ("a/*", "a/**"),
            (".", "**"),
            ("a/*.md", "a/*"),
        ] {
            assert!(!includes(wide, narrow), "{wide} {narrow}");
        }
    }

    proptest! {
        #[test]
        fn what_is_included_matches_no_more(
            wide in "(a|b|\\*|\\*\\*)(/(a|b|\\*|\\*\\*)){0,3}",
            narrow in "(a|b|\\*|\\*\\*)(/(a|b|\\*|\\*\\*)){0,3}",
            path in "(a|b|c)(/(a|b|c)){0,4}",
        ) {
            let matches = |pattern: &str| PathPattern::parse(pattern).unwrap().matches(Some(&path));
            prop_assert!(!includes(&wide, &narrow) || !matches(&narrow) || matches(&wide));
        }
    }

    #[test]
    fn the_names_before_and_behind_a_place_have_one_number_each() {
        // One number for each name: twice the depth makes twice as many.
        let numbers = |depth: usize| {
            let mut numbers = Numbers::default();
            for path in 0..20 {
                Pattern::new(&format!("{path}{}", "/x".repeat(depth)), Dialect::Url, &mut numbers);
            }
            numbers.0.len()
        };
        assert_eq!((numbers(100), numbers(200)), (20 * 101, 20 * 201));
    }
}
