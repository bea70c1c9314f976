//! Actions on files as one line: written and parsed.
//!
//! Flags of the action, such as `(truncate)`, stand in parentheses before its paths, which begin with `/`. After a path
//! they could be read as the end of a name.

use super::action::LinkKind;
use super::guest_path::{GuestPath, GuestPathError};
use crate::action::{Action, ActionSyntaxError};
use crate::escape;
use crate::escape::write_escaped;
use std::fmt;

/// Writes the flags that are set, and the path.
pub(crate) fn write_path(f: &mut fmt::Formatter<'_>, flags: &[(&str, bool)], path: &GuestPath) -> fmt::Result {
    write_flags(f, flags)?;
    f.write_str(" ")?;
    write_escaped(f, path.as_str())
}

/// Writes the flags that are set, and both paths.
pub(crate) fn write_paths(
    f: &mut fmt::Formatter<'_>,
    flags: &[(&str, bool)],
    first: &str,
    second: &str,
) -> fmt::Result {
    write_flags(f, flags)?;
    f.write_str(" ")?;
    write_escaped(f, first)?;
    f.write_str(" -> ")?;
    write_escaped(f, second)
}

fn write_flags(f: &mut fmt::Formatter<'_>, flags: &[(&str, bool)]) -> fmt::Result {
    let mut before = " (";
    for (word, _) in flags.iter().filter(|(_, holds)| *holds) {
        write!(f, "{before}{word}")?;
        before = ", ";
    }
    if before == ", " { f.write_str(")") } else { Ok(()) }
}

/// What a verb stands for.
enum Verb {
    One(fn(GuestPath) -> Action),
    Modify,
    Rename,
    Link,
}

/// The flags in parentheses: which of them are set.
#[derive(Default)]
struct Flags {
    truncate: bool,
    directory: bool,
    replaces: bool,
    hard: bool,
    symbolic: bool,
}

/// The action, and the canonical form of its paths, if that differs from what was typed.
pub(crate) fn parse(verb: &str, rest: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let mut flags = Flags::default();
    let meaning = match verb {
        "READ" | "file.read" => Verb::One(|path| Action::FileRead { path }),
        "CREATE" | "file.create" => Verb::One(|path| Action::FileCreate { path }),
        "DELETE" | "file.delete" => Verb::One(|path| Action::FileDelete { path }),
        "CREATE-DIR" | "dir.create" => Verb::One(|path| Action::DirCreate { path }),
        "REMOVE-DIR" | "dir.remove" => Verb::One(|path| Action::DirRemove { path }),
        "MODIFY" | "file.modify" => Verb::Modify,
        "RENAME" | "file.rename" => Verb::Rename,
        "RENAME-DIR" => {
            flags.directory = true;
            Verb::Rename
        }
        "LINK" | "link.create" => Verb::Link,
        "SYMLINK" => {
            flags.symbolic = true;
            Verb::Link
        }
        other => return Err(ActionSyntaxError::Verb(other.to_owned())),
    };
    let rest = read_flags(verb, &meaning, &mut flags, rest)?;
    match meaning {
        Verb::One(action) => parse_one(rest, action),
        Verb::Modify => parse_one(rest, |path| Action::FileModify { path, truncate: flags.truncate }),
        Verb::Rename => parse_two(verb, rest, |from, text| {
            let to = parse_path(text)?;
            let shown = to.to_string();
            Ok((Action::FileRename { from, to, replaces: flags.replaces, directory: flags.directory }, shown))
        }),
        Verb::Link => parse_two(verb, rest, |path, text| {
            let (kind, target) = match flags.symbolic {
                true => (LinkKind::Symbolic, text.to_owned()),
                false => (LinkKind::Hard, parse_path(text)?.to_string()),
            };
            Ok((Action::LinkCreate { kind, path, target: target.clone() }, target))
        }),
    }
}

/// Reads the flags in parentheses before the path, and returns the rest.
fn read_flags<'t>(verb: &str, meaning: &Verb, flags: &mut Flags, rest: &'t str) -> Result<&'t str, ActionSyntaxError> {
    let Some((listed, path)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else { return Ok(rest) };
    for word in listed.split(',').map(str::trim) {
        let said = match (meaning, word) {
            (Verb::Modify, "truncate") => &mut flags.truncate,
            (Verb::Rename, "directory") => &mut flags.directory,
            (Verb::Rename, "replaces") => &mut flags.replaces,
            (Verb::Link, "hard") if !flags.symbolic => &mut flags.hard,
            (Verb::Link, "symbolic") if !flags.hard => &mut flags.symbolic,
            _ => return Err(ActionSyntaxError::Word { verb: verb.to_owned(), word: escape(word).into_owned() }),
        };
        *said = true;
    }
    Ok(path.trim_start())
}

fn parse_one(text: &str, action: impl Fn(GuestPath) -> Action) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let path = parse_path(text)?;
    let canonicalised = (path.as_str() != text).then(|| path.to_string());
    Ok((action(path), canonicalised))
}

/// `second` makes the action from the first path and the text of the second, and returns the canonical form of the
/// second.
fn parse_two(
    verb: &str,
    rest: &str,
    second: impl Fn(GuestPath, &str) -> Result<(Action, String), ActionSyntaxError>,
) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let (one, other) = rest
        .split_once(" -> ")
        .map(|(one, other)| (one.trim(), other.trim()))
        .ok_or_else(|| ActionSyntaxError::Arrow(verb.to_owned()))?;
    let path = parse_path(one)?;
    let (action, shown) = second(path.clone(), other)?;
    let changed = path.as_str() != one || shown != other;
    Ok((action, changed.then(|| format!("{path} -> {shown}"))))
}

fn parse_path(text: &str) -> Result<GuestPath, ActionSyntaxError> {
    let error = |error| ActionSyntaxError::Path { path: escape(text).into_owned(), error };
    if !text.starts_with('/') {
        return Err(error(GuestPathError::NotAbsolute));
    }
    GuestPath::lexical(&GuestPath::root(), text).map_err(error)
}
