//! What `deny` covers in folders that know a file by several names, such as one in which case is ignored.
//!
//! There a new `.ENV` is what other programs find as `.env`, and `deny = ["**/.ENV"]` means an `.env` too. A file
//! system does not say which names are the same to it, so this ignores everything that some file system ignores.

use std::fmt::Write as _;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use wasm_agent_policy::{GuestPath, PathPattern, Policy};

/// The `deny` patterns of a policy, to be compared loosely.
#[derive(Debug)]
pub(crate) struct Spellings(Vec<Denied>);

#[derive(Debug)]
struct Denied {
    /// The grant's own path, with a `/` at its end.
    guest: String,
    patterns: Vec<PathPattern>,
    /// A pattern is empty in this form, so all of it is denied.
    everything: bool,
}

impl Spellings {
    pub(crate) fn new(policy: &Policy) -> Self {
        let grants = policy.filesystem().iter().filter(|grant| !grant.deny().is_empty());
        let denied = grants.map(|grant| {
            let patterns = grant.deny().iter().map(|pattern| PathPattern::parse(&plain(pattern.as_str())));
            let patterns: Vec<_> = patterns.collect();
            Denied {
                guest: format!("{}/", plain(grant.guest.as_str()).trim_end_matches('/')),
                everything: patterns.iter().any(Result::is_err),
                patterns: patterns.into_iter().flatten().collect(),
            }
        });
        Self(denied.collect())
    }

    /// Whether a path may be what a pattern covers, under another spelling.
    pub(crate) fn deny(&self, path: &GuestPath) -> bool {
        let path = without_ends(&plain(path.as_str()));
        self.0.iter().any(|denied| {
            let Some(rest) = path.strip_prefix(&denied.guest) else { return false };
            denied.everything || denied.patterns.iter().any(|pattern| pattern.covers(Some(rest)))
        })
    }
}

/// A text without what some file systems ignore: case, the form of Unicode, and characters that nobody sees.
fn plain(text: &str) -> String {
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    // Both ways, as `ſ` and the Kelvin sign become letters of ASCII only so.
    let folded = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(folded);
    decomposed.filter(|character| !unseen.contains(*character)).collect()
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
            grant("work", r#"["**/.git/**", "**/.ENV", "café/x", 'a\[1\]', "café*.txt", '\*é']"#),
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
            "/work/CAFÉ1.TXT",
            "/work/*É",
        ] {
            assert!(denies(path), "{path}");
        }
        for path in [
            "/work/a.txt",
            "/work/git",
            "/work/env",
            "/work",
            "/other/.env",
            "/work/.envrc",
            "/work/a[2]",
            "/work/cafe.txt",
            "/open/x",
        ] {
            assert!(!denies(path), "{path}");
        }
    }
}
