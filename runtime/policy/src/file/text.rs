//! Actions on files as one line: how it is shown, and how it is typed.
//!
//! What an action is besides its kind stands in parentheses before its paths, which begin with `/`: behind them it
//! could be the end of a name.

use super::action::LinkKind;
use super::guest_path::{GuestPath, GuestPathError};
use crate::action::{Action, ActionSyntaxError};
use crate::escape;
use crate::escape::write_escaped;
use std::fmt;

/// Writes the words that hold, and the path.
pub(crate) fn write_path(f: &mut fmt::Formatter<'_>, words: &[(&str, bool)], path: &GuestPath) -> fmt::Result {
    write_words(f, words)?;
    f.write_str(" ")?;
    write_escaped(f, path.as_str())
}

/// Writes the words that hold, and both paths.
pub(crate) fn write_paths(
    f: &mut fmt::Formatter<'_>,
    words: &[(&str, bool)],
    first: &str,
    second: &str,
) -> fmt::Result {
    write_words(f, words)?;
    f.write_str(" ")?;
    write_escaped(f, first)?;
    f.write_str(" -> ")?;
    write_escaped(f, second)
}

fn write_words(f: &mut fmt::Formatter<'_>, words: &[(&str, bool)]) -> fmt::Result {
    let mut before = " (";
    for (word, _) in words.iter().filter(|(_, holds)| *holds) {
        write!(f, "{before}{word}")?;
        before = ", ";
    }
    if before == ", " { f.write_str(")") } else { Ok(()) }
}

/// What a verb means.
enum Verb {
    One(fn(GuestPath) -> Action),
    Modify,
    Rename,
    Link,
}

/// The words that may stand in parentheses, and whether they do.
#[derive(Default)]
struct Words {
    truncate: bool,
    directory: bool,
    replaces: bool,
    hard: bool,
    symbolic: bool,
}

/// The action, and its paths where they are not what was typed.
pub(crate) fn parse(verb: &str, rest: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let mut words = Words::default();
    let meaning = match verb {
        "READ" | "file.read" => Verb::One(|path| Action::FileRead { path }),
        "CREATE" | "file.create" => Verb::One(|path| Action::FileCreate { path }),
        "DELETE" | "file.delete" => Verb::One(|path| Action::FileDelete { path }),
        "CREATE-DIR" | "dir.create" => Verb::One(|path| Action::DirCreate { path }),
        "REMOVE-DIR" | "dir.remove" => Verb::One(|path| Action::DirRemove { path }),
        "MODIFY" | "file.modify" => Verb::Modify,
        "RENAME" | "file.rename" => Verb::Rename,
        "RENAME-DIR" => {
            words.directory = true;
            Verb::Rename
        }
        "LINK" | "link.create" => Verb::Link,
        "SYMLINK" => {
            words.symbolic = true;
            Verb::Link
        }
        other => return Err(ActionSyntaxError::Verb(other.to_owned())),
    };
    let rest = read_words(verb, &meaning, &mut words, rest)?;
    match meaning {
        Verb::One(action) => parse_one(rest, action),
        Verb::Modify => parse_one(rest, |path| Action::FileModify { path, truncate: words.truncate }),
        Verb::Rename => parse_two(verb, rest, |from, text| {
            let to = parse_path(text)?;
            let shown = to.to_string();
            Ok((Action::FileRename { from, to, replaces: words.replaces, directory: words.directory }, shown))
        }),
        Verb::Link => parse_two(verb, rest, |path, text| {
            let (kind, target) = match words.symbolic {
                true => (LinkKind::Symbolic, text.to_owned()),
                false => (LinkKind::Hard, parse_path(text)?.to_string()),
            };
            Ok((Action::LinkCreate { kind, path, target: target.clone() }, target))
        }),
    }
}

/// Takes the words off that stand in parentheses before the path.
fn read_words<'t>(verb: &str, meaning: &Verb, words: &mut Words, rest: &'t str) -> Result<&'t str, ActionSyntaxError> {
    let Some((listed, path)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else { return Ok(rest) };
    for word in listed.split(',').map(str::trim) {
        let said = match (meaning, word) {
            (Verb::Modify, "truncate") => &mut words.truncate,
            (Verb::Rename, "directory") => &mut words.directory,
            (Verb::Rename, "replaces") => &mut words.replaces,
            (Verb::Link, "hard") if !words.symbolic => &mut words.hard,
            (Verb::Link, "symbolic") if !words.hard => &mut words.symbolic,
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

/// `second` makes the action from the first path and the text of the second, and says how that one is matched.
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
