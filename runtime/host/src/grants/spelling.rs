//! What `deny` covers in folders that know a file by several names, such as one in which case is ignored.
//!
//! There a new `.ENV` is what other programs find as `.env`, and `deny = ["**/.ENV"]` means an `.env` too. A file
//! system does not say which names are the same to it, so this compares loosely: it denies names that may be the same.

use std::fmt::Write as _;

use wasm_agent_policy::{GuestPath, PathPattern, Policy};

/// The `deny` patterns of a policy, to be compared loosely.
#[derive(Debug)]
pub(crate) struct Spellings(Vec<Denied>);

#[derive(Debug)]
struct Denied {
    /// The grant's own path, with a `/` at its end.
    guest: String,
    patterns: Vec<PathPattern>,
    /// A pattern has no loose form, so all of it is denied.
    everything: bool,
}

impl Spellings {
    pub(crate) fn new(policy: &Policy) -> Self {
        let grants = policy.filesystem().iter().filter(|grant| !grant.deny().is_empty());
        let denied = grants.map(|grant| {
            let patterns = grant.deny().iter().map(|pattern| PathPattern::parse(&loose_pattern(pattern.as_str())));
            let patterns: Vec<_> = patterns.collect();
            Denied {
                guest: format!("{}/", in_one_case(grant.guest.as_str()).trim_end_matches('/')),
                everything: patterns.iter().any(Result::is_err),
                patterns: patterns.into_iter().flatten().collect(),
            }
        });
        Self(denied.collect())
    }

    /// Whether a path may be what a pattern covers, under another spelling.
    pub(crate) fn deny(&self, path: &GuestPath) -> bool {
        let path = in_one_case(path.as_str());
        // Some file systems ignore characters that nobody sees.
        [&path, &path.replace(|character: char| !character.is_ascii(), "")].into_iter().any(|path| {
            let path = without_ends(path);
            self.0.iter().any(|denied| {
                let Some(rest) = path.strip_prefix(&denied.guest) else { return false };
                denied.everything || denied.patterns.iter().any(|pattern| pattern.covers(Some(rest)))
            })
        })
    }
}

/// All letters in one case. Both ways, as `ſ` and `K` (Kelvin) become letters of ASCII only so.
fn in_one_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Each name without what some file systems ignore at its end: dots and blanks, and the name of a stream.
fn without_ends(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    for name in path.split('/').skip(1) {
        let kept = name.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
        // Writing to a string can't fail.
        let _ = write!(plain, "/{}", if kept.is_empty() { name } else { kept });
    }
    plain
}

/// The pattern in one case, with a `*` for characters that have several forms in Unicode, and for the letter before
/// them, which may be part of such a form.
fn loose_pattern(pattern: &str) -> String {
    let mut loose = String::with_capacity(pattern.len());
    for character in in_one_case(pattern).chars() {
        if character.is_ascii() {
            loose.push(character);
            continue;
        }
        if loose.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            loose.pop();
        }
        if !loose.ends_with('*') {
            loose.push('*');
        }
    }
    loose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_denied_name_is_denied() {
        let grant = |guest: &str, deny: &str| {
            format!("[[filesystem]]\nhost = \"{guest}\"\nguest = \"/{guest}\"\ndeny = {deny}\n")
        };
        let text = format!(
            "version = 1\n{}{}",
            grant("work", r#"["**/.git/**", "**/.ENV", "café/x", 'a\[1\]']"#),
            grant("open", r#"["**/日本"]"#)
        );
        let spellings = Spellings::new(&Policy::parse(&text).unwrap());
        let denies = |path: &str| spellings.deny(&GuestPath::parse(path).unwrap());
        for path in [
            "/work/.GIT/hooks",
            "/work/deep/.Git/config",
            "/work/.env",
            "/WORK/.eNv",
            "/work/.g\u{200d}it/x",
            "/work/.\u{212a}/.env.",
            "/work/.env ",
            "/work/.env:stream",
            "/work/CAFE\u{301}/X",
            "/work/Caf\u{c9}/x",
            "/work/A[1]",
            "/open/日本",
        ] {
            assert!(denies(path), "{path}");
        }
        for path in ["/work/a.txt", "/work/git", "/work/env", "/work", "/other/.env", "/work/.envrc", "/work/a[2]"] {
            assert!(!denies(path), "{path}");
        }
    }
}
